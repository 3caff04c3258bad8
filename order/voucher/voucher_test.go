package voucher_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/voucher"
)

var terminal = order.Staff{ID: "stf_terminal", RequestID: "req"}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %q", err, code)
	}
}

// shop is a stage that issues codes.
type shop struct {
	*ordertest.Stage
	*voucher.Vouchers
}

func each(t *testing.T, fn func(t *testing.T, s shop)) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) { fn(t, shop{s, s.IssueVouchers()}) })
}

func (s shop) redeem(code string) (voucher.Redemption, error) {
	r, _, err := s.Redeem(s.Ctx, s.Request(terminal.ID, "POST /shop/vouchers/redeem"), s.Bank, terminal, code)
	return r, err
}

// list gives an order's vouchers, in the order of issue.
func (s shop) list(viewer, orderID string) []voucher.View {
	s.T.Helper()
	all, err := s.List(s.Ctx, s.Bank.ID, viewer, orderID, "", 100)
	if err != nil {
		s.T.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// bought is a paid order of n vouchers of 10 yuan.
func (s shop) bought(n int64) (viewer, orderID string, codes []voucher.View) {
	s.T.Helper()
	viewer = s.Viewer()
	o, err := s.Place(viewer, order.Wanted{SKU: s.SKU(catalog.Voucher, 1000, n), Quantity: n})
	if err != nil {
		s.T.Fatal(err)
	}
	s.PayByCard(viewer, o.ID)
	return viewer, o.ID, s.list(viewer, o.ID)
}

func (s shop) want(orderID string, status order.Status, states ...voucher.Status) {
	s.T.Helper()
	if got := s.Status(orderID); got != status {
		s.T.Errorf("order is %s, want %s", got, status)
	}
	for i, v := range s.list(s.owner(orderID), orderID) {
		if i < len(states) && v.Status != states[i] {
			s.T.Errorf("code %d is %s, want %s", i, v.Status, states[i])
		}
	}
}

func (s shop) owner(orderID string) string {
	s.T.Helper()
	viewer, _, err := db.Value[string](s.Ctx, s.DB, "SELECT viewer_id FROM orders WHERE id = ?", orderID)
	if err != nil {
		s.T.Fatal(err)
	}
	return viewer
}

func TestEachUnitThatIsPaidHasACodeOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer := s.Viewer()
		a, b := s.SKU(catalog.Voucher, 1001, 5), s.SKUOf(1, catalog.Voucher, 333, 5)
		o, err := s.Place(viewer, order.Wanted{SKU: a, Quantity: 3}, order.Wanted{SKU: b, Quantity: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.list(viewer, o.ID)) != 0 {
			t.Error("codes before the payment")
		}
		s.PayByCard(viewer, o.ID)
		codes, sum := map[string]bool{}, money.Fen(0)
		for _, v := range s.list(viewer, o.ID) {
			codes[v.Code] = true
			sum += v.ValueFen
			if v.Status != voucher.Issued || !v.ValidUntil.Equal(v.IssuedAt.AddDate(0, 0, voucher.DefaultDays)) || len(v.Code) != 19 {
				t.Errorf("%+v", v)
			}
		}
		if len(codes) != 5 || sum != o.PayableFen || s.Status(o.ID) != order.Paid {
			t.Errorf("%d codes worth %d, order is %s", len(codes), sum, s.Status(o.ID))
		}
		for code := range codes {
			plain := strings.ReplaceAll(code, "-", "")
			if n := s.Number("SELECT COUNT(*) FROM voucher WHERE code_sealed LIKE ? OR code_hash LIKE ?", "%"+plain+"%", "%"+plain+"%"); n != 0 {
				t.Error("a code is stored in clear")
			}
		}
		if others, err := s.List(s.Ctx, s.Bank.ID, s.Viewer(), "", "", 10); err != nil || len(others) != 0 {
			t.Errorf("another viewer sees %v %v", others, err)
		}
	})
}

