package settle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// The rules that a bank lets act on what differs; tenant.Reconciliation switches
// them. Each act is in the audit log and stands with the exception.
const (
	ruleRepair   = "repair"    // ask the gateway, and take in what was missed
	ruleRefund   = "refund"    // give back a surplus that nobody owns
	ruleWriteOff = "write_off" // let go of a difference of a few fen
)

// atMost is how many exceptions a rule acts on in one run: each may be a call of
// the gateway. The next run goes on.
const atMost = 200

// applyRules acts on a reconciliation's open exceptions; acted counts those of
// which a new comparison may say something else.
func (k *Desk) applyRules(ctx context.Context, bank tenant.Bank, c Reconciliation) (acted int, err error) {
	if c.Status == "matched" {
		return 0, nil
	}
	rules := bank.Settings.WithDefaults().Reconciliation
	if !rules.NoRepair && k.Repairs != nil {
		if acted, err = k.repair(ctx, bank, c); err != nil {
			return acted, err
		}
	}
	if rules.WriteOffUpToFen > 0 {
		if err := k.writeOff(ctx, bank, c, money.Fen(rules.WriteOffUpToFen)); err != nil {
			return acted, err
		}
	}
	return acted, nil
}

const untouched = ` AND status = 'open' AND proposed_by IS NULL AND acted_by_rule IS NULL`

// repair asks about each payment and refund that they have and we do not count.
func (k *Desk) repair(ctx context.Context, bank tenant.Bank, c Reconciliation) (acted int, err error) {
	open, err := db.All(ctx, k.db, scanException, exceptionColumns+" WHERE bank_id = ? AND reconciliation_id = ? AND kind = 'status' AND ours_fen = 0"+untouched+
		" ORDER BY id LIMIT ?", bank.ID, c.ID, atMost)
	if err != nil {
		return 0, err
	}
	for _, e := range open {
		done, said, err := k.Repairs.Repair(ctx, bank.ID, e.Ref)
		if errors.Is(err, gateway.ErrUnknown) {
			continue // the next run asks again
		}
		if err != nil {
			return acted, err
		}
		if done {
			acted++
		}
		if err := k.noteRule(ctx, bank, e, ruleRepair, said); err != nil {
			return acted, err
		}
	}
	return acted, nil
}

// noteRule records what a rule did or found.
func (k *Desk) noteRule(ctx context.Context, bank tenant.Bank, e Exception, rule, said string) error {
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE money_exception SET acted_by_rule = ?, note = ? WHERE id = ?", rule, short(said), e.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, System.entry(bank.ID, "exception.rule", e.ID, map[string]any{"rule": rule, "found": short(said)}))
	})
}

// writeOff lets go of amounts that differ by no more than the bank's limit.
func (k *Desk) writeOff(ctx context.Context, bank tenant.Bank, c Reconciliation, limit money.Fen) error {
	open, err := db.All(ctx, k.db, scanException, exceptionColumns+` WHERE bank_id = ? AND reconciliation_id = ? AND kind = 'amount'
		AND theirs_fen - ours_fen BETWEEN ? AND ?`+untouched+" ORDER BY id LIMIT ?", bank.ID, c.ID, -limit, limit, atMost)
	if err != nil {
		return err
	}
	for _, e := range open {
		_, err := k.change(ctx, bank, e.ID, System, func(tx *db.Tx, now Exception) (string, map[string]any, error) {
			if now.Status != "open" || abs(now.Theirs-now.Ours) > limit {
				return "", nil, conflict()
			}
			if _, err := tx.Exec(ctx, "UPDATE money_exception SET acted_by_rule = ?, note = ? WHERE id = ?", ruleWriteOff,
				fmt.Sprintf("not above %s", limit.Yuan()), e.ID); err != nil {
				return "", nil, err
			}
			return "exception.rule", map[string]any{"rule": ruleWriteOff}, k.end(ctx, tx, bank, now, "written_off", System.ID, "")
		})
		if err := unlessEnded(err); err != nil {
			return err
		}
	}
	return nil
}

// unlessEnded lets a rule pass over what a person, or another run, was first to end.
func unlessEnded(err error) error {
	if fault.Code(err) == fault.Code(conflict()) {
		return nil
	}
	return err
}

// refundSurpluses gives back what nobody has claimed for the bank's number of
// days. The exception's id is the refund's number: asking again gives back once.
func (k *Desk) refundSurpluses(ctx context.Context, bank tenant.Bank, ch channel) error {
	days := bank.Settings.WithDefaults().Reconciliation.RefundSurplusAfterDays
	refunder, can := ch.statements.(Refunder)
	if days <= 0 || !can {
		return nil
	}
	before := k.db.Clock().Now().Add(-time.Duration(days) * 24 * time.Hour)
	old, err := db.All(ctx, k.db, scanException, exceptionColumns+` WHERE bank_id = ? AND channel = ? AND kind = 'surplus' AND theirs_fen > 0 AND ours_fen = 0
		AND created_at <= ? AND status = 'open' AND proposed_by IS NULL AND (acted_by_rule IS NULL OR acted_by_rule = 'refund' AND note IS NULL)
		ORDER BY id LIMIT ?`, bank.ID, ch.name, before, atMost)
	if err != nil {
		return err
	}
	for _, e := range old {
		if err := k.refundSurplus(ctx, bank, refunder, e); err != nil {
			return err
		}
	}
	return nil
}

func (k *Desk) refundSurplus(ctx context.Context, bank tenant.Bank, refunder Refunder, e Exception) error {
	// First it is the rule's, so that no person ends it otherwise meanwhile.
	claimed := false
	err := k.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE money_exception SET acted_by_rule = ? WHERE id = ? AND status = 'open' AND proposed_by IS NULL
			AND (acted_by_rule IS NULL OR acted_by_rule = ? AND note IS NULL)`, ruleRefund, e.ID, ruleRefund)
		if err != nil {
			return err
		}
		if claimed = n == 1 || e.refunding(); !claimed || e.refunding() {
			return nil
		}
		return audit.Write(ctx, tx, System.entry(bank.ID, "exception.rule", e.ID, map[string]any{"rule": ruleRefund}))
	})
	if err != nil || !claimed {
		return err
	}
	g, err := refunder.CreateRefund(ctx, e.ID, e.Ref, e.Theirs)
	var no *gateway.Refusal
	switch {
	case errors.As(err, &no):
		return k.noteRule(ctx, bank, e, ruleRefund, "refused: "+no.Code)
	case err != nil && errors.Is(err, gateway.ErrUnknown):
		return nil // asked again at the next run
	case err != nil:
		return err
	case g.Status == "failed":
		return k.noteRule(ctx, bank, e, ruleRefund, "failed")
	case g.Status != "succeeded":
		return nil
	}
	_, err = k.change(ctx, bank, e.ID, System, func(tx *db.Tx, now Exception) (string, map[string]any, error) {
		if now.ended() {
			return "", nil, conflict()
		}
		if _, err := tx.Exec(ctx, "UPDATE money_exception SET note = ?, refunded_at = ? WHERE id = ?", "refunded: "+g.RefundNo, tx.Now, e.ID); err != nil {
			return "", nil, err
		}
		return "exception.refunded", map[string]any{"rule": ruleRefund}, k.end(ctx, tx, bank, now, "refunded", System.ID, "")
	})
	return unlessEnded(err)
}
