package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/tenant"
	"yinbo/order/settle"
)

type workIn struct {
	Page
	Status  string `query:"status" enum:"unresolved,waiting,open,proposed,resolved"`
	Kind    string `query:"kind" enum:"surplus,shortage,amount,status,duplicate,callback_amount,callback_number,refund_failed,refund_exceeds"`
	Channel string `query:"channel" maxLength:"20"`
	Date    string `query:"date" format:"date" doc:"Business date of the file that showed it, YYYY-MM-DD"`
	Owner   string `query:"owner" maxLength:"40" doc:"me, none, or a staff id"`
}

type exceptionIn struct {
	ID string `path:"id" doc:"exc_…"`
}

type declineIn struct {
	ID   string `path:"id" doc:"exc_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type reconcileIn struct {
	Body struct {
		Date    string `json:"date" format:"date" doc:"Business date, YYYY-MM-DD; not one to come"`
		Channel string `json:"channel" enum:"bankbox,wechatpay"`
	}
}

type newStatementIn struct {
	Body struct {
		Date    string `json:"date" format:"date" doc:"Business date of the file, YYYY-MM-DD"`
		Channel string `json:"channel" enum:"bankbox,wechatpay"`
		Name    string `json:"name" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" doc:"What the file is called"`
	}
}

type statementPartIn struct {
	ID      string `path:"id" doc:"sta_…" maxLength:"60"`
	No      int    `path:"no" minimum:"1" maximum:"256" doc:"Parts are numbered from 1 and are one file in this order"`
	RawBody []byte `contentType:"text/csv"`
}

var financeCheckers = staff(auth.FinanceChecker)

// exceptionRoutes are the work list, the second person, and the ways in for a
// file that the gateway does not give.
func (s *Server) exceptionRoutes() {
	route(s, http.MethodGet, "/exceptions", financeReaders, "The work list: what could not be matched, the oldest first",
		func(ctx context.Context, in *workIn) (*body[list[settle.Exception]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			w := settle.Work{Status: in.Status, Kind: in.Kind, Channel: in.Channel, Date: in.Date, Owner: in.Owner}
			if w.Owner == "me" {
				w.Owner = auth.From(ctx).ID
			}
			items, err := s.Settle.WorkList(ctx, auth.From(ctx).Bank.ID, w, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(e settle.Exception) string { return e.ID }), nil
		})
	for _, act := range []struct {
		path, summary string
		who           access
		do            func(context.Context, tenant.Bank, string, settle.Actor) (settle.Exception, error)
	}{
		{"take", "Take an exception to work on, also from another", financeMakers, s.takeException},
		{"release", "Give an exception back to the work list", financeMakers, s.releaseException},
		{"withdraw", "Take back a resolution that one proposed oneself", financeMakers, s.takeBackException},
		{"confirm", "Confirm how another person resolved an exception", financeCheckers, s.confirmException},
	} {
		route(s, http.MethodPost, "/exceptions/{id}/"+act.path, act.who, act.summary,
			func(ctx context.Context, in *exceptionIn) (*body[settle.Exception], error) {
				return answered(act.do(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
			})
	}
	route(s, http.MethodPost, "/exceptions/{id}/decline", financeCheckers, "Give a proposed resolution back with a reason",
		func(ctx context.Context, in *declineIn) (*body[settle.Exception], error) {
			return answered(s.Settle.Decline(ctx, auth.From(ctx).Bank, in.ID, in.Body.Reason, financeActor(ctx)))
		})
	route(s, http.MethodPost, "/reconciliations/run", financeMakers, "Ask the gateway for a date's statement now, and reconcile with it", s.reconcile)
	route(s, http.MethodGet, "/reconciliation-rules", financeReaders, "What people and rules may do with what differs",
		func(ctx context.Context, _ *struct{}) (*body[tenant.Reconciliation], error) {
			settings, err := tenant.ReadSettings(ctx, s.DB, auth.From(ctx).Bank.ID)
			return answered(settings.Reconciliation, err)
		})
	s.statementRoutes()
}

func (s *Server) takeException(ctx context.Context, bank tenant.Bank, id string, by settle.Actor) (settle.Exception, error) {
	return s.Settle.Take(ctx, bank, id, by)
}

func (s *Server) releaseException(ctx context.Context, bank tenant.Bank, id string, by settle.Actor) (settle.Exception, error) {
	return s.Settle.Release(ctx, bank, id, by)
}

func (s *Server) takeBackException(ctx context.Context, bank tenant.Bank, id string, by settle.Actor) (settle.Exception, error) {
	return s.Settle.TakeBack(ctx, bank, id, by)
}

func (s *Server) confirmException(ctx context.Context, bank tenant.Bank, id string, by settle.Actor) (settle.Exception, error) {
	return s.Settle.Confirm(ctx, bank, id, by)
}

// reconcile answers 200 also where the file is not whole: the reconciliation says
// so, and what to do.
func (s *Server) reconcile(ctx context.Context, in *reconcileIn) (*body[settle.Reconciliation], error) {
	return answered(s.Settle.RunAgain(ctx, auth.From(ctx).Bank, in.Body.Channel, in.Body.Date, financeActor(ctx)))
}

// statementRoutes take in a statement that a person brings: begin, upload parts,
// end.
func (s *Server) statementRoutes() {
	route(s, http.MethodPost, "/statements", financeMakers, "Begin to bring a gateway's statement; its file comes in parts",
		func(ctx context.Context, in *newStatementIn) (*body[settle.Upload], error) {
			return answered(s.Settle.BeginUpload(ctx, auth.From(ctx).Bank, in.Body.Channel, in.Body.Date, in.Body.Name, financeActor(ctx)))
		}, status(http.StatusCreated))
	route(s, http.MethodPut, "/statements/{id}/parts/{no}", financeMakers, "Upload a part of the file, at most 1 MiB",
		func(ctx context.Context, in *statementPartIn) (*struct{}, error) {
			return nil, s.Settle.PutPart(ctx, auth.From(ctx).Bank.ID, in.ID, in.No, in.RawBody)
		}, status(http.StatusNoContent), rawBody("text/csv"))
	route(s, http.MethodPost, "/statements/{id}/end", financeMakers, "Read the file; one that is whole is reconciled with",
		func(ctx context.Context, in *exceptionIn) (*body[settle.Upload], error) {
			return answered(s.Settle.EndUpload(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
}
