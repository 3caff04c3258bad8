package bulk

import (
	"context"
	"io"
	"strconv"
	"time"

	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// LineReport is what became of a line.
type LineReport struct {
	Line     int64  `json:"line" doc:"Where it begins in the file, from 1"`
	Verdict  Result `json:"verdict" enum:"created,updated,failed"`
	Code     string `json:"code" doc:"Why it failed, or what to know; else empty"`
	Field    string `json:"field" doc:"The column concerned, if one is"`
	Message  string `json:"message"`
	ObjectID string `json:"object_id" doc:"What was created or updated"`
}

// Lines gives a job's report from after a line on, in the file's order: one more
// than limit when there is more. An empty verdict does not filter. 404 not_found.
func (s *Imports) Lines(ctx context.Context, bank, jobID string, verdict Result, after int64, limit int, lang fault.Lang) ([]LineReport, error) {
	if _, err := s.read(ctx, s.db, bank, jobID); err != nil {
		return nil, err
	}
	return s.lines(ctx, jobID, verdict, after, limit, lang)
}

func (s *Imports) lines(ctx context.Context, jobID string, verdict Result, after int64, limit int, lang fault.Lang) ([]LineReport, error) {
	where, args := "job_id = ? AND line_no > ?", []any{jobID, after}
	if verdict != "" {
		where, args = where+" AND verdict = ?", append(args, string(verdict))
	}
	return db.All(ctx, s.db, func(r db.Row) (l LineReport, err error) {
		if err := r.Scan(&l.Line, &l.Verdict, &l.Code, &l.Field, &l.ObjectID); err != nil {
			return l, err
		}
		if l.Code != "" {
			l.Message = fault.Text(lang, l.Code)
		}
		return l, nil
	}, "SELECT line_no, verdict, code, field, object_id FROM import_line WHERE "+where+" ORDER BY line_no LIMIT ?", append(args, limit+1)...)
}

// reportPage is how many lines of a report are read at once.
const reportPage = 1000

var reportHeader = []string{"line", "verdict", "code", "field", "message", "object_id"}

// Report writes a job's report as CSV, page by page, of lines with a verdict where
// one is named. 404 not_found comes before anything is written.
func (s *Imports) Report(ctx context.Context, bank, jobID string, verdict Result, lang fault.Lang) (write func(context.Context, io.Writer) error, err error) {
	if _, err := s.read(ctx, s.db, bank, jobID); err != nil {
		return nil, err
	}
	first, err := s.lines(ctx, jobID, verdict, 0, reportPage, lang)
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[LineReport]{Header: reportHeader, Size: reportPage, First: first,
		Record: func(l LineReport) []string {
			return []string{strconv.FormatInt(l.Line, 10), string(l.Verdict), l.Code, csvfile.Inert(l.Field), csvfile.Inert(l.Message), l.ObjectID}
		},
		After: func(ctx context.Context, last LineReport) ([]LineReport, error) {
			return s.lines(ctx, jobID, verdict, last.Line, reportPage, lang)
		}}.Write, nil
}

// How long what nobody goes on with is kept.
const (
	keepUpload = 24 * time.Hour
	keepReport = 90 * 24 * time.Hour
	bite       = 100 // jobs
)

// Purge ends uploads that nobody went on with, and forgets old reports.
func (s *Imports) Purge(ctx context.Context) error {
	now := s.db.Clock().Now()
	for {
		idle, err := s.jobs(ctx, "state = 'uploading' AND created_at < ?", now.Add(-keepUpload))
		if err != nil {
			return err
		}
		old, err := s.jobs(ctx, `state IN ('done', 'failed', 'cancelled') AND created_at < ?
			AND EXISTS (SELECT 1 FROM import_line l WHERE l.job_id = import_job.id)`, now.Add(-keepReport))
		if err != nil {
			return err
		}
		err = s.db.InTx(ctx, func(tx *db.Tx) error {
			for _, jobID := range idle {
				if err := cancel(ctx, tx, jobID); err != nil {
					return err
				}
			}
			for _, jobID := range old {
				if _, err := tx.Exec(ctx, "DELETE FROM import_line WHERE job_id = ?", jobID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(idle)+len(old) == 0 {
			return err
		}
	}
}

func (s *Imports) jobs(ctx context.Context, where string, args ...any) ([]string, error) {
	return db.All(ctx, s.db, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM import_job WHERE "+where+" ORDER BY created_at LIMIT ?", append(args, bite)...)
}