func TestFiveTerminalsAtOnceRedeemACodeOnce(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		_, orderID, codes := s.bought(2)
		var done atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := s.redeem(codes[0].Code); err == nil {
					done.Add(1)
				} else {
					wantCode(t, err, "voucher.redeemed")
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Errorf("redeemed %d times", done.Load())
		}
		s.want(orderID, order.Paid, voucher.Redeemed, voucher.Issued)
		r, err := s.redeem(codes[1].Code)
		if err != nil || r.ValueFen != 1000 || r.OrderID != orderID {
			t.Errorf("%+v %v", r, err)
		}
		s.want(orderID, order.Completed, voucher.Redeemed, voucher.Redeemed)
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'voucher.redeemed'"); n != 2 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func TestTheLastTwoCodesAtOnceCompleteTheOrder(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		_, orderID, codes := s.bought(4)
		var wg sync.WaitGroup
		for _, v := range codes {
			wg.Go(func() {
				if _, err := s.redeem(v.Code); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s.want(orderID, order.Completed)
	})
}

func TestWhatIsNoCodeOfThisBankIsNotRedeemed(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		_, _, codes := s.bought(1)
		foreign, err := voucher.NewCode()
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.redeem(foreign)
		wantCode(t, err, "not_found")
		_, err = s.redeem("2222-2222")
		wantCode(t, err, "validation")
		// The other bank's terminal: its lookup key differs, and so does its bank.
		_, _, err = s.Redeem(s.Ctx, s.Request(terminal.ID, "POST /redeem"), s.OtherBank(), terminal, codes[0].Code)
		wantCode(t, err, "not_found")
		req := s.Request(terminal.ID, "POST /redeem")
		first, _, err := s.Redeem(s.Ctx, req, s.Bank, terminal, codes[0].Code)
		if err != nil {
			t.Fatal(err)
		}
		again, replayed, err := s.Redeem(s.Ctx, req, s.Bank, terminal, codes[0].Code)
		if err != nil || !replayed || again.ID != first.ID {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
	})
}

func TestCodesRunOutAndThenTheOrderIsOver(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer, orderID, codes := s.bought(2)
		if _, err := s.redeem(codes[0].Code); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(voucher.DefaultDays * 24 * time.Hour)
		_, err := s.redeem(codes[1].Code)
		wantCode(t, err, "voucher.expired")
		s.RunTasks()
		s.want(orderID, order.Completed, voucher.Redeemed, voucher.Expired)
		// What ran out unused can be paid back, what was used cannot.
		_, err = s.Refund(viewer, orderID, 1001)
		wantCode(t, err, "refund.exceeds")
		if _, err := s.Refund(viewer, orderID, 1000); err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		s.want(orderID, order.Completed, voucher.Redeemed, voucher.Void)
	})
}

func TestOnlyWhatIsNotRedeemedIsRefunded(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer, orderID, codes := s.bought(3)
		if _, err := s.redeem(codes[0].Code); err != nil {
			t.Fatal(err)
		}
		_, err := s.Refund(viewer, orderID, 2001)
		wantCode(t, err, "refund.exceeds")
		s.want(orderID, order.Paid, voucher.Redeemed, voucher.Issued, voucher.Issued)
		// A part of a code's worth costs the code; the rest of its worth costs no other.
		for _, step := range []struct {
			amount money.Fen
			last   voucher.Status
		}{{999, voucher.Void}, {1, voucher.Void}} {
			if _, err := s.Refund(viewer, orderID, step.amount); err != nil {
				t.Fatal(err)
			}
			s.RunTasks()
			s.want(orderID, order.Paid, voucher.Redeemed, voucher.Issued, step.last)
		}
		_, err = s.redeem(codes[2].Code)
		wantCode(t, err, "voucher.void")
		_, err = s.Refund(viewer, orderID, 1001)
		wantCode(t, err, "refund.exceeds")
		if _, err := s.Refund(viewer, orderID, 1000); err != nil {
			t.Fatal(err)
		}
		s.RunTasks() // nothing is left that could be used
		s.want(orderID, order.Completed, voucher.Redeemed, voucher.Void, voucher.Void)
	})
}

func TestAFullRefundVoidsEveryCodeAndAFailedOneGivesThemBack(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer, orderID, codes := s.bought(2)
		s.Gateway.Refuse = true
		if _, err := s.Refund(viewer, orderID, 2000); err != nil {
			t.Fatal(err)
		}
		s.want(orderID, order.Refunding, voucher.Void, voucher.Void)
		_, err := s.redeem(codes[0].Code)
		wantCode(t, err, "voucher.void")
		s.RunTasks()
		s.want(orderID, order.Paid, voucher.Issued, voucher.Issued)
		s.Gateway.Refuse = false
		if _, err := s.Refund(viewer, orderID, 2000); err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		s.want(orderID, order.Refunded, voucher.Void, voucher.Void)
	})
}

func TestARefundAndATerminalAtOnceNeverBothHaveACode(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		for range 6 {
			viewer, orderID, codes := s.bought(1)
			var redeemed, refunded atomic.Int64
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := s.redeem(codes[0].Code); err == nil {
					redeemed.Add(1)
				} else {
					wantCode(t, err, "voucher.void")
				}
			})
			wg.Go(func() {
				if _, err := s.Refund(viewer, orderID, 1000); err == nil {
					refunded.Add(1)
				} else {
					wantCode(t, err, "refund.exceeds")
				}
			})
			wg.Wait()
			if redeemed.Load()+refunded.Load() != 1 {
				t.Errorf("redeemed %d, refunded %d", redeemed.Load(), refunded.Load())
			}
		}
		s.RunTasks()
	})
}

