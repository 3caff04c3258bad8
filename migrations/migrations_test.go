package migrations_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"yinbo/internal/db"
	"yinbo/internal/testkit"
	"yinbo/migrations"
)

// earlier files leave indexes when they are taken back, and can't be applied again.
const earlier = 29

// Each later file can be taken back, the last first, and applied again.
func TestFilesGoDownAndUpAgain(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		before := columns(t, d)
		p, err := migrations.Provider(d)
		if err != nil {
			t.Fatal(err)
		}
		down(t, p, earlier)
		if _, err := migrations.Up(ctx, d); err != nil {
			t.Fatal(err)
		}
		if after := columns(t, d); !slices.Equal(before, after) {
			t.Errorf("%v, before %v", after, before)
		}
	})
}

// A press that was answered before file 42 is answered the same after it.
func TestKeysOfFlashOrdersAreCarriedOver(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		p, err := migrations.Provider(d)
		if err != nil {
			t.Fatal(err)
		}
		down(t, p, 41)
		for _, s := range []string{
			`INSERT INTO orders (id, bank_id, viewer_id, flash_id, status, goods_fen, payable_fen, expires_at, created_at) VALUES
			('ord_1', 'bank_1', 'vwr_1', 'flash_1', 'paid', 990, 990, '2026-11-01 10:15:00', '2026-11-01 10:00:00'),
			('ord_2', 'bank_1', 'vwr_1', 'flash_1', 'paid', 990, 990, '2026-11-01 10:15:00', '2026-11-01 10:00:00'),
			('ord_3', 'bank_1', 'vwr_1', NULL, 'paid', 990, 990, '2026-11-01 10:15:00', '2026-11-01 10:00:00')`,
			`INSERT INTO idempotency (bank_id, person_id, route, key_hash, body_hash, response, expires_at) VALUES
			('bank_1', 'vwr_1', 'POST /flash/flash_1/orders', 'k1', 'b1', '{"id":"ord_1","status":"pending_payment"}', '2026-11-03 10:00:00'),
			('bank_1', 'vwr_1', 'POST /orders', 'k3', 'b3', '{"id":"ord_3"}', '2026-11-03 10:00:00')`,
		} {
			if _, err := d.Handle().ExecContext(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Up(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := db.All(ctx, d, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
			"SELECT CONCAT(id, ' ', COALESCE(request_key, '-'), ' ', COALESCE(request_body, '-')) FROM orders ORDER BY id")
		if want := []string{"ord_1 k1 b1", "ord_2 - -", "ord_3 - -"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	})
}

// down takes files back, the last first, until the version is no later than to.
func down(t *testing.T, p *goose.Provider, to int64) {
	ctx := testkit.Context(t)
	for {
		v, err := p.GetDBVersion(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if v <= to {
			return
		}
		if _, err := p.Down(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// columns are those of all tables but the runner's own, in order.
func columns(t *testing.T, d *db.DB) []string {
	query := "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE()"
	if d.Dialect() != db.MySQL {
		query = "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
	}
	all, err := db.All(testkit.Context(t), d, func(r db.Row) (s string, err error) { return s, r.Scan(&s) }, query+" ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(c string) bool { return strings.HasPrefix(c, "goose") })
}
