package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
)

type passwordIn struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"200"`
		New string `json:"new" minLength:"1" maxLength:"200"`
	}
}

type enrolIn struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"20" doc:"Of the second factor in use, if there is one"`
	}
}

type factorOut struct {
	Secret string `json:"secret" doc:"Base32, to be typed in where nothing can be scanned"`
	URI    string `json:"uri" doc:"otpauth://"`
	QR     string `json:"qr" doc:"The URI as a picture: data:image/png;base64,…"`
}

type codeIn struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20"`
	}
}

type recoveryOut struct {
	Codes []string `json:"recovery_codes" nullable:"false" doc:"Shown this once; each is good once"`
}

type ended struct {
	Ended int `json:"ended" doc:"Sessions"`
}

// accountRoutes are what every member of staff does with their own account. All
// of it is in the audit log.
func (s *Server) accountRoutes() {
	a := s.Auth
	route(s, http.MethodGet, "/staff/me", selves, "One's own account", func(ctx context.Context, _ *struct{}) (*body[auth.Own], error) {
		return answered(a.Own(ctx, auth.From(ctx)))
	})
	route(s, http.MethodPost, "/staff/me/password", selves, "Change one's password; other sessions end", func(ctx context.Context, in *passwordIn) (*struct{}, error) {
		return nil, a.ChangePassword(ctx, auth.From(ctx), in.Body.Old, in.Body.New)
	}, status(http.StatusNoContent))
	route(s, http.MethodPost, "/staff/me/totp", selves, "Begin a second factor; shown this once", func(ctx context.Context, in *enrolIn) (*body[factorOut], error) {
		f, err := a.EnrolTOTP(ctx, auth.From(ctx), in.Body.Password, in.Body.Code)
		return answered(factorOut{f.Secret.Reveal(), f.URI.Reveal(), f.QR.Reveal()}, err)
	})
	route(s, http.MethodPost, "/staff/me/totp/confirm", selves, "Put the second factor into use by a code of it; other sessions end", func(ctx context.Context, in *codeIn) (*body[recoveryOut], error) {
		codes, err := a.ConfirmTOTP(ctx, auth.From(ctx), in.Body.Code)
		return answered(recoveryOut{codes}, err)
	})
	route(s, http.MethodPost, "/staff/me/totp/recovery-codes", selves, "New recovery codes in place of the old", func(ctx context.Context, in *codeIn) (*body[recoveryOut], error) {
		codes, err := a.RenewRecoveryCodes(ctx, auth.From(ctx), in.Body.Code)
		return answered(recoveryOut{codes}, err)
	})
	route(s, http.MethodGet, "/staff/me/sessions", selves, "Where one is signed in", func(ctx context.Context, in *listIn) (*body[list[auth.Device]], error) {
		p := auth.From(ctx)
		items, err := a.Devices(ctx, p.Bank.ID, p.ID, p.Session)
		return short(items, err, in.Page, func(d auth.Device) string { return d.ID })
	})
	route(s, http.MethodPost, "/staff/me/sessions/{id}/end", selves, "End one of one's sessions", func(ctx context.Context, in *RowID) (*struct{}, error) {
		p := auth.From(ctx)
		return nil, a.EndDevice(ctx, p, p.ID, in.ID)
	}, status(http.StatusNoContent))
	route(s, http.MethodPost, "/staff/me/sessions/end-others", selves, "End all of one's sessions but this one", func(ctx context.Context, _ *struct{}) (*body[ended], error) {
		p := auth.From(ctx)
		n, err := a.EndDevices(ctx, p, p.ID)
		return answered(ended{n}, err)
	})
}
