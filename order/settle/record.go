package settle

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// record writes what a run found: one reconciliation a bank, date and channel,
// with its exceptions brought up to date.
func (k *Desk) record(ctx context.Context, bank tenant.Bank, r result) (Reconciliation, error) {
	return k.inReconciliation(ctx, bank, r, func(tx *db.Tx) (string, error) {
		recID, stands, err := hasGatewaysOwn(ctx, tx, bank.ID, r)
		if err != nil || stands {
			return recID, err
		}
		if recID, err = openReconciliation(ctx, tx, bank.ID, r); err != nil {
			return "", err
		}
		if err := k.replaceOpen(ctx, tx, bank, recID, r); err != nil {
			return "", err
		}
		return recID, k.charge(ctx, tx, bank, recID, r)
	})
}

// recordFault writes why a date's file was not used, and gives that as the error.
func (k *Desk) recordFault(ctx context.Context, bank tenant.Bank, r result, no *FileError) (Reconciliation, error) {
	c, err := k.inReconciliation(ctx, bank, r, func(tx *db.Tx) (string, error) {
		return noteFault(ctx, tx, bank.ID, r, no)
	})
	if err != nil {
		return c, err
	}
	return c, no
}

func (k *Desk) inReconciliation(ctx context.Context, bank tenant.Bank, r result, write func(tx *db.Tx) (recID string, err error)) (c Reconciliation, err error) {
	from, err := clockOn(bank, r.date, 0, 0, 0)
	if err != nil {
		return c, err
	}
	to, err := clockOn(bank, r.date, 1, 0, 0)
	if err != nil {
		return c, err
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		recID, err := write(tx)
		if err != nil {
			return err
		}
		if err := adopt(ctx, tx, bank.ID, recID, from, to); err != nil {
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

// hasGatewaysOwn tells whether r is of a file that a person brought while the
// gateway's own was had, perhaps by another run since: that one stands.
func hasGatewaysOwn(ctx context.Context, tx *db.Tx, bankID string, r result) (recID string, has bool, err error) {
	if r.file.source != "upload" {
		return "", false, nil
	}
	return db.Value[string](ctx, tx, `SELECT id FROM reconciliation WHERE bank_id = ? AND business_date = ? AND channel = ?
		AND file_source = 'gateway' AND file_sha256 <> ''`+tx.Dialect().ForUpdate(), bankID, r.date, r.channel)
}

const intoReconciliation = `reconciliation (id, bank_id, business_date, channel, status, ours_count, ours_fen, theirs_count, theirs_fen, matched_count, ran_at,
	file_state, file_reason, file_source, file_encoding, file_sha256, file_rows, file_at)`

const (
	// repeats says how a whole file compares with the last one that was whole. It
	// comes before the hash is set.
	repeats = `file_repeat = CASE WHEN file_sha256 = '' THEN 'first' WHEN file_sha256 = NEW(file_sha256) THEN 'same' ELSE 'changed' END`
	tried   = "file_tries = file_tries + 1"
)

// openReconciliation makes the date's row or updates it; either way it is
// locked until the commit, so that runs and people take turns.
func openReconciliation(ctx context.Context, tx *db.Tx, bankID string, r result) (string, error) {
	tail := tx.Dialect().OnDuplicate("bank_id, business_date, channel", repeats, tried,
		"ours_count = NEW(ours_count)", "ours_fen = NEW(ours_fen)", "theirs_count = NEW(theirs_count)",
		"theirs_fen = NEW(theirs_fen)", "matched_count = NEW(matched_count)", "ran_at = NEW(ran_at)",
		"file_state = NEW(file_state)", "file_reason = NEW(file_reason)", "file_source = NEW(file_source)", "file_encoding = NEW(file_encoding)",
		"file_sha256 = NEW(file_sha256)", "file_rows = NEW(file_rows)", "file_at = NEW(file_at)")
	return insertReconciliation(ctx, tx, bankID, r, tail, []any{id.New(id.Reconciliation), bankID, r.date, r.channel, "matched",
		r.oursCount, r.ours, r.theirsCount, r.theirs, r.matched, tx.Now,
		string(Whole), "", r.file.source, r.file.encoding, r.file.sha256, r.file.rows, tx.Now})
}

// noteFault leaves the figures of an earlier file that was whole.
func noteFault(ctx context.Context, tx *db.Tx, bankID string, r result, no *FileError) (string, error) {
	tail := tx.Dialect().OnDuplicate("bank_id, business_date, channel", tried,
		"file_state = NEW(file_state)", "file_reason = NEW(file_reason)", "file_at = NEW(file_at)")
	source := r.file.source
	if source == "" {
		source = "gateway"
	}
	return insertReconciliation(ctx, tx, bankID, r, tail, []any{id.New(id.Reconciliation), bankID, r.date, r.channel, "unread",
		r.oursCount, r.ours, 0, 0, 0, tx.Now, string(no.State), short(strings.TrimPrefix(no.Error(), "settle: ")), source, r.file.encoding, "", 0, tx.Now})
}

func insertReconciliation(ctx context.Context, tx *db.Tx, bankID string, r result, tail string, values []any) (string, error) {
	if err := tx.Insert(ctx, intoReconciliation, [][]any{values}, tail); err != nil {
		return "", err
	}
	recID, _, err := db.Value[string](ctx, tx, "SELECT id FROM reconciliation WHERE bank_id = ? AND business_date = ? AND channel = ?",
		bankID, r.date, r.channel)
	return recID, err
}

// short cuts a text to what a column of 300 characters takes.
func short(s string) string {
	if runes := []rune(s); len(runes) > 300 {
		return string(runes[:299]) + "…"
	}
	return s
}

// adopt brings under the date's reconciliation what callbacks of the day left:
// without one nobody would see it. Its business_date stays empty, so that the
// same callback again still finds it there.
func adopt(ctx context.Context, tx *db.Tx, bankID, recID string, from, to time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE money_exception SET reconciliation_id = ?
		WHERE bank_id = ? AND reconciliation_id IS NULL AND created_at >= ? AND created_at < ?`, recID, bankID, from, to)
	return err
}

// replaceOpen brings the exceptions up to date: those that a person or a rule
// resolved stay as they are, those that are no longer so are resolved as matched
// by the system, and open again when they come back; the others come or change.
// Suspense holds what is open.
func (k *Desk) replaceOpen(ctx context.Context, tx *db.Tx, bank tenant.Bank, recID string, r result) error {
	rows, err := db.All(ctx, tx, scanException, exceptionColumns+" WHERE bank_id = ? AND reconciliation_id = ?"+tx.Dialect().ForUpdate(), bank.ID, recID)
	if err != nil {
		return err
	}
	before := map[[2]string]Exception{}
	for _, e := range rows {
		if slices.Contains(byFile, e.Kind) {
			before[[2]string{e.Kind, e.Ref}] = e
		}
	}
	for _, d := range r.diffs {
		key := [2]string{d.kind, d.ref}
		e, ok := before[key]
		delete(before, key)
		if ok && e.ended() && !e.byItself() {
			continue
		}
		if err := k.put(ctx, tx, bank, recID, r, d, e); err != nil {
			return err
		}
	}
	for _, e := range before {
		if e.ended() {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE money_exception SET status = 'resolved', resolution = 'matched', proposed_as = NULL, proposed_by = NULL,
			proposed_at = NULL, resolved_by = ?, resolved_at = ? WHERE id = ?`, System.ID, tx.Now, e.ID); err != nil {
			return err
		}
		if err := k.hold(ctx, tx, bank, e.ID, 0); err != nil {
			return err
		}
	}
	return nil
}

// put writes one difference, over e where there is one. Another amount than what
// was proposed about is no longer what a second person would confirm.
func (k *Desk) put(ctx context.Context, tx *db.Tx, bank tenant.Bank, recID string, r result, d difference, e Exception) error {
	state, held := "open", d.theirs-d.ours
	if d.waits {
		state, held = "waiting", 0
	}
	if e.ID == "" {
		e.ID = id.New(id.Exception)
		const into = "money_exception (id, bank_id, reconciliation_id, business_date, channel, kind, ref, ours_fen, theirs_fen, status, created_at)"
		err := tx.Insert(ctx, into, [][]any{{e.ID, bank.ID, recID, r.date, r.channel, d.kind, d.ref, d.ours, d.theirs, state, tx.Now}}, "")
		if err != nil {
			return err
		}
		return k.hold(ctx, tx, bank, e.ID, held)
	}
	forget := ""
	if e.ended() || e.Ours != d.ours || e.Theirs != d.theirs {
		forget = ", comment = NULL, proposed_as = NULL, proposed_by = NULL, proposed_at = NULL"
	}
	_, err := tx.Exec(ctx, `UPDATE money_exception SET ours_fen = ?, theirs_fen = ?, status = ?,
		resolution = NULL, resolved_by = NULL, resolved_at = NULL`+forget+` WHERE id = ?`, d.ours, d.theirs, state, e.ID)
	if err != nil {
		return err
	}
	return k.hold(ctx, tx, bank, e.ID, held)
}
