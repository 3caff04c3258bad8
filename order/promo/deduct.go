package promo

import (
	"slices"
	"strings"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
)

// pick is a coupon that is to be used for an order.
type pick struct {
	Coupon
	batch Batch
	field string // of the request
}

func (p pick) refuse(code string) *fault.Error {
	return fault.New(fault.Conflict, code).With(p.field, code)
}

// unusable is the code of why the coupon cannot be used now, "" when it can.
func (p pick) unusable(now time.Time) string {
	switch {
	case p.Status == Expired || p.Status == Granted && !now.Before(p.UseTo):
		return "coupon.expired"
	case p.Status != Granted:
		return "coupon.taken"
	case now.Before(p.batch.UseFrom):
		return "coupon.not_yet"
	}
	return ""
}

// fit tells what the coupon alone would take off an order, or why it cannot. The
// order's own coupons fit it.
func (p pick) fit(o order.Order, now time.Time) Fit {
	code := p.unusable(now)
	if p.Order == o.ID && p.Status == Reserved {
		code = ""
	}
	if code != "" {
		return Fit{WhyNot: code}
	}
	alone, err := deductions(o.Lines, []pick{p})
	if err != nil {
		return Fit{WhyNot: fault.Code(err)}
	}
	return Fit{TakesOff: alone[0].Amount()}
}

// stack holds what goes together: one instant discount at most, and one
// exclusive coupon or several stackable ones.
func stack(picks []pick) error {
	instants, exclusive, others := 0, false, 0
	for _, p := range picks {
		if p.batch.Kind == order.Instant {
			if instants++; instants > 1 {
				return p.refuse("coupon.stacking")
			}
			continue
		}
		exclusive = exclusive || p.batch.Stacking == Exclusive
		if others++; exclusive && others > 1 {
			return p.refuse("coupon.stacking")
		}
	}
	return nil
}

// deductions are what the picks take off the lines: instant discounts first,
// then coupons as they were named (RULES §7). Each takes its amount off the goods
// that it is for, as far as they are not discounted yet; 1 fen of the order is
// left to pay. The parts of the lines are in proportion to what is left of each.
func deductions(lines []order.Line, picks []pick) ([]order.Deduction, error) {
	if err := stack(picks); err != nil {
		return nil, err
	}
	left, payable := make([]money.Fen, len(lines)), money.Fen(0)
	for i, l := range lines {
		left[i] = l.Amount
		payable += l.Amount
	}
	var out []order.Deduction
	for _, kind := range []order.DiscountKind{order.Instant, order.Coupon} {
		for _, p := range picks {
			if p.batch.Kind != kind {
				continue
			}
			shares, err := p.shares(lines, left, payable-1)
			if err != nil {
				return nil, err
			}
			d := order.Deduction{Coupon: p.ID, Batch: p.Batch, Kind: kind, FundedBy: p.batch.FundedBy, Shares: shares}
			for i, share := range shares {
				left[i] -= share
			}
			payable -= d.Amount()
			out = append(out, d)
		}
	}
	return out, nil
}

// shares are what the pick takes off each line, most in all, of what is left.
func (p pick) shares(lines []order.Line, left []money.Fen, most money.Fen) ([]money.Fen, error) {
	covered, goods, open, some := make([]money.Fen, len(lines)), money.Fen(0), money.Fen(0), false
	for i, l := range lines {
		if p.batch.covers(l) {
			some = true
			covered[i] = left[i]
			goods += l.Amount
			open += left[i]
		}
	}
	switch {
	case !some:
		return nil, p.refuse("coupon.scope")
	case goods < p.batch.Threshold:
		return nil, p.refuse("coupon.threshold")
	}
	amount := min(p.Amount, open, most)
	if amount <= 0 {
		return nil, p.refuse("coupon.no_effect")
	}
	return money.SplitWithin(amount, covered)
}

// takesCard tells whether a card is one of the batch's. A card may be known by
// more digits than the list names, not by fewer: what is not known is not paid.
func (t Terms) takesCard(bin string) bool {
	return slices.ContainsFunc(t.BINs, func(b string) bool { return strings.HasPrefix(bin, b) })
}

// payBINs are the cards that must pay: of an instant discount only.
func (t Terms) payBINs() []string {
	if t.Kind != order.Instant {
		return []string{}
	}
	return t.BINs
}
