package audit_test

import (
	"sync"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
)

func write(t *testing.T, d *db.DB, n int) {
	t.Helper()
	ctx := testkit.Context(t)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			err := d.InTx(ctx, func(tx *db.Tx) error {
				return audit.Write(ctx, tx, audit.Entry{Bank: "bank_1", ActorKind: "staff", Actor: "stf_1", Action: "lead.decided",
					Object: "app_1", Detail: map[string]any{"reason": "meets_policy"}})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// A bank's busy minute: every act is audited, and none of them is told of a
// deadlock.
func TestManyActsAtOnceWaitForEachOtherInTurn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		write(t, d, 80)
		if n, err := audit.Verify(testkit.Context(t), d, "bank_1"); err != nil || n != 80 {
			t.Errorf("%d hold: %v", n, err)
		}
	})
}

func TestTheChainHoldsUnderConcurrencyAndShowsTampering(t *testing.T) {
	for name, tamper := range map[string][]string{
		"changed":            {"UPDATE audit SET action = 'x' WHERE seq = 3"},
		"removed":            {"DELETE FROM audit WHERE seq = 3"},
		"closed up after it": {"DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3", "UPDATE audit_head SET seq = 9"},
		"cut":                {"DELETE FROM audit WHERE seq = 10"},
		"cut with its head":  {"DELETE FROM audit WHERE seq = 10", "UPDATE audit_head SET seq = 9"},
		"swapped":            {"UPDATE audit SET seq = 99 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 4", "UPDATE audit SET seq = 4 WHERE seq = 99"},
		"detail":             {"UPDATE audit SET detail = '{}' WHERE seq = 5"},
		"another bank's": {"UPDATE audit SET bank_id = 'bank_x'", "UPDATE audit_head SET bank_id = 'bank_x'", "UPDATE audit SET bank_id = 'bank_1', id = CONCAT(id, 'y')",
			"UPDATE audit_head SET bank_id = 'bank_1'"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.EachDB(t, func(t *testing.T, d *db.DB) {
				ctx := testkit.Context(t)
				write(t, d, 10)
				if n, err := audit.Verify(ctx, d, "bank_1"); err != nil || n != 10 {
					t.Fatalf("%d hold: %v", n, err)
				}
				if err := d.InTx(ctx, func(tx *db.Tx) error {
					for _, statement := range tamper {
						if _, err := tx.Exec(ctx, statement); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if n, err := audit.Verify(ctx, d, "bank_1"); err == nil {
					t.Errorf("%d hold after tampering", n)
				}
			})
		})
	}
}

// Whoever puts another entry in the place of the last one, with a hash that fits
// the one before it, is found by the head.
func TestTheLastEntryIsTheOneThatTheHeadKnows(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		write(t, d, 3)
		known, _, err := db.Value[string](ctx, d, "SELECT hash FROM audit_head WHERE bank_id = 'bank_1'")
		if err != nil {
			t.Fatal(err)
		}
		write(t, d, 1) // the forged one: made as the real one was, but for the head that the auditor saw
		err = d.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE audit_head SET hash = ? WHERE bank_id = 'bank_1'", known)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(ctx, d, "bank_1"); err == nil {
			t.Errorf("%d hold with another last entry", n)
		}
		if p, err := audit.Prove(ctx, d, "bank_1", 1, 0); err != nil || p.Holds() {
			t.Errorf("%+v: %v", p, err)
		}
	})
}

func TestInvariantOfTheChainHoldsAndCanFail(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		write(t, d, 3)
		testkit.Breaks(t, d, audit.Invariants(), []testkit.Break{
			testkit.Wrong("an entry changed", "audit.chain", "UPDATE audit SET actor_id = 'stf_2' WHERE seq = 2"),
			testkit.Wrong("the last entry cut off", "audit.chain", "DELETE FROM audit WHERE seq = 3"),
			testkit.Wrong("the whole log gone", "audit.chain", "DELETE FROM audit"),
		})
	})
}

// What people write is kept without the numbers that they paste, in one run or in
// groups; dates, amounts and short numbers stay.
func TestLongNumbersAreTakenOutOfWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]string{
		"问过 13812345678 本人":              "问过 *** 本人",
		"11010519491231002X，已核":          "***，已核",
		"138-1234-5678":                  "***",
		"6222 0212 3456 7890 123":        "***",
		"１３８１２３４５６７８":                    "***",
		"021-12345678":                   "***",
		"110105 1949 1231 002X":          "***",
		"2026-11-27 日终，差 1,234.56 元":     "2026-11-27 日终，差 1,234.56 元",
		"第 12 行 100-200 之间，12345 号":      "第 12 行 100-200 之间，12345 号",
		"11月27日 10:15":                   "11月27日 10:15",
		"":                               "",
		"***":                            "***",
		"a13812345678b 和 13987654321 两个": "a***b 和 *** 两个",
	} {
		if got := audit.Reason(text); got != want {
			t.Errorf("%q is kept as %q, want %q", text, got, want)
		}
	}
}
