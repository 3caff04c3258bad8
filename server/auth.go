package server

import (
	"net"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// admit finds out who calls and lets only those in whom the operation serves.
func (s *Server) admit(who access) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		p, err := s.principal(ctx, who)
		if err == nil {
			err = who.check(p)
		}
		if err == nil {
			err = hasKey(ctx)
		}
		if err != nil {
			problem := s.problem(ctx.Context(), err)
			humagin.Unwrap(ctx).Header("Content-Type", problem.ContentType(""))
			for k, v := range problem.GetHeaders() {
				ctx.SetHeader(k, v[0])
			}
			if problem.Status == 401 {
				ctx.SetHeader("WWW-Authenticate", "Bearer")
			}
			humagin.Unwrap(ctx).JSON(problem.Status, problem)
			return
		}
		g := humagin.Unwrap(ctx)
		g.Request = g.Request.WithContext(auth.With(g.Request.Context(), p))
		next(ctx)
	}
}

// hasKey is 400 idempotency.required on an operation that needs a key and has no
// good one: before the body is looked at.
func hasKey(ctx huma.Context) error {
	for _, p := range ctx.Operation().Parameters {
		if p.Name == "Idempotency-Key" && !goodKey(ctx.Header(p.Name)) {
			return fault.New(fault.BadRequest, "idempotency.required").With(p.Name, "field.required")
		}
	}
	return nil
}

func (s *Server) principal(ctx huma.Context, who access) (auth.Principal, error) {
	if header := ctx.Header("Authorization"); header != "" && who.name != callback.name {
		token, isBearer := strings.CutPrefix(header, "Bearer ")
		if !isBearer {
			return auth.Principal{}, fault.New(fault.Unauthenticated, "auth.required")
		}
		return s.Auth.Authenticate(ctx.Context(), strings.TrimSpace(token))
	}
	guest := auth.Principal{Kind: auth.Guest}
	if !who.bank || !who.open {
		return guest, nil
	}
	host := ctx.Host()
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	bank, found, err := s.Banks.ForRequest(ctx.Context(), host, ctx.Header("X-Bank"))
	if err != nil {
		return guest, err
	}
	if !found {
		return guest, fault.New(fault.NotFound, "bank.unknown").With("X-Bank", "field.invalid")
	}
	guest.Bank = bank
	return guest, nil
}

func (a access) check(p auth.Principal) error {
	switch {
	case a.open:
		return nil
	case p.Kind == auth.Guest:
		return fault.New(fault.Unauthenticated, "auth.required")
	case p.Due != "" && a.due:
		return nil
	case p.Due == auth.DuePassword && a.kind != "":
		return fault.New(fault.Forbidden, "auth.password_due")
	case p.Due == auth.DueTOTP && a.kind != "":
		return fault.New(fault.Forbidden, "auth.totp_due")
	case a.kind != "" && p.Kind != a.kind, len(a.roles) > 0 && !p.Has(a.roles...):
		return fault.New(fault.Forbidden, "auth.forbidden")
	case a.kind == auth.Staff && !a.cut && p.Branch != "":
		return fault.New(fault.Forbidden, "auth.head_office")
	}
	return nil
}
