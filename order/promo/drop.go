package promo

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/order"
)

// Drop is a batch thrown into a room, as it is stored.
type Drop struct {
	ID, Bank, Batch, Room string
	Quantity, Claimed     int64
	EndsAt                time.Time
}

// DropView is a drop as the room sees it; it is the payload of DroppedFact too.
type DropView struct {
	DropID    string             `json:"drop_id"`
	BatchID   string             `json:"batch_id"`
	Kind      order.DiscountKind `json:"kind" enum:"instant,coupon"`
	Title     string             `json:"title"`
	Amount    money.Fen          `json:"amount_fen"`
	Threshold money.Fen          `json:"threshold_fen"`
	Quantity  int64              `json:"quantity"`
	Left      int64              `json:"left"`
	EndsAt    clock.Stamp        `json:"ends_at"`
}

func (d Drop) view(b Batch) DropView {
	return DropView{DropID: d.ID, BatchID: b.ID, Kind: b.Kind, Title: b.Title, Amount: b.Amount, Threshold: b.Threshold,
		Quantity: d.Quantity, Left: d.Quantity - d.Claimed, EndsAt: clock.At(d.EndsAt)}
}

// refusal tells why a drop gives nothing now; nil when it may, or is none.
func (d *Drop) refusal(now time.Time) *fault.Error {
	switch {
	case d == nil:
		return nil
	case !now.Before(d.EndsAt):
		return fault.New(fault.Gone, "coupon.ended")
	case d.Claimed >= d.Quantity:
		return fault.New(fault.Conflict, "coupon.sold_out")
	}
	return nil
}

// take takes one of the drop, by one conditional update, or refuses.
func (d *Drop) take(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, "UPDATE coupon_drop SET claimed = claimed + 1 WHERE bank_id = ? AND id = ? AND claimed < quantity AND ends_at > ?",
		d.Bank, d.ID, tx.Now)
	if err != nil || n == 1 {
		return err
	}
	if !tx.Now.Before(d.EndsAt) {
		return fault.New(fault.Gone, "coupon.ended")
	}
	return fault.New(fault.Conflict, "coupon.sold_out")
}

const dropColumns = "SELECT id, bank_id, batch_id, room_id, quantity, claimed, ends_at FROM coupon_drop WHERE "

func scanDrop(r db.Row) (d Drop, err error) {
	var ends db.Time
	err = r.Scan(&d.ID, &d.Bank, &d.Batch, &d.Room, &d.Quantity, &d.Claimed, &ends)
	d.EndsAt = ends.Time
	return d, err
}

func readDrop(ctx context.Context, q db.Querier, bank, dropID string) (*Drop, error) {
	d, found, err := db.One(ctx, q, scanDrop, dropColumns+"bank_id = ? AND id = ?", bank, dropID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return &d, err
}

// Throw is what a host drops into a room.
type Throw struct {
	Batch    string
	Quantity int64
	For      time.Duration
}

// Bounds of a drop.
const (
	maxDropped  = 1_000_000
	longestDrop = 24 * time.Hour
)

// check names what a throw cannot be.
func (t Throw) check() error {
	if t.Quantity < 1 || t.Quantity > maxDropped {
		return fault.InvalidField("quantity", "field.invalid")
	}
	if t.For < time.Second || t.For > longestDrop {
		return fault.InvalidField("seconds", "field.invalid")
	}
	return nil
}

// Drop throws coupons of a batch into a room and tells it. Refusals: 404
// not_found (room, batch, or one that is not for drops), those of a batch that
// grants nothing now, 409 coupon.sold_out naming quantity where the budget does
// not reach that far, 422 validation.
func (s *Coupons) Drop(ctx context.Context, req idem.Request, by Staff, bank, room string, t Throw) (v DropView, replayed bool, err error) {
	if err := s.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return v, false, err
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (DropView, error) {
		return s.DropWithin(ctx, tx, by, bank, room, t)
	})
}

