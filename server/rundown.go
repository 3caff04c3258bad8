package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
	"yinbo/live"
	"yinbo/live/rundown"
)

type rundownIn struct {
	ID   string `path:"id" maxLength:"60" doc:"The room"`
	Body struct {
		Cues      []cueDraft `json:"cues" maxItems:"200" doc:"In place of those that have not happened"`
		Confirmed bool       `json:"confirmed,omitempty" doc:"The words of notices that were warned of (409 words.warned) were thought over"`
	}
}

type cueDraft struct {
	ID    string       `json:"id,omitempty" maxLength:"60" doc:"Of a cue that is there already"`
	After *int64       `json:"after_seconds,omitempty" nullable:"false" minimum:"0" maximum:"86400" doc:"From the room's start; this or at"`
	At    *clock.Stamp `json:"at,omitempty" nullable:"false" format:"date-time"`
	Note  string       `json:"note,omitempty" maxLength:"200"`
	rundown.Plan
}

type modeIn struct {
	ID   string `path:"id" maxLength:"60" doc:"The room"`
	Body struct {
		Mode rundown.Mode `json:"mode" enum:"auto,manual" doc:"auto: the clock fires what is due, for who sets this"`
	}
}

type reportOut struct {
	live.Report
	Cues []rundown.Cue `json:"cues"`
}

// rundownRoutes plan and run a room's cues, and tell afterwards what happened.
func (s *Server) rundownRoutes() {
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodGet, "/host/rooms/{id}/rundown", hosts, "The rundown, with what happened", func(ctx context.Context, in *idIn) (*body[rundown.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rundowns.Get(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPut, "/host/rooms/{id}/rundown", hosts, "Replace the cues that have not happened", func(ctx context.Context, in *rundownIn) (*body[rundown.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rundowns.Set(ctx, bank, in.ID, by, drafts(in.Body.Cues), in.Body.Confirmed))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/rundown/dry-run", hosts, "What would go wrong with the cues ahead", s.dryRun)
	route(s, http.MethodPost, "/host/rooms/{id}/rundown/mode", hosts, "Run by the clock or by hand", func(ctx context.Context, in *modeIn) (*body[rundown.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rundowns.SetMode(ctx, bank, in.ID, by, in.Body.Mode))
	})
	for _, x := range []struct {
		verb, summary string
		do            func(ctx context.Context, bank, cue string, by live.Staff) (rundown.Cue, error)
	}{
		{"fire", "Fire a cue now", s.Rundowns.Fire},
		{"skip", "Pass over a cue", s.Rundowns.Skip},
		{"undo", "Take back what a cue did", s.Rundowns.Undo},
	} {
		route(s, http.MethodPost, "/host/cues/{id}/"+x.verb, hosts, x.summary, func(ctx context.Context, in *idIn) (*body[rundown.Cue], error) {
			bank, by := runner(ctx)
			return answered(x.do(ctx, bank, in.ID, by))
		})
	}
	route(s, http.MethodGet, "/host/rooms/{id}/report", hosts, "What the room was: by cue, by product, by minute", s.report)
}

func drafts(in []cueDraft) []rundown.Draft {
	out := make([]rundown.Draft, len(in))
	for i, c := range in {
		out[i] = rundown.Draft{ID: c.ID, Note: c.Note, Plan: c.Plan}
		if c.After != nil {
			after := time.Duration(*c.After) * time.Second
			out[i].After = &after
		}
		if c.At != nil {
			out[i].At = &c.At.Time
		}
	}
	return out
}

func (s *Server) dryRun(ctx context.Context, in *idIn) (*body[rundown.Report], error) {
	bank, by := runner(ctx)
	r, err := s.Rundowns.DryRun(ctx, bank, in.ID, by)
	lang := fault.Language(obs.RequestOf(ctx).Lang)
	for i := range r.Problems {
		r.Problems[i].Message = fault.Text(lang, r.Problems[i].Code)
	}
	return answered(r, err)
}

func (s *Server) report(ctx context.Context, in *idIn) (*body[reportOut], error) {
	bank, by := runner(ctx)
	r, err := s.Rooms.RoomReport(ctx, bank, in.ID, by)
	if err != nil {
		return nil, err
	}
	v, err := s.Rundowns.Get(ctx, bank, in.ID, by)
	return answered(reportOut{r, v.Cues}, err)
}
