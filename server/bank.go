package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
)

type bankOut struct {
	Slug    string `json:"slug"`
	Name    string `json:"name"`
	Sandbox bool   `json:"sandbox" doc:"Demo data with public passwords: nothing real belongs here"`
}

// bankRoutes say whose pages these are.
func (s *Server) bankRoutes() {
	route(s, http.MethodGet, "/bank", public, "The bank that this is", func(ctx context.Context, _ *struct{}) (*body[bankOut], error) {
		b := auth.From(ctx).Bank
		return answered(bankOut{b.Slug, b.Name, s.Sandbox}, nil)
	})
}
