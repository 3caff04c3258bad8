package payment_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

// priced is an order over one SKU.
func priced(s *ordertest.Stage, price money.Fen) (viewer, orderID string, err error) {
	viewer = s.Viewer()
	o, err := s.Place(viewer, order.Wanted{SKU: s.SKU(catalog.Voucher, price, 1), Quantity: 1})
	return viewer, o.ID, err
}

// worth is what terms are worth now at an annual rate, a month apart.
func worth(terms []money.Fen, bps int64) *big.Rat {
	month := new(big.Rat).Add(big.NewRat(1, 1), big.NewRat(bps, 12*10_000))
	sum, discount := new(big.Rat), big.NewRat(1, 1)
	for _, t := range terms {
		discount.Quo(discount, month)
		sum.Add(sum, new(big.Rat).Mul(discount, big.NewRat(int64(t), 1)))
	}
	return sum
}

// Every plan adds up to the fen, and its rate is the smallest whole basis point
// at which the terms are worth no more than the amount.
func TestInstalmentsAddUpAndTheirRateReproduces(t *testing.T) {
	s := ordertest.OnSQLite(t)
	rapid.Check(t, func(rt *rapid.T) {
		amount := money.Fen(rapid.Int64Range(1, 100_000_00).Draw(rt, "fen"))
		offers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tenant.Instalments {
			return tenant.Instalments{Terms: rapid.IntRange(2, 60).Draw(t, "terms"), FeeBps: rapid.Int64Range(0, 10_000).Draw(t, "fee")}
		}), 0, 4).Draw(rt, "offers")
		viewer, orderID, err := priced(s, amount)
		if err != nil {
			rt.Fatal(err)
		}
		bank := s.Bank
		bank.Settings.Instalments = offers
		q, err := s.Payments.Instalments(s.Ctx, bank, viewer, orderID)
		if err != nil || q.AmountFen != amount || q.RateBasis != "simple" {
			rt.Fatalf("%+v %v", q, err)
		}
		var highest int64
		for _, p := range q.Plans {
			var sum money.Fen
			for _, f := range p.PerTerm {
				sum += f
				if f <= 0 || p.PerTerm[0]-f < 0 || int(p.PerTerm[0]-f) >= p.Terms {
					rt.Errorf("terms are not even: %v", p.PerTerm)
				}
			}
			if len(p.PerTerm) != p.Terms || sum != p.TotalFen || sum != amount+p.FeeFen || p.FeeFen < 0 {
				rt.Errorf("%+v adds up to %d", p, sum)
			}
			whole := big.NewRat(int64(amount), 1)
			if worth(p.PerTerm, p.Rate).Cmp(whole) > 0 || p.Rate < 0 || p.Rate > 0 && worth(p.PerTerm, p.Rate-1).Cmp(whole) <= 0 {
				rt.Errorf("%d bps is not the rate of %+v", p.Rate, p)
			}
			highest = max(highest, p.Rate)
		}
		if q.HighestRate != highest {
			rt.Errorf("highest %d, want %d", q.HighestRate, highest)
		}
	})
}

func TestInstalmentsAreQuotedForWhatIsToBePaid(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, orderID, err := priced(s, 12_000_00)
	if err != nil {
		t.Fatal(err)
	}
	bank := s.Bank
	q, err := s.Payments.Instalments(s.Ctx, bank, viewer, orderID)
	if err != nil || len(q.Plans) != 0 || q.HighestRate != 0 {
		t.Errorf("a bank that offers none: %+v %v", q, err)
	}
	bank.Settings.Instalments = []tenant.Instalments{{Terms: 12, FeeBps: 720}, {Terms: 3, FeeBps: 0}, {Terms: 1, FeeBps: 1}, {Terms: 6, FeeBps: -1}}
	q, err = s.Payments.Instalments(s.Ctx, bank, viewer, orderID)
	if err != nil || len(q.Plans) != 2 || q.Plans[0].Terms != 3 || q.Plans[1].Terms != 12 {
		t.Fatalf("%+v %v", q, err)
	}
	// 0.6 % a month of the whole, for a year, is 13 % of what is still owed.
	year := q.Plans[1]
	if year.FeeFen != 864_00 || year.PerTerm[0] != 1072_00 || year.Rate != 1303 && year.Rate != 1304 || q.HighestRate != year.Rate || q.Plans[0].Rate != 0 {
		t.Errorf("%+v", q)
	}
	_, err = s.Payments.Instalments(s.Ctx, bank, s.Viewer(), orderID)
	wantCode(t, err, "not_found")
	other := bank
	other.ID = "bank_other"
	_, err = s.Payments.Instalments(s.Ctx, other, viewer, orderID)
	wantCode(t, err, "not_found")
	if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, orderID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Payments.Instalments(s.Ctx, bank, viewer, orderID)
	wantCode(t, err, "order.not_payable")
}

func TestInstalmentsAreForTheBanksCreditCards(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, _ := ordered(t, s)
		s.Bank.Settings.Instalments = []tenant.Instalments{{Terms: 3, FeeBps: 195}}
		wish := payment.Wish{Bank: s.Bank, Viewer: viewer, Order: o.ID, Method: payment.BoundCard, Card: "card2", Instalments: 3}
		try := func(change func(w *payment.Wish)) (payment.View, error) {
			w := wish
			change(&w)
			v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /pay"), w)
			return v, err
		}
		for name, x := range map[string]struct {
			change func(w *payment.Wish)
			code   string
		}{
			"debit card":  {func(w *payment.Wish) { w.Card = "card" }, "instalments.credit_only"},
			"cashier":     {func(w *payment.Wish) { w.Method, w.Card = payment.Cashier, "" }, "instalments.credit_only"},
			"other terms": {func(w *payment.Wish) { w.Instalments = 6 }, "field.not_allowed"},
		} {
			_, err := try(x.change)
			if f := fault.From(err); f.Code != "validation" || f.Fields[0].Name != "instalments" || f.Fields[0].Code != x.code {
				t.Errorf("%s: %+v", name, f)
			}
		}
		s.Gateway.Charges = "pending"
		first, err := try(func(*payment.Wish) {})
		if err != nil || s.Gateway.Instalments != 3 {
			t.Fatalf("%+v %v, charged in %d", first, err, s.Gateway.Instalments)
		}
		if again, err := try(func(*payment.Wish) {}); err != nil || again.ID != first.ID {
			t.Errorf("%+v %v", again, err)
		}
		_, err = try(func(w *payment.Wish) { w.Instalments = 0 }) // the card may be charged already
		wantCode(t, err, "conflict")
		if n := s.Number("SELECT instalments FROM payment WHERE id = ?", first.ID); n != 3 {
			t.Errorf("kept as %d", n)
		}
		if err := send(s, paid(first, 2335)); err != nil || s.Status(o.ID) != order.Paid || account(s, "gateway:%") != -2335 {
			t.Errorf("%v, order is %s", err, s.Status(o.ID)) // we get the whole; the fee is the card's bank's
		}
	})
}