// DropWithin is Drop within the transaction of who has seen to it that by may
// run the room.
func (s *Coupons) DropWithin(ctx context.Context, tx *db.Tx, by Staff, bank, room string, t Throw) (DropView, error) {
	if err := t.check(); err != nil {
		return DropView{}, err
	}
	b, err := thrown(ctx, tx, bank, t.Batch)
	if err != nil {
		return DropView{}, err
	}
	if refusal := b.refusal(tx.Now); refusal != nil {
		return DropView{}, refusal
	}
	if all, err := b.Amount.Times(t.Quantity); err != nil || all > b.Budget-b.Committed {
		return DropView{}, fault.New(fault.Conflict, "coupon.sold_out").With("quantity", "field.too_large")
	}
	d := Drop{ID: id.New(id.CouponDrop), Bank: bank, Batch: t.Batch, Room: room, Quantity: t.Quantity, EndsAt: tx.Now.Add(t.For)}
	if d.EndsAt.After(b.GrantTo) {
		d.EndsAt = b.GrantTo
	}
	return d.view(b), s.throw(ctx, tx, by, d, b)
}

// thrown reads a batch that hosts throw into rooms; 404 not_found for others.
func thrown(ctx context.Context, q db.Querier, bank, batchID string) (Batch, error) {
	b, err := readBatch(ctx, q, bank, batchID)
	if err == nil && b.GrantedBy != Dropped {
		err = fault.New(fault.NotFound, "not_found").With("batch_id", "field.invalid")
	}
	return b, err
}

func (s *Coupons) throw(ctx context.Context, tx *db.Tx, by Staff, d Drop, b Batch) error {
	err := tx.Insert(ctx, "coupon_drop (id, bank_id, batch_id, room_id, quantity, ends_at, created_by, created_at)",
		[][]any{{d.ID, d.Bank, d.Batch, d.Room, d.Quantity, d.EndsAt, by.ID, tx.Now}}, "")
	if err != nil {
		return err
	}
	if err := s.Box.Add(ctx, tx, outbox.Task{Bank: d.Bank, Kind: DropTask, Ref: d.ID, Payload: struct{}{}, Due: d.EndsAt}); err != nil {
		return err
	}
	if err := s.Announcer.Fact(ctx, tx, d.Bank, d.Room, DroppedFact, d.view(b)); err != nil {
		return err
	}
	return audit.Write(ctx, tx, by.entry(d.Bank, "coupon.drop", d.ID, map[string]any{"batch_id": d.Batch, "room_id": d.Room, "quantity": d.Quantity}))
}

// Offer is a batch that can be claimed in a room.
type Offer struct {
	BatchID   string             `json:"batch_id"`
	Kind      order.DiscountKind `json:"kind" enum:"instant,coupon"`
	Title     string             `json:"title"`
	Amount    money.Fen          `json:"amount_fen"`
	Threshold money.Fen          `json:"threshold_fen"`
	BINs      []string           `json:"bins" doc:"The bound cards that an instant discount is paid by"`
	SoldOut   bool               `json:"sold_out"`
	EndsAt    clock.Stamp        `json:"ends_at"`
}

// Offers are what a room's viewers can claim now: batches and drops.
type Offers struct {
	Batches []Offer    `json:"batches"`
	Drops   []DropView `json:"drops"`
}

// RoomOffers shows what can be claimed in a room; 404 not_found.
func (s *Coupons) RoomOffers(ctx context.Context, bank, room string) (Offers, error) {
	out := Offers{Batches: []Offer{}, Drops: []DropView{}}
	_, _, ok, err := s.Rooms.RoomHost(ctx, bank, room)
	if err != nil || !ok {
		if err == nil {
			err = fault.New(fault.NotFound, "not_found")
		}
		return out, err
	}
	now := s.DB.Clock().Now()
	batches, err := readBatches(ctx, s.DB, `bank_id = ? AND granted_by = 'claim' AND state = 'open' AND (room_id IS NULL OR room_id = ?)
		AND grant_from <= ? AND grant_to > ? ORDER BY id DESC LIMIT 50`, bank, room, now, now)
	if err != nil {
		return out, err
	}
	for _, b := range batches {
		out.Batches = append(out.Batches, Offer{BatchID: b.ID, Kind: b.Kind, Title: b.Title, Amount: b.Amount, Threshold: b.Threshold,
			BINs: b.payBINs(), SoldOut: b.refusal(now) != nil, EndsAt: clock.At(b.GrantTo)})
	}
	drops, err := db.All(ctx, s.DB, scanDrop, dropColumns+"bank_id = ? AND room_id = ? AND ends_at > ? ORDER BY id DESC LIMIT 50", bank, room, now)
	if err != nil {
		return out, err
	}
	owners, err := batchesOf(ctx, s.DB, bank, drops, func(d Drop) string { return d.Batch })
	for _, d := range drops {
		out.Drops = append(out.Drops, d.view(owners[d.Batch]))
	}
	return out, err
}
