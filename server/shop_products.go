package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"yinbo/internal/auth"
	"yinbo/order/catalog"
)

// EntryFilter is embedded in the inputs that pick products.
type EntryFilter struct {
	Query    string       `query:"q" maxLength:"60" doc:"Words of the title or its pinyin, or a SKU's code"`
	Category string       `query:"category" maxLength:"60" doc:"Its subcategories' too"`
	Merchant string       `query:"merchant" maxLength:"60" doc:"Merchant's id"`
	Branch   string       `query:"branch" maxLength:"60" doc:"Only this branch's own"`
	Kind     catalog.Kind `query:"kind" enum:"physical,voucher,card_offer"`
	Hidden   string       `query:"hidden" enum:"true,false" doc:"Both when left out"`
	Stock    string       `query:"stock" enum:"low,sold_out" doc:"Only products with a SKU that is running out, or sold out"`
}

func (in EntryFilter) filter() catalog.EntryFilter {
	f := catalog.EntryFilter{Query: in.Query, Category: in.Category, Merchant: in.Merchant, Branch: in.Branch, Kind: in.Kind, Stock: in.Stock}
	if in.Hidden != "" {
		hidden := in.Hidden == "true"
		f.Hidden = &hidden
	}
	return f
}

type entriesIn struct {
	Page
	EntryFilter
}

type entriesFileIn struct{ EntryFilter }

type newEntryIn struct {
	Keyed
	Body struct {
		MerchantID string            `json:"merchant_id" minLength:"1" maxLength:"60"`
		Category   string            `json:"category" minLength:"1" maxLength:"60" doc:"The name of one that there is"`
		Kind       catalog.Kind      `json:"kind" enum:"physical,voucher,card_offer"`
		Title      string            `json:"title" minLength:"1" maxLength:"200" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
		BranchID   string            `json:"branch_id,omitempty" maxLength:"60" doc:"Shown and sold to viewers of this branch only; left out for all"`
		Images     []string          `json:"images,omitempty" maxItems:"20" doc:"https addresses, or paths of this server such as an upload gave"`
		ImageAlts  map[string]string `json:"image_alts,omitempty" doc:"What the pictures show, in words, by their addresses; up to 200 characters each"`
		ValidDays  int64             `json:"valid_days,omitempty" minimum:"0" maximum:"3660" doc:"Of a voucher; 0 for what is usual"`
		SKUs       []skuTerms        `json:"skus" nullable:"false" minItems:"1" maxItems:"100"`
	}
}

type editEntryIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Category  *string           `json:"category,omitempty" nullable:"false" minLength:"1" maxLength:"60"`
		Title     *string           `json:"title,omitempty" nullable:"false" minLength:"1" maxLength:"200" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
		BranchID  *string           `json:"branch_id,omitempty" nullable:"false" maxLength:"60" doc:"Empty for all"`
		Images    *[]string         `json:"images,omitempty" nullable:"false" maxItems:"20"`
		ImageAlts map[string]string `json:"image_alts,omitempty" doc:"All of them; up to 200 characters each"`
		ValidDays *int64            `json:"valid_days,omitempty" nullable:"false" minimum:"0" maximum:"3660"`
	}
}

