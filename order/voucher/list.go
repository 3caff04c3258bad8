package voucher

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

const columns = `SELECT id, bank_id, order_id, merchant_id, title, spec, value_fen, code_sealed, state, issued_at, valid_until, redeemed_at
	FROM voucher WHERE `

func scan(r db.Row) (v voucher, err error) {
	var issued, until, redeemed db.Time
	err = r.Scan(&v.ID, &v.Bank, &v.Order, &v.Merchant, &v.Title, &v.Spec, &v.Value, &v.Sealed, &v.State, &issued, &until, &redeemed)
	v.IssuedAt, v.ValidUntil, v.RedeemedAt = issued.Time, until.Time, redeemed.Time
	return v, err
}

func read(ctx context.Context, q db.Querier, where string, args ...any) ([]voucher, error) {
	return db.All(ctx, q, scan, columns+where, args...)
}

// List shows the viewer's own vouchers with their codes, the newest first, after
// the one named: one more than limit when there are further ones. order, when
// not empty, picks those of one order.
func (s *Vouchers) List(ctx context.Context, bank, viewer, order, after string, limit int) ([]View, error) {
	where, args := "bank_id = ? AND viewer_id = ?", []any{bank, viewer}
	if order != "" {
		where, args = where+" AND order_id = ?", append(args, order)
	}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	all, err := read(ctx, s.DB, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	now, views := s.DB.Clock().Now(), make([]View, len(all))
	for i, v := range all {
		code, err := s.Keyring.Open(ctx, codePlace(bank, v.ID), v.Sealed)
		if err != nil {
			return nil, err
		}
		views[i] = View{ID: v.ID, OrderID: v.Order, Title: v.Title, Spec: v.Spec, Code: shown(code.Reveal()), Status: v.status(now), ValueFen: v.Value,
			IssuedAt: clock.At(v.IssuedAt), ValidUntil: clock.At(v.ValidUntil), RedeemedAt: clock.AtPtr(v.RedeemedAt)}
	}
	return views, nil
}

// Counts is how many of an order's vouchers stand where.
type Counts struct {
	Issued   int64 `json:"issued"`
	Redeemed int64 `json:"redeemed"`
	Void     int64 `json:"void"`
	Expired  int64 `json:"expired"`
}

// Count counts an order's vouchers.
func (s *Vouchers) Count(ctx context.Context, bank, orderID string) (c Counts, err error) {
	now := s.DB.Clock().Now()
	type group struct {
		state   Status
		n, over int64
	}
	groups, err := db.All(ctx, s.DB, func(r db.Row) (g group, err error) {
		return g, r.Scan(&g.state, &g.n, &g.over)
	}, `SELECT state, COUNT(*), SUM(CASE WHEN valid_until <= ? THEN 1 ELSE 0 END) FROM voucher
		WHERE bank_id = ? AND order_id = ? GROUP BY state`, now, bank, orderID)
	for _, g := range groups {
		switch g.state {
		case Issued:
			c.Issued, c.Expired = g.n-g.over, g.over
		case Redeemed:
			c.Redeemed = g.n
		case Void:
			c.Void = g.n
		}
	}
	return c, err
}
