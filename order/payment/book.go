package payment

import (
	"maps"
	"slices"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ledger"
)

// paidLines are the ledger's lines of an order that was paid: the gateway holds
// the whole; each merchant is owed its lines less the bank's commission on each.
func paidLines(o order.Order) ([]ledger.Line, error) {
	nothing := make([]share, len(o.Lines))
	return entry(o, nothing, o.Payable)
}

// refundLines are the lines of giving back amount of an order: what was posted
// for it, in proportion. Shares are taken of the sum of all refunds and the
// earlier ones subtracted, so that several refunds of all give back all, to the
// fen; the fen that rounding leaves go to the largest line (RULES §7).
func refundLines(o order.Order, amount money.Fen) ([]ledger.Line, error) {
	before, err := shares(o, o.Refunded)
	if err != nil {
		return nil, err
	}
	lines, err := entry(o, before, o.Refunded+amount)
	for i := range lines {
		lines[i].Debit, lines[i].Credit = lines[i].Credit, lines[i].Debit
	}
	return lines, err
}

// share is what of one order line has moved.
type share struct{ amount, commission money.Fen }

// shares divides total over the order's lines.
func shares(o order.Order, total money.Fen) ([]share, error) {
	weights := make([]money.Fen, len(o.Lines))
	for i, l := range o.Lines {
		weights[i] = l.Amount
	}
	amounts, err := money.Split(total, weights)
	if err != nil {
		return nil, err
	}
	out := make([]share, len(amounts))
	for i, a := range amounts {
		commission, err := a.Bps(o.Lines[i].CommissionBps)
		if err != nil {
			return nil, err
		}
		out[i] = share{a, commission}
	}
	return out, nil
}

// entry is what moves when an order's shares go from before to those of total,
// in the direction of a payment.
func entry(o order.Order, before []share, total money.Fen) ([]ledger.Line, error) {
	after, err := shares(o, total)
	if err != nil {
		return nil, err
	}
	owed, commission, whole := map[string]money.Fen{}, money.Fen(0), money.Fen(0)
	for i, l := range o.Lines {
		amount, fee := after[i].amount-before[i].amount, after[i].commission-before[i].commission
		owed[l.Merchant] += amount - fee
		commission += fee
		whole += amount
	}
	lines := []ledger.Line{side(ledger.Gateway, -whole), side(ledger.Commission, commission)}
	for _, merchant := range slices.Sorted(maps.Keys(owed)) {
		lines = append(lines, side(ledger.Merchant(merchant), owed[merchant]))
	}
	return lines, nil
}

// side credits an amount, or debits one below zero: rounding may move a fen of
// one merchant against the others.
func side(account string, credit money.Fen) ledger.Line {
	if credit < 0 {
		return ledger.Line{Account: account, Debit: -credit}
	}
	return ledger.Line{Account: account, Credit: credit}
}
