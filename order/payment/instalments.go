package payment

import (
	"context"
	"math/big"
	"slices"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order"
)

// Quote is what paying an order by instalments costs its buyer.
type Quote struct {
	AmountFen   money.Fen `json:"amount_fen" doc:"the order's payable amount"`
	Plans       []Plan    `json:"plans" doc:"for the bank's own credit cards, the fewest terms first; none where the bank offers none"`
	RateBasis   string    `json:"rate_basis" enum:"simple" doc:"the annual rates are simple ones (单利): twelve times the monthly internal rate of return"`
	HighestRate int64     `json:"highest_annual_rate_bps" doc:"the highest of the plans shown; 0 without any. To be shown wherever instalments are offered"`
}

// Plan is one way to pay an amount back to the card's bank, a month apart, the
// first a month from now.
type Plan struct {
	Terms    int         `json:"terms" doc:"how many months"`
	PerTerm  []money.Fen `json:"per_term_fen" doc:"principal and fee of each term; together total_fen"`
	FeeFen   money.Fen   `json:"fee_fen" doc:"all fees together"`
	TotalFen money.Fen   `json:"total_fen" doc:"amount and fees"`
	Rate     int64       `json:"annual_rate_bps" doc:"annualised rate, rounded up to a basis point"`
}

// Instalments quotes the bank's plans for a viewer's order that is to be paid.
// Refusals: 404 not_found, 409 order.not_payable.
func (s *Payments) Instalments(ctx context.Context, bank tenant.Bank, viewer, orderID string) (Quote, error) {
	o, err := s.Orders.Get(ctx, bank.ID, viewer, orderID)
	if err != nil {
		return Quote{}, err
	}
	if o.Status != order.PendingPayment || !s.DB.Clock().Now().Before(o.ExpiresAt.Time) {
		return Quote{}, fault.New(fault.Conflict, "order.not_payable")
	}
	return quote(o.PayableFen, bank.Settings.Instalments)
}

// quote works out the plans; terms under which no fen falls on some month are
// left out.
func quote(amount money.Fen, offers []tenant.Instalments) (Quote, error) {
	q := Quote{AmountFen: amount, Plans: []Plan{}, RateBasis: "simple"}
	for _, offer := range offers {
		if !offer.Valid() {
			continue
		}
		p, err := plan(amount, offer)
		if err != nil {
			return q, err
		}
		if p.PerTerm[offer.Terms-1] == 0 {
			continue
		}
		q.Plans = append(q.Plans, p)
		q.HighestRate = max(q.HighestRate, p.Rate)
	}
	slices.SortStableFunc(q.Plans, func(a, b Plan) int { return a.Terms - b.Terms })
	return q, nil
}

func plan(amount money.Fen, offer tenant.Instalments) (p Plan, err error) {
	p.Terms = offer.Terms
	if p.FeeFen, err = amount.Bps(offer.FeeBps); err != nil {
		return p, err
	}
	if p.TotalFen, err = money.Add(amount, p.FeeFen); err != nil {
		return p, err
	}
	// Equal terms; the fen that do not divide fall on the first.
	if p.PerTerm, err = money.Split(p.TotalFen, slices.Repeat([]money.Fen{1}, offer.Terms)); err != nil {
		return p, err
	}
	p.Rate = annualRate(amount, p.PerTerm)
	return p, nil
}

// annualRate is the annualised rate, in basis points, of paying amount back in
// monthly terms: the internal rate of return of a month times twelve, rounded
// up. All that the buyer pays on top counts as cost, and only what is still owed
// as principal.
//
// Source: 中国人民银行公告〔2021〕第3号. An annualised rate must be shown; it is
// the whole cost against the principal actually used, by the internal rate of
// return, compounded, or by simple interest, which must then be said (Quote says
// so in rate_basis). 银保监规〔2022〕13号: the highest of them must be shown.
//
// It is exact: the smallest rate at which the terms are worth no more than the
// amount, found in whole numbers.
func annualRate(amount money.Fen, terms []money.Fen) int64 {
	low, high := int64(-1), int64(1) // worth more at low; high is looked for
	for worthMore(amount, terms, high) {
		low, high = high, high*2
	}
	for low+1 < high {
		if mid := low + (high-low)/2; worthMore(amount, terms, mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// worthMore tells whether terms, discounted by a twelfth of the annual rate a
// month, are worth more than amount. With a month's factor (m+b)/m this is
// amount·(m+b)^n < Σ term_k·m^k·(m+b)^(n-k), here by Horner's rule.
func worthMore(amount money.Fen, terms []money.Fen, bps int64) bool {
	const m = 12 * 10_000
	unit, factor := big.NewInt(m), big.NewInt(m+bps)
	left, scale := big.NewInt(int64(amount)), big.NewInt(1) // what is owed, times scale
	for _, t := range terms {
		scale.Mul(scale, unit)
		left.Mul(left, factor)
		left.Sub(left, new(big.Int).Mul(big.NewInt(int64(t)), scale))
	}
	return left.Sign() < 0
}

// allowInstalments proves that the bank offers the terms and the card takes
// them: 422 validation of instalments otherwise.
func (s *Payments) allowInstalments(ctx context.Context, w Wish) error {
	takes, err := s.Cards.TakesInstalments(ctx, w.Bank.ID, w.Viewer, w.Card)
	if err != nil {
		return err
	}
	if !takes {
		return fault.InvalidField("instalments", "instalments.credit_only")
	}
	offered := slices.ContainsFunc(w.Bank.Settings.Instalments, func(i tenant.Instalments) bool { return i.Valid() && i.Terms == w.Instalments })
	if !offered {
		return fault.InvalidField("instalments", "field.not_allowed")
	}
	return nil
}
