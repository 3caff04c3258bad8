package settle

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// record writes what a run found: one reconciliation a bank, date and channel,
// with its exceptions brought up to date.
func (k *Desk) record(ctx context.Context, bank tenant.Bank, r result) (c Reconciliation, err error) {
	from, err := clockOn(bank, r.date, 0, 0, 0)
	if err != nil {
		return c, err
	}
	to, err := clockOn(bank, r.date, 1, 0, 0)
	if err != nil {
		return c, err
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		recID, err := openReconciliation(ctx, tx, bank.ID, r)
		if err != nil {
			return err
		}
		if err := adopt(ctx, tx, bank.ID, recID, from, to); err != nil {
			return err
		}
		if err := replaceOpen(ctx, tx, bank.ID, recID, r); err != nil {
			return err
		}
		if err := setStatus(ctx, tx, bank.ID, recID); err != nil {
			return err
		}
		c, _, err = db.One(ctx, tx, scanReconciliation, reconciliationColumns+" WHERE r.bank_id = ? AND r.id = ?", bank.ID, recID)
		return err
	})
	return c, err
}

// openReconciliation makes the date's row or updates it; either way it is
// locked until the commit, so that runs and people take turns.
func openReconciliation(ctx context.Context, tx *db.Tx, bankID string, r result) (string, error) {
	tail := tx.Dialect().OnDuplicate("bank_id, business_date, channel",
		"ours_count = NEW(ours_count)", "ours_fen = NEW(ours_fen)", "theirs_count = NEW(theirs_count)",
		"theirs_fen = NEW(theirs_fen)", "matched_count = NEW(matched_count)", "ran_at = NEW(ran_at)")
	err := tx.Insert(ctx, `reconciliation (id, bank_id, business_date, channel, status,
		ours_count, ours_fen, theirs_count, theirs_fen, matched_count, ran_at)`,
		[][]any{{id.New(id.Reconciliation), bankID, r.date, channel, "matched",
			r.oursCount, r.ours, r.theirsCount, r.theirs, r.matched, tx.Now}}, tail)
	if err != nil {
		return "", err
	}
	recID, _, err := db.Value[string](ctx, tx, "SELECT id FROM reconciliation WHERE bank_id = ? AND business_date = ? AND channel = ?",
		bankID, r.date, channel)
	return recID, err
}

// adopt brings under the date's reconciliation what callbacks of the day left:
// without one nobody would see it. Its business_date stays empty, so that the
// same callback again still finds it there.
func adopt(ctx context.Context, tx *db.Tx, bankID, recID string, from, to time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE money_exception SET reconciliation_id = ?
		WHERE bank_id = ? AND reconciliation_id IS NULL AND created_at >= ? AND created_at < ?`, recID, bankID, from, to)
	return err
}

// replaceOpen brings the exceptions up to date: those that a person resolved
// stay as they are, those that are no longer so are resolved as matched by the
// system, and open again when they come back; the others come or change.
func replaceOpen(ctx context.Context, tx *db.Tx, bankID, recID string, r result) error {
	type held struct {
		id, kind, ref, status string
		by                    *string
	}
	rows, err := db.All(ctx, tx, func(r db.Row) (h held, err error) {
		return h, r.Scan(&h.id, &h.kind, &h.ref, &h.status, &h.by)
	}, "SELECT id, kind, ref, status, resolved_by FROM money_exception WHERE bank_id = ? AND reconciliation_id = ? AND kind IN ('surplus', 'shortage', 'amount', 'status')"+
		tx.Dialect().ForUpdate(), bankID, recID)
	if err != nil {
		return err
	}
	before := map[[2]string]held{}
	for _, h := range rows {
		before[[2]string{h.kind, h.ref}] = h
	}
	var fresh [][]any
	for _, d := range r.diffs {
		status := "open"
		if d.waits {
			status = "waiting"
		}
		key := [2]string{d.kind, d.ref}
		h, ok := before[key]
		delete(before, key)
		switch {
		case !ok:
			fresh = append(fresh, []any{id.New(id.Exception), bankID, recID, r.date, d.kind, d.ref, d.ours, d.theirs, status, tx.Now})
		case h.status != "resolved" || h.by != nil && *h.by == System.ID:
			if _, err := tx.Exec(ctx, `UPDATE money_exception SET ours_fen = ?, theirs_fen = ?, status = ?,
				resolution = NULL, comment = NULL, resolved_by = NULL, resolved_at = NULL WHERE id = ?`, d.ours, d.theirs, status, h.id); err != nil {
				return err
			}
		}
	}
	for _, h := range before {
		if h.status == "resolved" {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE money_exception SET status = 'resolved', resolution = 'matched',
			resolved_by = ?, resolved_at = ? WHERE id = ?`, System.ID, tx.Now, h.id); err != nil {
			return err
		}
	}
	const into = "money_exception (id, bank_id, reconciliation_id, business_date, kind, ref, ours_fen, theirs_fen, status, created_at)"
	return tx.Insert(ctx, into, fresh, "")
}
