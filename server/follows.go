package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/live"
)

// followRoutes let viewers follow hosts.
func (s *Server) followRoutes() {
	for _, r := range []struct {
		method, summary string
		do              func(rooms *live.Rooms, ctx context.Context, bank, host, viewer string) (live.HostFollow, error)
	}{
		{http.MethodGet, "Whether one follows a host", (*live.Rooms).Follows},
		{http.MethodPost, "Follow a host: consent to be told, by SMS and in the app, once of each of their rooms that starts", (*live.Rooms).FollowHost},
		{http.MethodDelete, "Follow a host no more", (*live.Rooms).UnfollowHost},
	} {
		route(s, r.method, "/hosts/{id}/follow", viewers, r.summary, func(ctx context.Context, in *idIn) (*body[live.HostFollow], error) {
			p := auth.From(ctx)
			return answered(r.do(s.Rooms, ctx, p.Bank.ID, in.ID, p.ID))
		})
	}
	route(s, http.MethodGet, "/following", viewers, "Whom one follows, with their next room", func(ctx context.Context, in *listIn) (*body[list[live.Followed]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		p := auth.From(ctx)
		items, err := s.Rooms.Following(ctx, p.Bank.ID, p.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(f live.Followed) string { return f.ID }), nil
	})
}
