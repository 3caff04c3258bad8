package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/live"
)

type muteIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		ViewerID string `json:"viewer_id" minLength:"1" maxLength:"60"`
		Minutes  int    `json:"minutes" minimum:"0" maximum:"43200" doc:"0 lets the viewer speak again"`
	}
}

type banBody struct {
	ViewerID string `json:"viewer_id" minLength:"1" maxLength:"60"`
	Minutes  int    `json:"minutes,omitempty" minimum:"1" maximum:"525600" doc:"For good when left out"`
	Reason   string `json:"reason" minLength:"1" maxLength:"200"`
}

func (b banBody) time() time.Duration { return time.Duration(b.Minutes) * time.Minute }

type banIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body banBody
}

type bankBanIn struct{ Body banBody }

type bannedIn struct {
	ID       string `path:"id" maxLength:"60"`
	ViewerID string `path:"viewer_id" maxLength:"60"`
}

type bankBannedIn struct {
	ViewerID string `path:"viewer_id" maxLength:"60"`
}

type keptIn struct {
	Page
	ID string `path:"id" maxLength:"60"`
}

type chatEventIn struct {
	ID      string `path:"id" maxLength:"60"`
	EventID string `path:"event_id" maxLength:"60" doc:"The chat event's id, evt_…"`
}

type chatIn struct {
	Page
	ID       string `path:"id" maxLength:"60"`
	Status   string `query:"status" enum:"shown,held,refused,removed" doc:"All when left out"`
	Reported bool   `query:"reported" doc:"Only those that viewers reported"`
}

type chatModeIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		SlowS  *int  `json:"slow_s,omitempty" nullable:"false" minimum:"0" maximum:"600" doc:"Seconds between a viewer's messages; 0 for none beyond the usual one"`
		Review *bool `json:"review,omitempty" nullable:"false" doc:"Hold every message until somebody has looked"`
		Closed *bool `json:"closed,omitempty" nullable:"false" doc:"Nobody may speak"`
	}
}

type reportIn struct {
	ID      string `path:"id" maxLength:"60"`
	EventID string `path:"event_id" maxLength:"60"`
	Body    struct {
		Reason string `json:"reason" enum:"spam,abuse,fraud,other"`
	}
}

func keptKey(k live.Kept) string { return k.Viewer.ID }

// moderationRoutes keep a room's talk in order.
func (s *Server) moderationRoutes() {
	s.chatRoutes()
	s.banRoutes()
	route(s, http.MethodPost, "/host/rooms/{id}/mute", roomHands, "Silence a viewer for a while", func(ctx context.Context, in *muteIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Mute(ctx, bank, in.ID, in.Body.ViewerID, time.Duration(in.Body.Minutes)*time.Minute, by))
	})
	route(s, http.MethodGet, "/host/rooms/{id}/mutes", roomHands, "Who may not speak now", func(ctx context.Context, in *keptIn) (*body[list[live.Kept]], error) {
		bank, by := runner(ctx)
		return keptPage(in.Page, func(after string) ([]live.Kept, error) { return s.Rooms.Muted(ctx, bank, in.ID, by, after, in.Limit) })
	})
}

