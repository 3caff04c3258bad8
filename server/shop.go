package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/money"
	"yinbo/order/catalog"
)

// The catalogue is one for the bank: the head office keeps it, and staff of a
// branch read it whole.
var (
	shopKeepers = staff(auth.Operator)
	shopReaders = staff(auth.Operator, auth.Auditor).byBranch()
)

// keeper is who changes the catalogue.
func keeper(ctx context.Context) (bank string, by catalog.Actor) {
	p := auth.From(ctx)
	return p.Bank.ID, catalog.Actor{Kind: string(p.Kind), ID: p.ID, RequestID: requestID(ctx)}
}

// shopRoutes are the shop's keeping: what is sold, by whom, and how much of it.
func (s *Server) shopRoutes() {
	s.categoryRoutes()
	s.merchantRoutes()
	s.entryRoutes()
	s.skuRoutes()
	s.imageRoutes()
	s.importRoutes()
}

type newCategoryIn struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"60" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
		Position int64  `json:"position,omitempty" minimum:"0" maximum:"1000000" doc:"Where it stands among its siblings"`
		ParentID string `json:"parent_id,omitempty" maxLength:"60" doc:"A category of the first level; left out for one of the first level"`
	}
}

type editCategoryIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Name     *string `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"60" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$" doc:"Its products follow"`
		Position *int64  `json:"position,omitempty" nullable:"false" minimum:"0" maximum:"1000000"`
		ParentID *string `json:"parent_id,omitempty" nullable:"false" maxLength:"60" doc:"Empty for the first level"`
	}
}

// shownCategory is a category as viewers see it.
type shownCategory struct {
	ID       string  `json:"id"`
	Name     string  `json:"name" doc:"What /products takes as category"`
	ParentID *string `json:"parent_id" doc:"null for one of the first level; a parent stands before its children"`
}

func (s *Server) listShownCategories(ctx context.Context, in *listIn) (*body[list[shownCategory]], error) {
	all, err := s.Catalog.Categories(ctx, auth.From(ctx).Bank.ID)
	shown := make([]shownCategory, len(all))
	for i, c := range all {
		shown[i] = shownCategory{c.ID, c.Name, c.ParentID}
	}
	return short(shown, err, in.Page, func(c shownCategory) string { return c.ID })
}

func (s *Server) categoryRoutes() {
	route(s, http.MethodGet, "/categories", public, "List the shop's categories", s.listShownCategories)
	route(s, http.MethodGet, "/shop/categories", shopReaders, "List the categories", func(ctx context.Context, in *listIn) (*body[list[catalog.Category]], error) {
		all, err := s.Catalog.Categories(ctx, auth.From(ctx).Bank.ID)
		return short(all, err, in.Page, func(c catalog.Category) string { return c.ID })
	})
	route(s, http.MethodPost, "/shop/categories", shopKeepers, "Add a category", func(ctx context.Context, in *newCategoryIn) (*body[catalog.Category], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.CreateCategory(ctx, bank, by, in.Body.Name, in.Body.Position, in.Body.ParentID))
	}, status(http.StatusCreated))
	route(s, http.MethodPatch, "/shop/categories/{id}", shopKeepers, "Rename or move a category", func(ctx context.Context, in *editCategoryIn) (*body[catalog.Category], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.EditCategory(ctx, bank, by, in.ID, catalog.CategoryChange{Name: in.Body.Name, Position: in.Body.Position, Parent: in.Body.ParentID}))
	})
	route(s, http.MethodDelete, "/shop/categories/{id}", shopKeepers, "Delete a category that is empty", func(ctx context.Context, in *idIn) (*struct{}, error) {
		bank, by := keeper(ctx)
		return nil, s.Catalog.DeleteCategory(ctx, bank, by, in.ID)
	}, status(http.StatusNoContent))
}

type merchantsIn struct {
	Page
	Query string `query:"q" maxLength:"60" doc:"Part of the name"`
}

type newMerchantIn struct {
	Body struct {
		Name          string `json:"name" minLength:"1" maxLength:"100" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
		CommissionBps int64  `json:"commission_bps" minimum:"0" maximum:"10000" doc:"The bank's part of what is sold"`
	}
}

type editMerchantIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Name          *string `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"100" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
		CommissionBps *int64  `json:"commission_bps,omitempty" nullable:"false" minimum:"0" maximum:"10000" doc:"For what is ordered from now on"`
	}
}

