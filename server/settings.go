package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/id"
	"yinbo/internal/setting"
)

type settingChangesIn struct {
	Page
	Section string `query:"section" maxLength:"20"`
	State   string `query:"state" enum:"asked,applied,rejected,withdrawn"`
}

type newSettingChangeIn struct {
	Body struct {
		Section string         `json:"section" enum:"review,intake,promotions,orders,reconciliation,keeping"`
		Values  map[string]any `json:"values" nullable:"false" minProperties:"1" maxProperties:"50" doc:"What is to be, by key; other settings stay"`
		Reason  string         `json:"reason" minLength:"1" maxLength:"300" doc:"Long numbers are taken out"`
	}
}

type settingReasonIn struct {
	RowID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

// settingRoutes are what the bank may set, and how that is changed.
func (s *Server) settingRoutes() {
	admins := staff(auth.Admin)
	readers := staff(auth.Admin, auth.Auditor)
	route(s, http.MethodGet, "/settings", readers, "The bank's settings with their limits, and who changed them last",
		func(ctx context.Context, in *listIn) (*body[list[setting.Section]], error) {
			items, err := s.Settings.Sections(ctx, auth.From(ctx).Bank.ID)
			return short(items, err, in.Page, func(v setting.Section) string { return v.Name })
		})
	route(s, http.MethodGet, "/settings/changes", readers, "Changes of settings, the newest first", s.settingChanges)
	route(s, http.MethodPost, "/settings/changes", admins, "Change settings, or ask for it where it takes two",
		func(ctx context.Context, in *newSettingChangeIn) (*body[setting.Change], error) {
			b := in.Body
			return answered(s.Settings.Change(ctx, setter(ctx), setting.New{Section: b.Section, Values: b.Values, Reason: b.Reason}))
		}, status(http.StatusCreated))
	route(s, http.MethodPost, "/settings/changes/{id}/confirm", admins, "Confirm what another administrator asked for",
		func(ctx context.Context, in *RowID) (*body[setting.Change], error) {
			return answered(s.Settings.Confirm(ctx, setter(ctx), in.ID))
		})
	route(s, http.MethodPost, "/settings/changes/{id}/reject", admins, "Refuse what another administrator asked for",
		func(ctx context.Context, in *settingReasonIn) (*body[setting.Change], error) {
			return answered(s.Settings.Reject(ctx, setter(ctx), in.ID, in.Body.Reason))
		})
	route(s, http.MethodPost, "/settings/changes/{id}/withdraw", admins, "Take back what one asked for",
		func(ctx context.Context, in *RowID) (*body[setting.Change], error) {
			return answered(s.Settings.Withdraw(ctx, setter(ctx), in.ID))
		})
}

func setter(ctx context.Context) setting.By {
	p := auth.From(ctx)
	return setting.By{Bank: p.Bank.ID, ID: p.ID, RequestID: requestID(ctx)}
}

func (s *Server) settingChanges(ctx context.Context, in *settingChangesIn) (*body[list[setting.Change]], error) {
	before, err := cursorOf(in.Cursor, id.SettingChange)
	if err != nil {
		return nil, err
	}
	items, err := s.Settings.Changes(ctx, auth.From(ctx).Bank.ID, in.Section, in.State, before, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(c setting.Change) string { return c.ID }), nil
}
