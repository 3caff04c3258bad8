package rundown

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
)

// Problem is what would go wrong with a cue.
type Problem struct {
	CueID   string         `json:"cue_id"`
	Kind    string         `json:"kind"`
	Code    string         `json:"code" doc:"Stable and dotted, as of any refusal"`
	Message string         `json:"message"`
	Fields  []ProblemField `json:"fields"`
	Warns   bool           `json:"warns" doc:"It would work, and a person should look"`
}

// ProblemField is what of a cue's plan it is about.
type ProblemField struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

// Report is what a dry run found.
type Report struct {
	Checked  int       `json:"checked" doc:"Cues that have not happened yet"`
	Problems []Problem `json:"problems"`
}

var errUndone = errors.New("rundown: dry")

// DryRun does in one transaction what the cues ahead would do, each at its time
// (from now on; counted from the planned start where the room has not started),
// tells what refused them, and rolls all of it back. What ends meanwhile gives
// nothing back to later cues: it rather warns too early. 404 not_found, 409
// conflict in a room that has ended.
func (s *Rundowns) DryRun(ctx context.Context, bank, room string, by live.Staff) (Report, error) {
	var r Report
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		r = Report{Problems: []Problem{}}
		v, err := s.Rooms.Hold(ctx, tx, bank, room, by)
		if err != nil {
			return err
		}
		start := startOf(v)
		if start.IsZero() {
			if start = v.StartsAt.Time; start.Before(tx.Now) {
				start = tx.Now
			}
		}
		cues, err := readCues(ctx, tx, bank, room, start)
		if err != nil {
			return err
		}
		now := tx.Now
		var busy Cue // whose overlay ends last of those before
		for _, c := range cues {
			if c.State != Planned {
				continue
			}
			r.Checked++
			tx.Now = now
			if c.due.After(now) {
				tx.Now = c.due
			} else if now.Sub(c.due) > lateness {
				r.add(c, fault.New(fault.Conflict, "cue.late"), true)
			}
			refusal, err := s.try(ctx, tx, c, by)
			if err != nil {
				return err
			}
			if refusal != nil {
				r.add(c, refusal, false)
			}
			if c.overlay() > 0 {
				if busy.ID != "" && c.due.Before(busy.until()) {
					r.add(c, fault.New(fault.Conflict, "cue.overlap"), true)
				}
				if busy.ID == "" || c.until().After(busy.until()) {
					busy = c
				}
			}
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		err = nil
	}
	return r, err
}

// until is when a cue's overlay is gone.
func (c Cue) until() time.Time { return c.due.Add(c.overlay()) }

// try does a cue's act; one that is refused leaves nothing behind.
func (s *Rundowns) try(ctx context.Context, tx *db.Tx, c Cue, by live.Staff) (*fault.Error, error) {
	if _, err := tx.Exec(ctx, "SAVEPOINT cue"); err != nil {
		return nil, err
	}
	_, err := s.do(ctx, tx, c, by)
	if err == nil {
		_, err = tx.Exec(ctx, "RELEASE SAVEPOINT cue")
		return nil, err
	}
	refusal, refused := refusalOf(err)
	if !refused {
		return nil, err
	}
	_, err = tx.Exec(ctx, "ROLLBACK TO SAVEPOINT cue")
	return refusal, err
}

func (r *Report) add(c Cue, f *fault.Error, warns bool) {
	p := Problem{CueID: c.ID, Kind: c.Kind, Code: f.Code, Fields: []ProblemField{}, Warns: warns}
	for _, x := range f.Fields {
		p.Fields = append(p.Fields, ProblemField{Field: x.Name, Code: x.Code})
	}
	r.Problems = append(r.Problems, p)
}
