package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"yinbo/internal/auth"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

type settlementRunIn struct {
	Body struct {
		Date string `json:"date" format:"date" doc:"Business date to close, YYYY-MM-DD; not one to come"`
	}
}

type settlementRunOut struct {
	Items []settle.Settlement `json:"items"`
}

type settlementsIn struct {
	Page
	Date     string `query:"date" format:"date" doc:"Business date, YYYY-MM-DD"`
	Merchant string `query:"merchant" maxLength:"40" doc:"Merchant's id"`
	Status   string `query:"status" enum:"draft,submitted,approved,paying,paid,failed,rejected"`
}

type settlementIn struct {
	ID string `path:"id" doc:"stl_…"`
}

type rejectIn struct {
	ID   string `path:"id" doc:"stl_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type settlementFileIn struct {
	ID     string `path:"id" doc:"stl_…"`
	Format string `query:"format" enum:"csv,xlsx" doc:"Otherwise by Accept, else csv"`
	Accept string `header:"Accept"`
}

type settlementFileOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

type reconciliationsIn struct {
	Page
	Date string `query:"date" format:"date" doc:"Business date, YYYY-MM-DD"`
}

type exceptionsIn struct {
	Page
	ID string `path:"id" doc:"rec_…"`
}

type resolveIn struct {
	ID   string `path:"id" doc:"exc_…"`
	Body struct {
		Resolution string `json:"resolution" enum:"matched,refunded,adjusted,written_off"`
		Comment    string `json:"comment" minLength:"1" maxLength:"500"`
	}
}

type balanceIn struct {
	Date string `query:"date" format:"date" doc:"Through this business date, YYYY-MM-DD; all that is posted without it"`
}

var (
	financeReaders = staff(auth.Finance, auth.FinanceChecker, auth.Auditor)
	financeMakers  = staff(auth.Finance)
	// financeDeciders lets makers in as well: the domain refuses them, and tells
	// who submitted a settlement that this is why.
	financeDeciders = staff(auth.Finance, auth.FinanceChecker)
)

// financeActor is who acts on a settlement.
func financeActor(ctx context.Context) settle.Actor {
	p := auth.From(ctx)
	return settle.Actor{Kind: string(p.Kind), ID: p.ID, RequestID: requestID(ctx), Checker: p.Has(auth.FinanceChecker)}
}

func (s *Server) financeRoutes() {
	s.settlementRoutes()
	s.ledgerRoutes()
	s.reportRoutes()
	route(s, http.MethodGet, "/reconciliations", financeReaders, "Reconciliations, the newest first",
		func(ctx context.Context, in *reconciliationsIn) (*body[list[settle.Reconciliation]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Settle.Reconciliations(ctx, auth.From(ctx).Bank.ID, in.Date, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(r settle.Reconciliation) string { return r.ID }), nil
		})
	route(s, http.MethodGet, "/reconciliations/{id}/exceptions", financeReaders, "What a reconciliation could not match",
		func(ctx context.Context, in *exceptionsIn) (*body[list[settle.Exception]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Settle.Exceptions(ctx, auth.From(ctx).Bank.ID, in.ID, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(e settle.Exception) string { return e.ID }), nil
		})
	s.exceptionRoutes()
	s.payoutRoutes()
	s.contractRoutes()
	s.ownRoutes()
	s.ownOrderRoutes()
	route(s, http.MethodPost, "/exceptions/{id}/resolve", financeMakers, "End an exception, once; above the bank's limit another person confirms",
		func(ctx context.Context, in *resolveIn) (*body[settle.Exception], error) {
			e, err := s.Settle.Resolve(ctx, auth.From(ctx).Bank, in.ID, in.Body.Resolution, in.Body.Comment, financeActor(ctx))
			if err != nil {
				return nil, err
			}
			return ok(e), nil
		})
	route(s, http.MethodGet, "/ledger/trial-balance", financeReaders, "Every account's debits and credits",
		func(ctx context.Context, in *balanceIn) (*body[ledger.TrialBalance], error) {
			b, err := s.Ledger.Balance(ctx, auth.From(ctx).Bank.ID, in.Date)
			if err != nil {
				return nil, err
			}
			return ok(b), nil
		})
}

func (s *Server) settlementRoutes() {
	route(s, http.MethodPost, "/settlements/run", financeMakers, "Close a business date",
		func(ctx context.Context, in *settlementRunIn) (*body[settlementRunOut], error) {
			items, err := s.Settle.Run(ctx, auth.From(ctx).Bank, in.Body.Date, financeActor(ctx))
			if err != nil {
				return nil, err
			}
			return ok(settlementRunOut{Items: items}), nil
		})
	route(s, http.MethodGet, "/settlements", financeReaders, "Settlements, the newest first",
		func(ctx context.Context, in *settlementsIn) (*body[list[settle.Settlement]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			f := settle.Filter{Date: in.Date, Merchant: in.Merchant, Status: in.Status}
			items, err := s.Settle.List(ctx, auth.From(ctx).Bank.ID, f, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(x settle.Settlement) string { return x.ID }), nil
		})
	route(s, http.MethodGet, "/settlements/{id}", financeReaders, "A settlement with its lines",
		func(ctx context.Context, in *settlementIn) (*body[settle.Settlement], error) {
			x, err := s.Settle.Get(ctx, auth.From(ctx).Bank.ID, in.ID)
			if err != nil {
				return nil, err
			}
			return ok(x), nil
		})
	route(s, http.MethodGet, "/settlements/{id}/sheet", financeReaders, "A settlement with what its printed statement says besides",
		func(ctx context.Context, in *settlementIn) (*body[settle.Sheet], error) {
			return answered(s.Settle.GetSheet(ctx, auth.From(ctx).Bank, in.ID))
		})
	route(s, http.MethodGet, "/settlements/{id}/file", financeReaders, "A settlement as CSV or XLSX", s.settlementFile)
	route(s, http.MethodPost, "/settlements/{id}/submit", financeMakers, "Hand a settlement to a checker",
		func(ctx context.Context, in *settlementIn) (*body[settle.Settlement], error) {
			return settled(s.Settle.Submit(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
	route(s, http.MethodPost, "/settlements/{id}/withdraw", financeMakers, "Take back what one submitted oneself",
		func(ctx context.Context, in *settlementIn) (*body[settle.Settlement], error) {
			return settled(s.Settle.Withdraw(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
	route(s, http.MethodPost, "/settlements/{id}/approve", financeDeciders, "Agree to what another submitted",
		func(ctx context.Context, in *settlementIn) (*body[settle.Settlement], error) {
			return settled(s.Settle.Approve(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
	route(s, http.MethodPost, "/settlements/{id}/reject", financeDeciders, "Give a settlement back with a reason",
		func(ctx context.Context, in *rejectIn) (*body[settle.Settlement], error) {
			return settled(s.Settle.Reject(ctx, auth.From(ctx).Bank, in.ID, in.Body.Reason, financeActor(ctx)))
		})
}

func settled(x settle.Settlement, err error) (*body[settle.Settlement], error) {
	if err != nil {
		return nil, err
	}
	return ok(x), nil
}

// format is the one that is asked for.
func (in *settlementFileIn) format() string {
	switch {
	case in.Format != "":
		return in.Format
	case strings.Contains(in.Accept, settle.XLSXType):
		return settle.XLSX
	}
	return settle.CSV
}

func (s *Server) settlementFile(ctx context.Context, in *settlementFileIn) (*settlementFileOut, error) {
	f, err := s.Settle.File(ctx, auth.From(ctx).Bank.ID, in.ID, in.format())
	if err != nil {
		return nil, err
	}
	return s.settlementOut(ctx, in, f)
}

// settlementOut notes in the audit log that a file went out, and gives it.
func (s *Server) settlementOut(ctx context.Context, in *settlementFileIn, f settle.File) (*settlementFileOut, error) {
	if err := s.noted(ctx, "settlement.exported", in.ID, map[string]any{"format": in.format()}); err != nil {
		return nil, err
	}
	return &settlementFileOut{ContentType: f.ContentType, Disposition: fmt.Sprintf("attachment; filename=%q", f.Name), Body: f.Content}, nil
}