// keptPage pages a list of viewers.
func keptPage(in Page, read func(after string) ([]live.Kept, error)) (*body[list[live.Kept]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := read(after)
	if err != nil {
		return nil, err
	}
	return paged(all, in.Limit, keptKey), nil
}

func (s *Server) chatRoutes() {
	route(s, http.MethodGet, "/host/rooms/{id}/chat", roomHands, "Messages, the newest first, with the words and reports that mark them", func(ctx context.Context, in *chatIn) (*body[list[live.ChatLine]], error) {
		before, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		bank, by := runner(ctx)
		all, err := s.Rooms.Chat(ctx, bank, in.ID, by, live.ChatFilter{Status: in.Status, Reported: in.Reported, Before: before, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		return paged(all, in.Limit, func(l live.ChatLine) string { return l.ID }), nil
	})
	route(s, http.MethodPatch, "/host/rooms/{id}/chat", roomHands, "Slow mode, review before messages show, or nobody speaks", func(ctx context.Context, in *chatModeIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.SetChat(ctx, bank, in.ID, by, live.ChatChange{SlowS: in.Body.SlowS, Review: in.Body.Review, Closed: in.Body.Closed}))
	})
	for _, r := range []struct {
		verb, summary string
		do            func(ctx context.Context, bank, room, eventID string, by live.Staff) error
	}{
		{"remove", "Take a chat message back", s.removeChat},
		{"release", "Show a held message", s.releaseChat},
		{"refuse", "Never show a held message", s.refuseChat},
	} {
		route(s, http.MethodPost, "/host/rooms/{id}/chat/{event_id}/"+r.verb, roomHands, r.summary, func(ctx context.Context, in *chatEventIn) (*body[done], error) {
			bank, by := runner(ctx)
			return answered(done{true}, r.do(ctx, bank, in.ID, in.EventID, by))
		})
	}
	route(s, http.MethodPost, "/rooms/{id}/chat/{event_id}/report", viewers, "Report a message to the host", func(ctx context.Context, in *reportIn) (*body[done], error) {
		p := auth.From(ctx)
		return answered(done{true}, s.Rooms.ReportChat(ctx, p.Bank.ID, in.ID, in.EventID, p.ID, in.Body.Reason))
	})
}

func (s *Server) removeChat(ctx context.Context, bank, room, eventID string, by live.Staff) error {
	return s.Rooms.Remove(ctx, bank, room, eventID, by)
}

func (s *Server) releaseChat(ctx context.Context, bank, room, eventID string, by live.Staff) error {
	return s.Rooms.Release(ctx, bank, room, eventID, by)
}

func (s *Server) refuseChat(ctx context.Context, bank, room, eventID string, by live.Staff) error {
	return s.Rooms.Refuse(ctx, bank, room, eventID, by)
}

func (s *Server) banRoutes() {
	operators := staff(auth.Operator)
	route(s, http.MethodPost, "/host/rooms/{id}/ban", roomHands, "Keep a viewer out of the room", func(ctx context.Context, in *banIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Ban(ctx, bank, in.ID, in.Body.ViewerID, in.Body.time(), in.Body.Reason, by))
	})
	route(s, http.MethodGet, "/host/rooms/{id}/bans", roomHands, "Who is kept out of the room", func(ctx context.Context, in *keptIn) (*body[list[live.Kept]], error) {
		bank, by := runner(ctx)
		return keptPage(in.Page, func(after string) ([]live.Kept, error) { return s.Rooms.Banned(ctx, bank, in.ID, by, after, in.Limit) })
	})
	route(s, http.MethodDelete, "/host/rooms/{id}/bans/{viewer_id}", roomHands, "Let a viewer in again", func(ctx context.Context, in *bannedIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Unban(ctx, bank, in.ID, in.ViewerID, by))
	})
	route(s, http.MethodPost, "/host/bans", operators, "Keep a viewer out of all rooms of the bank", func(ctx context.Context, in *bankBanIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.BanEverywhere(ctx, bank, in.Body.ViewerID, in.Body.time(), in.Body.Reason, by))
	})
	route(s, http.MethodGet, "/host/bans", operators, "Who is kept out of all rooms of the bank", func(ctx context.Context, in *listIn) (*body[list[live.Kept]], error) {
		bank, _ := runner(ctx)
		return keptPage(in.Page, func(after string) ([]live.Kept, error) { return s.Rooms.BannedEverywhere(ctx, bank, after, in.Limit) })
	})
	route(s, http.MethodDelete, "/host/bans/{viewer_id}", operators, "Let a viewer into the bank's rooms again", func(ctx context.Context, in *bankBannedIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.UnbanEverywhere(ctx, bank, in.ViewerID, by))
	})
}
