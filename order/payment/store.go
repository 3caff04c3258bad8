package payment

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
)

const columns = `SELECT id, bank_id, order_id, viewer_id, method, channel, COALESCE(card_id, ''), COALESCE(card_bin, ''), own_card,
	COALESCE(instalments, 0), amount_fen, status,
	COALESCE(payment_no, ''), COALESCE(cashier_url, ''), created_at FROM payment WHERE `

func scan(r db.Row) (p payment, err error) {
	var created db.Time
	err = r.Scan(&p.ID, &p.Bank, &p.Order, &p.Viewer, &p.Method, &p.Channel, &p.Card, &p.BIN, &p.OwnCard,
		&p.Instalments, &p.Amount, &p.Status, &p.PaymentNo, &p.CashierURL, &created)
	p.CreatedAt = created.Time
	return p, err
}

// find reads a payment of whichever bank: ids are unique over all of them.
func find(ctx context.Context, q db.Querier, paymentID string) (payment, bool, error) {
	return db.One(ctx, q, scan, columns+"id = ?", paymentID)
}

func findOpen(ctx context.Context, q db.Querier, bank, key string) (payment, bool, error) {
	return db.One(ctx, q, scan, columns+"bank_id = ? AND open_key = ?", bank, key)
}

// openKey makes one open payment per order and way of paying.
func openKey(orderID string, m Method, c Channel, card string) string {
	key := orderID + "/" + string(m) + "/" + card
	if c != Bankbox {
		key += "/" + string(c)
	}
	return key
}

func insert(ctx context.Context, tx *db.Tx, p payment) error {
	var card, bin, instalments any
	if p.Card != "" {
		card, bin = p.Card, p.BIN
	}
	if p.Instalments != 0 {
		instalments = p.Instalments
	}
	return tx.Insert(ctx, "payment (id, bank_id, order_id, viewer_id, method, channel, card_id, card_bin, own_card, instalments, amount_fen, status, open_key, created_at)",
		[][]any{{p.ID, p.Bank, p.Order, p.Viewer, string(p.Method), string(p.Channel), card, bin, p.OwnCard, instalments, p.Amount, string(p.Status),
			openKey(p.Order, p.Method, p.Channel, p.Card), p.CreatedAt}}, "")
}

// succeed is the one transition that counts a payment; ok is false when it was
// counted before. The gateway's first number of it stays.
func succeed(ctx context.Context, tx *db.Tx, p payment, no string, paidAt time.Time) (ok bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE payment SET status = 'succeeded', open_key = NULL, payment_no = COALESCE(payment_no, NULLIF(?, '')), paid_at = ?
		WHERE id = ? AND bank_id = ? AND status <> 'succeeded'`, no, paidAt, p.ID, p.Bank)
	return n == 1, err
}

func fail(ctx context.Context, tx *db.Tx, p payment) error {
	_, err := tx.Exec(ctx, "UPDATE payment SET status = 'failed', open_key = NULL WHERE id = ? AND bank_id = ? AND status IN ('created', 'pending')", p.ID, p.Bank)
	return err
}

// await notes that the gateway knows the payment.
func await(ctx context.Context, tx *db.Tx, p payment) error {
	_, err := tx.Exec(ctx, `UPDATE payment SET status = 'pending', payment_no = COALESCE(NULLIF(?, ''), payment_no), cashier_url = COALESCE(NULLIF(?, ''), cashier_url)
		WHERE id = ? AND bank_id = ? AND status IN ('created', 'pending')`, p.PaymentNo, p.CashierURL, p.ID, p.Bank)
	return err
}

const refundColumns = `SELECT id, bank_id, order_id, payment_id, amount_fen, cause, status, created_at,
	(SELECT p.channel FROM payment p WHERE p.id = refund.payment_id) FROM refund WHERE `

func scanRefund(r db.Row) (v refund, err error) {
	var created db.Time
	err = r.Scan(&v.ID, &v.Bank, &v.Order, &v.Payment, &v.Amount, &v.Cause, &v.Status, &created, &v.Channel)
	v.CreatedAt = created.Time
	return v, err
}

func refunds(ctx context.Context, q db.Querier, where string, args ...any) ([]refund, error) {
	return db.All(ctx, q, scanRefund, refundColumns+where, args...)
}

func insertRefund(ctx context.Context, tx *db.Tx, r refund, reason string) error {
	var askedBy *string
	if r.AskedBy != "" {
		askedBy = &r.AskedBy
	}
	return tx.Insert(ctx, "refund (id, bank_id, order_id, payment_id, amount_fen, reason, cause, asked_by, status, created_at)",
		[][]any{{r.ID, r.Bank, r.Order, r.Payment, r.Amount, audit.Reason(reason), r.Cause, askedBy, string(r.Status), tx.Now}}, "")
}

// endRefund is the one transition that counts a refund; ok is false when it was
// counted before.
func endRefund(ctx context.Context, tx *db.Tx, r refund, to Status, no string, at time.Time) (ok bool, err error) {
	from := "status <> 'succeeded'"
	if to == Failed {
		from = "status = 'pending'"
	}
	n, err := tx.Exec(ctx, `UPDATE refund SET status = ?, refund_no = NULLIF(?, ''), done_at = ? WHERE id = ? AND bank_id = ? AND `+from,
		string(to), no, at, r.ID, r.Bank)
	return n == 1, err
}

// refundSum adds up an order's refunds asked for by its viewer, of the statuses
// named.
func refundSum(ctx context.Context, q db.Querier, bank, orderID string, statuses ...Status) (sum money.Fen, n int64, err error) {
	type total struct {
		sum money.Fen
		n   int64
	}
	args := []any{bank, orderID, byViewer}
	for _, s := range statuses {
		args = append(args, string(s))
	}
	t, _, err := db.One(ctx, q, func(r db.Row) (t total, err error) {
		return t, r.Scan(&t.sum, &t.n)
	}, `SELECT COALESCE(SUM(amount_fen), 0), COUNT(*) FROM refund WHERE bank_id = ? AND order_id = ? AND cause = ? AND status IN `+db.Marks(len(statuses)), args...)
	return t.sum, t.n, err
}

// Kinds of exceptions that paying leaves; a run of reconciliation shows them
// with their day and does not end them.
const (
	amountDiffers = "callback_amount"
	numberDiffers = "callback_number"
	refundFailed  = "refund_failed"
	refundTooMuch = "refund_exceeds"
)

// except records for a person what does not agree with ours, once per kind and
// number.
func except(ctx context.Context, tx *db.Tx, kind, bank, ref string, ours, theirs money.Fen) error {
	return tx.InsertIgnore(ctx, "money_exception (id, bank_id, kind, ref, ours_fen, theirs_fen, status, created_at)",
		[][]any{{id.New(id.Exception), bank, kind, ref, ours, theirs, "open", tx.Now}})
}
