package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
)

// RunTask is the outbox's kind of a dry run.
const RunTask = "screening.run"

// MaxLeads is how many past decisions a dry run may look at.
const MaxLeads = 10_000

const (
	runChunk = 500              // decisions in one transaction
	pause    = 10 * time.Second // how long before its time is up a worker stops
)

// Run is a version tried on past decisions, the newest first.
type Run struct {
	ID        string       `json:"id"`
	VersionID string       `json:"version_id"`
	Revision  int64        `json:"revision"`
	State     string       `json:"state" enum:"queued,running,done,failed"`
	Leads     int64        `json:"leads" doc:"How many it looks at, at most"`
	Done      int64        `json:"done"`
	Counts    []Count      `json:"counts"`
	Changed   int64        `json:"changed"`
	CreatedBy string       `json:"created_by"`
	CreatedAt clock.Stamp  `json:"created_at"`
	EndedAt   *clock.Stamp `json:"ended_at"`
	ErrorCode string       `json:"error_code" doc:"Why it failed, else empty"`

	last string
}

// Count is how many leads were judged so then and would be so now.
type Count struct {
	Then  card.Verdict `json:"then" enum:"pass,refer,decline"`
	Now   card.Verdict `json:"now" enum:"pass,refer,decline"`
	Leads int64        `json:"leads"`
}

// Change is a lead whose verdict would be another.
type Change struct {
	ApplicationID string       `json:"application_id"`
	Then          card.Verdict `json:"then" enum:"pass,refer,decline"`
	Now           card.Verdict `json:"now" enum:"pass,refer,decline"`
	Rules         []string     `json:"rules" doc:"The rules that say so now"`
}

const selectRun = "SELECT id, set_id, revision, state, leads, done, last_id, counts, created_by, created_at, ended_at, error_code FROM screening_run WHERE "

func scanRun(r db.Row) (v Run, err error) {
	var counts string
	var created, ended db.Time
	err = r.Scan(&v.ID, &v.VersionID, &v.Revision, &v.State, &v.Leads, &v.Done, &v.last, &counts, &v.CreatedBy, &created, &ended, &v.ErrorCode)
	if err != nil {
		return v, err
	}
	v.CreatedAt, v.EndedAt = clock.At(created.Time), clock.AtPtr(ended.Time)
	if err := json.Unmarshal([]byte(counts), &v.Counts); err != nil {
		return v, fmt.Errorf("screen: counts of %s: %w", v.ID, err)
	}
	for _, c := range v.Counts {
		if c.Then != c.Now {
			v.Changed += c.Leads
		}
	}
	return v, nil
}

func readRun(ctx context.Context, q db.Querier, bank, run string) (Run, error) {
	v, found, err := db.One(ctx, q, scanRun, selectRun+"bank_id = ? AND id = ?", bank, run)
	if err == nil && !found {
		err = notFound()
	}
	return v, err
}

// StartRun begins a dry run of a version on the newest leads decisions. A bank has
// one under way at a time: 409 screening.run_under_way. 404 not_found.
func (s *Screens) StartRun(ctx context.Context, bank string, by Person, version string, leads int) (Run, error) {
	var made Run
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := readVersion(ctx, tx, bank, version)
		if err != nil {
			return err
		}
		run := id.New(id.DryRun)
		err = tx.Insert(ctx, "screening_run (id, bank_id, run_key, set_id, revision, state, leads, done, last_id, counts, created_by, created_at, error_code)",
			[][]any{{run, bank, bank, v.ID, v.Revision, "queued", leads, 0, "", "[]", by.ID, tx.Now, ""}}, "")
		if err != nil {
			return err
		}
		if err := s.book.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: RunTask, Ref: run, Payload: struct{}{}}); err != nil {
			return err
		}
		if err := by.audit(ctx, tx, bank, "dry_run", v.ID, map[string]any{"no": v.No, "run": run, "leads": leads}); err != nil {
			return err
		}
		made, err = readRun(ctx, tx, bank, run)
		return err
	})
	if db.IsDuplicate(err) {
		return made, fault.New(fault.Conflict, "screening.run_under_way")
	}
	return made, err
}

// Run shows a dry run; 404 not_found.
func (s *Screens) Run(ctx context.Context, bank, run string) (Run, error) {
	return readRun(ctx, s.book.DB, bank, run)
}

