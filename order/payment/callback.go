package payment

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
)

// Callback takes in what the bank reports; header is X-Bank-Signature. nil means
// taken in, now or before. Refusals: 401 callback.signature, 400 bad_request,
// 404 not_found, 409 payment.amount_mismatch, 409 payment.number_mismatch, 422
// validation of status and kind.
func (s *Payments) Callback(ctx context.Context, header string, body []byte) error {
	n, err := gateway.ReadNotice(s.CallbackKey, header, body, s.DB.Clock().Now())
	if err != nil {
		return err
	}
	return s.reported(ctx, Bankbox, n)
}

// Notice takes in what another channel reports, signed in its own way: as
// Callback, and 404 not_found where the channel is not configured.
func (s *Payments) Notice(ctx context.Context, c Channel, header func(name string) string, body []byte) error {
	r, ok := s.Gateways[c].(Reader)
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	n, err := r.ReadNotice(ctx, header, body)
	if err != nil {
		return err
	}
	return s.reported(ctx, c, n)
}

// reported takes in a notice that is the channel's for certain. Who signs for
// one channel has no say over another one's payments.
func (s *Payments) reported(ctx context.Context, c Channel, n gateway.Notice) error {
	p, found, err := find(ctx, s.DB, n.OutTradeNo)
	if err != nil {
		return err
	}
	if !found || p.Channel != c {
		return fault.New(fault.NotFound, "not_found")
	}
	if Status(n.Status) == Pending {
		return nil
	}
	switch n.Kind {
	case "payment":
		return s.paymentReported(ctx, p, n)
	case "refund":
		return s.refundReported(ctx, p, n)
	}
	return fault.InvalidField("kind", "field.not_allowed")
}

func (s *Payments) paymentReported(ctx context.Context, p payment, n gateway.Notice) error {
	if n.AmountFen != p.Amount {
		return s.mismatch(ctx, p.Bank, p.ID, p.Amount, n.AmountFen)
	}
	bank, err := s.bank(ctx, p.Bank)
	if err != nil {
		return err
	}
	mixedUp := false
	err = s.DB.InTx(ctx, func(tx *db.Tx) (err error) {
		if mixedUp, err = s.numberOfAnother(ctx, tx, p, n); err != nil || mixedUp {
			return err
		}
		return s.apply(ctx, tx, bank, p, gateway.Payment{PaymentNo: n.PaymentNo, Status: n.Status, PaidAt: &n.At})
	})
	if err == nil && mixedUp {
		err = fault.New(fault.Conflict, "payment.number_mismatch")
	}
	return err
}

// numberOfAnother keeps for a person a notice that bears our number of one
// payment and the gateway's number of another: it may be about either, so it is
// taken for neither. A number that we do not know is passed over: our own decides,
// and some gateways give a second one when the money comes.
func (s *Payments) numberOfAnother(ctx context.Context, tx *db.Tx, p payment, n gateway.Notice) (bool, error) {
	if n.PaymentNo == "" || n.PaymentNo == p.PaymentNo {
		return false, nil
	}
	_, found, err := db.Value[string](ctx, tx, "SELECT id FROM payment WHERE channel = ? AND payment_no = ? AND id <> ? LIMIT 1",
		string(p.Channel), n.PaymentNo, p.ID)
	if err != nil || !found {
		return false, err
	}
	return true, except(ctx, tx, numberDiffers, p.Bank, p.ID, p.Amount, n.AmountFen)
}

func (s *Payments) refundReported(ctx context.Context, p payment, n gateway.Notice) error {
	r, found, err := s.meant(ctx, p, n)
	if err != nil || !found {
		return err
	}
	if n.AmountFen != r.Amount {
		return s.mismatch(ctx, r.Bank, r.ID, r.Amount, n.AmountFen)
	}
	bank, err := s.bank(ctx, r.Bank)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if Status(n.Status) == Failed {
			return s.failRefund(ctx, tx, r)
		}
		return s.settleRefund(ctx, tx, bank, r, "", n.At)
	})
}

// meant finds the refund that a notice is about. Without its number it is the
// payment's pending one of that amount; when an ended one has that amount too
// (the notice may repeat that one's) or several wait, found is false and
// nothing is lost: refund.send asks for each by its number.
func (s *Payments) meant(ctx context.Context, p payment, n gateway.Notice) (r refund, found bool, err error) {
	if n.OutRefundNo != "" {
		r, found, err := db.One(ctx, s.DB, scanRefund, refundColumns+"id = ? AND payment_id = ?", n.OutRefundNo, p.ID)
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
		if r.Amount == n.AmountFen {
			same = append(same, r)
		}
	}
	switch len(same) {
	case 0:
		return r, false, s.mismatch(ctx, p.Bank, p.ID, all[0].Amount, n.AmountFen)
	case 1:
		return same[0], true, nil
	}
	return r, false, nil
}

// mismatch keeps an amount that is not ours for a person to look at, and
// refuses it.
func (s *Payments) mismatch(ctx context.Context, bank, ref string, ours, theirs money.Fen) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error { return except(ctx, tx, amountDiffers, bank, ref, ours, theirs) })
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "payment.amount_mismatch")
}

// clockSlack is how far a gateway's clock is believed to be off.
const clockSlack = 24 * time.Hour

// plausible is the gateway's time of an event on something made at since, or
// now where that is no time at which it can have been: reconciliation looks for
// it on that day.
func plausible(at, since, now time.Time) time.Time {
	if at.Before(since.Add(-clockSlack)) || at.After(now.Add(clockSlack)) {
		return now
	}
	return at
}
