package settle

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// Submit hands a draft, or one that was rejected, to a checker. In any other
// state it is 409 conflict.
func (k *Desk) Submit(ctx context.Context, bank tenant.Bank, settlementID string, actor Actor) (Settlement, error) {
	return k.move(ctx, bank, settlementID, actor, "settlement.submitted", func(tx *db.Tx, s Settlement) (int64, error) {
		return tx.Exec(ctx, `UPDATE settlement SET status = 'submitted', submitted_by = ?, submitted_at = ?,
			decided_by = NULL, decided_at = NULL, reject_reason = NULL
			WHERE bank_id = ? AND id = ? AND status IN ('draft','rejected')`, actor.ID, tx.Now, bank.ID, s.ID)
	})
}

// Withdraw makes a draft again of what one submitted oneself, until another has
// decided on it: 403 proposal.not_yours for anybody else, 409 conflict where it is
// not submitted.
func (k *Desk) Withdraw(ctx context.Context, bank tenant.Bank, settlementID string, actor Actor) (Settlement, error) {
	return k.move(ctx, bank, settlementID, actor, "settlement.withdrawn", func(tx *db.Tx, s Settlement) (int64, error) {
		if s.Status == "submitted" && *s.SubmittedBy != actor.ID {
			return 0, fault.New(fault.Forbidden, "proposal.not_yours")
		}
		return tx.Exec(ctx, `UPDATE settlement SET status = 'draft', submitted_by = NULL, submitted_at = NULL
			WHERE bank_id = ? AND id = ? AND status = 'submitted' AND submitted_by = ?`, bank.ID, s.ID, actor.ID)
	})
}

// Approve agrees to what another submitted, and posts that it is due for
// payout. Who submitted it gets 403 settlement.same_person, who is no checker
// 403 auth.forbidden; what is not submitted is 409 conflict.
func (k *Desk) Approve(ctx context.Context, bank tenant.Bank, settlementID string, actor Actor) (Settlement, error) {
	return k.move(ctx, bank, settlementID, actor, "settlement.approved", func(tx *db.Tx, s Settlement) (int64, error) {
		n, err := decide(ctx, tx, bank, s, actor, "approved", nil)
		if err != nil || n == 0 || s.Payable == 0 {
			return n, err
		}
		kept, due, err := k.byTerms(ctx, tx, bank, s)
		if err != nil {
			return n, err
		}
		_, err = k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.SettlementApproved, Ref: s.ID, Lines: payout(s.Merchant.ID, s.Payable, kept)})
		if err != nil {
			return n, err
		}
		return n, k.askPayout(ctx, tx, bank.ID, s.Merchant.ID, due)
	})
}

// payout moves a settlement's amount from the merchant's account to what is due
// for payout, and what is kept of it to the reserve; one below zero goes the other
// way, and nothing of it is kept.
func payout(merchantID string, payable, kept money.Fen) []ledger.Line {
	from, to := ledger.Merchant(merchantID), ledger.PayoutDue(merchantID)
	if payable < 0 {
		from, to, payable = to, from, -payable
	}
	return []ledger.Line{{Account: from, Debit: payable}, {Account: to, Credit: payable - kept}, {Account: ledger.Reserve(merchantID), Credit: kept}}
}

// Reject gives a submitted settlement back with a reason; refusals as of
// Approve.
func (k *Desk) Reject(ctx context.Context, bank tenant.Bank, settlementID, reason string, actor Actor) (Settlement, error) {
	reason = audit.Reason(reason)
	return k.move(ctx, bank, settlementID, actor, "settlement.rejected", func(tx *db.Tx, s Settlement) (int64, error) {
		return decide(ctx, tx, bank, s, actor, "rejected", &reason)
	})
}

func decide(ctx context.Context, tx *db.Tx, bank tenant.Bank, s Settlement, actor Actor, status string, reason *string) (int64, error) {
	if s.Status == "submitted" && s.SubmittedBy != nil && *s.SubmittedBy == actor.ID {
		return 0, fault.New(fault.Forbidden, "settlement.same_person")
	}
	if !actor.Checker {
		return 0, fault.New(fault.Forbidden, "auth.forbidden")
	}
	return tx.Exec(ctx, `UPDATE settlement SET status = ?, decided_by = ?, decided_at = ?, reject_reason = ?
		WHERE bank_id = ? AND id = ? AND status = 'submitted' AND submitted_by <> ?`,
		status, actor.ID, tx.Now, reason, bank.ID, s.ID, actor.ID)
}

// move makes one transition with its audit entry. step gives the number of rows
// that it moved: none is a conflict.
func (k *Desk) move(ctx context.Context, bank tenant.Bank, settlementID string, actor Actor, action string,
	step func(tx *db.Tx, s Settlement) (int64, error),
) (moved Settlement, err error) {
	const one = " WHERE bank_id = ? AND id = ?"
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		s, found, err := db.One(ctx, tx, scanSettlement, settlementColumns+one+tx.Dialect().ForUpdate(), bank.ID, settlementID)
		if err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		n, err := step(tx, s)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict()
		}
		detail := map[string]any{"business_date": s.BusinessDate, "merchant": s.Merchant.ID, "payable_fen": s.Payable}
		if err := audit.Write(ctx, tx, actor.entry(bank.ID, action, s.ID, detail)); err != nil {
			return err
		}
		moved, _, err = db.One(ctx, tx, scanSettlement, settlementColumns+one, bank.ID, settlementID)
		return err
	})
	return moved, err
}
