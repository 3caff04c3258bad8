package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/live"
)

type stopIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

// complianceRoutes are for those who watch over what is said in the bank's name:
// they see every room, and may stop one. To watch, they join its socket.
func (s *Server) complianceRoutes() {
	watchers := staff(auth.Risk)
	route(s, http.MethodGet, "/compliance/rooms", watchers, "List all rooms", func(ctx context.Context, in *roomsIn) (*body[list[live.View]], error) {
		return s.listRooms(ctx, in)
	})
	route(s, http.MethodGet, "/compliance/rooms/{id}/log", watchers, "Every fact, message and act, the oldest first", func(ctx context.Context, in *roomLogIn) (*body[list[live.Line]], error) {
		return s.roomLog(ctx, in, watcher(ctx))
	})
	route(s, http.MethodPost, "/compliance/rooms/{id}/stop", watchers, "Stop a live room at once", func(ctx context.Context, in *stopIn) (*body[live.View], error) {
		return answered(s.Rooms.Stop(ctx, auth.From(ctx).Bank.ID, in.ID, watcher(ctx), in.Body.Reason))
	})
}

// watcher sees all rooms of the bank, as operators do.
func watcher(ctx context.Context) live.Staff {
	_, by := runner(ctx)
	by.Operator = true
	return by
}
