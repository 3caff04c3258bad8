package terms

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Approve agrees to what another proposed, and has it hold. Who proposed it gets
// 403 merchant.same_person, who is no checker 403 auth.forbidden. 409: conflict for
// what is decided, merchant.stale where terms or account were changed since, or the
// terms' first date is past, merchant.exists where the name was taken meanwhile.
func (b *Book) Approve(ctx context.Context, bank tenant.Bank, changeID string, by Person) (Change, error) {
	return b.decide(ctx, bank.ID, changeID, by, "approved", nil, func(tx *db.Tx, c Change) error {
		if c.Kind == Open {
			err := tx.Insert(ctx, "merchant (id, bank_id, name, commission_bps, created_at)",
				[][]any{{c.MerchantID, bank.ID, c.Name, c.Terms.CommissionBps, tx.Now}}, "")
			if db.IsDuplicate(err) {
				err = fault.New(fault.Conflict, "merchant.exists").Because(err)
			}
			if err != nil {
				return err
			}
		}
		if c.Terms != nil {
			if err := c.agree(ctx, tx, bank); err != nil {
				return err
			}
		}
		if c.accountID != nil {
			return c.useAccount(ctx, tx, bank.ID)
		}
		return nil
	})
}

// Reject refuses what another proposed, with a reason, and wipes the number of its
// account; refusals as of Approve, but what is stale may be rejected.
func (b *Book) Reject(ctx context.Context, bank tenant.Bank, changeID, reason string, by Person) (Change, error) {
	reason = audit.Reason(reason)
	return b.decide(ctx, bank.ID, changeID, by, "rejected", &reason, func(tx *db.Tx, c Change) error {
		return c.wipe(ctx, tx, bank.ID)
	})
}

// wipe forgets the number of an account that will not be used.
func (c *Change) wipe(ctx context.Context, tx *db.Tx, bankID string) error {
	_, err := tx.Exec(ctx, "UPDATE merchant_account SET status = 'refused', number_sealed = ? WHERE bank_id = ? AND id = ? AND status = 'proposed'",
		pii.Erased, bankID, c.accountID)
	return err
}

// Withdraw takes back what one proposed oneself, until another has decided on it,
// and wipes the number of its account: 403 proposal.not_yours for anybody else,
// 409 conflict when it is decided.
func (b *Book) Withdraw(ctx context.Context, bank tenant.Bank, changeID string, by Person) (withdrawn Change, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		const one = changeColumns + " AND c.id = ?"
		c, found, err := db.One(ctx, tx, scanChange, one, bank.ID, changeID)
		switch {
		case err != nil:
			return err
		case !found:
			return fault.New(fault.NotFound, "not_found")
		case c.ProposedBy != by.ID:
			return fault.New(fault.Forbidden, "proposal.not_yours")
		}
		n, err := tx.Exec(ctx, "UPDATE merchant_change SET status = 'withdrawn', withdrawn_at = ? WHERE bank_id = ? AND id = ? AND status = 'proposed'",
			tx.Now, bank.ID, changeID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := c.wipe(ctx, tx, bank.ID); err != nil {
			return err
		}
		if err := by.audit(ctx, tx, bank.ID, "merchant.change_withdrawn", c.ID, c.detail()); err != nil {
			return err
		}
		withdrawn, _, err = db.One(ctx, tx, scanChange, one, bank.ID, changeID)
		return err
	})
	return withdrawn, err
}

func (b *Book) decide(ctx context.Context, bankID, changeID string, by Person, status string, reason *string,
	then func(tx *db.Tx, c Change) error,
) (decided Change, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		c, found, err := db.One(ctx, tx, scanChange, changeColumns+" AND c.id = ?", bankID, changeID)
		switch {
		case err != nil:
			return err
		case !found:
			return fault.New(fault.NotFound, "not_found")
		case c.Status == "proposed" && c.ProposedBy == by.ID:
			return fault.New(fault.Forbidden, "merchant.same_person")
		case !by.Checker:
			return fault.New(fault.Forbidden, "auth.forbidden")
		}
		n, err := tx.Exec(ctx, `UPDATE merchant_change SET status = ?, decided_by = ?, decided_at = ?, reject_reason = ?
			WHERE bank_id = ? AND id = ? AND status = 'proposed' AND proposed_by <> ?`, status, by.ID, tx.Now, reason, bankID, c.ID, by.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := then(tx, c); err != nil {
			return err
		}
		if err := by.audit(ctx, tx, bankID, "merchant.change_"+status, c.ID, c.detail()); err != nil {
			return err
		}
		decided, _, err = db.One(ctx, tx, scanChange, changeColumns+" AND c.id = ?", bankID, changeID)
		return err
	})
	return decided, err
}

func stale() error { return fault.New(fault.Conflict, "merchant.stale") }

// agree adds the terms, if none came between.
func (c *Change) agree(ctx context.Context, tx *db.Tx, bank tenant.Bank) error {
	today := bank.BusinessDate(tx.Now)
	if c.Terms.ValidFrom < today {
		return stale()
	}
	n, err := tx.Exec(ctx, "UPDATE merchant SET terms_version = terms_version + 1 WHERE bank_id = ? AND id = ? AND terms_version = ?", bank.ID, c.MerchantID, c.base)
	if err != nil {
		return err
	}
	if n == 0 {
		return stale()
	}
	begins, err := Begins(bank, c.Terms.ValidFrom)
	if err != nil {
		return err
	}
	a, termsID := c.Terms, id.New(id.Terms)
	err = tx.Insert(ctx, "merchant_terms (id, bank_id, merchant_id, change_id, version, agreed_on, valid_from, starts_at, commission_bps, cycle, reserve_bps, reserve_days, created_at)",
		[][]any{{termsID, bank.ID, c.MerchantID, c.ID, c.base + 1, today, a.ValidFrom, begins, a.CommissionBps, a.Cycle, a.ReserveBps, a.ReserveDays, tx.Now}}, "")
	if err != nil {
		return err
	}
	rows := make([][]any, len(a.Rates))
	for i, r := range a.Rates {
		rows[i] = []any{termsID, r.CategoryID, bank.ID, r.Category, r.Bps}
	}
	return tx.Insert(ctx, "merchant_rate (terms_id, category_id, bank_id, category_name, bps)", rows, "")
}

// useAccount has a merchant paid to the change's account, if none came between.
func (c *Change) useAccount(ctx context.Context, tx *db.Tx, bankID string) error {
	base := c.base
	if c.Kind == Open {
		base = 0
	}
	n, err := tx.Exec(ctx, "UPDATE merchant SET account_version = account_version + 1 WHERE bank_id = ? AND id = ? AND account_version = ?", bankID, c.MerchantID, base)
	if err != nil {
		return err
	}
	if n == 0 {
		return stale()
	}
	_, err = tx.Exec(ctx, "UPDATE merchant_account SET status = 'former', current_key = NULL WHERE bank_id = ? AND merchant_id = ? AND status = 'current'", bankID, c.MerchantID)
	if err != nil {
		return err
	}
	n, err = tx.Exec(ctx, "UPDATE merchant_account SET status = 'current', current_key = merchant_id WHERE bank_id = ? AND id = ? AND status = 'proposed'", bankID, c.accountID)
	if err == nil && n == 0 {
		err = stale()
	}
	return err
}
