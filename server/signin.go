package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/internal/pii"
)

type viewerTokens struct {
	Access    string    `json:"access_token"`
	Refresh   string    `json:"refresh_token"`
	ExpiresIn int       `json:"expires_in" doc:"Seconds that the access token is good for"`
	Viewer    *viewerMe `json:"viewer,omitempty"`
	Staff     *staffMe  `json:"staff,omitempty"`
}

type viewerMe struct {
	ID          string `json:"id"`
	Nickname    string `json:"nickname"`
	PhoneMasked string `json:"phone_masked"`
}

type staffMe struct {
	ID    string      `json:"id"`
	Name  string      `json:"name"`
	Roles []auth.Role `json:"roles" nullable:"false" doc:"None while something is due"`
	// BranchID bounds what is seen: leads, orders and rooms of the branch and those below it.
	BranchID *string `json:"branch_id" doc:"null for the whole bank"`
	Due      string  `json:"due" enum:",password,totp" doc:"What must be seen to before anything else; new tokens are needed after it"`
}

func tokensOf(t auth.Tokens) *body[viewerTokens] {
	v := viewerTokens{Access: t.Access, Refresh: t.Refresh, ExpiresIn: t.ExpiresIn}
	if t.Person.Kind == auth.Staff {
		v.Staff = &staffMe{ID: t.Person.ID, Name: t.Person.Name, Roles: append([]auth.Role{}, t.Person.Roles...), BranchID: orNil(t.Person.Branch), Due: t.Person.Due}
	} else {
		v.Viewer = &viewerMe{ID: t.Person.ID, Nickname: t.Person.Name, PhoneMasked: t.Person.PhoneMasked}
	}
	return ok(v)
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type otpIn struct {
	Body struct {
		Phone pii.Text `json:"phone" maxLength:"20" doc:"11-digit mobile number"`
	}
}

type otpOut struct {
	Limit string `header:"RateLimit" doc:"What is left of the policy, and seconds until it is renewed"`
}

// limitedPolicy tells the route's limit on every answer (draft-ietf-httpapi-ratelimit-headers).
func limitedPolicy(policy string) option {
	return func(o *huma.Operation) {
		o.Middlewares = append(huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			ctx.SetHeader("RateLimit-Policy", policy)
			next(ctx)
		}}, o.Middlewares...)
	}
}

type verifyIn struct {
	Body struct {
		Phone    pii.Text `json:"phone" maxLength:"20"`
		Code     string   `json:"code" minLength:"1" maxLength:"10"`
		DeviceID string   `json:"device_id,omitempty" maxLength:"100"`
	}
}

type handoffIn struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"4096" doc:"JWT signed by the bank's app"`
	}
}

type refreshIn struct {
	Body struct {
		Refresh string `json:"refresh_token" minLength:"1" maxLength:"200"`
	}
}

type loginIn struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"60"`
		Password string `json:"password" minLength:"1" maxLength:"200"`
		TOTP     string `json:"totp,omitempty" maxLength:"20" doc:"Six digits, for staff with a second factor; or one of their recovery codes"`
	}
}

func (s *Server) signinRoutes() {
	a := s.Auth
	route(s, http.MethodPost, "/auth/otp", public, "Send a one-time code", func(ctx context.Context, in *otpIn) (*otpOut, error) {
		if err := s.otpByAddress.allow(remoteIP(ctx)); err != nil {
			return nil, err
		}
		if err := a.SendOTP(ctx, auth.From(ctx).Bank, in.Body.Phone); err != nil {
			return nil, err
		}
		return &otpOut{Limit: `"phone";r=0;t=60`}, nil
	}, status(http.StatusAccepted), limitedPolicy(`"phone";q=1;w=60, "phone";q=5;w=3600, "phone";q=10;w=86400, "address";q=5000;w=3600`))
	route(s, http.MethodPost, "/auth/otp/verify", public, "Sign in by a one-time code", func(ctx context.Context, in *verifyIn) (*body[viewerTokens], error) {
		t, err := a.VerifyOTP(ctx, auth.From(ctx).Bank, in.Body.Phone, in.Body.Code, in.Body.DeviceID)
		if err != nil {
			return nil, err
		}
		return tokensOf(t), nil
	})
	route(s, http.MethodPost, "/auth/handoff", public, "Sign in by the bank app's token", func(ctx context.Context, in *handoffIn) (*body[viewerTokens], error) {
		t, err := a.Handoff(ctx, auth.From(ctx).Bank, in.Body.Token)
		if err != nil {
			return nil, err
		}
		return tokensOf(t), nil
	})
	route(s, http.MethodPost, "/auth/refresh", callback, "New tokens for a refresh token", func(ctx context.Context, in *refreshIn) (*body[viewerTokens], error) {
		t, err := a.Refresh(ctx, in.Body.Refresh)
		if err != nil {
			return nil, err
		}
		return tokensOf(t), nil
	})
	route(s, http.MethodPost, "/auth/logout", anyone, "End the session", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, a.Logout(ctx, auth.From(ctx))
	}, status(http.StatusNoContent))
	route(s, http.MethodPost, "/staff/login", public, "Sign in as staff", func(ctx context.Context, in *loginIn) (*body[viewerTokens], error) {
		t, err := a.Login(ctx, auth.From(ctx).Bank, in.Body.Username, in.Body.Password, in.Body.TOTP)
		if err != nil {
			return nil, err
		}
		return tokensOf(t), nil
	})
}