func (s *Server) merchantRoutes() {
	route(s, http.MethodGet, "/shop/merchants", shopReaders, "List the merchants", func(ctx context.Context, in *merchantsIn) (*body[list[catalog.Merchant]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Catalog.Merchants(ctx, auth.From(ctx).Bank.ID, in.Query, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(m catalog.Merchant) string { return m.ID }), nil
	})
	route(s, http.MethodPost, "/shop/merchants", shopKeepers, "Add a merchant", func(ctx context.Context, in *newMerchantIn) (*body[catalog.Merchant], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.CreateMerchant(ctx, bank, by, in.Body.Name, in.Body.CommissionBps))
	}, status(http.StatusCreated))
	route(s, http.MethodPatch, "/shop/merchants/{id}", shopKeepers, "Change a merchant's name or commission", func(ctx context.Context, in *editMerchantIn) (*body[catalog.Merchant], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.EditMerchant(ctx, bank, by, in.ID, catalog.MerchantChange{Name: in.Body.Name, CommissionBps: in.Body.CommissionBps}))
	})
}

// skuTerms is a SKU that is to be created.
type skuTerms struct {
	Attributes     []catalog.Attribute `json:"attributes,omitempty" maxItems:"10" doc:"What tells it from the product's others; none for the only one"`
	Code           string              `json:"code,omitempty" maxLength:"60" doc:"The merchant's own code"`
	PriceFen       money.Fen           `json:"price_fen" minimum:"0" maximum:"1000000000000" doc:"0 for card offers only"`
	ListPriceFen   money.Fen           `json:"list_price_fen,omitempty" minimum:"0" maximum:"1000000000000" doc:"The price when left out"`
	Stock          int64               `json:"stock" minimum:"0" maximum:"1000000000"`
	PerPersonLimit int64               `json:"per_person_limit,omitempty" minimum:"0" maximum:"1000000" doc:"How many one person's orders may hold; 0 for any number"`
}

func (t skuTerms) terms() catalog.SKUTerms {
	return catalog.SKUTerms{Attributes: t.Attributes, Code: t.Code, Price: t.PriceFen, List: t.ListPriceFen, Stock: t.Stock, PerPersonLimit: t.PerPersonLimit}
}

type newSKUIn struct {
	ID string `path:"id" maxLength:"60" doc:"The product"`
	Keyed
	Body skuTerms
}

type editSKUIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Attributes     *[]catalog.Attribute `json:"attributes,omitempty" nullable:"false" maxItems:"10"`
		Code           *string              `json:"code,omitempty" nullable:"false" maxLength:"60" doc:"Empty for none"`
		PriceFen       *money.Fen           `json:"price_fen,omitempty" nullable:"false" minimum:"0" maximum:"1000000000000"`
		ListPriceFen   *money.Fen           `json:"list_price_fen,omitempty" nullable:"false" minimum:"0" maximum:"1000000000000"`
		PerPersonLimit *int64               `json:"per_person_limit,omitempty" nullable:"false" minimum:"0" maximum:"1000000" doc:"0 for any number; takes nothing from those who have more"`
	}
}

type moveStockIn struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		Delta  int64  `json:"delta" minimum:"-1000000000" maximum:"1000000000" doc:"Units to add, or to take out"`
		Reason string `json:"reason,omitempty" maxLength:"200" doc:"Goes to the audit log"`
	}
}

func (s *Server) skuRoutes() {
	route(s, http.MethodPost, "/shop/products/{id}/skus", shopKeepers, "Add a SKU to a product", func(ctx context.Context, in *newSKUIn) (*answer[catalog.Stocked], error) {
		req, err := s.idem(ctx, "POST /shop/products/"+in.ID+"/skus", in.Keyed)
		if err != nil {
			return nil, err
		}
		bank, by := keeper(ctx)
		v, replayed, err := s.Catalog.CreateSKU(ctx, req, bank, by, in.ID, in.Body.terms())
		if err != nil {
			return nil, err
		}
		return reply(v, replayed), nil
	}, status(http.StatusCreated))
	route(s, http.MethodPatch, "/shop/skus/{id}", shopKeepers, "Change a SKU's spec, price or limit", func(ctx context.Context, in *editSKUIn) (*body[catalog.Stocked], error) {
		bank, by := keeper(ctx)
		b := in.Body
		return answered(s.Catalog.EditSKU(ctx, bank, by, in.ID, catalog.SKUChange{Attributes: b.Attributes, Code: b.Code,
			Price: b.PriceFen, List: b.ListPriceFen, PerPersonLimit: b.PerPersonLimit}))
	})
	route(s, http.MethodPost, "/shop/skus/{id}/stock", shopKeepers, "Top up a SKU's stock, or take units out", func(ctx context.Context, in *moveStockIn) (*answer[catalog.Stocked], error) {
		req, err := s.idem(ctx, "POST /shop/skus/"+in.ID+"/stock", in.Keyed)
		if err != nil {
			return nil, err
		}
		bank, by := keeper(ctx)
		v, replayed, err := s.Catalog.MoveStock(ctx, req, bank, by, in.ID, in.Body.Delta, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return reply(v, replayed), nil
	})
}
