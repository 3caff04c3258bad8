package payment

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/order"
)

// cardMay tells whether an order may be paid by a card with the BIN, "" for any
// other way: an instant discount asks for one of its own cards.
func (s *Payments) cardMay(ctx context.Context, q db.Querier, o order.Order, bin string) (bool, error) {
	var batches []string
	for _, d := range o.Deductions {
		if d.Kind == order.Instant {
			batches = append(batches, d.Batch)
		}
	}
	if len(batches) == 0 {
		return true, nil
	}
	return s.Discounts.CardMay(ctx, q, o.Bank, batches, bin)
}

// checkCard refuses a way of paying that cardMay does not allow.
func (s *Payments) checkCard(ctx context.Context, q db.Querier, o order.Order, bin string) error {
	ok, err := s.cardMay(ctx, q, o, bin)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "payment.card_not_eligible")
	}
	return err
}

// suits tells whether a payment is what the order asks for now. One that was
// given up may succeed late, after the order's discounts have changed.
func (s *Payments) suits(ctx context.Context, q db.Querier, o order.Order, p payment) (bool, error) {
	if p.Amount != o.Payable {
		return false, nil
	}
	return s.cardMay(ctx, q, o, p.BIN)
}

var _ order.Tills = (*Payments)(nil)

// Open tells whether a payment of the order is under way.
func (s *Payments) Open(ctx context.Context, q db.Querier, bank, orderID string) (bool, error) {
	n, _, err := db.Value[int](ctx, q, "SELECT COUNT(*) FROM payment WHERE bank_id = ? AND order_id = ? AND open_key IS NOT NULL", bank, orderID)
	return n > 0, err
}
