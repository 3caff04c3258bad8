package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
	"yinbo/internal/pii"
)

type listedIn struct {
	Page
	List screen.ListName `query:"list" enum:"black,white" doc:"Both when left out"`
	Kind screen.Kind     `query:"kind" enum:"person,phone,device,ip,employer_phone"`
	All  bool            `query:"all" doc:"Those that were removed too"`
}

type toListIn struct {
	Body struct {
		List      screen.ListName `json:"list" enum:"black,white"`
		Kind      screen.Kind     `json:"kind" enum:"person,phone,device,ip,employer_phone"`
		Value     pii.Text        `json:"value" minLength:"1" maxLength:"100" doc:"An id number, phone, device or address; hashed at once, never kept"`
		Reason    string          `json:"reason" minLength:"1" maxLength:"200"`
		ExpiresAt *time.Time      `json:"expires_at,omitempty" doc:"Never when left out"`
	}
}

type findListedIn struct {
	Body struct {
		Kind  screen.Kind `json:"kind" enum:"person,phone,device,ip,employer_phone"`
		Value pii.Text    `json:"value" minLength:"1" maxLength:"100" doc:"Hashed at once, never kept"`
	}
}

type lookupOut struct {
	Policy string `header:"RateLimit-Policy"`
	Limit  string `header:"RateLimit"`
	Body   list[screen.Entry]
}

type unlistIn struct {
	ID   string `path:"id" maxLength:"60" doc:"lse_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type listFileIn struct {
	RawBody []byte `contentType:"text/csv"`
}

func (s *Server) blackListRoutes() {
	route(s, http.MethodGet, "/screening/lists", screeningReaders, "Entries of the black and white lists, the newest first", func(ctx context.Context, in *listedIn) (*body[list[screen.Entry]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Screens.Entries(ctx, auth.From(ctx).Bank.ID, screen.EntryFilter{List: in.List, Kind: in.Kind, All: in.All}, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(e screen.Entry) string { return e.ID }), nil
	})
	route(s, http.MethodPost, "/screening/lists", riskPeople, "Put a value on a list", func(ctx context.Context, in *toListIn) (*body[screen.Entry], error) {
		bank, by := riskPerson(ctx)
		l := screen.Line{List: in.Body.List, Kind: in.Body.Kind, Value: in.Body.Value, Reason: in.Body.Reason}
		if in.Body.ExpiresAt != nil {
			l.Expires = in.Body.ExpiresAt.UTC()
		}
		return answered(s.Screens.Add(ctx, bank.ID, by, l))
	}, status(http.StatusCreated))
	route(s, http.MethodPost, "/screening/lists/find", screeningReaders, "The entries of a value, audited", func(ctx context.Context, in *findListedIn) (*lookupOut, error) {
		bank, by := riskPerson(ctx)
		items, left, err := s.Screens.Find(ctx, bank.ID, by, in.Body.Kind, in.Body.Value)
		if err != nil {
			return nil, err
		}
		return &lookupOut{Policy: fmt.Sprintf(`"lookup";q=%d;w=3600`, screen.LookupsPerHour), Limit: fmt.Sprintf(`"lookup";r=%d;t=3600`, left),
			Body: list[screen.Entry]{Items: items}}, nil
	})
	route(s, http.MethodPost, "/screening/lists/import", riskPeople, "Put a file's values on the lists: CSV with list, kind, value, reason and expires_at, up to 5,000 lines", func(ctx context.Context, in *listFileIn) (*body[screen.Report], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.Import(ctx, bank, by, in.RawBody, fault.Language(obs.RequestOf(ctx).Lang)))
	}, rawBody("text/csv"))
	route(s, http.MethodPost, "/screening/lists/{id}/remove", riskPeople, "Take an entry off its list", func(ctx context.Context, in *unlistIn) (*body[screen.Entry], error) {
		bank, by := riskPerson(ctx)
		return answered(s.Screens.Remove(ctx, bank.ID, by, in.ID, in.Body.Reason))
	})
}
