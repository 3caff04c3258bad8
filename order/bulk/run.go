package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

const (
	// chunk is how many lines are one transaction.
	chunk = 500
	// pause is how long before its time is up a worker stops between two chunks.
	pause = 10 * time.Second
	// renew is after how long a lease is extended.
	renew = outbox.Lease / 3
)

// HandleRun runs a job from where it stands. It answers nil when the job is over,
// and asks to be woken again when its time is nearly up.
func (s *Imports) HandleRun(ctx context.Context, t outbox.Task) error {
	r, err := s.read(ctx, s.db, t.Bank, t.Ref)
	if fault.Code(err) == "not_found" {
		return nil
	}
	if err == nil {
		err = s.run(ctx, t, r)
	}
	var file *fault.Error
	switch {
	case errors.As(err, &file) && file.Kind == fault.Invalid:
		return s.fail(ctx, r, file)
	case err != nil && !later(err) && t.Attempts+1 >= outbox.MaxAttempts:
		return errors.Join(err, s.fail(ctx, r, fault.New(fault.Internal, "internal")))
	}
	return err
}

func later(err error) bool {
	var p *outbox.Postponed
	return errors.As(err, &p)
}

func (s *Imports) run(ctx context.Context, t outbox.Task, r row) (err error) {
	k, known := s.kind(r.Kind)
	if !known {
		return fmt.Errorf("bulk: no kind %s", r.Kind)
	}
	if r.State == Queued {
		if r, err = s.begin(ctx, r, k); err != nil {
			return err
		}
	}
	if r.State != Running {
		return nil
	}
	in, err := readLines(decoded(s.file(ctx, s.db, r.ID), r.charset), k)
	if err != nil {
		return err
	}
	if n, err := in.skip(r.LinesDone); err != nil || n < r.LinesDone {
		return errors.Join(err, s.lost(ctx, r))
	}
	renewed := s.db.Clock().Now()
	for {
		batch, err := in.take(chunk)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return s.finish(ctx, r)
		}
		moved, err := s.apply(ctx, r, k, batch)
		if err != nil {
			return err
		}
		if !moved {
			return s.lost(ctx, r)
		}
		r.LinesDone += int64(len(batch))
		now := s.db.Clock().Now()
		if until, bounded := ctx.Deadline(); bounded && time.Until(until) < pause {
			return &outbox.Postponed{At: now}
		}
		if now.Sub(renewed) > renew {
			if held, err := s.box.Extend(ctx, t); err != nil || !held {
				return err // another has the job
			}
			renewed = now
		}
	}
}

// lost is what a worker answers that did not find the job as it left it: nothing
// more when it is over; else, as another seems to be at it, it looks again later.
func (s *Imports) lost(ctx context.Context, r row) error {
	now, err := s.read(ctx, s.db, r.bank, r.ID)
	if err != nil || now.State != Running {
		return err
	}
	return &outbox.Postponed{At: s.db.Clock().Now().Add(time.Second)}
}

// begin reads the file once: what set its characters are of, and how many lines
// it has.
func (s *Imports) begin(ctx context.Context, r row, k Kind) (row, error) {
	set, err := charsetOf(s.file(ctx, s.db, r.ID))
	if err != nil {
		return r, err
	}
	in, err := readLines(decoded(s.file(ctx, s.db, r.ID), set), k)
	if err != nil {
		return r, err
	}
	const all = 1 << 62
	total, err := in.skip(all)
	if err != nil {
		return r, err
	}
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE import_job SET state = ?, charset = ?, lines_total = ?, started_at = ? WHERE id = ? AND state = ?",
			string(Running), set, total, tx.Now, r.ID, string(Queued))
		if err != nil {
			return err
		}
		r, err = s.read(ctx, tx, r.bank, r.ID)
		return err
	})
	return r, err
}

