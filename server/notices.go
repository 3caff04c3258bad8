package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
)

// roomHands are those who have a room's controls; who of them may do what, the
// room decides.
var roomHands = staff(auth.Host, auth.Operator).byBranch()

type noticeIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Text      string `json:"text" minLength:"1" maxLength:"200"`
		Confirmed bool   `json:"confirmed,omitempty" doc:"The words that were warned of (409 words.warned) were thought over"`
	}
}

// noticeRoutes tell a room something, and take it off again.
func (s *Server) noticeRoutes() {
	route(s, http.MethodPost, "/host/rooms/{id}/notice", roomHands, "Tell the room", func(ctx context.Context, in *noticeIn) (*body[done], error) {
		bank, by := runner(ctx)
		tell := s.Rooms.Notice
		if in.Body.Confirmed {
			tell = s.Rooms.NoticeConfirmed
		}
		return answered(done{true}, tell(ctx, bank, in.ID, by, in.Body.Text))
	})
	route(s, http.MethodDelete, "/host/rooms/{id}/notice", roomHands, "Take the notice off", func(ctx context.Context, in *idIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.RemoveNotice(ctx, bank, in.ID, by))
	})
}