// whyIn is an act on an object with a reason, or without a body.
type whyIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"200" doc:"Goes to the audit log"`
	}
}

func (in *whyIn) reason() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Reason
}

func (s *Server) entryRoutes() {
	route(s, http.MethodGet, "/shop/products", shopReaders, "List the products, hidden ones too", s.listEntries)
	route(s, http.MethodGet, "/shop/products/export", shopReaders, "The products with their SKUs as CSV, audited", func(ctx context.Context, in *entriesFileIn) (*huma.StreamResponse, error) {
		bank := auth.From(ctx).Bank.ID
		write, err := s.Catalog.Export(ctx, bank, in.filter())
		picked := map[string]any{"category": in.Category, "merchant": in.Merchant, "branch": in.Branch, "kind": in.Kind, "hidden": in.Hidden, "stock": in.Stock, "searched": in.Query != ""}
		return s.exported(ctx, "product.exported", bank, picked, "products.csv", write, err)
	})
	route(s, http.MethodPost, "/shop/products", shopKeepers, "Add a product with its SKUs", s.createEntry, status(http.StatusCreated))
	route(s, http.MethodGet, "/shop/products/{id}", shopReaders, "Show a product with its stock", func(ctx context.Context, in *idIn) (*body[catalog.Entry], error) {
		return answered(s.Catalog.Entry(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPatch, "/shop/products/{id}", shopKeepers, "Change a product", func(ctx context.Context, in *editEntryIn) (*body[catalog.Entry], error) {
		bank, by := keeper(ctx)
		b := in.Body
		return answered(s.Catalog.EditProduct(ctx, bank, by, in.ID, catalog.ProductChange{Title: b.Title, Category: b.Category,
			Branch: b.BranchID, Images: b.Images, Alts: b.ImageAlts, ValidDays: b.ValidDays}))
	})
	route(s, http.MethodPost, "/shop/products/{id}/hide", shopKeepers, "Take a product out of the shop", func(ctx context.Context, in *whyIn) (*body[catalog.Entry], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.Hide(ctx, bank, by, in.ID, in.reason()))
	})
	route(s, http.MethodPost, "/shop/products/{id}/unhide", shopKeepers, "Put a hidden product back", func(ctx context.Context, in *whyIn) (*body[catalog.Entry], error) {
		bank, by := keeper(ctx)
		return answered(s.Catalog.Unhide(ctx, bank, by, in.ID, in.reason()))
	})
}

func (s *Server) listEntries(ctx context.Context, in *entriesIn) (*body[list[catalog.Entry]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Catalog.Entries(ctx, auth.From(ctx).Bank.ID, in.filter(), after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(e catalog.Entry) string { return e.ID }), nil
}

func (s *Server) createEntry(ctx context.Context, in *newEntryIn) (*answer[catalog.Entry], error) {
	req, err := s.idem(ctx, "POST /shop/products", in.Keyed)
	if err != nil {
		return nil, err
	}
	b := in.Body
	n := catalog.NewEntry{NewProduct: catalog.NewProduct{Merchant: b.MerchantID, Title: b.Title, Category: b.Category, Kind: b.Kind,
		Branch: b.BranchID, Images: b.Images, ValidDays: b.ValidDays}, Alts: b.ImageAlts}
	for _, t := range b.SKUs {
		n.SKUs = append(n.SKUs, t.terms())
	}
	bank, by := keeper(ctx)
	v, replayed, err := s.Catalog.CreateProduct(ctx, req, bank, by, n)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

type imageIn struct {
	RawBody []byte `contentType:"image/png"`
}

// imageRoutes take pictures in and serve them. An address names its content, so
// that whoever has it may keep it for good.
func (s *Server) imageRoutes() {
	route(s, http.MethodPost, "/shop/images", shopKeepers, "Upload a picture: PNG, JPEG or WebP, at most 1 MiB",
		func(ctx context.Context, in *imageIn) (*body[catalog.Image], error) {
			bank, by := keeper(ctx)
			return answered(s.Catalog.AddImage(ctx, bank, by, in.RawBody))
		}, status(http.StatusCreated), rawBody("image/png", "image/jpeg", "image/webp"))
	s.engine.GET(catalog.ImagePrefix+":name", func(c *gin.Context) {
		content, mediaType, err := s.Catalog.ImageContent(c.Request.Context(), c.Param("name"))
		if err != nil {
			s.refuse(c, err)
			return
		}
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		c.Header("Content-Security-Policy", "default-src 'none'; sandbox")
		c.Data(http.StatusOK, mediaType, content)
	})
}
