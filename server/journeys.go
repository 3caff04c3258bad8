package server

import (
	"context"
	"net/http"

	"yinbo/card/follow"
	"yinbo/internal/auth"
)

// JourneyKey names a journey; huma fills exported fields only.
type JourneyKey struct {
	Key string `path:"key" maxLength:"40" doc:"Lower-case letters, digits and _"`
}

type journeyIn struct {
	JourneyKey
	Body follow.Journey
}

type journeyRejectIn struct {
	JourneyKey
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300"`
	}
}

type previewIn struct {
	Body struct {
		Text      string `json:"text" minLength:"1" maxLength:"300"`
		Channel   string `json:"channel" enum:"sms,app"`
		Promotion bool   `json:"promotion"`
	}
}

type previewOut struct {
	Text string `json:"text"`
}

type journeyFiguresIn struct {
	JourneyKey
	Version int `query:"version" default:"-1" minimum:"-1" doc:"0 is the built-in one; without it, the one in use"`
	Days    int `query:"days" default:"7" minimum:"1" maximum:"90" doc:"Within how many days after a message what followed is counted"`
}

type journeysOut struct {
	Items []follow.Entry `json:"items"`
}

type versionsOut struct {
	Items []follow.Version `json:"items"`
}

type choiceIn struct {
	Body struct {
		Promotions bool `json:"promotions"`
	}
}

var (
	journeyReaders = staff(auth.Operator, auth.Supervisor, auth.Auditor)
	journeyMakers  = staff(auth.Operator)
	// journeyDeciders lets makers in as well: the domain refuses them, and tells
	// who made a version that this is why.
	journeyDeciders = staff(auth.Operator, auth.Supervisor)
)

func journeyActor(ctx context.Context) follow.Actor {
	p := auth.From(ctx)
	return follow.Actor{ID: p.ID, RequestID: requestID(ctx), Checker: p.Has(auth.Supervisor)}
}

// journeyRoutes let a bank write its follow-ups, and see what comes of them.
func (s *Server) journeyRoutes() {
	route(s, http.MethodGet, "/journeys", journeyReaders, "The bank's journeys: in use and in the making",
		func(ctx context.Context, _ *struct{}) (*body[journeysOut], error) {
			items, err := s.FollowUps.Journeys(ctx, auth.From(ctx).Bank)
			return answered(journeysOut{Items: items}, err)
		})
	route(s, http.MethodPost, "/journeys/preview", journeyReaders, "A text as it would reach somebody, with sample values",
		func(ctx context.Context, in *previewIn) (*body[previewOut], error) {
			text, err := follow.Preview(auth.From(ctx).Bank, in.Body.Text, in.Body.Channel, in.Body.Promotion)
			return answered(previewOut{Text: text}, err)
		})
	route(s, http.MethodGet, "/journeys/{key}", journeyReaders, "All versions of a journey, the newest first",
		func(ctx context.Context, in *JourneyKey) (*body[versionsOut], error) {
			items, err := s.FollowUps.Versions(ctx, auth.From(ctx).Bank, in.Key)
			return answered(versionsOut{Items: items}, err)
		})
	route(s, http.MethodGet, "/journeys/{key}/figures", journeyReaders, "What came of a journey, step by step",
		func(ctx context.Context, in *journeyFiguresIn) (*body[follow.Figures], error) {
			return answered(s.FollowUps.Figures(ctx, auth.From(ctx).Bank, in.Key, in.Version, in.Days, s.Payments))
		})
	route(s, http.MethodPut, "/journeys/{key}/draft", journeyMakers, "Write a journey's draft",
		func(ctx context.Context, in *journeyIn) (*body[follow.Version], error) {
			return answered(s.FollowUps.Save(ctx, auth.From(ctx).Bank, journeyActor(ctx), in.Key, in.Body))
		})
	route(s, http.MethodPost, "/journeys/{key}/submit", journeyMakers, "Hand a draft to a supervisor",
		func(ctx context.Context, in *JourneyKey) (*body[follow.Version], error) {
			return answered(s.FollowUps.Submit(ctx, auth.From(ctx).Bank, journeyActor(ctx), in.Key))
		})
	route(s, http.MethodPost, "/journeys/{key}/approve", journeyDeciders, "Put in use what others made and submitted",
		func(ctx context.Context, in *JourneyKey) (*body[follow.Version], error) {
			return answered(s.FollowUps.Approve(ctx, auth.From(ctx).Bank, journeyActor(ctx), in.Key))
		})
	route(s, http.MethodPost, "/journeys/{key}/reject", journeyDeciders, "Give a submitted version back with a reason",
		func(ctx context.Context, in *journeyRejectIn) (*body[follow.Version], error) {
			return answered(s.FollowUps.Reject(ctx, auth.From(ctx).Bank, journeyActor(ctx), in.Key, in.Body.Reason))
		})
	s.reachRoutes()
}

// reachRoutes are the viewers' side: their messages, their choice, and what the
// gateway reports of them.
func (s *Server) reachRoutes() {
	route(s, http.MethodPost, "/callbacks/sms-replies", callback, "The gateway reports answers and deliveries", s.smsCallback, rawBody("application/json"))
	route(s, http.MethodGet, "/messages", viewers, "One's messages within the app, the newest first",
		func(ctx context.Context, in *listIn) (*body[list[follow.Message]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			p := auth.From(ctx)
			items, err := s.FollowUps.Messages(ctx, p.Bank.ID, p.ID, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(m follow.Message) string { return m.ID }), nil
		})
	route(s, http.MethodPost, "/messages/read", viewers, "One has seen them",
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			p := auth.From(ctx)
			return nil, s.FollowUps.MarkRead(ctx, p.Bank.ID, p.ID)
		}, status(http.StatusNoContent))
	route(s, http.MethodGet, "/privacy/promotions", viewers, "Whether one takes promotions",
		func(ctx context.Context, _ *struct{}) (*body[follow.Choice], error) {
			p := auth.From(ctx)
			return answered(s.FollowUps.Choice(ctx, p.Bank.ID, p.ID))
		})
	route(s, http.MethodPut, "/privacy/promotions", viewers, "Stop promotions over all channels, or take them again",
		func(ctx context.Context, in *choiceIn) (*body[follow.Choice], error) {
			p := auth.From(ctx)
			return answered(s.FollowUps.Choose(ctx, p.Bank.ID, p.ID, in.Body.Promotions, requestID(ctx)))
		})
}

func (s *Server) smsCallback(ctx context.Context, in *callbackIn) (*body[follow.Taken], error) {
	return answered(s.Replies.Callback(ctx, in.Signature, in.RawBody, requestID(ctx)))
}
