package settle

import (
	"context"
	"slices"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Reconciliation is ours of a date against the gateway's statement. Amounts in
// fen, payments less refunds.
type Reconciliation struct {
	ID             string      `json:"id"`
	Date           string      `json:"date" doc:"YYYY-MM-DD in the bank's time zone"`
	Channel        string      `json:"channel"`
	Status         string      `json:"status" enum:"matched,waiting,exceptions" doc:"waiting: only shortages that wait for the next day's file"`
	OursCount      int         `json:"ours_count"`
	Ours           money.Fen   `json:"ours_fen" doc:"Payments less refunds"`
	TheirsCount    int         `json:"theirs_count"`
	Theirs         money.Fen   `json:"theirs_fen" doc:"Payments less refunds"`
	MatchedCount   int         `json:"matched_count"`
	ExceptionCount int         `json:"exception_count" doc:"Exceptions that are not resolved, waiting ones included"`
	RanAt          clock.Stamp `json:"ran_at"`
}

// Exception is a difference that a person has to look at. Amounts in fen, a
// refund's below zero.
type Exception struct {
	ID         string       `json:"id"`
	Kind       string       `json:"kind" enum:"surplus,shortage,amount,status,callback_amount,callback_number,refund_failed,refund_exceeds" doc:"the first four are found by reconciling; the others came up while paying and refunding"`
	Ref        string       `json:"ref" doc:"Payment or refund, by our id; the gateway's number where we have none"`
	Ours       money.Fen    `json:"ours_fen"`
	Theirs     money.Fen    `json:"theirs_fen"`
	Status     string       `json:"status" enum:"waiting,open,resolved" doc:"waiting: a shortage that may still come with the next day's file"`
	Resolution *string      `json:"resolution" enum:"matched,refunded,adjusted,written_off"`
	Comment    *string      `json:"comment"`
	CreatedAt  clock.Stamp  `json:"created_at"`
	ResolvedAt *clock.Stamp `json:"resolved_at"`
}

// Resolutions are how an exception may end.
var Resolutions = []string{"matched", "refunded", "adjusted", "written_off"}

const reconciliationColumns = `SELECT r.id, r.business_date, r.channel, r.status, r.ours_count, r.ours_fen, r.theirs_count, r.theirs_fen,
	r.matched_count, (SELECT COUNT(*) FROM money_exception e WHERE e.bank_id = r.bank_id AND e.reconciliation_id = r.id AND e.status <> 'resolved'),
	r.ran_at FROM reconciliation r`

func scanReconciliation(r db.Row) (c Reconciliation, err error) {
	var ran db.Time
	err = r.Scan(&c.ID, &c.Date, &c.Channel, &c.Status, &c.OursCount, &c.Ours, &c.TheirsCount, &c.Theirs, &c.MatchedCount, &c.ExceptionCount, &ran)
	c.RanAt = clock.At(ran.Time)
	return c, err
}

// Reconciliations lists a bank's, the newest first, from after the id that a
// page ended with; date "" is every date, a limit of 0 none.
func (k *Desk) Reconciliations(ctx context.Context, bankID, date, after string, limit int) ([]Reconciliation, error) {
	where, args := " WHERE r.bank_id = ?", []any{bankID}
	if date != "" {
		where, args = where+" AND r.business_date = ?", append(args, date)
	}
	if after != "" {
		where, args = where+" AND r.id < ?", append(args, after)
	}
	return page(ctx, k.db, scanReconciliation, reconciliationColumns+where+" ORDER BY r.id DESC", args, limit)
}

const exceptionColumns = `SELECT id, kind, ref, ours_fen, theirs_fen, status, resolution, comment, created_at, resolved_at FROM money_exception`

func scanException(r db.Row) (e Exception, err error) {
	var created, resolved db.Time
	err = r.Scan(&e.ID, &e.Kind, &e.Ref, &e.Ours, &e.Theirs, &e.Status, &e.Resolution, &e.Comment, &created, &resolved)
	e.CreatedAt, e.ResolvedAt = clock.At(created.Time), clock.AtPtr(resolved.Time)
	return e, err
}

// Exceptions lists those of a reconciliation, the oldest first; not_found where
// the bank has no such reconciliation.
func (k *Desk) Exceptions(ctx context.Context, bankID, reconciliationID, after string, limit int) ([]Exception, error) {
	_, found, err := db.Value[string](ctx, k.db, "SELECT id FROM reconciliation WHERE bank_id = ? AND id = ?", bankID, reconciliationID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, notFound()
	}
	return page(ctx, k.db, scanException, exceptionColumns+" WHERE bank_id = ? AND reconciliation_id = ? AND id > ? ORDER BY id",
		[]any{bankID, reconciliationID, after}, limit)
}

// Resolve ends an exception, once: 409 conflict when it is resolved already.
// What it says of money is posted to the ledger, see post.
// The comment stays with the exception; the audit log names the resolution
// only, since people write what they like into comments.
func (k *Desk) Resolve(ctx context.Context, bank tenant.Bank, exceptionID, resolution, comment string, actor Actor) (e Exception, err error) {
	if !slices.Contains(Resolutions, resolution) {
		return e, fault.InvalidField("resolution", "field.not_allowed")
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		// The reconciliation's row first, as a run locks them.
		recID, found, err := db.Value[*string](ctx, tx, "SELECT reconciliation_id FROM money_exception WHERE bank_id = ? AND id = ?", bank.ID, exceptionID)
		if err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		if recID != nil {
			if _, _, err := db.Value[string](ctx, tx, "SELECT id FROM reconciliation WHERE id = ?"+tx.Dialect().ForUpdate(), *recID); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `UPDATE money_exception SET status = 'resolved', resolution = ?, comment = ?, resolved_by = ?, resolved_at = ?
			WHERE bank_id = ? AND id = ? AND status <> 'resolved'`, resolution, comment, actor.ID, tx.Now, bank.ID, exceptionID)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict()
		}
		if recID != nil {
			if err := setStatus(ctx, tx, bank.ID, *recID); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, actor.entry(bank.ID, "exception.resolved", exceptionID, map[string]any{"resolution": resolution})); err != nil {
			return err
		}
		e, _, err = db.One(ctx, tx, scanException, exceptionColumns+" WHERE bank_id = ? AND id = ?", bank.ID, exceptionID)
		if err != nil {
			return err
		}
		return k.post(ctx, tx, bank, e, resolution)
	})
	return e, err
}

// setStatus derives a reconciliation's status from its exceptions.
func setStatus(ctx context.Context, tx *db.Tx, bankID, reconciliationID string) error {
	_, err := tx.Exec(ctx, `UPDATE reconciliation SET status = CASE
		WHEN EXISTS (SELECT 1 FROM money_exception WHERE bank_id = ? AND reconciliation_id = ? AND status = 'open') THEN 'exceptions'
		WHEN EXISTS (SELECT 1 FROM money_exception WHERE bank_id = ? AND reconciliation_id = ? AND status = 'waiting') THEN 'waiting'
		ELSE 'matched' END WHERE bank_id = ? AND id = ?`,
		bankID, reconciliationID, bankID, reconciliationID, bankID, reconciliationID)
	return err
}