func TestGoodsWithVouchersWaitForTheGoods(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer := s.Viewer()
		o := s.PlaceGoods(viewer, order.Wanted{SKU: s.SKU(catalog.Physical, 5000, 5), Quantity: 1}, order.Wanted{SKU: s.SKU(catalog.Voucher, 1000, 5), Quantity: 2})
		s.PayByCard(viewer, o.ID)
		codes := s.list(viewer, o.ID)
		s.want(o.ID, order.Paid, voucher.Issued, voucher.Issued)
		for _, v := range codes {
			if _, err := s.redeem(v.Code); err != nil {
				t.Fatal(err)
			}
		}
		s.want(o.ID, order.Paid)
		if err := s.Orders.Ship(s.Ctx, s.Bank, terminal, order.ShipLine{Order: o.ID, Carrier: "顺丰", TrackingNo: "SF100001"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Orders.Confirm(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
			t.Fatal(err)
		}
		_, err := s.Refund(viewer, o.ID, 5001)
		wantCode(t, err, "refund.exceeds")
		if _, err := s.Refund(viewer, o.ID, 5000); err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		s.want(o.ID, order.Completed, voucher.Redeemed, voucher.Redeemed)
	})
}

func TestAProductSaysHowLongItsCodesLast(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 5)
		err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(s.Ctx, "UPDATE product SET valid_days = 7 WHERE id = (SELECT product_id FROM sku WHERE id = ?)", sku)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.PayByCard(viewer, o.ID)
		if v := s.list(viewer, o.ID)[0]; !v.ValidUntil.Equal(v.IssuedAt.AddDate(0, 0, 7)) {
			t.Errorf("%+v", v)
		}
	})
}

// RULES 8.7: codes are issued by the payment that counts.
func TestACodeOfAnOrderPaidLateIsIssuedOnce(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		f := s.Sale(5, 2)
		viewer := s.Viewer()
		o, err := s.Buy(viewer, f.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		paymentID := s.OpenAtCashier(viewer, o.ID)
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		s.want(o.ID, order.Cancelled)
		s.Gateway.PayAt(paymentID, s.Clock.Now())
		s.Clock.Advance(10 * time.Minute)
		s.RunTasks()
		if n := len(s.list(viewer, o.ID)); n != 2 {
			t.Errorf("%d codes", n)
		}
		s.want(o.ID, order.Paid, voucher.Issued, voucher.Issued)
	})
}

// Whatever people ask for, in whatever order, nobody has both the money and the
// goods: what is redeemed or can be is worth no more than refunds leave.
func TestCodesAreNeverWorthMoreThanRefundsLeave(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		for range 5 {
			viewer := s.Viewer()
			o, err := s.Place(viewer, order.Wanted{SKU: s.SKU(catalog.Voucher, 333, 9), Quantity: 1 + rand.Int64N(4)},
				order.Wanted{SKU: s.SKUOf(1, catalog.Voucher, 1001, 9), Quantity: 1 + rand.Int64N(3)})
			if err != nil {
				t.Fatal(err)
			}
			s.PayByCard(viewer, o.ID)
			for range 8 {
				codes := s.list(viewer, o.ID)
				s.Gateway.Refuse = rand.IntN(3) == 0
				switch rand.IntN(3) {
				case 0:
					_, _ = s.redeem(codes[rand.IntN(len(codes))].Code)
				case 1:
					s.RunTasks()
				default:
					_, _ = s.Refund(viewer, o.ID, 1+money.Fen(rand.Int64N(700)))
				}
				given := s.Number("SELECT COALESCE(SUM(amount_fen), 0) FROM refund WHERE order_id = ? AND status <> 'failed'", o.ID)
				kept := s.Number("SELECT COALESCE(SUM(value_fen), 0) FROM voucher WHERE order_id = ? AND state <> 'void'", o.ID)
				if kept > int64(o.PayableFen)-given {
					t.Fatalf("codes worth %d of %d stay after refunds of %d", kept, o.PayableFen, given)
				}
			}
			s.Gateway.Refuse = false
			s.RunTasks()
			open := s.Number("SELECT COUNT(*) FROM voucher WHERE order_id = ? AND state = 'issued'", o.ID)
			if got := s.Status(o.ID); (got == order.Completed || got == order.Refunded) != (open == 0) {
				t.Errorf("order is %s with %d codes open", got, open)
			}
		}
		testkit.Holds(t, s.DB, slices.Concat(voucher.Invariants(), order.Invariants())...)
	})
}
