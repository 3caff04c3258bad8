package server

import (
	"context"
	"net/http"

	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/tenant"
)

type newVersionIn struct {
	Body struct {
		From string `json:"from,omitempty" maxLength:"60" doc:"The version whose rules and cases it begins with; the active one when left out"`
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
}

type versionTextIn struct {
	ID   string `path:"id" maxLength:"60" doc:"rls_…"`
	Body struct {
		Revision int64 `json:"revision" minimum:"1" doc:"The one that was read"`
		screen.Text
	}
}

type versionActIn struct {
	ID   string `path:"id" maxLength:"60" doc:"rls_…"`
	Body struct {
		Revision int64 `json:"revision" minimum:"1" doc:"The one that was read"`
	}
}

type versionRejectIn struct {
	ID   string `path:"id" maxLength:"60" doc:"rls_…"`
	Body struct {
		Revision int64  `json:"revision" minimum:"1"`
		Reason   string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type dryRunIn struct {
	ID   string `path:"id" maxLength:"60" doc:"rls_…"`
	Body struct {
		Leads int `json:"leads" minimum:"1" maximum:"10000" doc:"How many of the newest leads"`
	}
}

type pagedIn struct {
	Page
	ID string `path:"id" maxLength:"60"`
}

type screeningIn struct {
	LeadID
	Round int `query:"round" minimum:"0" maximum:"1000" doc:"Of the decisions on record; the last one when left out"`
}

type rescreenIn struct {
	ID   string `path:"id" maxLength:"60" doc:"app_…"`
	Body struct {
		VersionID string `json:"version_id,omitempty" maxLength:"60" doc:"The version on record when left out"`
		Round     int    `json:"round,omitempty" minimum:"0" maximum:"1000" doc:"Of the decisions on record; the last one when left out"`
	}
}

type caseResults struct {
	Passed bool                `json:"passed"`
	Cases  []screen.CaseResult `json:"cases"`
}

// The roles of screening: risk writes, the others read; a supervisor may approve
// as well.
var (
	riskPeople       = staff(auth.Risk)
	screeningReaders = staff(auth.Risk, auth.Supervisor, auth.Auditor)
	screeningSigners = staff(auth.Risk, auth.Supervisor)
)

func riskPerson(ctx context.Context) (tenant.Bank, screen.Person) {
	p := auth.From(ctx)
	return p.Bank, screen.Person{ID: p.ID, RequestID: requestID(ctx)}
}

// screeningRoutes let risk people write the rules and lists by which applications
// are screened.
func (s *Server) screeningRoutes() {
	s.versionRoutes()
	s.dryRunRoutes()
	s.blackListRoutes()
	route(s, http.MethodGet, "/leads/{id}/screening", screeningReaders.byBranch(), "How a lead was screened: version, input, each rule", func(ctx context.Context, in *screeningIn) (*body[screen.Decision], error) {
		if err := s.leadSeen(ctx, in.ID); err != nil {
			return nil, err
		}
		return answered(s.Screens.Decision(ctx, auth.From(ctx).Bank.ID, in.ID, in.Round))
	})
	route(s, http.MethodPost, "/leads/{id}/screening/replay", screeningReaders.byBranch(), "Decide again on a lead's recorded input; nothing changes", func(ctx context.Context, in *rescreenIn) (*body[screen.Replay], error) {
		if err := s.leadSeen(ctx, in.ID); err != nil {
			return nil, err
		}
		return answered(s.Screens.Replay(ctx, auth.From(ctx).Bank.ID, in.ID, in.Body.VersionID, in.Body.Round))
	})
	route(s, http.MethodGet, "/screening/intake", screeningReaders, "Whether applications are taken in, by the share of long-sleep cards", func(ctx context.Context, _ *struct{}) (*body[screen.IntakeState], error) {
		return answered(s.Screens.Intake(ctx, auth.From(ctx).Bank.ID))
	})
	route(s, http.MethodPut, "/screening/intake", riskPeople, "Enter the share of long-sleep cards, and whether it closes the intake", func(ctx context.Context, in *struct{ Body screen.Intake }) (*body[screen.IntakeState], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.SetIntake(ctx, bank.ID, by, in.Body))
	})
}

func (s *Server) versionRoutes() {
	route(s, http.MethodGet, "/screening/versions", screeningReaders, "List versions of the rules, the newest first", func(ctx context.Context, in *listIn) (*body[list[screen.Version]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Screens.Versions(ctx, auth.From(ctx).Bank.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(v screen.Version) string { return v.ID }), nil
	})
	route(s, http.MethodPost, "/screening/versions", riskPeople, "Begin a draft", func(ctx context.Context, in *newVersionIn) (*body[screen.Version], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.Create(ctx, bank.ID, by, in.Body.From, in.Body.Name))
	}, status(http.StatusCreated))
	route(s, http.MethodGet, "/screening/versions/{id}", screeningReaders, "A version with its rules and test cases", func(ctx context.Context, in *idIn) (*body[screen.Version], error) {
		return answered(s.Screens.Version(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPut, "/screening/versions/{id}", riskPeople, "Write a draft anew; an expression that can't be is named with its line and column", func(ctx context.Context, in *versionTextIn) (*body[screen.Version], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.Save(ctx, bank.ID, by, in.ID, in.Body.Revision, in.Body.Text))
	})
	route(s, http.MethodDelete, "/screening/versions/{id}", riskPeople, "Throw a draft away", func(ctx context.Context, in *idIn) (*struct{}, error) {
		bank, by := riskPerson(ctx)
		return nil, s.Screens.Discard(ctx, bank.ID, by, in.ID)
	}, status(http.StatusNoContent))
	route(s, http.MethodPost, "/screening/versions/{id}/test", screeningReaders, "Run a version's test cases; nothing changes", func(ctx context.Context, in *idIn) (*body[caseResults], error) {
		results, err := s.Screens.Test(ctx, auth.From(ctx).Bank.ID, in.ID)
		out := caseResults{Passed: true, Cases: results}
		for _, r := range results {
			out.Passed = out.Passed && r.Passed
		}
		return answered(out, err)
	})
	for _, act := range []struct {
		verb, summary string
		who           access
		do            func(ctx context.Context, bank string, by screen.Person, version string, revision int64) (screen.Version, error)
	}{
		{"submit", "Submit a draft, or an older version that is to come back", riskPeople, s.Screens.Submit},
		{"withdraw", "Take back what one submitted", riskPeople, s.Screens.Withdraw},
		{"approve", "Make a submitted version the active one; never by who submitted it", screeningSigners, s.Screens.Approve},
	} {
		route(s, http.MethodPost, "/screening/versions/{id}/"+act.verb, act.who, act.summary, func(ctx context.Context, in *versionActIn) (*body[screen.Version], error) {
			bank, by := riskPerson(ctx)
			return answered(act.do(ctx, bank.ID, by, in.ID, in.Body.Revision))
		})
	}
	route(s, http.MethodPost, "/screening/versions/{id}/reject", screeningSigners, "Send a submitted version back", func(ctx context.Context, in *versionRejectIn) (*body[screen.Version], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.Reject(ctx, bank.ID, by, in.ID, in.Body.Revision, in.Body.Reason))
	})
}

func (s *Server) dryRunRoutes() {
	route(s, http.MethodPost, "/screening/versions/{id}/dry-runs", riskPeople, "Try a version on past leads", func(ctx context.Context, in *dryRunIn) (*body[screen.Run], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.StartRun(ctx, bank.ID, by, in.ID, in.Body.Leads))
	}, status(http.StatusCreated))
	route(s, http.MethodGet, "/screening/versions/{id}/dry-runs", screeningReaders, "A version's dry runs, the newest first", func(ctx context.Context, in *pagedIn) (*body[list[screen.Run]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Screens.Runs(ctx, auth.From(ctx).Bank.ID, in.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(r screen.Run) string { return r.ID }), nil
	})
	route(s, http.MethodGet, "/screening/dry-runs/{id}", screeningReaders, "How a dry run goes", func(ctx context.Context, in *idIn) (*body[screen.Run], error) {
		return answered(s.Screens.Run(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodGet, "/screening/dry-runs/{id}/changes", screeningReaders, "The leads that a dry run would judge otherwise", func(ctx context.Context, in *pagedIn) (*body[list[screen.Change]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Screens.Changes(ctx, auth.From(ctx).Bank.ID, in.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(c screen.Change) string { return c.ApplicationID }), nil
	})
}
