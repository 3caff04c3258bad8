package payment_test

import (
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/order/payment"
)

// The first spend of a card is by the bank's own bound card, paid, and since the
// time that is asked from for each.
func TestTheFirstSpendIsByTheBanksOwnCardSinceItsIssue(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		issued := d.Clock().Now().Truncate(time.Second)
		pay := func(bank, viewer, method, status string, own bool, after time.Duration) {
			t.Helper()
			order := id.New(id.Order)
			at := issued.Add(after)
			err := d.InTx(ctx, func(tx *db.Tx) error {
				err := tx.Insert(ctx, "orders (id, bank_id, viewer_id, status, goods_fen, payable_fen, expires_at, created_at)",
					[][]any{{order, bank, viewer, "paid", 1, 1, at, at}}, "")
				if err != nil {
					return err
				}
				return tx.Insert(ctx, "payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at, own_card)",
					[][]any{{id.New(id.Payment), bank, order, viewer, method, 1, status, at, at, own}}, "")
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		pay("bank_a", "early", "bound_card", "succeeded", true, -time.Hour)
		pay("bank_a", "spent", "bound_card", "succeeded", true, 2*time.Hour)
		pay("bank_a", "spent", "bound_card", "succeeded", true, time.Hour)
		pay("bank_a", "cashier", "cashier", "succeeded", false, time.Hour)
		pay("bank_a", "other card", "bound_card", "succeeded", false, time.Hour)
		pay("bank_a", "failed", "bound_card", "failed", true, time.Hour)
		pay("bank_b", "elsewhere", "bound_card", "succeeded", true, time.Hour)
		since := map[string]time.Time{"later issue": issued.Add(-48 * time.Hour)} // an early one of another must not lend its time
		for _, v := range []string{"early", "spent", "cashier", "other card", "failed", "elsewhere"} {
			since[v] = issued
		}
		got, err := payment.New(payment.Deps{DB: d}).OwnSpent(ctx, "bank_a", since)
		if err != nil || len(got) != 1 || !got["spent"].Equal(issued.Add(time.Hour)) {
			t.Errorf("%v: %v", got, err)
		}
	})
}
