package settle

import (
	"context"

	"yinbo/internal/db"
)

// What a merchant sees of its own: statements that were approved, and what became
// of them. Who of the bank's staff did what is none of its matter.

// OwnStatements lists a merchant's approved settlements without their lines, the
// newest first; date "" is every date.
func (k *Desk) OwnStatements(ctx context.Context, bankID, merchantID, date, after string, limit int) ([]Settlement, error) {
	where, args := " WHERE bank_id = ? AND merchant_id = ? AND status IN ('approved', 'paid')", []any{bankID, merchantID}
	for _, c := range []struct{ cond, v string }{{"business_date = ?", date}, {"id < ?", after}} {
		if c.v != "" {
			where, args = where+" AND "+c.cond, append(args, c.v)
		}
	}
	items, err := page(ctx, k.db, scanSettlement, settlementColumns+where+" ORDER BY id DESC", args, limit)
	for i := range items {
		items[i] = items[i].outward()
	}
	return items, err
}

// OwnStatement gives one of them with its lines; not_found for one that is
// another's, or not approved.
func (k *Desk) OwnStatement(ctx context.Context, bankID, merchantID, settlementID string) (Settlement, error) {
	if err := k.owns(ctx, bankID, merchantID, settlementID); err != nil {
		return Settlement{}, err
	}
	s, err := k.Get(ctx, bankID, settlementID)
	return s.outward(), err
}

// OwnFile is File for its merchant; not_found as of OwnStatement.
func (k *Desk) OwnFile(ctx context.Context, bankID, merchantID, settlementID, format string) (File, error) {
	if err := k.owns(ctx, bankID, merchantID, settlementID); err != nil {
		return File{}, err
	}
	return k.File(ctx, bankID, settlementID, format)
}

func (k *Desk) owns(ctx context.Context, bankID, merchantID, settlementID string) error {
	_, found, err := db.Value[string](ctx, k.db, "SELECT id FROM settlement WHERE bank_id = ? AND merchant_id = ? AND id = ? AND status IN ('approved', 'paid')",
		bankID, merchantID, settlementID)
	if err == nil && !found {
		err = notFound()
	}
	return err
}

func (s Settlement) outward() Settlement {
	s.SubmittedBy, s.SubmittedName, s.SubmittedAt, s.DecidedBy, s.DecidedName, s.RejectReason = nil, nil, nil, nil, nil, nil
	return s
}

// OwnPayouts lists a merchant's payouts, the newest first.
func (k *Desk) OwnPayouts(ctx context.Context, bankID, merchantID, after string, limit int) ([]Payout, error) {
	items, err := k.PayoutList(ctx, bankID, "", merchantID, after, limit)
	for i := range items {
		items[i].RetriedBy = nil
	}
	return items, err
}

// OwnInvoices lists the invoices that a merchant was asked for, the newest first.
func (k *Desk) OwnInvoices(ctx context.Context, bankID, merchantID, after string, limit int) ([]Invoice, error) {
	items, err := k.Invoices(ctx, bankID, merchantID, "", "", after, limit)
	for i := range items {
		items[i].RequestedBy, items[i].ReceivedBy, items[i].MatchedBy = "", nil, nil
	}
	return items, err
}
