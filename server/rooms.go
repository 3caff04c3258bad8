package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/live"
)

type roomsIn struct {
	Page
	Status   string `query:"status" enum:"scheduled,live,ended" doc:"All when left out"`
	Followed bool   `query:"followed" doc:"Only rooms of hosts whom one follows, of ended ones those that may be watched again; 401 for who is no viewer"`
}

type shelfOut struct {
	Items []live.Item `json:"items"`
}

// roomRoutes show rooms to everybody, and serve the socket.
func (s *Server) roomRoutes() {
	route(s, http.MethodGet, "/rooms", public, "List rooms", s.listRooms)
	route(s, http.MethodGet, "/rooms/{id}", public, "Show a room", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		return answered(s.Rooms.Get(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodGet, "/rooms/{id}/shelf", public, "Show a room's shelf", func(ctx context.Context, in *idIn) (*body[shelfOut], error) {
		items, err := s.Rooms.Shelf(ctx, auth.From(ctx).Bank.ID, in.ID)
		return answered(shelfOut{items}, err)
	})
	s.engine.GET("/api/v1/ws", s.socket)
	s.api.OpenAPI().AddOperation(&huma.Operation{Method: http.MethodGet, Path: "/ws", OperationID: "get-ws", Tags: []string{"ws"},
		Summary: "The room socket", Description: "A WebSocket of JSON text frames; the first from the client is a join, within 5 s.",
		Responses: map[string]*huma.Response{"101": {Description: "Switching Protocols"}}})
}

func (s *Server) listRooms(ctx context.Context, in *roomsIn) (*body[list[live.View]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	var rooms []live.View
	switch {
	case !in.Followed:
		rooms, err = s.Rooms.List(ctx, p.Bank.ID, live.Status(in.Status), after, in.Limit)
	case p.Kind == auth.Viewer:
		rooms, err = s.Rooms.Followed(ctx, p.Bank.ID, p.ID, live.Status(in.Status), after, in.Limit)
	default:
		err = fault.New(fault.Unauthenticated, "auth.required")
	}
	if err != nil {
		return nil, err
	}
	return paged(rooms, in.Limit, func(r live.View) string { return r.ID }), nil
}

// socket hands the connection to the hub; what asks for no upgrade is 400.
func (s *Server) socket(c *gin.Context) {
	if !strings.EqualFold(c.GetHeader("Upgrade"), "websocket") {
		s.refuse(c, fault.New(fault.BadRequest, "bad_request").With("Upgrade", "field.required"))
		return
	}
	s.Hub.ServeHTTP(c.Writer, c.Request)
}
