package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/desk"
	"yinbo/order/promo"
)

type newBatchIn struct {
	Keyed
	Body struct {
		Kind         order.DiscountKind `json:"kind" enum:"instant,coupon"`
		Title        string             `json:"title" minLength:"1" maxLength:"100"`
		FundedBy     order.Funder       `json:"funded_by" enum:"bank,merchant,platform"`
		MerchantID   string             `json:"merchant_id,omitempty" maxLength:"60" doc:"Who funds it; where others do, whose goods alone it is for"`
		SKUIDs       []string           `json:"sku_ids,omitempty" maxItems:"200" doc:"What it is for; all goods when left out"`
		BINs         []string           `json:"bins,omitempty" maxItems:"200" doc:"First 6 to 8 digits of the cards: of an instant discount, or of those whose binding it is granted for"`
		Stacking     promo.Stacking     `json:"stacking,omitempty" enum:"exclusive,stackable" doc:"exclusive when left out"`
		AmountFen    money.Fen          `json:"amount_fen" minimum:"1"`
		ThresholdFen money.Fen          `json:"threshold_fen,omitempty" minimum:"0"`
		BudgetFen    money.Fen          `json:"budget_fen" minimum:"1"`
		DailyCap     int64              `json:"daily_cap,omitempty" minimum:"0" maximum:"100000000" doc:"Coupons a business date; 0 for no cap"`
		PerPerson    int64              `json:"per_person" minimum:"1" maximum:"1000"`
		GrantedBy    promo.Way          `json:"granted_by" enum:"claim,drop,staff,card_bound,application_approved,spend"`
		SpendFen     money.Fen          `json:"spend_fen,omitempty" minimum:"0" doc:"For spend: what must have been paid within the grant's time"`
		RoomID       string             `json:"room_id,omitempty" maxLength:"60" doc:"For claim: where alone"`
		GrantFrom    clock.Stamp        `json:"grant_starts_at" format:"date-time"`
		GrantTo      clock.Stamp        `json:"grant_ends_at" format:"date-time"`
		UseFrom      clock.Stamp        `json:"use_starts_at" format:"date-time"`
		UseTo        clock.Stamp        `json:"use_ends_at" format:"date-time"`
	}
}

type batchesIn struct {
	Page
	State promo.State `query:"state" enum:"draft,open,paused,closed"`
}

type batchesFileIn struct {
	State promo.State `query:"state" enum:"draft,open,paused,closed"`
}

type grantIn struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		ViewerIDs []string `json:"viewer_ids" minItems:"1" maxItems:"500" doc:"Each gets one coupon: all or none"`
	}
}

type grantsFileIn struct {
	ID     string       `path:"id" maxLength:"60"`
	Status promo.Status `query:"status" enum:"granted,reserved,used,returned,expired"`
}

type grantsIn struct {
	ID string `path:"id" maxLength:"60"`
	Page
	Status promo.Status `query:"status" enum:"granted,reserved,used,returned,expired"`
}

type findViewersIn struct {
	Body struct {
		Who []string `json:"who" nullable:"false" minItems:"1" maxItems:"500" doc:"Of each a whole phone, or an order's id"`
	}
}

type foundViewers struct {
	Items []*desk.Viewer `json:"items" doc:"In the order in which they were asked for; null for nobody"`
}

