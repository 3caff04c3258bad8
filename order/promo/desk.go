package promo

import (
	"context"
	"fmt"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/catalog"
)

// BatchView is a batch as staff see it.
type BatchView struct {
	ID        string             `json:"id"`
	Kind      order.DiscountKind `json:"kind" enum:"instant,coupon"`
	Title     string             `json:"title"`
	State     State              `json:"state" enum:"draft,open,paused,closed"`
	FundedBy  order.Funder       `json:"funded_by" enum:"bank,merchant,platform"`
	Merchant  *string            `json:"merchant_id"`
	SKUs      []string           `json:"sku_ids"`
	BINs      []string           `json:"bins"`
	Stacking  Stacking           `json:"stacking" enum:"exclusive,stackable"`
	Amount    money.Fen          `json:"amount_fen"`
	Threshold money.Fen          `json:"threshold_fen"`
	Budget    money.Fen          `json:"budget_fen"`
	Committed money.Fen          `json:"committed_fen" doc:"Face value of what is granted, reserved or used"`
	Left      money.Fen          `json:"budget_left_fen"`
	DailyCap  int64              `json:"daily_cap" doc:"0 for none"`
	PerPerson int64              `json:"per_person"`
	GrantedBy Way                `json:"granted_by" enum:"claim,drop,staff,card_bound,application_approved,spend"`
	Spend     money.Fen          `json:"spend_fen"`
	Room      *string            `json:"room_id"`
	GrantFrom clock.Stamp        `json:"grant_starts_at"`
	GrantTo   clock.Stamp        `json:"grant_ends_at"`
	UseFrom   clock.Stamp        `json:"use_starts_at"`
	UseTo     clock.Stamp        `json:"use_ends_at"`
	CreatedBy string             `json:"created_by"`
	CreatedAt clock.Stamp        `json:"created_at"`
}

func (b Batch) view() BatchView {
	return BatchView{ID: b.ID, Kind: b.Kind, Title: b.Title, State: b.State, FundedBy: b.FundedBy, Merchant: orNull(b.Merchant), SKUs: b.SKUs,
		BINs: b.BINs, Stacking: b.Stacking, Amount: b.Amount, Threshold: b.Threshold, Budget: b.Budget, Committed: b.Committed,
		Left: b.Budget - b.Committed, DailyCap: b.DailyCap, PerPerson: b.PerPerson, GrantedBy: b.GrantedBy, Spend: b.Spend, Room: orNull(b.Room),
		GrantFrom: clock.At(b.GrantFrom), GrantTo: clock.At(b.GrantTo), UseFrom: clock.At(b.UseFrom), UseTo: clock.At(b.UseTo),
		CreatedBy: b.CreatedBy, CreatedAt: clock.At(b.CreatedAt)}
}

// Create writes a batch as a draft. Refusals: 422 validation naming the terms.
func (s *Coupons) Create(ctx context.Context, req idem.Request, bank string, by Staff, t Terms) (BatchView, bool, error) {
	batchID := id.New(id.CouponBatch)
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (BatchView, error) {
		if err := t.check(tx.Now); err != nil {
			return BatchView{}, err
		}
		if err := s.checkObjects(ctx, tx, bank, t); err != nil {
			return BatchView{}, err
		}
		t.SKUs, t.BINs = append([]string{}, t.SKUs...), append([]string{}, t.BINs...)
		b := Batch{ID: batchID, Bank: bank, Terms: t, State: Draft, CreatedBy: by.ID, CreatedAt: tx.Now}
		if err := insertBatch(ctx, tx, b); err != nil {
			return BatchView{}, err
		}
		return b.view(), audit.Write(ctx, tx, by.entry(bank, "coupon.create", b.ID,
			map[string]any{"title": t.Title, "amount_fen": t.Amount, "budget_fen": t.Budget, "funded_by": t.FundedBy}))
	})
}

// checkObjects names what the terms speak of and the bank does not have.
func (s *Coupons) checkObjects(ctx context.Context, tx *db.Tx, bank string, t Terms) error {
	e := fault.New(fault.Invalid, "validation")
	if t.Merchant != "" {
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM merchant WHERE bank_id = ? AND id = ?", bank, t.Merchant)
		if err != nil {
			return err
		}
		if !found {
			e = e.With("merchant_id", "field.invalid")
		}
	}
	if t.Room != "" {
		_, _, found, err := s.Rooms.RoomHost(ctx, bank, t.Room)
		if err != nil {
			return err
		}
		if !found {
			e = e.With("room_id", "room.unknown")
		}
	}
	goods, err := catalog.Goods(ctx, tx, tx.Now, bank, t.SKUs)
	if err != nil {
		return err
	}
	for i, sku := range t.SKUs {
		g, found := goods[sku]
		if !found || t.Merchant != "" && g.MerchantID != t.Merchant {
			e = e.With(fmt.Sprintf("sku_ids[%d]", i), "field.invalid")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// moves are the states that each verb leads from.
var moves = map[string]struct {
	from []State
	to   State
}{
	"open":   {[]State{Draft}, Open},
	"pause":  {[]State{Open}, Paused},
	"resume": {[]State{Paused}, Open},
	"close":  {[]State{Draft, Open, Paused}, Closed},
}

// OpenBatch lets a draft grant; 404 not_found, 409 conflict.
func (s *Coupons) OpenBatch(ctx context.Context, bank string, by Staff, batchID string) (BatchView, error) {
	return s.move(ctx, bank, by, batchID, "open")
}

// Pause stops grants for a while; what is held stays usable. 404 not_found, 409
// conflict when it is not open.
func (s *Coupons) Pause(ctx context.Context, bank string, by Staff, batchID string) (BatchView, error) {
	return s.move(ctx, bank, by, batchID, "pause")
}

// Resume lets a paused batch grant again; 404 not_found, 409 conflict.
func (s *Coupons) Resume(ctx context.Context, bank string, by Staff, batchID string) (BatchView, error) {
	return s.move(ctx, bank, by, batchID, "resume")
}

// Close ends grants for good; what is held stays usable. 404 not_found, 409
// conflict when it is closed.
func (s *Coupons) Close(ctx context.Context, bank string, by Staff, batchID string) (BatchView, error) {
	return s.move(ctx, bank, by, batchID, "close")
}

func (s *Coupons) move(ctx context.Context, bank string, by Staff, batchID, verb string) (v BatchView, err error) {
	m := moves[verb]
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE coupon_batch SET state = ? WHERE bank_id = ? AND id = ? AND state IN "+db.Marks(len(m.from)),
			append([]any{string(m.to), bank, batchID}, db.Args(m.from)...)...)
		if err != nil {
			return err
		}
		b, err := readBatch(ctx, tx, bank, batchID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		v = b.view()
		return audit.Write(ctx, tx, by.entry(bank, "coupon."+verb, batchID, nil))
	})
	return v, err
}

// Batches lists a bank's batches, the newest first, after the one named: one
// more than limit when there are further ones. An empty state means all.
func (s *Coupons) Batches(ctx context.Context, bank string, state State, after string, limit int) ([]BatchView, error) {
	where, args := "bank_id = ?", []any{bank}
	if state != "" {
		where, args = where+" AND state = ?", append(args, string(state))
	}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	batches, err := readBatches(ctx, s.DB, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	items := make([]BatchView, len(batches))
	for i, b := range batches {
		items[i] = b.view()
	}
	return items, err
}
