package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/catalog"
)

type productsIn struct {
	Page
	Category string `query:"category" maxLength:"60" doc:"Only products of this category and its subcategories"`
	Query    string `query:"q" maxLength:"60" doc:"Words of the title, or of its pinyin, whole or by initials; all must be found"`
	Branch   string `query:"branch" maxLength:"40" doc:"Also products that only this branch's viewers see; one's own branch when left out"`
}

type productIn struct {
	ID     string `path:"id" maxLength:"60"`
	Branch string `query:"branch" maxLength:"40" doc:"As this branch's viewers see it; one's own branch when left out"`
}

type idIn struct {
	ID string `path:"id" maxLength:"60"`
}

func (s *Server) catalogueRoutes() {
	route(s, http.MethodGet, "/products", public, "List products", s.listProducts)
	route(s, http.MethodGet, "/products/{id}", public, "Show a product", s.getProduct)
}

func (s *Server) listProducts(ctx context.Context, in *productsIn) (*body[list[catalog.Product]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	branch, err := s.asSeenFrom(ctx, in.Branch)
	if err != nil {
		return nil, err
	}
	f := catalog.Filter{Category: in.Category, Query: in.Query, Branch: branch}
	items, err := s.Catalog.List(ctx, auth.From(ctx).Bank.ID, f, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(p catalog.Product) string { return p.ID }), nil
}

func (s *Server) getProduct(ctx context.Context, in *productIn) (*body[catalog.Product], error) {
	branch, err := s.asSeenFrom(ctx, in.Branch)
	if err != nil {
		return nil, err
	}
	return answered(s.Catalog.Product(ctx, auth.From(ctx).Bank.ID, branch, in.ID))
}
