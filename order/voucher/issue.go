package voucher

import (
	"context"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/order"
	"yinbo/order/catalog"
)

// Issue makes a code for each unit of o's voucher lines and tells how many. The
// unit's own key in the database refuses a second one.
func (s *Vouchers) Issue(ctx context.Context, tx *db.Tx, o order.Order) (int, error) {
	if !hasVouchers(o) {
		return 0, nil
	}
	days, err := validDays(ctx, tx, o)
	if err != nil {
		return 0, err
	}
	values, err := lineValues(o)
	if err != nil {
		return 0, err
	}
	var rows [][]any
	ends := map[time.Time]struct{}{}
	for no, l := range o.Lines {
		if l.Kind != catalog.Voucher {
			continue
		}
		until := tx.Now.AddDate(0, 0, days[l.Product])
		ends[until] = struct{}{}
		for i, value := range split(values[no], l.Quantity) {
			voucherID := id.New(id.Voucher)
			hash, sealed, err := s.draw(ctx, o.Bank, voucherID)
			if err != nil {
				return 0, err
			}
			rows = append(rows, []any{voucherID, o.Bank, o.ID, no + 1, i + 1, o.Viewer, l.Merchant, l.Title, l.Spec, value,
				hash, sealed, string(Issued), tx.Now, until})
		}
	}
	err = tx.Insert(ctx, `voucher (id, bank_id, order_id, line_no, unit_no, viewer_id, merchant_id, title, spec, value_fen,
		code_hash, code_sealed, state, issued_at, valid_until)`, rows, "")
	if err != nil {
		return 0, err
	}
	var tasks []outbox.Task
	for until := range ends {
		tasks = append(tasks, outbox.Task{Bank: o.Bank, Kind: ExpireTask, Ref: o.ID, Payload: struct{}{}, Due: until})
	}
	return len(rows), s.Box.Add(ctx, tx, tasks...)
}

// draw makes a code: its hash and its sealed form.
func (s *Vouchers) draw(ctx context.Context, bank, voucherID string) (hash, sealed string, err error) {
	code, err := newCode()
	if err != nil {
		return "", "", err
	}
	if hash, err = s.hash(ctx, bank, code); err != nil {
		return "", "", err
	}
	sealed, err = s.Keyring.Seal(ctx, codePlace(bank, voucherID), pii.Clear(code))
	return hash, sealed, err
}

func (s *Vouchers) hash(ctx context.Context, bank, code string) (string, error) {
	return s.Keyring.Hash(ctx, bank, "voucher", code)
}

func hasVouchers(o order.Order) bool {
	return slices.ContainsFunc(o.Lines, func(l order.Line) bool { return l.Kind == catalog.Voucher })
}

// lineValues divides what was paid over the lines.
func lineValues(o order.Order) ([]money.Fen, error) {
	weights := make([]money.Fen, len(o.Lines))
	for i, l := range o.Lines {
		weights[i] = l.Amount
	}
	return money.Split(o.Paid, weights)
}

// split divides a line's value over its units as evenly as fen allow, so that
// all units together are worth the line: the first ones carry the fen left.
func split(value money.Fen, n int64) []money.Fen {
	units := make([]money.Fen, n)
	each, more := value/money.Fen(n), int64(value)%n
	for i := range units {
		units[i] = each
		if int64(i) < more {
			units[i]++
		}
	}
	return units
}

// validDays reads how long the codes of each of o's products can be used.
func validDays(ctx context.Context, tx *db.Tx, o order.Order) (map[string]int, error) {
	days, args := map[string]int{}, []any{DefaultDays, o.Bank}
	for _, l := range o.Lines {
		if _, seen := days[l.Product]; !seen {
			days[l.Product] = DefaultDays
			args = append(args, l.Product)
		}
	}
	type set struct {
		product string
		days    int
	}
	all, err := db.All(ctx, tx, func(r db.Row) (v set, err error) {
		return v, r.Scan(&v.product, &v.days)
	}, "SELECT id, COALESCE(valid_days, ?) FROM product WHERE bank_id = ? AND id IN "+db.Marks(len(days)), args...)
	for _, v := range all {
		days[v.product] = v.days
	}
	return days, err
}
