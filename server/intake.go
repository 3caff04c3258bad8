package server

import (
	"context"
	"net/http"
	"strconv"

	"yinbo/card"
	"yinbo/card/funnel"
	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
)

type formIn struct{ Body card.FormPlan }

type formChangesIn struct {
	Page
	State string `query:"state" enum:"submitted,approved,rejected,withdrawn"`
}

type formRejectIn struct {
	ID   string `path:"id" maxLength:"60" doc:"afc_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Long numbers are taken out"`
	}
}

type draftIn struct {
	ID   string `path:"id" maxLength:"60" doc:"crd_…"`
	Body struct {
		Revision  int                 `json:"revision" minimum:"0" maximum:"2000000000" doc:"The one that was read; 0 for the first"`
		Step      string              `json:"step" maxLength:"20" doc:"Where the person is"`
		Fields    map[string]pii.Text `json:"fields" doc:"All that is filled in, by the names of the form's fields; a contact as contact1_name, contact1_phone, contact1_relation; never the id number"`
		RoomID    string              `json:"room_id,omitempty" maxLength:"60"`
		ShareCode string              `json:"share_code,omitempty" maxLength:"64"`
	}
}

// CardProductID names a card product; huma fills exported fields only.
type CardProductID struct {
	ID string `path:"id" maxLength:"60" doc:"crd_…"`
}

// draft is a draft as its writer sees it.
type draft struct {
	card.Draft
	Fields map[string]string `json:"fields"`
}

type draftsOut struct {
	Items []draft `json:"items"`
}

type shareCodeIn struct{ Body card.Share }

// ShareCodeID names a share code.
type ShareCodeID struct {
	ID string `path:"id" maxLength:"60" doc:"shc_…"`
}

var (
	formKeepers = staff(auth.Admin)
	formSigners = staff(auth.Admin, auth.Supervisor)
	formReaders = staff(auth.Admin, auth.Supervisor, auth.Auditor)
	shareMakers = staff(auth.Host, auth.Operator, auth.Supervisor, auth.Admin).byBranch()
)

// intakeRoutes are the form that a bank asks its applicants to fill in, their
// drafts of it, and the codes by which they come.
func (s *Server) intakeRoutes() {
	route(s, http.MethodGet, "/application-form", public, "What the bank's form asks for", func(ctx context.Context, _ *struct{}) (*body[card.FormPlan], error) {
		return answered(s.Applications.FormPlan(ctx, auth.From(ctx).Bank.ID))
	})
	s.formRoutes()
	route(s, http.MethodGet, "/application-drafts", viewers, "One's own drafts", s.drafts)
	route(s, http.MethodPut, "/card-products/{id}/draft", viewers, "Save one's draft over the revision that was read", s.saveDraft)
	route(s, http.MethodDelete, "/card-products/{id}/draft", viewers, "Forget one's draft", s.forgetDraft, status(http.StatusNoContent))
	route(s, http.MethodGet, "/share-codes", shareMakers, "Share codes, the newest first; a host's own, and those that name them", s.shareCodes)
	route(s, http.MethodGet, "/share-codes/choices", shareMakers, "Whom and what a share code may name", s.shareChoices)
	route(s, http.MethodPost, "/share-codes", shareMakers, "Make a share code", s.makeShareCode, status(http.StatusCreated))
	route(s, http.MethodPost, "/share-codes/{id}/retire", shareMakers, "End a share code", func(ctx context.Context, in *ShareCodeID) (*body[card.ShareCode], error) {
		return answered(s.Applications.RetireShareCode(ctx, auth.From(ctx).Bank.ID, shareMaker(ctx), in.ID))
	})
}

// formRoutes let one person change the form and another put the change in use.
func (s *Server) formRoutes() {
	route(s, http.MethodGet, "/application-form/versions", formReaders, "The form's versions, the newest first", s.formVersions)
	route(s, http.MethodGet, "/application-form/changes", formReaders, "Changes of the form, the newest first", s.formChanges)
	route(s, http.MethodPost, "/application-form/changes", formKeepers, "Submit a change of the form; another person decides on it", func(ctx context.Context, in *formIn) (*body[card.FormChange], error) {
		return answered(s.Applications.SubmitForm(ctx, auth.From(ctx).Bank.ID, staffActor(ctx), in.Body))
	}, status(http.StatusCreated))
	route(s, http.MethodPost, "/application-form/changes/{id}/approve", formSigners, "Put another's change of the form in use", func(ctx context.Context, in *idIn) (*body[card.FormChange], error) {
		return answered(s.Applications.ApproveForm(ctx, auth.From(ctx).Bank.ID, staffActor(ctx), in.ID))
	})
	route(s, http.MethodPost, "/application-form/changes/{id}/reject", formSigners, "Send another's change of the form back, with a reason", func(ctx context.Context, in *formRejectIn) (*body[card.FormChange], error) {
		return answered(s.Applications.RejectForm(ctx, auth.From(ctx).Bank.ID, staffActor(ctx), in.ID, in.Body.Reason))
	})
	route(s, http.MethodPost, "/application-form/changes/{id}/withdraw", formKeepers, "Take one's own change of the form back", func(ctx context.Context, in *idIn) (*body[card.FormChange], error) {
		return answered(s.Applications.WithdrawForm(ctx, auth.From(ctx).Bank.ID, staffActor(ctx), in.ID))
	})
}

