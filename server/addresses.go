package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/order"
	"yinbo/order/addressbook"
)

// addressEntry is an address of a viewer's book: masked in lists, in clear for
// its owner who asks for the one.
type addressEntry struct {
	ID string `json:"id"`
	order.AddressView
	Default   bool        `json:"default" doc:"The one to take when the viewer says nothing"`
	CreatedAt clock.Stamp `json:"created_at"`
}

// BookAddress is an address to be kept.
type BookAddress struct {
	Address
	Default bool `json:"default,omitempty" doc:"true makes it the default; the default stays it until another one is"`
}

type newAddressIn struct{ Body BookAddress }

type editAddressIn struct {
	ID   string `path:"id" maxLength:"60" doc:"adr_…"`
	Body BookAddress
}

type addressIn struct {
	ID string `path:"id" maxLength:"60" doc:"adr_…"`
}

func (s *Server) addressRoutes() {
	route(s, http.MethodGet, "/addresses", viewers, "One's addresses, masked", s.addresses)
	route(s, http.MethodPost, "/addresses", viewers, "Keep an address, 20 at most", s.addAddress, status(http.StatusCreated))
	route(s, http.MethodGet, "/addresses/{id}", viewers, "One of one's addresses, in clear", s.getAddress)
	route(s, http.MethodPut, "/addresses/{id}", viewers, "Write an address anew", s.changeAddress)
	route(s, http.MethodDelete, "/addresses/{id}", viewers, "Forget an address", s.removeAddress, status(http.StatusNoContent))
}

func inClear(e addressbook.Entry) addressEntry {
	return addressEntry{ID: e.ID, AddressView: e.Address.InClear(), Default: e.Default, CreatedAt: e.CreatedAt}
}

func (s *Server) addresses(ctx context.Context, in *listIn) (*body[list[addressEntry]], error) {
	p := auth.From(ctx)
	entries, err := s.Addresses.List(ctx, p.Bank.ID, p.ID)
	items := make([]addressEntry, len(entries))
	for i, e := range entries {
		items[i] = addressEntry{ID: e.ID, AddressView: e.Address.Masked(), Default: e.Default, CreatedAt: e.CreatedAt}
	}
	return short(items, err, in.Page, func(a addressEntry) string { return a.ID })
}

func (s *Server) addAddress(ctx context.Context, in *newAddressIn) (*body[addressEntry], error) {
	p := auth.From(ctx)
	e, err := s.Addresses.Add(ctx, p.Bank.ID, p.ID, *in.Body.order(), in.Body.Default)
	return answered(inClear(e), err)
}

func (s *Server) getAddress(ctx context.Context, in *addressIn) (*body[addressEntry], error) {
	p := auth.From(ctx)
	e, err := s.Addresses.Get(ctx, p.Bank.ID, p.ID, in.ID)
	return answered(inClear(e), err)
}

func (s *Server) changeAddress(ctx context.Context, in *editAddressIn) (*body[addressEntry], error) {
	p := auth.From(ctx)
	e, err := s.Addresses.Change(ctx, p.Bank.ID, p.ID, in.ID, *in.Body.order(), in.Body.Default)
	return answered(inClear(e), err)
}

func (s *Server) removeAddress(ctx context.Context, in *addressIn) (*struct{}, error) {
	p := auth.From(ctx)
	return nil, s.Addresses.Remove(ctx, p.Bank.ID, p.ID, in.ID)
}
