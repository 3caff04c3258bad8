package payment

import (
	"context"
	"encoding/json"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
)

// callback is what the bank reports; CONTRACT §8.
type callback struct {
	OutTradeNo  string    `json:"out_trade_no"`
	OutRefundNo string    `json:"out_refund_no"` // of a refund, where the bank gives it
	PaymentNo   string    `json:"payment_no"`
	Kind        string    `json:"kind"`
	AmountFen   money.Fen `json:"amount_fen"`
	Status      Status    `json:"status"`
	At          time.Time `json:"at"`
}

// Callback takes in what the bank reports; header is X-Bank-Signature. nil means
// taken in, now or before. Refusals: 401 callback.signature, 400 bad_request,
// 404 not_found, 409 payment.amount_mismatch.
func (s *Payments) Callback(ctx context.Context, header string, body []byte) error {
	if err := gateway.CheckSignature(s.CallbackKey, header, body, s.DB.Clock().Now()); err != nil {
		return err
	}
	var c callback
	if err := json.Unmarshal(body, &c); err != nil {
		return fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	if c.Status != Succeeded && c.Status != Failed {
		return fault.InvalidField("status", "field.not_allowed")
	}
	p, found, err := find(ctx, s.DB, c.OutTradeNo)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "not_found")
	}
	if c.At.IsZero() {
		c.At = s.DB.Clock().Now()
	}
	switch c.Kind {
	case "payment":
		return s.paymentReported(ctx, p, c)
	case "refund":
		return s.refundReported(ctx, p, c)
	}
	return fault.InvalidField("kind", "field.not_allowed")
}

func (s *Payments) paymentReported(ctx context.Context, p payment, c callback) error {
	if c.AmountFen != p.Amount {
		return s.mismatch(ctx, p.Bank, p.ID, p.Amount, c.AmountFen)
	}
	bank, err := s.bank(ctx, p.Bank)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		return s.apply(ctx, tx, bank, p, gateway.Payment{PaymentNo: c.PaymentNo, Status: string(c.Status), PaidAt: &c.At})
	})
}

func (s *Payments) refundReported(ctx context.Context, p payment, c callback) error {
	r, found, err := s.meant(ctx, p, c)
	if err != nil || !found {
		return err
	}
	if c.AmountFen != r.Amount {
		return s.mismatch(ctx, r.Bank, r.ID, r.Amount, c.AmountFen)
	}
	bank, err := s.bank(ctx, r.Bank)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if c.Status == Failed {
			return s.failRefund(ctx, tx, r)
		}
		return s.settleRefund(ctx, tx, bank, r, "", c.At)
	})
}

// meant finds the refund that a callback is about. Without its number it is the
// payment's pending one of that amount; when an ended one has that amount too
// (the callback may repeat that one's) or several wait, found is false and
// nothing is lost: refund.send asks for each by its number.
func (s *Payments) meant(ctx context.Context, p payment, c callback) (r refund, found bool, err error) {
	if c.OutRefundNo != "" {
		r, found, err := db.One(ctx, s.DB, scanRefund, refundColumns+"id = ? AND payment_id = ?", c.OutRefundNo, p.ID)
		if err == nil && !found {
			err = fault.New(fault.NotFound, "not_found")
		}
		return r, found, err
	}
	all, err := refunds(ctx, s.DB, "bank_id = ? AND payment_id = ? ORDER BY id", p.Bank, p.ID)
	if err != nil {
		return r, false, err
	}
	if len(all) == 0 {
		return r, false, fault.New(fault.NotFound, "not_found")
	}
	var same []refund
	for _, r := range all {
		if r.Amount == c.AmountFen {
			same = append(same, r)
		}
	}
	switch len(same) {
	case 0:
		return r, false, s.mismatch(ctx, p.Bank, p.ID, all[0].Amount, c.AmountFen)
	case 1:
		return same[0], true, nil
	}
	return r, false, nil
}

// mismatch keeps an amount that is not ours for a person to look at, and
// refuses it.
func (s *Payments) mismatch(ctx context.Context, bank, ref string, ours, theirs money.Fen) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error { return except(ctx, tx, bank, ref, ours, theirs) })
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "payment.amount_mismatch")
}
