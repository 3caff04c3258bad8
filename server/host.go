package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/live"
)

type newRoomIn struct {
	Body struct {
		Title    string      `json:"title" minLength:"1" maxLength:"100"`
		CoverURL string      `json:"cover_url,omitempty" maxLength:"500" pattern:"^(https?://|/).*$" doc:"http(s), or a path of this server"`
		StartsAt clock.Stamp `json:"starts_at" format:"date-time"`
		BranchID string      `json:"branch_id,omitempty" maxLength:"60"`
	}
}

type editRoomIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Title    *string      `json:"title,omitempty" nullable:"false" minLength:"1" maxLength:"100"`
		CoverURL *string      `json:"cover_url,omitempty" nullable:"false" maxLength:"500" pattern:"^(https?://|/).*$"`
		StartsAt *clock.Stamp `json:"starts_at,omitempty" nullable:"false" format:"date-time"`
	}
}

type setShelfIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Items []shelfPlace `json:"items" maxItems:"500"`
	}
}

type shelfPlace struct {
	SKUID    string    `json:"sku_id" minLength:"1" maxLength:"60"`
	PriceFen money.Fen `json:"price_fen,omitempty" minimum:"1" maximum:"1000000000000" doc:"The room's own price; the SKU's when left out"`
}

type pinIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		SKUID *string `json:"sku_id" nullable:"true" maxLength:"60" doc:"null for none"`
	}
}

type noticeIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"200"`
	}
}

type muteIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		ViewerID string `json:"viewer_id" minLength:"1" maxLength:"60"`
		Minutes  int    `json:"minutes" minimum:"0" maximum:"43200" doc:"0 lets the viewer speak again"`
	}
}

type removeIn struct {
	ID      string `path:"id" maxLength:"60"`
	EventID string `path:"event_id" maxLength:"60" doc:"The chat event's id, evt_…"`
}

type wordsIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body wordsBody
}

type wordsBody struct {
	Words []string `json:"words" maxItems:"50000" doc:"At most 60 characters each"`
}

type done struct {
	OK bool `json:"ok"`
}

func runner(ctx context.Context) (bank string, by live.Staff) {
	p := auth.From(ctx)
	return p.Bank.ID, live.Staff{ID: p.ID, Name: p.Name, Operator: p.Has(auth.Operator), RequestID: requestID(ctx)}
}

// hostRoutes are the host's controls of a room.
func (s *Server) hostRoutes() {
	hosts := staff(auth.Host, auth.Operator)
	route(s, http.MethodGet, "/host/rooms", hosts, "List the rooms that one may run", func(ctx context.Context, in *roomsIn) (*body[list[live.View]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		bank, by := runner(ctx)
		rooms, err := s.Rooms.Mine(ctx, bank, by, live.Status(in.Status), after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(rooms, in.Limit, func(r live.View) string { return r.ID }), nil
	})
	route(s, http.MethodPost, "/host/rooms", hosts, "Plan a room", func(ctx context.Context, in *newRoomIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Create(ctx, bank, by, live.Plan{Title: in.Body.Title, CoverURL: in.Body.CoverURL,
			Branch: in.Body.BranchID, PlaybackURL: s.Video.Idle(), StartsAt: in.Body.StartsAt.Time}))
	}, status(http.StatusCreated))
	route(s, http.MethodPatch, "/host/rooms/{id}", hosts, "Change a room's plan", func(ctx context.Context, in *editRoomIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Edit(ctx, bank, in.ID, by, live.Change{Title: in.Body.Title, CoverURL: in.Body.CoverURL, StartsAt: in.Body.StartsAt}))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/start", hosts, "Go live", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Start(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/end", hosts, "End the room", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.End(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPut, "/host/rooms/{id}/shelf", hosts, "Replace the shelf", s.setShelf)
	route(s, http.MethodPost, "/host/rooms/{id}/pin", hosts, "Pin the product being explained", func(ctx context.Context, in *pinIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Pin(ctx, bank, in.ID, by, in.Body.SKUID))
	})
	route(s, http.MethodGet, "/host/rooms/{id}/board", hosts, "The room's figures", func(ctx context.Context, in *idIn) (*body[live.Board], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Board(ctx, bank, in.ID, by))
	})
	s.moderationRoutes(hosts)
}

func (s *Server) setShelf(ctx context.Context, in *setShelfIn) (*body[shelfOut], error) {
	bank, by := runner(ctx)
	places := make([]live.Place, len(in.Body.Items))
	for i, item := range in.Body.Items {
		places[i] = live.Place{SKU: item.SKUID, Price: item.PriceFen}
	}
	items, err := s.Rooms.SetShelf(ctx, bank, in.ID, by, places)
	return answered(shelfOut{items}, err)
}

func (s *Server) moderationRoutes(hosts access) {
	route(s, http.MethodPost, "/host/rooms/{id}/notice", hosts, "Tell the room", func(ctx context.Context, in *noticeIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Notice(ctx, bank, in.ID, by, in.Body.Text))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/mute", hosts, "Silence a viewer for a while", func(ctx context.Context, in *muteIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Mute(ctx, bank, in.ID, in.Body.ViewerID, time.Duration(in.Body.Minutes)*time.Minute, by))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/chat/{event_id}/remove", hosts, "Take a chat message back", func(ctx context.Context, in *removeIn) (*body[done], error) {
		bank, by := runner(ctx)
		return answered(done{true}, s.Rooms.Remove(ctx, bank, in.ID, in.EventID, by))
	})
	route(s, http.MethodGet, "/host/rooms/{id}/words", hosts, "The words that hold a message back", func(ctx context.Context, in *idIn) (*body[wordsBody], error) {
		bank, by := runner(ctx)
		if err := s.Rooms.HostMay(ctx, bank, in.ID, by.ID, by.Operator); err != nil {
			return nil, err
		}
		words, err := s.Rooms.Words(ctx, in.ID)
		return answered(wordsBody{words}, err)
	})
	route(s, http.MethodPut, "/host/rooms/{id}/words", hosts, "Replace those words", func(ctx context.Context, in *wordsIn) (*body[wordsBody], error) {
		bank, by := runner(ctx)
		words, err := s.Rooms.SetWords(ctx, bank, in.ID, by, in.Body.Words)
		return answered(wordsBody{words}, err)
	})
}
