package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/live"
)

type newRoomIn struct {
	Body struct {
		Title     string      `json:"title" minLength:"1" maxLength:"100"`
		CoverURL  string      `json:"cover_url,omitempty" maxLength:"500" pattern:"^(https?://|/).*$" doc:"http(s), or a path of this server"`
		StartsAt  clock.Stamp `json:"starts_at" format:"date-time"`
		BranchID  string      `json:"branch_id,omitempty" maxLength:"60"`
		Confirmed bool        `json:"confirmed,omitempty" doc:"The title's words were thought over"`
	}
}

type editRoomIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Title     *string      `json:"title,omitempty" nullable:"false" minLength:"1" maxLength:"100"`
		CoverURL  *string      `json:"cover_url,omitempty" nullable:"false" maxLength:"500" pattern:"^(https?://|/).*$"`
		StartsAt  *clock.Stamp `json:"starts_at,omitempty" nullable:"false" format:"date-time"`
		Confirmed bool         `json:"confirmed,omitempty" doc:"The title's words were thought over"`
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

type offerIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Offered bool `json:"offered"`
	}
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
	hosts := staff(auth.Host, auth.Operator).byBranch()
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
		branch, err := branchOfNew(auth.From(ctx), in.Body.BranchID)
		if err != nil {
			return nil, err
		}
		return answered(s.Rooms.Create(ctx, bank, by, live.Plan{Title: in.Body.Title, CoverURL: in.Body.CoverURL,
			Branch: branch, PlaybackURL: s.Video.Idle(), StartsAt: in.Body.StartsAt.Time, Confirmed: in.Body.Confirmed}))
	}, status(http.StatusCreated))
	route(s, http.MethodPatch, "/host/rooms/{id}", hosts, "Change a room's plan", func(ctx context.Context, in *editRoomIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Edit(ctx, bank, in.ID, by, live.Change{Title: in.Body.Title, CoverURL: in.Body.CoverURL, StartsAt: in.Body.StartsAt, Confirmed: in.Body.Confirmed}))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/start", hosts, "Go live", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Start(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/end", hosts, "End the room", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.End(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/pause", hosts, "Take a break", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Pause(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/resume", hosts, "Go on after it", func(ctx context.Context, in *idIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.Resume(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPut, "/host/rooms/{id}/replay", hosts, "Let an ended room be watched again, or no more", func(ctx context.Context, in *offerIn) (*body[live.View], error) {
		bank, by := runner(ctx)
		return answered(s.Rooms.OfferReplay(ctx, bank, in.ID, by, in.Body.Offered))
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
}

// branchOfNew is the branch of what somebody of a branch makes: their own, or one
// below it that they name.
func branchOfNew(p auth.Principal, named string) (string, error) {
	if named == "" {
		return p.Branch, nil
	}
	if !p.Scope.Has(named) {
		return "", fault.InvalidField("branch_id", "branch.unknown")
	}
	return named, nil
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
