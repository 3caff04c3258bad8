package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/internal/money"
	"yinbo/order/settle"
	"yinbo/order/terms"
)

type contractsIn struct {
	Page
	Query string `query:"q" maxLength:"60" doc:"Part of the name"`
}

type contractsFileIn struct {
	Query string `query:"q" maxLength:"60" doc:"Part of the name"`
}

type contractIn struct {
	ID string `path:"id" maxLength:"60" doc:"mch_…"`
}

type changesIn struct {
	Page
	Merchant string `query:"merchant" maxLength:"60" doc:"Merchant's id"`
	Status   string `query:"status" enum:"proposed,approved,rejected,withdrawn"`
}

type newChangeIn struct {
	Keyed
	Body struct {
		Kind       string           `json:"kind" enum:"open,terms,account"`
		MerchantID string           `json:"merchant_id,omitempty" maxLength:"60" doc:"Not for open"`
		Name       string           `json:"name,omitempty" maxLength:"100" pattern:"^(\\S([^\\x00-\\x1f]*\\S)?)?$" doc:"For open"`
		Terms      *terms.Asked     `json:"terms,omitempty" doc:"For open and terms"`
		Account    *terms.NewNumber `json:"account,omitempty" doc:"For open and account"`
		Reason     string           `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type changeIn struct {
	ID string `path:"id" maxLength:"60" doc:"mcc_…"`
}

type changeRejectIn struct {
	ID   string `path:"id" maxLength:"60" doc:"mcc_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type accountRevealIn struct {
	ID   string `path:"id" maxLength:"60" doc:"mca_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300" doc:"Goes to the audit log; long numbers are taken out"`
	}
}

var (
	contractReaders = staff(auth.Operator, auth.Admin, auth.Finance, auth.FinanceChecker, auth.Auditor)
	contractMakers  = staff(auth.Operator, auth.Finance)
	// contractDeciders lets makers in as well: the domain refuses them, and tells
	// who proposed a change that this is why.
	contractDeciders = staff(auth.FinanceChecker, auth.Admin, auth.Operator, auth.Finance)
	// accountReaders may see an account's number: who proposes it, who decides on it.
	accountReaders = staff(auth.Operator, auth.Finance, auth.FinanceChecker, auth.Admin)
)

// contractPerson is who acts on merchants' contracts.
func contractPerson(ctx context.Context) terms.Person {
	p := auth.From(ctx)
	return terms.Person{ID: p.ID, RequestID: requestID(ctx), Checker: p.Has(auth.FinanceChecker) || p.Has(auth.Admin)}
}

