package server

import (
	"context"
	"net/http"

	"yinbo/live"
)

type crewOut struct {
	Items []live.Member `json:"items"`
}

type colleaguesIn struct {
	ID   string `path:"id" maxLength:"60"`
	Name string `query:"name" maxLength:"60" doc:"A part of the name"`
}

type colleaguesOut struct {
	Items []live.Colleague `json:"items"`
}

type memberIn struct {
	ID      string `path:"id" maxLength:"60"`
	StaffID string `path:"staff_id" maxLength:"60"`
}

type shareIn struct {
	ID      string `path:"id" maxLength:"60"`
	StaffID string `path:"staff_id" maxLength:"60"`
	Body    struct {
		Role live.Part `json:"role" enum:"host,assistant" doc:"An assistant has the shelf, notices and moderation; not the room's life, nor money"`
	}
}

// crewRoutes share a room with colleagues.
func (s *Server) crewRoutes() {
	route(s, http.MethodGet, "/host/rooms/{id}/staff", roomHands, "With whom the room is shared", func(ctx context.Context, in *idIn) (*body[crewOut], error) {
		bank, by := runner(ctx)
		crew, err := s.Rooms.Crew(ctx, bank, in.ID, by)
		return answered(crewOut{crew}, err)
	})
	route(s, http.MethodGet, "/host/rooms/{id}/colleagues", roomHands, "With whom the room could be shared, at most 50", func(ctx context.Context, in *colleaguesIn) (*body[colleaguesOut], error) {
		bank, by := runner(ctx)
		found, err := s.Rooms.Colleagues(ctx, bank, in.ID, by, in.Name)
		return answered(colleaguesOut{found}, err)
	})
	route(s, http.MethodPut, "/host/rooms/{id}/staff/{staff_id}", roomHands, "Share the room with a colleague", func(ctx context.Context, in *shareIn) (*body[crewOut], error) {
		bank, by := runner(ctx)
		crew, err := s.Rooms.Share(ctx, bank, in.ID, by, in.StaffID, in.Body.Role)
		return answered(crewOut{crew}, err)
	})
	route(s, http.MethodDelete, "/host/rooms/{id}/staff/{staff_id}", roomHands, "Share it no more", func(ctx context.Context, in *memberIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Unshare(ctx, bank, in.ID, by, in.StaffID))
	})
}
