package testkit_test

import (
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// The same migrations pass on both engines, and what the foundation stands on
// works there alike.
func TestFoundationOnBothEngines(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		k := testkit.Keyring(t, d)
		b := testkit.Bank(t, d, k, "demo")
		place := pii.Place{Bank: b.ID, Table: "viewer", Column: "phone", Row: "vwr_1"}
		sealed, err := k.Seal(ctx, place, pii.Clear("13800005678"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Open(ctx, place, sealed); err != nil || got.Reveal() != "13800005678" {
			t.Fatalf("opened %q: %v", got.Reveal(), err)
		}
		place.Row = "vwr_2"
		if _, err := k.Open(ctx, place, sealed); err == nil {
			t.Fatal("a value that was moved to another row opened")
		}
		for range 3 {
			if err := d.InTx(ctx, func(tx *db.Tx) error {
				return audit.Write(ctx, tx, audit.Entry{Bank: b.ID, ActorKind: "system", Action: "test"})
			}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := audit.Verify(ctx, d, b.ID); err != nil || n != 3 {
			t.Fatalf("chain of %d: %v", n, err)
		}
	})
}
