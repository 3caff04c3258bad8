package payment

import (
	"context"
	"fmt"
	"net/http"

	"yinbo/internal/db"
)

// Repair asks the gateway about a payment or refund of a bank that its statement
// has and we do not count, and takes in what it says. done is true when the money
// is counted now, by this or meanwhile; said is what was found, for people. An
// answer that never came is gateway.ErrUnknown. A refund that failed here is left
// to people: to ask for it is to give the money back again.
func (s *Payments) Repair(ctx context.Context, bankID, ref string) (done bool, said string, err error) {
	p, found, err := find(ctx, s.DB, ref)
	if err != nil {
		return false, "", err
	}
	if found && p.Bank == bankID {
		return s.repairPayment(ctx, p)
	}
	list, err := refunds(ctx, s.DB, "bank_id = ? AND id = ?", bankID, ref)
	if err != nil || len(list) == 0 {
		return false, "no payment or refund of ours", err
	}
	return s.repairRefund(ctx, list[0])
}

func (s *Payments) repairPayment(ctx context.Context, p payment) (done bool, said string, err error) {
	if p.Status == Succeeded {
		return true, "counted meanwhile", nil
	}
	bank, err := s.bank(ctx, p.Bank)
	if err != nil {
		return false, "", err
	}
	channel, err := s.gateway(p.Channel)
	if err != nil {
		return false, "", err
	}
	g, err := channel.QueryPayment(ctx, p.ID)
	switch no := refusal(err); {
	case no != nil && no.Status == http.StatusNotFound:
		return false, "the gateway does not know it", nil
	case no != nil:
		return false, "the gateway refused to say: " + no.Code, nil
	case err != nil:
		return false, "", err
	case otherAmount(p, g):
		return false, fmt.Sprintf("the gateway says %s, ours is %s", g.AmountFen.Yuan(), p.Amount.Yuan()),
			s.DB.InTx(ctx, func(tx *db.Tx) error { return except(ctx, tx, amountDiffers, p.Bank, p.ID, p.Amount, g.AmountFen) })
	case Status(g.Status) != Succeeded:
		return false, "the gateway says " + g.Status, nil
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error { return s.apply(ctx, tx, bank, p, g) })
	return err == nil, "the gateway says succeeded; counted", err
}

func (s *Payments) repairRefund(ctx context.Context, r refund) (done bool, said string, err error) {
	switch r.Status {
	case Succeeded:
		return true, "counted meanwhile", nil
	case Failed:
		return false, "it had failed here", nil
	}
	bank, err := s.bank(ctx, r.Bank)
	if err != nil {
		return false, "", err
	}
	channel, err := s.gateway(r.Channel)
	if err != nil {
		return false, "", err
	}
	g, err := channel.CreateRefund(ctx, r.ID, r.Payment, r.Amount)
	switch no := refusal(err); {
	case no != nil:
		return false, "the gateway refused it: " + no.Code, nil
	case err != nil:
		return false, "", err
	case Status(g.Status) != Succeeded:
		return false, "the gateway says " + g.Status, nil
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error { return s.settleRefund(ctx, tx, bank, r, g.RefundNo, tx.Now) })
	return err == nil, "the gateway says succeeded; counted", err
}