// batchRoutes are what staff do with batches of coupons: the head office keeps
// them, and staff of a branch read them all.
func (s *Server) batchRoutes() {
	operators, readers := staff(auth.Operator), staff(auth.Host, auth.Operator, auth.Auditor).byBranch()
	route(s, http.MethodPost, "/shop/coupon-batches", operators, "Draft a batch of coupons", s.newBatch, status(http.StatusCreated))
	route(s, http.MethodGet, "/shop/coupon-batches", readers, "Batches of coupons, the newest first", s.listBatches)
	route(s, http.MethodGet, "/shop/coupon-batches/export", staff(auth.Operator, auth.Auditor).byBranch(), "Batches of coupons as CSV, audited", func(ctx context.Context, in *batchesFileIn) (*huma.StreamResponse, error) {
		bank := auth.From(ctx).Bank.ID
		write, err := s.Coupons.Export(ctx, bank, in.State)
		return s.exported(ctx, "coupon.exported", bank, map[string]any{"state": in.State}, "coupon-batches.csv", write, err)
	})
	route(s, http.MethodGet, "/shop/coupon-batches/{id}", readers, "A batch with its figures", func(ctx context.Context, in *idIn) (*body[promo.Detail], error) {
		return answered(s.Coupons.Batch(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodGet, "/shop/coupon-batches/{id}/grants", readers, "A batch's coupons by whom they were granted to, masked, the newest first", s.listGrants)
	route(s, http.MethodGet, "/shop/coupon-batches/{id}/grants/export", staff(auth.Operator, auth.Auditor).byBranch(), "A batch's coupons as CSV, masked, audited", func(ctx context.Context, in *grantsFileIn) (*huma.StreamResponse, error) {
		write, err := s.Coupons.ExportGrants(ctx, auth.From(ctx).Bank.ID, in.ID, in.Status)
		return s.exported(ctx, "coupon.grants_exported", in.ID, map[string]any{"status": in.Status}, in.ID+".csv", write, err)
	})
	for _, verb := range []struct {
		name, summary string
		do            func(*promo.Coupons, context.Context, string, promo.Staff, string) (promo.BatchView, error)
	}{
		{"open", "Let a draft grant", (*promo.Coupons).OpenBatch},
		{"pause", "Stop grants for a while", (*promo.Coupons).Pause},
		{"resume", "Let a paused batch grant again", (*promo.Coupons).Resume},
		{"close", "End grants for good", (*promo.Coupons).Close},
	} {
		route(s, http.MethodPost, "/shop/coupon-batches/{id}/"+verb.name, operators, verb.summary, func(ctx context.Context, in *idIn) (*body[promo.BatchView], error) {
			return answered(verb.do(s.Coupons, ctx, auth.From(ctx).Bank.ID, couponStaff(ctx), in.ID))
		})
	}
	route(s, http.MethodPost, "/shop/viewers/find", operators, "Find viewers by their phones or orders, masked and audited", s.findViewers)
	route(s, http.MethodPost, "/shop/coupon-batches/{id}/grants", operators, "Give viewers a coupon each", s.grantCoupons, status(http.StatusCreated))
}

func (s *Server) newBatch(ctx context.Context, in *newBatchIn) (*answer[promo.BatchView], error) {
	req, err := s.idem(ctx, "POST /shop/coupon-batches", in.Keyed)
	if err != nil {
		return nil, err
	}
	b := in.Body
	v, replayed, err := s.Coupons.Create(ctx, req, auth.From(ctx).Bank.ID, couponStaff(ctx), promo.Terms{Kind: b.Kind, Title: b.Title,
		FundedBy: b.FundedBy, Merchant: b.MerchantID, SKUs: b.SKUIDs, BINs: b.BINs, Stacking: b.Stacking, Amount: b.AmountFen,
		Threshold: b.ThresholdFen, Budget: b.BudgetFen, DailyCap: b.DailyCap, PerPerson: b.PerPerson, GrantedBy: b.GrantedBy,
		Spend: b.SpendFen, Room: b.RoomID, GrantFrom: b.GrantFrom.Time, GrantTo: b.GrantTo.Time, UseFrom: b.UseFrom.Time, UseTo: b.UseTo.Time})
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) listBatches(ctx context.Context, in *batchesIn) (*body[list[promo.BatchView]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Coupons.Batches(ctx, auth.From(ctx).Bank.ID, in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v promo.BatchView) string { return v.ID }), nil
}

func (s *Server) listGrants(ctx context.Context, in *grantsIn) (*body[list[promo.GrantView]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Coupons.Grants(ctx, auth.From(ctx).Bank.ID, in.ID, in.Status, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(g promo.GrantView) string { return g.ID }), nil
}

func (s *Server) findViewers(ctx context.Context, in *findViewersIn) (*body[foundViewers], error) {
	items, err := s.OrderDesk.FindViewers(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.Body.Who)
	return answered(foundViewers{items}, err)
}

func (s *Server) grantCoupons(ctx context.Context, in *grantIn) (*answer[promo.Handed], error) {
	req, err := s.idem(ctx, "POST /shop/coupon-batches/"+in.ID+"/grants", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Coupons.Grant(ctx, req, p.Bank, couponStaff(ctx), in.ID, in.Body.ViewerIDs)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}
