package bankbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// payment is one row of the gateway's book.
type payment struct {
	outTradeNo  string
	paymentNo   string
	amountFen   int64
	refundedFen int64
	status      string
	method      string
	cardToken   string
	subject     string
	instalments int64
	notifyURL   string
	returnURL   string
	paidAt      sql.NullInt64
	failedAt    sql.NullInt64
}

const (
	statusPending   = "pending"
	statusSucceeded = "succeeded"
	statusFailed    = "failed"

	methodCashier   = "cashier"
	methodBoundCard = "bound_card"
)

// paymentNotice is the body of a payment's or a refund's callback (CONTRACT §8).
type paymentNotice struct {
	OutTradeNo  string `json:"out_trade_no"`
	OutRefundNo string `json:"out_refund_no,omitempty"`
	PaymentNo   string `json:"payment_no"`
	Kind        string `json:"kind"`
	AmountFen   int64  `json:"amount_fen"`
	Status      string `json:"status"`
	At          string `json:"at"`
}

const paymentColumns = `out_trade_no, payment_no, amount_fen, refunded_fen, status, method,
	card_token, subject, notify_url, return_url, paid_at, failed_at, instalments`

// paymentBy reads one payment by a unique column, which is never a caller's text.
// Unknown: 404 not_found.
func paymentBy(ctx context.Context, q querier, column, value string) (payment, error) {
	var p payment
	err := q.QueryRowContext(ctx, `SELECT `+paymentColumns+` FROM payments WHERE `+column+` = ?`, value).
		Scan(&p.outTradeNo, &p.paymentNo, &p.amountFen, &p.refundedFen, &p.status, &p.method,
			&p.cardToken, &p.subject, &p.notifyURL, &p.returnURL, &p.paidAt, &p.failedAt, &p.instalments)
	if errors.Is(err, sql.ErrNoRows) {
		return p, notFound("payment")
	}
	if err != nil {
		return p, fmt.Errorf("read payment: %w", err)
	}
	return p, nil
}

// insertPayment writes p down unless its out_trade_no is taken; fresh tells which.
func insertPayment(ctx context.Context, tx *sql.Tx, now time.Time, p payment) (fresh bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO payments (`+paymentColumns+`, created_at)
		VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (out_trade_no) DO NOTHING`,
		p.outTradeNo, p.paymentNo, p.amountFen, p.status, p.method,
		p.cardToken, p.subject, p.notifyURL, p.returnURL, p.paidAt, p.failedAt, p.instalments, now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("insert payment: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// create makes a payment for the cashier, or finds the one that an earlier call
// with the same number and amount made.
func (g *gateway) create(ctx context.Context, want payment) (p payment, fresh bool, err error) {
	err = g.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if fresh, err = insertPayment(ctx, tx, g.now(), want); err != nil {
			return err
		}
		p, err = paymentBy(ctx, tx, "out_trade_no", want.outTradeNo)
		if err == nil && (p.amountFen != want.amountFen || p.method != want.method) {
			return tradeMismatch()
		}
		return err
	})
	return p, fresh, err
}

func tradeMismatch() error {
	return problem(409, "out_trade_no.mismatch", "this out_trade_no belongs to another payment")
}

// conclude moves a pending payment to its end, once: paid or failed, by whoever
// stands at the cashier. Again with the same end: no change. The other end: 409
// payment.closed.
func (g *gateway) conclude(ctx context.Context, paymentNo, status string) (payment, error) {
	var p payment
	err := g.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := g.now()
		at := "paid_at"
		if status == statusFailed {
			at = "failed_at"
		}
		res, err := tx.ExecContext(ctx, `UPDATE payments SET status = ?, `+at+` = ?
			WHERE payment_no = ? AND status = 'pending'`, status, now.UnixMilli(), paymentNo)
		if err != nil {
			return fmt.Errorf("conclude payment: %w", err)
		}
		changed, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("conclude payment: %w", err)
		}
		if p, err = paymentBy(ctx, tx, "payment_no", paymentNo); err != nil {
			return err
		}
		if p.status != status {
			return problem(409, "payment.closed", "this payment has already %s", p.status)
		}
		if changed == 0 {
			return nil
		}
		return g.notify(ctx, tx, now, p)
	})
	if err == nil {
		g.courier.nudge()
	}
	return p, err
}

// notify queues the callback of a payment that has ended now.
func (g *gateway) notify(ctx context.Context, tx *sql.Tx, now time.Time, p payment) error {
	return enqueueCallback(ctx, tx, g.faults.now(), now, p.notifyURL, paymentNotice{
		OutTradeNo: p.outTradeNo, PaymentNo: p.paymentNo, Kind: "payment",
		AmountFen: p.amountFen, Status: p.status, At: rfc3339(now.UnixMilli()),
	})
}
