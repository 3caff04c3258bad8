package review

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

const (
	// MaxFigureDays bounds a request for figures.
	MaxFigureDays = 31
	// perDay bounds what one day's figures read.
	perDay = 50_000
)

// Figures are what the department did on each day, and what waits now.
type Figures struct {
	Waiting []Waiting `json:"waiting" doc:"Now, by queue and by reviewer"`
	Days    []Figure  `json:"days"`
}

// Waiting is what waits in a queue, or with a reviewer.
type Waiting struct {
	QueueID  *string      `json:"queue_id"`
	StaffID  *string      `json:"staff_id"`
	Name     string       `json:"name"`
	Waiting  int          `json:"waiting"`
	OldestAt *clock.Stamp `json:"oldest_at"`
}

// Figure is a day of a queue or a reviewer. Times run from sending in.
type Figure struct {
	Day        string  `json:"day"`
	QueueID    *string `json:"queue_id" doc:"Of a queue's line; empty for leads in no queue"`
	StaffID    *string `json:"staff_id" doc:"Of a reviewer's line"`
	Name       string  `json:"name"`
	Decided    int     `json:"decided"`
	Approved   int     `json:"approved"`
	ApproveBps int     `json:"approve_bps"`
	LookMedian int64   `json:"look_median_ms"`
	LookP90    int64   `json:"look_p90_ms"`
	DecMedian  int64   `json:"decision_median_ms"`
	DecP90     int64   `json:"decision_p90_ms"`
	KeptBps    int     `json:"kept_bps" doc:"Decided within the bank's time"`
}

// Figures computes days, both included (YYYY-MM-DD in the bank's zone), by queue
// and by reviewer. Errors: validation.
func (l *Leads) Figures(ctx context.Context, bank tenant.Bank, p Person, from, to string) (Figures, error) {
	f := Figures{Waiting: []Waiting{}, Days: []Figure{}}
	first, err := time.ParseInLocation(time.DateOnly, from, bank.Zone)
	if err != nil {
		return f, fault.InvalidField("from", "field.format")
	}
	last, err := time.ParseInLocation(time.DateOnly, to, bank.Zone)
	if err != nil {
		return f, fault.InvalidField("to", "field.format")
	}
	if last.Before(first) || !last.Before(first.AddDate(0, 0, MaxFigureDays)) {
		return f, fault.InvalidField("to", "field.too_large")
	}
	queues, err := l.queuesSeen(ctx, bank.ID, p)
	if err != nil {
		return f, err
	}
	names := map[string]string{}
	for _, q := range queues {
		names[q.ID] = q.Name
	}
	if f.Waiting, err = l.waitingNow(ctx, bank.ID, p, queues, names); err != nil {
		return f, err
	}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		for _, column := range []string{"queue_id", "decided_by"} {
			lines, err := l.day(ctx, bank, p, day, column, names)
			if err != nil {
				return f, err
			}
			f.Days = append(f.Days, lines...)
		}
	}
	return f, nil
}

func (l *Leads) waitingNow(ctx context.Context, bank string, p Person, queues []Queue, names map[string]string) ([]Waiting, error) {
	out := []Waiting{}
	for _, q := range queues {
		w := Waiting{QueueID: &q.ID, Name: q.Name}
		var err error
		if w.Waiting, w.OldestAt, err = waiting(ctx, l.book.DB, bank, q.ID); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	seen, branches := p.Scope.And("branch_id")
	held, err := db.All(ctx, l.book.DB, func(r db.Row) (w Waiting, err error) {
		var oldest db.Time
		err = r.Scan(&w.StaffID, &w.Waiting, &oldest)
		w.OldestAt = clock.AtPtr(oldest.Time)
		return w, err
	}, "SELECT claimed_by, COUNT(*), MIN(created_at) FROM application WHERE bank_id = ? AND claimed_by > ''"+seen+" GROUP BY claimed_by ORDER BY claimed_by", append([]any{bank}, branches...)...)
	if err != nil {
		return nil, err
	}
	for _, w := range held {
		if w.Name, err = l.nameOf(ctx, bank, *w.StaffID, names); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// day computes one day's lines by a column, from the decisions of that day only.
// The median and the ninth decile are the values at their rank.
func (l *Leads) day(ctx context.Context, bank tenant.Bank, p Person, day time.Time, column string, names map[string]string) ([]Figure, error) {
	kept := "decide_ms <= ?"
	args := []any{time.Duration(bank.Settings.DecisionWithin).Milliseconds()}
	if bank.Settings.WorkHours != nil { // what has passed is not what was worked
		kept, args = "NOT EXISTS (SELECT 1 FROM sla_breach b WHERE b.application_id = ranked.id AND b.stage = 'decision')", nil
	}
	seen, branches := p.Scope.And("branch_id")
	inner := "SELECT id, COALESCE(" + column + ", '') AS who, decision, COALESCE(look_ms, decide_ms) AS look_ms, decide_ms FROM application" +
		l.book.DB.Dialect().By("application_decided") + ` WHERE bank_id = ? AND decided_at >= ? AND decided_at < ?
		AND decided_by IS NOT NULL AND decide_ms IS NOT NULL` + seen + ` ORDER BY decided_at LIMIT ?`
	args = append(append(append(args, bank.ID, day, day.AddDate(0, 0, 1)), branches...), perDay)
	lines, err := db.All(ctx, l.book.DB, scanFigure, `SELECT who, MAX(n), SUM(CASE WHEN decision = 'approve' THEN 1 ELSE 0 END),
		MIN(CASE WHEN look_rank * 2 >= n THEN look_ms END), MIN(CASE WHEN look_rank * 10 >= n * 9 THEN look_ms END),
		MIN(CASE WHEN decide_rank * 2 >= n THEN decide_ms END), MIN(CASE WHEN decide_rank * 10 >= n * 9 THEN decide_ms END),
		SUM(CASE WHEN `+kept+` THEN 1 ELSE 0 END)
		FROM (SELECT id, who, decision, look_ms, decide_ms, COUNT(*) OVER (PARTITION BY who) AS n,
			ROW_NUMBER() OVER (PARTITION BY who ORDER BY look_ms) AS look_rank, ROW_NUMBER() OVER (PARTITION BY who ORDER BY decide_ms) AS decide_rank
			FROM (`+inner+`) AS d) AS ranked GROUP BY who ORDER BY who`, args...)
	for i := range lines {
		f := &lines[i]
		f.Day = day.Format(time.DateOnly)
		who := f.Name
		if column == "queue_id" {
			f.QueueID, f.Name = &who, names[who]
			continue
		}
		f.StaffID = &who
		if f.Name, err = l.nameOf(ctx, bank.ID, who, names); err != nil {
			return nil, err
		}
	}
	return lines, err
}

// scanFigure reads a line; whose it is stands in Name.
func scanFigure(r db.Row) (f Figure, err error) {
	var kept int
	if err := r.Scan(&f.Name, &f.Decided, &f.Approved, &f.LookMedian, &f.LookP90, &f.DecMedian, &f.DecP90, &kept); err != nil {
		return f, err
	}
	f.ApproveBps, f.KeptBps = f.Approved*10_000/f.Decided, kept*10_000/f.Decided
	return f, nil
}
