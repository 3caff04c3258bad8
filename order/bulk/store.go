package bulk

import (
	"context"
	"io"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

const columns = `SELECT id, bank_id, kind, name, state, COALESCE(charset, ''), lines_total, lines_done, lines_failed, COALESCE(error_code, ''),
	COALESCE(error_field, ''), actor_kind, created_by, request_id, COALESCE(merchant_id, ''), created_at, started_at, progress_at, ended_at,
	(SELECT COUNT(*) FROM import_part p WHERE p.job_id = import_job.id) FROM import_job WHERE `

func scan(r db.Row) (v row, err error) {
	var created, started, progress, ended db.Time
	err = r.Scan(&v.ID, &v.bank, &v.Kind, &v.Name, &v.State, &v.charset, &v.LinesTotal, &v.LinesDone, &v.LinesFailed, &v.errorCode,
		&v.errorName, &v.actor.Kind, &v.actor.ID, &v.actor.RequestID, &v.actor.Merchant, &created, &started, &progress, &ended, &v.Parts)
	v.CreatedBy, v.MerchantID = v.actor.ID, v.actor.Merchant
	v.CreatedAt, v.StartedAt, v.EndedAt = clock.At(created.Time), clock.AtPtr(started.Time), clock.AtPtr(ended.Time)
	v.started, v.progress = started.Time, progress.Time
	return v, err
}

func (s *Imports) read(ctx context.Context, q db.Querier, bank, jobID string) (row, error) {
	return s.one(ctx, q, bank, jobID, "")
}

// lock holds a job's row until the commit.
func (s *Imports) lock(ctx context.Context, tx *db.Tx, bank, jobID string) (row, error) {
	return s.one(ctx, tx, bank, jobID, tx.Dialect().ForUpdate())
}

func (s *Imports) one(ctx context.Context, q db.Querier, bank, jobID, lock string) (row, error) {
	where, args := s.within("bank_id = ? AND id = ?", bank, jobID)
	r, found, err := db.One(ctx, q, scan, columns+where+lock, args...)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return r, err
}

// cancel ends a job and forgets its file.
func cancel(ctx context.Context, tx *db.Tx, jobID string) error {
	_, err := tx.Exec(ctx, "UPDATE import_job SET state = ?, ended_at = ? WHERE id = ? AND state IN ('uploading', 'queued', 'running')",
		string(Cancelled), tx.Now, jobID)
	if err != nil {
		return err
	}
	return forgetFile(ctx, tx, jobID)
}

func forgetFile(ctx context.Context, tx *db.Tx, jobID string) error {
	_, err := tx.Exec(ctx, "DELETE FROM import_part WHERE job_id = ?", jobID)
	return err
}

// file reads a job's parts one after another, one of them at a time.
type file struct {
	ctx  context.Context
	q    db.Querier
	job  string
	next int
	left []byte
}

func (s *Imports) file(ctx context.Context, q db.Querier, jobID string) *file {
	return &file{ctx: ctx, q: q, job: jobID, next: 1}
}

// Read reads on, into the next part where one ends.
func (f *file) Read(p []byte) (int, error) {
	for len(f.left) == 0 {
		content, found, err := db.Value[[]byte](f.ctx, f.q, "SELECT content FROM import_part WHERE job_id = ? AND part_no = ?", f.job, f.next)
		if err != nil {
			return 0, err
		}
		if !found {
			return 0, io.EOF
		}
		f.left, f.next = content, f.next+1
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}