// Runs gives a version's dry runs, the newest first, after the one named: one
// more than limit when there are further ones.
func (s *Screens) Runs(ctx context.Context, bank, version, after string, limit int) ([]Run, error) {
	if _, err := s.Version(ctx, bank, version); err != nil {
		return nil, err
	}
	where, args := "bank_id = ? AND set_id = ?", []any{bank, version}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	return db.All(ctx, s.book.DB, scanRun, selectRun+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

// Changes gives the leads that a dry run would judge otherwise, the newest first.
func (s *Screens) Changes(ctx context.Context, bank, run, after string, limit int) ([]Change, error) {
	if _, err := s.Run(ctx, bank, run); err != nil {
		return nil, err
	}
	where, args := "run_id = ?", []any{run}
	if after != "" {
		where, args = where+" AND application_id < ?", append(args, after)
	}
	return db.All(ctx, s.book.DB, func(r db.Row) (c Change, err error) {
		var rules string
		if err := r.Scan(&c.ApplicationID, &c.Then, &c.Now, &rules); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(rules), &c.Rules)
	}, "SELECT application_id, verdict_then, verdict_now, rules FROM screening_run_change WHERE "+where+" ORDER BY application_id DESC LIMIT ?", append(args, limit+1)...)
}

// HandleRun goes on with a dry run from where it stands, and asks to be woken
// again when its time is nearly up. A chunk's counts and changes are one
// transaction, which begins by moving on from what this worker believes: two of
// them count nothing twice.
func (s *Screens) HandleRun(ctx context.Context, t outbox.Task) error {
	run, err := s.Run(ctx, t.Bank, t.Ref)
	for err == nil && run.EndedAt == nil {
		if until, bounded := ctx.Deadline(); bounded && time.Until(until) < pause {
			return &outbox.Postponed{At: s.book.DB.Clock().Now()}
		}
		run, err = s.runChunk(ctx, t.Bank, run)
	}
	if err != nil && t.Attempts+1 >= outbox.MaxAttempts {
		return s.endRun(ctx, t.Ref, "failed", "internal")
	}
	return err
}

func (s *Screens) runChunk(ctx context.Context, bank string, run Run) (Run, error) {
	v, err := s.Version(ctx, bank, run.VersionID)
	if fault.Code(err) == "not_found" || err == nil && v.Revision != run.Revision { // discarded or written anew
		if err := s.endRun(ctx, run.ID, "failed", "screening.outdated"); err != nil {
			return run, err
		}
		return s.Run(ctx, bank, run.ID)
	}
	if err != nil {
		return run, err
	}
	p, err := s.compiled(v)
	if err != nil {
		return run, err
	}
	where, args := "bank_id = ? AND input_sealed <> ?", []any{bank, pii.Erased} // of whom nothing is left, nothing is judged
	if run.last != "" {
		where, args = where+" AND application_id < ?", append(args, run.last)
	}
	limit := min(runChunk, run.Leads-run.Done)
	past, err := db.All(ctx, s.book.DB, scanRecord, selectRecord+where+" ORDER BY application_id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return run, err
	}
	if len(past) == 0 {
		if err := s.endRun(ctx, run.ID, "done", ""); err != nil {
			return run, err
		}
		return s.Run(ctx, bank, run.ID)
	}
	return s.tally(ctx, bank, run, p, past)
}

// tally judges some past decisions anew and counts them.
func (s *Screens) tally(ctx context.Context, bank string, run Run, p *program, past []record) (Run, error) {
	counts := map[[2]card.Verdict]int64{}
	for _, c := range run.Counts {
		counts[[2]card.Verdict{c.Then, c.Now}] = c.Leads
	}
	var changes [][]any
	for _, d := range past {
		if err := d.open(ctx, s.book.Keys, placeOf(bank, d.application)); err != nil {
			return run, err
		}
		now, results := p.evaluate(d.input)
		counts[[2]card.Verdict{d.verdict, now}]++
		if now != d.verdict {
			changes = append(changes, []any{run.ID, d.application, bank, string(d.verdict), string(now), mustJSON(hits(results))})
		}
	}
	sums := []Count{}
	for _, then := range verdicts {
		for _, now := range verdicts {
			if n := counts[[2]card.Verdict{then, now}]; n > 0 {
				sums = append(sums, Count{then, now, n})
			}
		}
	}
	var after Run
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE screening_run SET state = 'running', done = done + ?, last_id = ?, counts = ? WHERE id = ? AND run_key IS NOT NULL AND done = ?",
			len(past), past[len(past)-1].application, mustJSON(sums), run.ID, run.Done)
		if err != nil {
			return err
		}
		if n > 0 && len(changes) > 0 {
			if err := tx.Insert(ctx, "screening_run_change (run_id, application_id, bank_id, verdict_then, verdict_now, rules)", changes, ""); err != nil {
				return err
			}
		}
		after, err = readRun(ctx, tx, bank, run.ID)
		return err
	})
	return after, err
}

var verdicts = []card.Verdict{card.Pass, card.Refer, card.Decline}

func (s *Screens) endRun(ctx context.Context, run, state, code string) error {
	return s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE screening_run SET state = ?, error_code = ?, run_key = NULL, ended_at = ? WHERE id = ? AND run_key IS NOT NULL",
			state, code, tx.Now, run)
		return err
	})
}
