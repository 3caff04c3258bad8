package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/ledger"
	"yinbo/order/report"
)

type bookEntriesIn struct {
	Page
	Date    string `query:"date" format:"date" doc:"Business date, YYYY-MM-DD"`
	Account string `query:"account" maxLength:"80" doc:"Entries that post to it"`
	Event   string `query:"event" enum:"order.paid,order.refunded,payment.unmatched,payment.returned,settlement.approved,reserve.released,exception.held,exception.resolved,fee.charged,payout.sent,payout.paid,payout.failed,payout.returned,ledger.adjusted,ledger.reversed"`
	Ref     string `query:"ref" maxLength:"80" doc:"The event's object: a payment's id, a refund's …"`
	Order   string `query:"order" maxLength:"40" doc:"Order's id"`
}

type bookEntryIn struct {
	ID string `path:"id" maxLength:"60" doc:"ent_…"`
}

type reverseIn struct {
	Keyed
	ID   string `path:"id" maxLength:"60" doc:"ent_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type adjustIn struct {
	Keyed
	Body struct {
		Postings []ledger.Posting `json:"postings" nullable:"false" minItems:"2" maxItems:"20" doc:"Debits and credits are equal"`
		Reason   string           `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type proposalsIn struct {
	Page
	Status string `query:"status" enum:"proposed,approved,rejected,withdrawn"`
}

type proposalIn struct {
	ID string `path:"id" maxLength:"60" doc:"ppl_…"`
}

type proposalRejectIn struct {
	ID   string `path:"id" maxLength:"60" doc:"ppl_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

// bookPerson is who acts on the book.
func bookPerson(ctx context.Context) ledger.Person {
	p := auth.From(ctx)
	return ledger.Person{ID: p.ID, RequestID: requestID(ctx), Checker: p.Has(auth.FinanceChecker)}
}

// ledgerRoutes show the book, and let two people correct it.
func (s *Server) ledgerRoutes() {
	route(s, http.MethodGet, "/ledger/entries", financeReaders, "Ledger entries, the newest first",
		func(ctx context.Context, in *bookEntriesIn) (*body[list[ledger.Posted]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			f := ledger.Filter{Date: in.Date, Account: in.Account, Event: in.Event, Ref: in.Ref, Order: in.Order}
			items, err := s.Ledger.Entries(ctx, auth.From(ctx).Bank.ID, f, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(e ledger.Posted) string { return e.ID }), nil
		})
	route(s, http.MethodGet, "/ledger/entries/{id}", financeReaders, "An entry with its postings, its event, its order and the payments of that",
		func(ctx context.Context, in *bookEntryIn) (*body[report.Entry], error) {
			bank := auth.From(ctx).Bank.ID
			e, err := s.Ledger.Entry(ctx, bank, in.ID)
			if err != nil {
				return nil, err
			}
			return answered(s.Reports.Behind(ctx, bank, e))
		})
	const reverse = "/ledger/entries/{id}/reverse"
	route(s, http.MethodPost, reverse, financeMakers, "Propose to reverse an entry",
		func(ctx context.Context, in *reverseIn) (*answer[ledger.Proposal], error) {
			req, err := s.idem(ctx, "POST /ledger/entries/"+in.ID+"/reverse", in.Keyed)
			if err != nil {
				return nil, err
			}
			return proposed(s.Ledger.ProposeReversal(ctx, req, auth.From(ctx).Bank, in.ID, in.Body.Reason, bookPerson(ctx)))
		}, status(http.StatusCreated))
	route(s, http.MethodPost, "/ledger/adjustments", financeMakers, "Propose an entry by hand",
		func(ctx context.Context, in *adjustIn) (*answer[ledger.Proposal], error) {
			req, err := s.idem(ctx, "POST /ledger/adjustments", in.Keyed)
			if err != nil {
				return nil, err
			}
			return proposed(s.Ledger.ProposeAdjustment(ctx, req, auth.From(ctx).Bank, in.Body.Postings, in.Body.Reason, bookPerson(ctx)))
		}, status(http.StatusCreated))
	s.proposalRoutes()
}

func proposed(p ledger.Proposal, replayed bool, err error) (*answer[ledger.Proposal], error) {
	if err != nil {
		return nil, err
	}
	return reply(p, replayed), nil
}

func (s *Server) proposalRoutes() {
	route(s, http.MethodGet, "/ledger/proposals", financeReaders, "Entries by hand and reversals that were proposed, the newest first",
		func(ctx context.Context, in *proposalsIn) (*body[list[ledger.Proposal]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Ledger.Proposals(ctx, auth.From(ctx).Bank.ID, in.Status, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(p ledger.Proposal) string { return p.ID }), nil
		})
	route(s, http.MethodPost, "/ledger/proposals/{id}/approve", financeDeciders, "Post what another proposed",
		func(ctx context.Context, in *proposalIn) (*body[ledger.Proposal], error) {
			return answered(s.Ledger.Approve(ctx, auth.From(ctx).Bank, in.ID, bookPerson(ctx)))
		})
	route(s, http.MethodPost, "/ledger/proposals/{id}/withdraw", financeMakers, "Take back what one proposed oneself",
		func(ctx context.Context, in *proposalIn) (*body[ledger.Proposal], error) {
			return answered(s.Ledger.Withdraw(ctx, auth.From(ctx).Bank, in.ID, bookPerson(ctx)))
		})
	route(s, http.MethodPost, "/ledger/proposals/{id}/reject", financeDeciders, "Refuse what another proposed",
		func(ctx context.Context, in *proposalRejectIn) (*body[ledger.Proposal], error) {
			return answered(s.Ledger.Reject(ctx, auth.From(ctx).Bank, in.ID, in.Body.Reason, bookPerson(ctx)))
		})
}
