package bankbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// refund is money that went back; it succeeds at once or is refused.
type refund struct {
	outRefundNo string
	refundNo    string
	outTradeNo  string
	amountFen   int64
	refundedAt  int64
}

// refundBy reads one refund. Unknown: 404 not_found.
func refundBy(ctx context.Context, q querier, outRefundNo string) (refund, error) {
	r := refund{outRefundNo: outRefundNo}
	err := q.QueryRowContext(ctx, `SELECT refund_no, out_trade_no, amount_fen, refunded_at
		FROM refunds WHERE out_refund_no = ?`, outRefundNo).
		Scan(&r.refundNo, &r.outTradeNo, &r.amountFen, &r.refundedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("refund")
	}
	if err != nil {
		return r, fmt.Errorf("read refund: %w", err)
	}
	return r, nil
}

// giveBack refunds part of a payment, or finds the refund that an earlier call
// with the same number made. 404 not_found: no such payment; 409
// payment.not_paid, refund.exceeds, out_refund_no.mismatch.
func (g *gateway) giveBack(ctx context.Context, want refund, notifyURL string) (r refund, fresh bool, err error) {
	err = g.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err = refundBy(ctx, tx, want.outRefundNo)
		if err == nil {
			return sameRefund(r, want)
		}
		if !isProblem(err) {
			return err
		}
		p, err := paymentBy(ctx, tx, "out_trade_no", want.outTradeNo)
		if err != nil {
			return err
		}
		now := g.now()
		r = want
		r.refundNo, r.refundedAt = serial("RF", now), now.UnixMilli()
		if err := insertRefund(ctx, tx, p, r); err != nil {
			return err
		}
		fresh = true
		if notifyURL == "" {
			notifyURL = p.notifyURL
		}
		return enqueueCallback(ctx, tx, g.faults.now(), now, notifyURL, paymentNotice{
			OutTradeNo: p.outTradeNo, OutRefundNo: r.outRefundNo, PaymentNo: p.paymentNo, Kind: "refund",
			AmountFen: r.amountFen, Status: statusSucceeded, At: rfc3339(r.refundedAt),
		})
	})
	if err == nil {
		g.courier.nudge()
	}
	return r, fresh, err
}

func sameRefund(got, want refund) error {
	if got.outTradeNo != want.outTradeNo || got.amountFen != want.amountFen {
		return problem(409, "out_refund_no.mismatch", "this out_refund_no belongs to another refund")
	}
	return nil
}

// insertRefund writes r down and takes it from what is left of p.
func insertRefund(ctx context.Context, tx *sql.Tx, p payment, r refund) error {
	if p.status != statusSucceeded {
		return problem(409, "payment.not_paid", "this payment is %s", p.status)
	}
	if r.amountFen > p.amountFen-p.refundedFen {
		return problem(409, "refund.exceeds", "only %d fen are left of this payment", p.amountFen-p.refundedFen)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO refunds
		(out_refund_no, refund_no, out_trade_no, amount_fen, refunded_at) VALUES (?, ?, ?, ?, ?)`,
		r.outRefundNo, r.refundNo, r.outTradeNo, r.amountFen, r.refundedAt); err != nil {
		return fmt.Errorf("insert refund: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE payments SET refunded_fen = refunded_fen + ?
		WHERE out_trade_no = ?`, r.amountFen, r.outTradeNo); err != nil {
		return fmt.Errorf("take refund from payment: %w", err)
	}
	return nil
}
