package settle

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Reconciliation is ours of a date against the gateway's statement. Amounts in
// fen, payments less refunds.
type Reconciliation struct {
	ID             string      `json:"id"`
	Date           string      `json:"date" doc:"YYYY-MM-DD in the bank's time zone"`
	Channel        string      `json:"channel"`
	Status         string      `json:"status" enum:"unread,matched,waiting,exceptions" doc:"unread: no whole file was had yet; waiting: only shortages that wait for the next day's file"`
	OursCount      int         `json:"ours_count"`
	Ours           money.Fen   `json:"ours_fen" doc:"Payments less refunds"`
	TheirsCount    int         `json:"theirs_count"`
	Theirs         money.Fen   `json:"theirs_fen" doc:"Payments less refunds"`
	Fee            money.Fen   `json:"fee_fen" doc:"What the gateway charges for them, less what it gives back; by its file, or by the bank's rate where the file does not say"`
	Net            money.Fen   `json:"net_fen" doc:"theirs_fen - fee_fen: what the gateway owes the bank of the date"`
	MatchedCount   int         `json:"matched_count"`
	ExceptionCount int         `json:"exception_count" doc:"Exceptions that are not resolved, waiting ones included"`
	RanAt          clock.Stamp `json:"ran_at"`
	File           TheirFile   `json:"file"`
}

// TheirFile says what became of the gateway's file.
type TheirFile struct {
	State    FileState   `json:"state" enum:"whole,late,unreachable,truncated,wrong_total,wrong_hash,wrong_day,encoding,malformed" doc:"Of the last try. In any state but whole nothing of that file was used, and the figures are of the last one that was whole"`
	Reason   string      `json:"reason" doc:"Where and why, for who looks into it"`
	Next     string      `json:"next" enum:"none,resolve,wait,run_again,ask_gateway" doc:"What a person does now: nothing; resolve the exceptions; wait, or upload the file; run again; have the gateway send the file anew, then run again or upload it"`
	Source   string      `json:"source" enum:"gateway,upload"`
	Repeat   string      `json:"repeat" enum:"first,same,changed" doc:"The last whole file against the one before it"`
	Encoding string      `json:"encoding" doc:"utf-8 or gb18030"`
	SHA256   string      `json:"sha256" doc:"Of the last whole file"`
	Rows     int         `json:"rows"`
	Tries    int         `json:"tries"`
	At       clock.Stamp `json:"at" doc:"When it was last tried"`
}

// next is what a person does about a reconciliation.
func (c Reconciliation) next() string {
	switch c.File.State {
	case Whole:
		if c.Status == "exceptions" {
			return "resolve"
		}
		return "none"
	case Late:
		return "wait"
	case Unreachable:
		return "run_again"
	}
	return "ask_gateway"
}

// Exception is a difference that a person has to look at. Amounts in fen, a
// refund's below zero.
type Exception struct {
	ID               string       `json:"id"`
	ReconciliationID *string      `json:"reconciliation_id"`
	Date             string       `json:"date" doc:"Of the file that showed it, empty for the others"`
	Channel          string       `json:"channel"`
	Kind             string       `json:"kind" enum:"surplus,shortage,amount,status,duplicate,callback_amount,callback_number,refund_failed,refund_exceeds" doc:"the first five are found by reconciling; the others came up while paying and refunding"`
	Ref              string       `json:"ref" doc:"Payment or refund, by our id; the gateway's number where we have none"`
	Ours             money.Fen    `json:"ours_fen"`
	Theirs           money.Fen    `json:"theirs_fen"`
	Held             money.Fen    `json:"held_fen" doc:"What suspense holds for it"`
	Status           string       `json:"status" enum:"waiting,open,proposed,resolved" doc:"waiting: a shortage that may still come with the next day's file; proposed: a second person has to confirm"`
	Owner            *string      `json:"owner" doc:"Staff id of who works on it"`
	OwnerName        *string      `json:"owner_name"`
	ProposedAs       *string      `json:"proposed_as" enum:"matched,refunded,adjusted,written_off"`
	ProposedBy       *string      `json:"proposed_by" doc:"Staff id"`
	ProposedName     *string      `json:"proposed_name"`
	DeclinedFor      *string      `json:"declined_for" doc:"Why a second person did not confirm"`
	Resolution       *string      `json:"resolution" enum:"matched,refunded,adjusted,written_off"`
	Comment          *string      `json:"comment"`
	Rule             *string      `json:"rule" enum:"repair,refund,write_off" doc:"The bank's rule that acted on it"`
	Note             *string      `json:"note" doc:"What the rule found"`
	CreatedAt        clock.Stamp  `json:"created_at"`
	ResolvedBy       *string      `json:"resolved_by" doc:"Staff id, or system"`
	ConfirmedBy      *string      `json:"confirmed_by" doc:"Staff id"`
	ResolvedAt       *clock.Stamp `json:"resolved_at"`
}

func (e Exception) ended() bool { return e.Status == "resolved" }

