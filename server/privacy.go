package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/card"
	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/keeping"
)

// freshSignIn is how long after signing in somebody may have themselves erased:
// a phone left on a table is not enough.
const freshSignIn = 10 * time.Minute

// erasureProof is what stays of a person: that they are gone.
type erasureProof struct {
	ID     string `json:"id" doc:"The proof's number, to ask by"`
	Digest string `json:"digest" doc:"SHA-256 of what went, which the audit entry bears as well"`
}

func (s *Server) privacyRoutes() {
	route(s, http.MethodGet, "/privacy/consents", viewers, "The consents that one gave, the newest first; those of an application are withdrawn with it",
		func(ctx context.Context, _ *struct{}) (*body[list[card.OwnConsent]], error) {
			p := auth.From(ctx)
			all, err := s.Applications.Consents(ctx, p.Bank.ID, p.ID)
			return answered(list[card.OwnConsent]{Items: all}, err)
		})
	route(s, http.MethodPost, "/privacy/erasure", viewers, "Erase oneself: what the law keeps stays without the person; wants a sign-in of the last ten minutes",
		s.eraseOneself, status(http.StatusCreated))
}

// eraseOneself ends every session of the person with it.
func (s *Server) eraseOneself(ctx context.Context, _ *struct{}) (*body[erasureProof], error) {
	p := auth.From(ctx)
	since, err := s.Auth.SignedInAt(ctx, p.Session)
	if err != nil {
		return nil, err
	}
	if s.DB.Clock().Now().Sub(since) > freshSignIn {
		return nil, fault.New(fault.Forbidden, "privacy.sign_in_again")
	}
	proof, err := s.Keeper.Erase(ctx, p.Bank.ID, p.ID, "本人申请", keeping.Actor{Kind: "viewer", ID: p.ID, RequestID: requestID(ctx)})
	switch fault.Code(err) {
	case "person.held": // the reason of a hold is not the person's to read
		return nil, fault.New(fault.Conflict, "privacy.held").Because(err)
	case "person.applying":
		return nil, fault.New(fault.Conflict, "privacy.applying").Because(err)
	}
	return answered(erasureProof{proof.ID, proof.Digest}, err)
}
