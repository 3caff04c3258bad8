package pii_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// The registry names every sealed column of the schema, and no other.
func TestColumnsAreAllThatTheSchemaSeals(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		query := "SELECT CONCAT_WS('.', table_name, column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name LIKE '%sealed%'"
		if d.Dialect() == db.SQLite {
			query = "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name LIKE '%sealed%'"
		}
		schema, err := db.All(ctx, d, func(r db.Row) (v string, err error) { return v, r.Scan(&v) }, query)
		if err != nil {
			t.Fatal(err)
		}
		var ours []string
		for _, c := range pii.Columns() {
			ours = append(ours, c.String())
		}
		slices.Sort(schema)
		slices.Sort(ours)
		if !slices.Equal(schema, ours) || len(ours) < 11 {
			t.Errorf("the schema has %v\nthe registry names %v", schema, ours)
		}
	})
}

// rest advances the clock instead of waiting.
func rest(c *clock.Fake) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		c.Advance(max(d, time.Second))
		return ctx.Err()
	}
}

func viewer(n int) (row string, phone string) {
	return fmt.Sprintf("vwr_%05d", n), fmt.Sprintf("138%08d", n)
}

// fill seals n phones, and two fields of one application.
func fill(t *testing.T, d *db.DB, k *pii.Keyring, bank string, n int) {
	t.Helper()
	ctx := testkit.Context(t)
	var rows [][]any
	for i := range n {
		row, phone := viewer(i)
		sealed := sealAt(t, k, phonePlace(bank, row), phone)
		rows = append(rows, []any{row, bank, row, sealed, "", "", time.Now().UTC()})
	}
	var fields [][]any
	for _, app := range []string{"app_1", "app_2"} {
		for _, field := range []string{"id_no", "name", "phone"} {
			fields = append(fields, []any{app, field, bank, sealAt(t, k, fieldPlace(bank, app, field), field+" of "+app)})
		}
	}
	err := d.InTx(ctx, func(tx *db.Tx) error {
		if err := tx.Insert(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)", rows, ""); err != nil {
			return err
		}
		return tx.Insert(ctx, "applicant_field (application_id, field, bank_id, sealed)", fields, "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func phonePlace(bank, row string) pii.Place {
	return pii.Place{Bank: bank, Table: "viewer", Column: "phone", Row: row}
}

func fieldPlace(bank, app, field string) pii.Place {
	return pii.Place{Bank: bank, Table: "applicant_field", Column: field, Row: app}
}

func sealAt(t *testing.T, k *pii.Keyring, p pii.Place, clear string) string {
	t.Helper()
	sealed, err := k.Seal(testkit.Context(t), p, pii.Clear(clear))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// all opens everything and wants it under the key.
func all(t *testing.T, d *db.DB, k *pii.Keyring, bank, key string, n int) {
	t.Helper()
	ctx := testkit.Context(t)
	look := func(p pii.Place, want, query string, args ...any) {
		t.Helper()
		sealed, found, err := db.Value[string](ctx, d, query, args...)
		if err != nil || !found {
			t.Fatalf("%+v: found %t: %v", p, found, err)
		}
		if got, err := k.Open(ctx, p, sealed); err != nil || got.Reveal() != want || !strings.HasPrefix(sealed, key+".") {
			t.Fatalf("%+v under %s opens as %q: %v", p, sealed[:30], got.Reveal(), err)
		}
	}
	for i := range n {
		row, phone := viewer(i)
		look(phonePlace(bank, row), phone, "SELECT phone_sealed FROM viewer WHERE id = ?", row)
	}
	for _, app := range []string{"app_1", "app_2"} {
		for _, field := range []string{"id_no", "name", "phone"} {
			look(fieldPlace(bank, app, field), field+" of "+app, "SELECT sealed FROM applicant_field WHERE application_id = ? AND field = ?", app, field)
		}
	}
}

func TestRotationBringsEverythingUnderANewKey(t *testing.T) {
	clk := clock.NewFake(time.Now())
	for name, open := range map[string]func(*testing.T) *db.DB{
		"sqlite":  func(t *testing.T) *db.DB { return testkit.SQLite(t, clk) },
		"mariadb": func(t *testing.T) *db.DB { return testkit.MariaDB(t, clk) },
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			k := testkit.Keyring(t, d)
			for _, suite := range []pii.Suite{pii.AES256GCM, pii.SM4GCM} {
				t.Run(string(suite), func(t *testing.T) {
					exec(t, d, "DELETE FROM viewer")
					exec(t, d, "DELETE FROM applicant_field")
					rotates(t, clk, d, k, testkit.BankIn(t, d, k, string(suite), suite))
				})
			}
		})
	}
}

func rotates(t *testing.T, clk *clock.Fake, d *db.DB, k *pii.Keyring, bank tenant.Bank) {
	ctx := testkit.Context(t)
	const n = 53
	fill(t, d, k, bank.ID, n)
	exec(t, d, "INSERT INTO viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at) VALUES ('vwr_gone', ?, 'gone', 'erased', '', '', '2026-01-01 00:00:00.000000')", bank.ID)
	hash, err := k.Hash(ctx, bank.ID, "phone", "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	// Killed after two batches, it goes on where it was, under the same key.
	killed := errors.New("killed")
	batches := 0
	first, err := pii.Rotation{Keys: k, Batch: 10, Wait: func(ctx context.Context, d time.Duration) error {
		if batches++; batches == 2 {
			return killed
		}
		return rest(clk)(ctx, d)
	}}.Run(ctx, bank.ID)
	if !errors.Is(err, killed) || first.Resumed {
		t.Fatalf("%+v: %v", first, err)
	}
	var told []pii.Progress
	second, err := pii.Rotation{Keys: k, Batch: 10, Wait: rest(clk), Tell: func(p pii.Progress) { told = append(told, p) }}.Run(ctx, bank.ID)
	if err != nil || !second.Resumed || second.Key != first.Key || len(second.Retired) != 1 {
		t.Fatalf("%+v: %v", second, err)
	}
	if first.Done+second.Done != n+6 || second.Done != second.Total || len(told) < 4 {
		t.Errorf("%d and %d of %d, told %d times", first.Done, second.Done, n+6, len(told))
	}
	all(t, d, k, bank.ID, second.Key, n)
	if again, err := k.Hash(ctx, bank.ID, "phone", "13800000000"); err != nil || again != hash {
		t.Errorf("the hash is another: %v", err)
	}
	// Ended, the next one is a new one.
	third, err := pii.Rotation{Keys: k, Wait: rest(clk)}.Run(ctx, bank.ID)
	if err != nil || third.Resumed || third.Key == second.Key || third.Done != n+6 {
		t.Fatalf("%+v: %v", third, err)
	}
	all(t, d, k, bank.ID, third.Key, n)
	keys, err := k.List(ctx, bank.ID)
	active, retired := 0, 0
	for _, key := range keys {
		if key.Active {
			active++
		}
		if !key.RetiredAt.IsZero() {
			retired++
		}
	}
	if err != nil || len(keys) != 4 || active != 2 || retired != 2 {
		t.Errorf("%+v: %v", keys, err)
	}
	if entries, err := audit.Verify(ctx, d, bank.ID); err != nil || entries != 4 {
		t.Errorf("%d audit entries: %v", entries, err)
	}
}

// Values that change while a rotation runs stay what they were changed to, and
// what is sealed under the old key meanwhile is brought over as well.
func TestRotationNeverOverwritesWhatIsNewer(t *testing.T) {
	eachSuite(t, func(t *testing.T, d *db.DB, k *pii.Keyring, bank tenant.Bank) {
		exec(t, d, "DELETE FROM viewer")
		exec(t, d, "DELETE FROM applicant_field")
		ctx := testkit.Context(t)
		const n = 40
		fill(t, d, k, bank.ID, n)
		stop := make(chan struct{})
		var all sync.WaitGroup
		last := make([]string, n)
		all.Go(func() { // somebody changes phones all the time
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				row, _ := viewer(i % n)
				phone := fmt.Sprintf("139%08d", i)
				sealed, err := k.Seal(ctx, phonePlace(bank.ID, row), pii.Clear(phone))
				if err != nil {
					t.Error(err)
					return
				}
				err = d.InTx(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec(ctx, "UPDATE viewer SET phone_sealed = ? WHERE id = ?", sealed, row)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				last[i%n] = phone
			}
		})
		var out pii.Rotated
		var err error
		for range 5 {
			if out, err = (pii.Rotation{Keys: k, Batch: 7, Grace: 50 * time.Millisecond,
				Wait: func(context.Context, time.Duration) error { return nil }}).Run(ctx, bank.ID); err != nil {
				break
			}
		}
		close(stop)
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			row, want := viewer(i)
			if last[i] != "" {
				want = last[i]
			}
			sealed, _, err := db.Value[string](ctx, d, "SELECT phone_sealed FROM viewer WHERE id = ?", row)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := k.Open(ctx, phonePlace(bank.ID, row), sealed); err != nil || got.Reveal() != want || !strings.HasPrefix(sealed, out.Key) {
				t.Errorf("%s is %q, want %q: %v", row, got.Reveal(), want, err)
			}
		}
	})
}

func TestInvariantsOfKeysHoldAndCanFail(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := testkit.Keyring(t, d)
		bank := testkit.Bank(t, d, k, "demo")
		fill(t, d, k, bank.ID, 3)
		testkit.Breaks(t, d, pii.Invariants(), []testkit.Break{
			testkit.Wrong("a bank without a lookup key", "keys.active", "UPDATE wrapped_key SET active_key = NULL WHERE purpose = 'lookup'"),
			testkit.Wrong("retired too early", "keys.active keys.retired", "UPDATE wrapped_key SET active_key = NULL, retired_at = created_at WHERE purpose = 'seal'"),
			testkit.Wrong("under no key", "keys.retired", "UPDATE viewer SET phone_sealed = '"+id.New(id.Key)+".AAAA' WHERE id = 'vwr_00001'"),
		})
	})
}
