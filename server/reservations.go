package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/live"
)

// reservationRoutes let viewers ask to be told when a room starts.
func (s *Server) reservationRoutes() {
	for _, r := range []struct {
		method, summary string
		do              func(ctx context.Context, bank, room, viewer string) (live.Reservation, error)
	}{
		{http.MethodGet, "Whether one is told of the start", s.reserved},
		{http.MethodPost, "Ask to be told by SMS when the room starts: consent to that one message", s.reserve},
		{http.MethodDelete, "Ask no more", s.unreserve},
	} {
		route(s, r.method, "/rooms/{id}/reservation", viewers, r.summary, func(ctx context.Context, in *idIn) (*body[live.Reservation], error) {
			p := auth.From(ctx)
			return answered(r.do(ctx, p.Bank.ID, in.ID, p.ID))
		})
	}
}

func (s *Server) reserved(ctx context.Context, bank, room, viewer string) (live.Reservation, error) {
	return s.Rooms.Reserved(ctx, bank, room, viewer)
}

func (s *Server) reserve(ctx context.Context, bank, room, viewer string) (live.Reservation, error) {
	return s.Rooms.Reserve(ctx, bank, room, viewer)
}

func (s *Server) unreserve(ctx context.Context, bank, room, viewer string) (live.Reservation, error) {
	return s.Rooms.Unreserve(ctx, bank, room, viewer)
}
