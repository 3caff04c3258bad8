package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
)

type holdsIn struct {
	Page
	ObjectID string `query:"object_id" maxLength:"60" doc:"A viewer, an order, an application or a room"`
	Standing bool   `query:"standing" doc:"Only those that are not lifted"`
}

type newHoldIn struct {
	Body struct {
		ObjectID string `json:"object_id" minLength:"1" maxLength:"60" doc:"A viewer, an order, an application or a room"`
		Reason   string `json:"reason" minLength:"1" maxLength:"300" doc:"Long numbers are taken out"`
	}
}

type liftIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type proofsIn struct {
	Page
	Kind string `query:"kind" enum:"erasure,keeping"`
}

// ProofView is a proof as the API shows it.
type ProofView struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind" enum:"erasure,keeping"`
	Subject   string         `json:"subject" doc:"The viewer, or the class of data"`
	Reason    string         `json:"reason"`
	Items     []keeping.Item `json:"items"`
	Digest    string         `json:"digest" doc:"SHA-256; the audit entry about this proof bears it"`
	ActorKind string         `json:"actor_kind" enum:"staff,viewer,system"`
	Actor     string         `json:"actor"`
	At        clock.Stamp    `json:"at"`
}

// verifiedProof is a proof, held against the audit chain.
type verifiedProof struct {
	ProofView
	Fits     bool  `json:"fits" doc:"What went fits the digest, and the audit chain bears it"`
	AuditSeq int64 `json:"audit_seq" doc:"The number of the entry in the bank's chain; 0 where there is none"`
}

// holdRoutes keep what a court or an authority asks for from being deleted.
// Those who watch over risk set and lift holds; auditors see them, and the proofs
// of what went.
func (s *Server) holdRoutes() {
	setters, readers := staff(auth.Risk), staff(auth.Risk, auth.Auditor)
	route(s, http.MethodGet, "/holds", readers, "Legal holds, the newest first", s.holds)
	route(s, http.MethodGet, "/holds/{id}", readers, "A legal hold", func(ctx context.Context, in *idIn) (*body[keeping.Hold], error) {
		return answered(s.Keeper.GetHold(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPost, "/holds", setters, "Set a legal hold: nothing of it is erased or deleted", func(ctx context.Context, in *newHoldIn) (*body[keeping.Hold], error) {
		bank, by := keeperOf(ctx)
		return answered(s.Keeper.SetHold(ctx, bank, in.Body.ObjectID, in.Body.Reason, by))
	}, status(http.StatusCreated))
	route(s, http.MethodPost, "/holds/{id}/lift", setters, "Lift a legal hold", func(ctx context.Context, in *liftIn) (*body[keeping.Hold], error) {
		bank, by := keeperOf(ctx)
		return answered(s.Keeper.LiftHold(ctx, bank, in.ID, in.Body.Reason, by))
	})
	route(s, http.MethodGet, "/proofs", readers, "Proofs of what was erased or deleted, the newest first", s.proofs)
	route(s, http.MethodGet, "/proofs/{id}", readers, "A proof, held against the audit chain", s.proof)
	route(s, http.MethodGet, "/keeping", staff(auth.Risk, auth.Auditor, auth.Admin), "Classes of data, and how long each is kept", s.kept)
}

func (s *Server) kept(ctx context.Context, in *listIn) (*body[list[keeping.Kept]], error) {
	items, err := s.Keeper.Kept(ctx, auth.From(ctx).Bank.ID)
	return short(items, err, in.Page, func(k keeping.Kept) string { return k.Name })
}

func (s *Server) proof(ctx context.Context, in *idIn) (*body[verifiedProof], error) {
	v, err := s.Keeper.Verify(ctx, auth.From(ctx).Bank.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(verifiedProof{ProofView: viewOf(v.Proof), Fits: v.Fits, AuditSeq: v.Seq}), nil
}

func viewOf(p keeping.Proof) ProofView {
	return ProofView{ID: p.ID, Kind: p.Kind, Subject: p.Subject, Reason: p.Reason, Items: p.Items, Digest: p.Digest,
		ActorKind: p.ActorKind, Actor: p.Actor, At: clock.At(p.At)}
}

func (s *Server) holds(ctx context.Context, in *holdsIn) (*body[list[keeping.Hold]], error) {
	before, err := cursorOf(in.Cursor, id.Hold)
	if err != nil {
		return nil, err
	}
	items, err := s.Keeper.Holds(ctx, auth.From(ctx).Bank.ID, keeping.HoldFilter{Object: in.ObjectID, Standing: in.Standing, Before: before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(h keeping.Hold) string { return h.ID }), nil
}

func (s *Server) proofs(ctx context.Context, in *proofsIn) (*body[list[ProofView]], error) {
	before, err := cursorOf(in.Cursor, id.Proof)
	if err != nil {
		return nil, err
	}
	all, err := s.Keeper.Proofs(ctx, auth.From(ctx).Bank.ID, in.Kind, before, in.Limit)
	if err != nil {
		return nil, err
	}
	items := make([]ProofView, len(all))
	for i, p := range all {
		items[i] = viewOf(p)
	}
	return paged(items, in.Limit, func(p ProofView) string { return p.ID }), nil
}

// cursorOf reads a cursor that is an id.
func cursorOf(cursor, prefix string) (string, error) {
	after, err := decodeCursor(cursor)
	if err == nil && after != "" && !id.Is(prefix, after) {
		err = fault.InvalidField("cursor", "field.cursor")
	}
	return after, err
}

func keeperOf(ctx context.Context) (bank string, by keeping.Actor) {
	p := auth.From(ctx)
	return p.Bank.ID, keeping.Actor{Kind: string(p.Kind), ID: p.ID, RequestID: requestID(ctx)}
}