// apply is the transaction of a chunk. It first moves the count of lines on from
// what this worker believes; moved is false, and nothing happened, when the job
// is over or another worker was faster.
func (s *Imports) apply(ctx context.Context, r row, k Kind, batch []Line) (moved bool, err error) {
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		moved = false
		n, err := tx.Exec(ctx, `UPDATE import_job SET lines_done = lines_done + ?, progress_at = ?
			WHERE id = ? AND state = ? AND lines_done = ?`, len(batch), tx.Now, r.ID, string(Running), r.LinesDone)
		if err != nil || n == 0 {
			return err
		}
		verdicts, err := s.judge(ctx, tx, r, k, batch)
		if err != nil {
			return err
		}
		rows, failed := make([][]any, len(batch)), 0
		for i, v := range verdicts {
			rows[i] = []any{r.ID, batch[i].No, r.bank, string(v.Result), v.Code, short(v.Field), v.Object}
			if v.Result == Failed {
				failed++
			}
		}
		if err := tx.Insert(ctx, "import_line (job_id, line_no, bank_id, verdict, code, field, object_id)", rows, ""); err != nil {
			return err
		}
		moved = true
		if failed == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, "UPDATE import_job SET lines_failed = lines_failed + ? WHERE id = ?", failed, r.ID)
		return err
	})
	return moved, err
}

// judge lets the kind apply those lines that could be read.
func (s *Imports) judge(ctx context.Context, tx *db.Tx, r row, k Kind, batch []Line) ([]Verdict, error) {
	verdicts := make([]Verdict, len(batch))
	var good []Line
	for i, l := range batch {
		if verdicts[i] = l.bad; l.bad.Result == "" {
			good = append(good, l)
		}
	}
	if len(good) == 0 {
		return verdicts, nil
	}
	given, err := k.Apply(ctx, tx, r.bank, r.actor, good)
	if err != nil {
		return nil, err
	}
	if len(given) != len(good) {
		return nil, fmt.Errorf("bulk: %s gave %d verdicts on %d lines", k.Name, len(given), len(good))
	}
	for i := range verdicts {
		if verdicts[i].Result == "" {
			verdicts[i], given = given[0], given[1:]
		}
	}
	return verdicts, nil
}

// finish ends a job whose lines are all done.
func (s *Imports) finish(ctx context.Context, r row) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE import_job SET state = ?, ended_at = ? WHERE id = ? AND state = ? AND lines_done = ?",
			string(Done), tx.Now, r.ID, string(Running), r.LinesDone)
		if err != nil || n == 0 {
			return err
		}
		if err := forgetFile(ctx, tx, r.ID); err != nil {
			return err
		}
		end, err := s.read(ctx, tx, r.bank, r.ID)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, r.actor.entry(r.bank, "import.done", r.ID, map[string]any{"kind": r.Kind,
			"lines": end.LinesDone, "failed": end.LinesFailed}))
	})
}

// fail ends a job whose file cannot be read.
func (s *Imports) fail(ctx context.Context, r row, why *fault.Error) error {
	field := ""
	code := why.Code
	if len(why.Fields) > 0 {
		field, code = why.Fields[0].Name, why.Fields[0].Code
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE import_job SET state = ?, error_code = ?, error_field = ?, ended_at = ?
			WHERE id = ? AND state IN ('queued', 'running')`, string(Broken), code, short(field), tx.Now, r.ID)
		if err != nil || n == 0 {
			return err
		}
		if err := forgetFile(ctx, tx, r.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, r.actor.entry(r.bank, "import.failed", r.ID, map[string]any{"kind": r.Kind, "code": code}))
	})
}

// checkFile refuses, before a worker takes it, a file with a gap or with a
// header that no kind of this name has. It looks at the first part only.
func (s *Imports) checkFile(ctx context.Context, tx *db.Tx, r row) error {
	k, known := s.kind(r.Kind)
	if !known {
		return fault.InvalidField("kind", "import.kind")
	}
	last, _, err := db.Value[int64](ctx, tx, "SELECT COALESCE(MAX(part_no), 0) FROM import_part WHERE job_id = ?", r.ID)
	if err != nil {
		return err
	}
	if last == 0 || last != r.Parts {
		return fault.New(fault.Invalid, "import.parts").With("parts", "import.parts")
	}
	head, err := io.ReadAll(io.LimitReader(s.file(ctx, tx, r.ID), firstLook))
	if err != nil {
		return err
	}
	set, err := charsetOf(bytes.NewReader(head))
	if err != nil {
		return err
	}
	_, err = readLines(decoded(bytes.NewReader(head), set), k)
	return err
}

// firstLook is how much of a file is looked at before it runs.
const firstLook = 64 << 10
