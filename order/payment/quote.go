package payment

import (
	"context"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
)

// GivenBack is what a refund would move, before it is asked for.
type GivenBack struct {
	AmountFen     money.Fen   `json:"amount_fen" doc:"To the viewer"`
	LeftFen       money.Fen   `json:"left_fen" doc:"What could still be given back after it"`
	Funders       []FunderGet `json:"funders" doc:"What goes back to who funded the discounts, in proportion"`
	CommissionFen money.Fen   `json:"commission_fen" doc:"Of the bank's commission, back to the merchants"`
}

// FunderGet is what one funder gets back.
type FunderGet struct {
	FundedBy  order.Funder `json:"funded_by" enum:"bank,merchant,platform"`
	AmountFen money.Fen    `json:"amount_fen"`
}

// Quote tells what a refund of amount, in fen, would move: nothing changes. A
// refund that is still under way counts as done. Refusals are those of Refund.
func (s *Payments) Quote(ctx context.Context, bank, orderID string, amount money.Fen) (GivenBack, error) {
	found, err := order.Read(ctx, s.DB, bank, []string{orderID})
	if err != nil {
		return GivenBack{}, err
	}
	if len(found) == 0 {
		return GivenBack{}, fault.New(fault.NotFound, "not_found")
	}
	o := found[0]
	left, err := s.left(ctx, s.DB, o, amount)
	if err != nil {
		return GivenBack{}, err
	}
	before, err := moved(o, o.Paid-left-amount)
	if err != nil {
		return GivenBack{}, err
	}
	after, err := moved(o, o.Paid-left)
	if err != nil {
		return GivenBack{}, err
	}
	v := GivenBack{AmountFen: amount, LeftFen: left, Funders: []FunderGet{}}
	for i := range o.Lines {
		v.CommissionFen += after.commission[i] - before.commission[i]
	}
	for _, by := range []order.Funder{order.ByBank, order.ByMerchant, order.ByPlatform} {
		var sum money.Fen
		has := func(d order.Deduction) bool { return d.FundedBy == by }
		for k, d := range o.Deductions {
			for i := range o.Lines {
				if has(d) {
					sum += after.discounts[k][i] - before.discounts[k][i]
				}
			}
		}
		if slices.ContainsFunc(o.Deductions, has) {
			v.Funders = append(v.Funders, FunderGet{FundedBy: by, AmountFen: sum})
		}
	}
	return v, nil
}

// left is what could still be given back of o after a refund of amount, or why
// that can't be.
func (s *Payments) left(ctx context.Context, q db.Querier, o order.Order, amount money.Fen) (money.Fen, error) {
	exceeds := fault.New(fault.Conflict, "refund.exceeds").With("amount_fen", "refund.exceeds")
	switch {
	case amount <= 0:
		return 0, fault.InvalidField("amount_fen", "field.too_small")
	case o.Status == order.Refunded:
		return 0, exceeds
	case !o.Refundable():
		return 0, fault.New(fault.Conflict, "conflict")
	}
	given, _, err := refundSum(ctx, q, o.Bank, o.ID, Pending, Succeeded)
	if err != nil {
		return 0, err
	}
	left := o.Paid - given - amount
	if left < 0 {
		return 0, exceeds
	}
	return left, nil
}