// byItself tells one that was gone when a file was read again.
func (e Exception) byItself() bool {
	return e.ResolvedBy != nil && *e.ResolvedBy == System.ID && e.Resolution != nil && *e.Resolution == "matched"
}

// Resolutions are how an exception may end.
var Resolutions = []string{"matched", "refunded", "adjusted", "written_off"}

const reconciliationColumns = `SELECT r.id, r.business_date, r.channel, r.status, r.ours_count, r.ours_fen, r.theirs_count, r.theirs_fen, r.fee_fen,
	r.matched_count, (SELECT COUNT(*) FROM money_exception e WHERE e.bank_id = r.bank_id AND e.reconciliation_id = r.id AND e.status <> 'resolved'),
	r.ran_at, r.file_state, r.file_reason, r.file_source, r.file_repeat, r.file_encoding, r.file_sha256, r.file_rows, r.file_tries, COALESCE(r.file_at, r.ran_at) FROM reconciliation r`

func scanReconciliation(r db.Row) (c Reconciliation, err error) {
	var ran, at db.Time
	f := &c.File
	err = r.Scan(&c.ID, &c.Date, &c.Channel, &c.Status, &c.OursCount, &c.Ours, &c.TheirsCount, &c.Theirs, &c.Fee, &c.MatchedCount, &c.ExceptionCount, &ran,
		&f.State, &f.Reason, &f.Source, &f.Repeat, &f.Encoding, &f.SHA256, &f.Rows, &f.Tries, &at)
	c.Net = c.Theirs - c.Fee
	c.RanAt, f.At, f.Next = clock.At(ran.Time), clock.At(at.Time), c.next()
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

const exceptionColumns = `SELECT id, reconciliation_id, business_date, channel, kind, ref, ours_fen, theirs_fen, held_fen,
	CASE WHEN status = 'open' AND proposed_by IS NOT NULL THEN 'proposed' ELSE status END, owner, proposed_as, proposed_by, declined_for,
	resolution, comment, acted_by_rule, note, created_at, resolved_by, confirmed_by, resolved_at,
	(SELECT name FROM staff s WHERE s.id = owner), (SELECT name FROM staff s WHERE s.id = proposed_by) FROM money_exception`

func scanException(r db.Row) (e Exception, err error) {
	var created, resolved db.Time
	err = r.Scan(&e.ID, &e.ReconciliationID, &e.Date, &e.Channel, &e.Kind, &e.Ref, &e.Ours, &e.Theirs, &e.Held,
		&e.Status, &e.Owner, &e.ProposedAs, &e.ProposedBy, &e.DeclinedFor,
		&e.Resolution, &e.Comment, &e.Rule, &e.Note, &created, &e.ResolvedBy, &e.ConfirmedBy, &resolved,
		&e.OwnerName, &e.ProposedName)
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

// Work picks exceptions; empty fields do not filter.
type Work struct {
	Status  string // waiting, open, proposed, resolved; unresolved is all but the last
	Kind    string
	Channel string
	Date    string
	Owner   string // a staff id, or none
}

// WorkList lists a bank's exceptions, the oldest first.
func (k *Desk) WorkList(ctx context.Context, bankID string, w Work, after string, limit int) ([]Exception, error) {
	where, args := " WHERE bank_id = ? AND id > ?", []any{bankID, after}
	switch w.Status {
	case "":
	case "unresolved":
		where += " AND status IN ('waiting', 'open')"
	case "proposed":
		where += " AND status = 'open' AND proposed_by IS NOT NULL"
	case "open":
		where += " AND status = 'open' AND proposed_by IS NULL"
	default:
		where, args = where+" AND status = ?", append(args, w.Status)
	}
	if w.Owner == "none" {
		where += " AND owner IS NULL"
		w.Owner = ""
	}
	for _, c := range []struct{ cond, v string }{{"kind = ?", w.Kind}, {"channel = ?", w.Channel}, {"business_date = ?", w.Date}, {"owner = ?", w.Owner}} {
		if c.v != "" {
			where, args = where+" AND "+c.cond, append(args, c.v)
		}
	}
	return page(ctx, k.db, scanException, exceptionColumns+where+" ORDER BY id", args, limit)
}

// setStatus derives a reconciliation's status from its exceptions.
func setStatus(ctx context.Context, tx *db.Tx, bankID, reconciliationID string) error {
	_, err := tx.Exec(ctx, `UPDATE reconciliation SET status = CASE
		WHEN file_sha256 = '' AND file_state <> 'whole' THEN 'unread'
		WHEN EXISTS (SELECT 1 FROM money_exception WHERE bank_id = ? AND reconciliation_id = ? AND status = 'open') THEN 'exceptions'
		WHEN EXISTS (SELECT 1 FROM money_exception WHERE bank_id = ? AND reconciliation_id = ? AND status = 'waiting') THEN 'waiting'
		ELSE 'matched' END WHERE bank_id = ? AND id = ?`,
		bankID, reconciliationID, bankID, reconciliationID, bankID, reconciliationID)
	return err
}
