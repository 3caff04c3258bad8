package migrations_test

import (
	"slices"
	"strings"
	"testing"

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
		for {
			v, err := p.GetDBVersion(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if v <= earlier {
				break
			}
			if _, err := p.Down(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := migrations.Up(ctx, d); err != nil {
			t.Fatal(err)
		}
		if after := columns(t, d); !slices.Equal(before, after) {
			t.Errorf("%v, before %v", after, before)
		}
	})
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