// contractRoutes show merchants with what was agreed on, and let two people change it.
func (s *Server) contractRoutes() {
	route(s, http.MethodGet, "/merchants", contractReaders, "Merchants with their terms and accounts of today",
		func(ctx context.Context, in *contractsIn) (*body[list[terms.Merchant]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Terms.Merchants(ctx, auth.From(ctx).Bank, in.Query, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(m terms.Merchant) string { return m.ID }), nil
		})
	route(s, http.MethodGet, "/merchants/export", contractReaders, "Merchants with their terms of today as CSV, audited",
		func(ctx context.Context, in *contractsFileIn) (*huma.StreamResponse, error) {
			bank := auth.From(ctx).Bank
			write, err := s.Terms.Export(ctx, bank, in.Query)
			return s.exported(ctx, "merchant.exported", bank.ID, map[string]any{"searched": in.Query != ""}, "merchants.csv", write, err)
		})
	route(s, http.MethodGet, "/merchants/{id}", contractReaders, "A merchant with its terms, accounts and changes",
		func(ctx context.Context, in *contractIn) (*body[terms.Details], error) {
			return answered(s.Terms.Merchant(ctx, auth.From(ctx).Bank, in.ID))
		})
	route(s, http.MethodGet, "/merchants/changes", contractReaders, "Changes of merchants that were proposed, the newest first",
		func(ctx context.Context, in *changesIn) (*body[list[terms.Change]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Terms.Changes(ctx, auth.From(ctx).Bank.ID, in.Merchant, in.Status, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(c terms.Change) string { return c.ID }), nil
		})
	route(s, http.MethodPost, "/merchants/changes", contractMakers, "Propose a merchant, or a change of its terms or account", s.proposeChange, status(http.StatusCreated))
	route(s, http.MethodPost, "/merchants/changes/{id}/approve", contractDeciders, "Agree to what another proposed",
		func(ctx context.Context, in *changeIn) (*body[terms.Change], error) {
			return answered(s.Terms.Approve(ctx, auth.From(ctx).Bank, in.ID, contractPerson(ctx)))
		})
	route(s, http.MethodPost, "/merchants/changes/{id}/withdraw", contractMakers, "Take back what one proposed oneself",
		func(ctx context.Context, in *changeIn) (*body[terms.Change], error) {
			return answered(s.Terms.Withdraw(ctx, auth.From(ctx).Bank, in.ID, contractPerson(ctx)))
		})
	route(s, http.MethodPost, "/merchants/changes/{id}/reject", contractDeciders, "Refuse what another proposed",
		func(ctx context.Context, in *changeRejectIn) (*body[terms.Change], error) {
			return answered(s.Terms.Reject(ctx, auth.From(ctx).Bank, in.ID, in.Body.Reason, contractPerson(ctx)))
		})
	route(s, http.MethodPost, "/merchants/accounts/{id}/reveal", accountReaders, "An account's number in clear; the reason goes to the audit log",
		func(ctx context.Context, in *accountRevealIn) (*body[terms.Number], error) {
			return answered(s.Terms.Reveal(ctx, auth.From(ctx).Bank.ID, in.ID, in.Body.Reason, contractPerson(ctx)))
		})
	s.invoiceRoutes()
}

func (s *Server) proposeChange(ctx context.Context, in *newChangeIn) (*answer[terms.Change], error) {
	req, err := s.idem(ctx, "POST /merchants/changes", in.Keyed)
	if err != nil {
		return nil, err
	}
	b := in.Body
	c, replayed, err := s.Terms.Propose(ctx, req, auth.From(ctx).Bank, terms.Wish{Kind: b.Kind, MerchantID: b.MerchantID, Name: b.Name,
		Terms: b.Terms, Account: b.Account, Reason: b.Reason}, contractPerson(ctx))
	if err != nil {
		return nil, err
	}
	return reply(c, replayed), nil
}

type invoicesIn struct {
	Page
	Merchant   string `query:"merchant" maxLength:"60" doc:"Merchant's id"`
	Settlement string `query:"settlement" maxLength:"60" doc:"Settlement's id"`
	Status     string `query:"status" enum:"requested,received,matched"`
}

type newInvoiceIn struct {
	ID   string `path:"id" doc:"stl_…"`
	Body struct {
		Kind string `json:"kind" enum:"sales,commission"`
	}
}

type invoiceIn struct {
	ID string `path:"id" maxLength:"60" doc:"inv_…"`
}

type receiveInvoiceIn struct {
	ID   string `path:"id" maxLength:"60" doc:"inv_…"`
	Body struct {
		Number   string    `json:"number" minLength:"1" maxLength:"40" pattern:"^[0-9A-Za-z-]+$"`
		Amount   money.Fen `json:"amount_fen" minimum:"1" maximum:"100000000000000"`
		IssuedOn string    `json:"issued_on" format:"date" doc:"YYYY-MM-DD"`
	}
}

func (s *Server) invoiceRoutes() {
	readers := staff(auth.Finance, auth.FinanceChecker, auth.Auditor, auth.Operator, auth.Admin)
	route(s, http.MethodGet, "/invoices", readers, "Invoices of settlements, the newest first",
		func(ctx context.Context, in *invoicesIn) (*body[list[settle.Invoice]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Settle.Invoices(ctx, auth.From(ctx).Bank.ID, in.Merchant, in.Settlement, in.Status, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(v settle.Invoice) string { return v.ID }), nil
		})
	route(s, http.MethodPost, "/settlements/{id}/invoices", financeMakers, "Ask for a settlement's invoice, once of each kind",
		func(ctx context.Context, in *newInvoiceIn) (*body[settle.Invoice], error) {
			return answered(s.Settle.RequestInvoice(ctx, auth.From(ctx).Bank, in.ID, in.Body.Kind, financeActor(ctx)))
		}, status(http.StatusCreated))
	route(s, http.MethodPost, "/invoices/{id}/receive", financeMakers, "Write down an invoice that came in",
		func(ctx context.Context, in *receiveInvoiceIn) (*body[settle.Invoice], error) {
			b := in.Body
			return answered(s.Settle.ReceiveInvoice(ctx, auth.From(ctx).Bank, in.ID, b.Number, b.Amount, b.IssuedOn, financeActor(ctx)))
		})
	route(s, http.MethodPost, "/invoices/{id}/match", financeMakers, "Say that an invoice is its statement's",
		func(ctx context.Context, in *invoiceIn) (*body[settle.Invoice], error) {
			return answered(s.Settle.MatchInvoice(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
}
