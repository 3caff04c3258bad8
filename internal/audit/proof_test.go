package audit_test

import (
	"errors"
	"fmt"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
)

func TestAPieceOfTheChainIsProved(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		for i := range 12 {
			err := d.InTx(ctx, func(tx *db.Tx) error {
				return audit.Write(ctx, tx, audit.Entry{Bank: "bank_1", ActorKind: "staff", Actor: "stf_1", Action: "staff.login", Object: fmt.Sprint("o", i)})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		prove := func(from, to int64) audit.Proof {
			t.Helper()
			p, err := audit.Prove(ctx, d, "bank_1", from, to)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		whole, first, second := prove(1, 0), prove(1, 5), prove(6, 0)
		if !whole.Holds() || whole.Count != 12 || whole.Hash != whole.HeadHash || whole.FirstAt.IsZero() {
			t.Errorf("%+v", whole)
		}
		if !first.Holds() || !second.Holds() || first.Count != 5 || second.Count != 7 || first.Hash != second.PrevHash || first.PrevHash != "" {
			t.Errorf("%+v\n%+v", first, second)
		}
		if p := prove(13, 0); !p.Holds() || p.Count != 0 {
			t.Errorf("beyond the head: %+v", p)
		}
		for what, c := range map[string]struct {
			statement string
			at        int64
		}{"changed": {"UPDATE audit SET object_id = 'other' WHERE seq = 8", 8}, "taken out": {"DELETE FROM audit WHERE seq = 8", 9}, "cut off": {"DELETE FROM audit WHERE seq = 12", 12}} {
			undone := fmt.Errorf("undone")
			err := d.InTx(ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(ctx, c.statement); err != nil {
					return err
				}
				p, err := audit.Prove(ctx, tx, "bank_1", 1, 0)
				if err == nil && (p.Holds() || p.BrokenAt != c.at || p.Found == "") {
					t.Errorf("%s: %+v", what, p)
				}
				if err == nil {
					err = undone
				}
				return err
			})
			if !errors.Is(err, undone) {
				t.Error(err)
			}
		}
		entries, err := audit.List(ctx, d, "bank_1", audit.Filter{Action: "staff.*", Limit: 20})
		if none, _ := audit.List(ctx, d, "bank_1", audit.Filter{Action: "lead.*", Limit: 20}); err != nil || len(entries) != 12 || len(none) != 0 {
			t.Errorf("%d and %d of a kind: %v", len(entries), len(none), err)
		}
	})
}

func TestEveryActionHasATitleInBothLanguages(t *testing.T) {
	for _, action := range audit.Actions() {
		for _, lang := range []fault.Lang{fault.Chinese, fault.English} {
			if audit.Title(lang, action) == action {
				t.Errorf("%s has no title in %s", action, lang)
			}
		}
	}
	if audit.Title(fault.English, "no.such") != "no.such" {
		t.Error("an unknown action has a title")
	}
}