func (s *Server) formChanges(ctx context.Context, in *formChangesIn) (*body[list[card.FormChange]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Applications.FormChanges(ctx, auth.From(ctx).Bank.ID, in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v card.FormChange) string { return v.ID }), nil
}

func staffActor(ctx context.Context) card.Actor {
	return card.Actor{Kind: "staff", ID: auth.From(ctx).ID, RequestID: requestID(ctx)}
}

func shareMaker(ctx context.Context) card.ShareMaker {
	p := auth.From(ctx)
	return card.ShareMaker{Actor: staffActor(ctx), Branch: p.Branch, Scope: p.Scope, OwnOnly: !p.Has(auth.Operator) && !p.Has(auth.Supervisor) && !p.Has(auth.Admin)}
}

func (s *Server) formVersions(ctx context.Context, in *listIn) (*body[list[card.FormVersion]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	below := 0
	if after != "" {
		if below, err = strconv.Atoi(after); err != nil {
			return nil, fault.InvalidField("cursor", "field.cursor")
		}
	}
	items, err := s.Applications.FormVersions(ctx, auth.From(ctx).Bank.ID, below, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v card.FormVersion) string { return strconv.Itoa(v.Version) }), nil
}

func shownDraft(d card.Draft) draft {
	out := draft{Draft: d, Fields: make(map[string]string, len(d.Fields))}
	for name, t := range d.Fields {
		out.Fields[name] = t.Reveal() // the viewer's own
	}
	return out
}

func (s *Server) drafts(ctx context.Context, _ *struct{}) (*body[draftsOut], error) {
	p := auth.From(ctx)
	all, err := s.Applications.Drafts(ctx, p.Bank, p.ID)
	if err != nil {
		return nil, err
	}
	out := draftsOut{Items: make([]draft, len(all))}
	for i, d := range all {
		out.Items[i] = shownDraft(d)
	}
	return ok(out), nil
}

func (s *Server) saveDraft(ctx context.Context, in *draftIn) (*body[draft], error) {
	p, b := auth.From(ctx), in.Body
	d, err := s.Applications.SaveDraft(ctx, p.Bank, p.ID, card.Draft{CardProductID: in.ID, Revision: b.Revision, Step: b.Step,
		Fields: b.Fields, RoomID: b.RoomID, ShareCode: b.ShareCode})
	if err == nil && d.Revision == 1 { // whoever saves has begun, whatever became of the beacon
		lost := s.Touches.Note(ctx, p.Bank, funnel.Touch{Kind: funnel.Started, Product: in.ID, Viewer: p.ID, Room: b.RoomID, ShareCode: b.ShareCode})
		if lost != nil { // it is saved all the same
			s.log.WarnContext(ctx, "a draft's beginning was not counted", "error", lost)
		}
	}
	return answered(shownDraft(d), err)
}

func (s *Server) forgetDraft(ctx context.Context, in *CardProductID) (*struct{}, error) {
	p := auth.From(ctx)
	return nil, s.Applications.ForgetDraft(ctx, p.Bank.ID, p.ID, in.ID)
}

func (s *Server) shareCodes(ctx context.Context, in *listIn) (*body[list[card.ShareCode]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Applications.ShareCodes(ctx, auth.From(ctx).Bank.ID, shareMaker(ctx), after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v card.ShareCode) string { return v.ID }), nil
}

func (s *Server) shareChoices(ctx context.Context, _ *struct{}) (*body[card.ShareChoices], error) {
	return answered(s.Applications.ShareChoices(ctx, auth.From(ctx).Bank.ID, shareMaker(ctx)))
}

func (s *Server) makeShareCode(ctx context.Context, in *shareCodeIn) (*body[card.ShareCode], error) {
	return answered(s.Applications.MakeShareCode(ctx, auth.From(ctx).Bank.ID, shareMaker(ctx), in.Body))
}
