package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/savedview"
)

// ViewList is embedded in the inputs of what a person keeps of a list.
type ViewList struct {
	List string `path:"list" pattern:"^[a-z-]{1,30}$" doc:"Which list: leads, orders, audit …"`
}

// ViewName is embedded in the inputs of acts on a saved view.
type ViewName struct {
	ViewList
	Name string `path:"name" minLength:"1" maxLength:"40"`
}

type viewsIn struct {
	Page
	ViewList
}

type saveViewIn struct {
	ViewName
	Body struct {
		Query   map[string]string `json:"query" nullable:"false" maxProperties:"20" doc:"The list's parameters; no search text"`
		Columns []string          `json:"columns" nullable:"false" maxItems:"30" doc:"The columns that are shown; empty for the usual ones"`
	}
}

// viewRoutes keep each person's own views of lists.
func (s *Server) viewRoutes() {
	all := staff(auth.Roles...).byBranch()
	route(s, http.MethodGet, "/staff/me/views/{list}", all, "One's saved views of a list",
		func(ctx context.Context, in *viewsIn) (*body[list[savedview.View]], error) {
			items, err := s.Views.List(ctx, viewOwner(ctx, in.List))
			return short(items, err, in.Page, func(v savedview.View) string { return v.Name })
		})
	route(s, http.MethodPut, "/staff/me/views/{list}/{name}", all, "Save a view of a list",
		func(ctx context.Context, in *saveViewIn) (*struct{}, error) {
			return nil, s.Views.Save(ctx, viewOwner(ctx, in.List), savedview.View{Name: in.Name, Query: in.Body.Query, Columns: in.Body.Columns})
		}, status(http.StatusNoContent))
	route(s, http.MethodDelete, "/staff/me/views/{list}/{name}", all, "Forget a view",
		func(ctx context.Context, in *ViewName) (*struct{}, error) {
			return nil, s.Views.Drop(ctx, viewOwner(ctx, in.List), in.Name)
		}, status(http.StatusNoContent))
}

func viewOwner(ctx context.Context, list string) savedview.Owner {
	p := auth.From(ctx)
	return savedview.Owner{Bank: p.Bank.ID, Staff: p.ID, List: list}
}
