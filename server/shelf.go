package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/live"
	"yinbo/order/flash"
)

type placeIn struct {
	ID    string `path:"id" maxLength:"60" doc:"The room"`
	SKUID string `path:"sku_id" maxLength:"60"`
	Body  struct {
		On       *bool      `json:"on,omitempty" nullable:"false" doc:"false takes it off the shelf; its place is kept"`
		PriceFen *money.Fen `json:"price_fen,omitempty" nullable:"false" minimum:"0" maximum:"1000000000000" doc:"The room's own price; 0 for the SKU's"`
		Position *int       `json:"position,omitempty" nullable:"false" minimum:"0" maximum:"499" doc:"From 0; past the end is the end"`
	}
}

type changeFlashIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		PriceFen     *money.Fen   `json:"price_fen,omitempty" nullable:"false" minimum:"1"`
		Total        *int64       `json:"total,omitempty" nullable:"false" minimum:"1" doc:"Units; what is more or less goes from or to the SKU's stock"`
		PerUserLimit *int64       `json:"per_user_limit,omitempty" nullable:"false" minimum:"1"`
		StartsAt     *clock.Stamp `json:"starts_at,omitempty" nullable:"false" format:"date-time"`
		EndsAt       *clock.Stamp `json:"ends_at,omitempty" nullable:"false" format:"date-time"`
	}
}

// shelfRoutes change one place of a shelf, and a sale that has not started.
func (s *Server) shelfRoutes() {
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodGet, "/host/rooms/{id}/shelf", hosts, "The shelf, with what is off", func(ctx context.Context, in *idIn) (*body[shelfOut], error) {
		bank, by := runner(ctx)
		items, err := s.Rooms.HostShelf(ctx, bank, in.ID, by)
		return answered(shelfOut{items}, err)
	})
	route(s, http.MethodPatch, "/host/rooms/{id}/shelf/{sku_id}", hosts, "Take a SKU off the shelf or put it on, move it, or change its price in the room",
		func(ctx context.Context, in *placeIn) (*body[shelfOut], error) {
			bank, by := runner(ctx)
			items, err := s.Rooms.ChangePlace(ctx, bank, in.ID, in.SKUID, by,
				live.PlaceChange{On: in.Body.On, Price: in.Body.PriceFen, Position: in.Body.Position})
			return answered(shelfOut{items}, err)
		})
	route(s, http.MethodPatch, "/host/flash/{id}", hosts, "Change a flash sale that has not started", func(ctx context.Context, in *changeFlashIn) (*body[flash.View], error) {
		return answered(s.Flash.Change(ctx, flashStaff(ctx), auth.From(ctx).Bank.ID, in.ID, flash.Change{Price: in.Body.PriceFen, Total: in.Body.Total,
			PerUserLimit: in.Body.PerUserLimit, Starts: in.Body.StartsAt, Ends: in.Body.EndsAt}))
	})
}
