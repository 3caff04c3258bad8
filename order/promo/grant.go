package promo

import (
	"context"
	"fmt"
	"slices"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Wish is what a viewer claims: of a batch, or of a drop.
type Wish struct{ Batch, Drop string }

// Claim grants a viewer a coupon of a batch that is claimed, or of a drop, one a
// drop. Refusals: 404 not_found, 403 viewer.banned (of a drop's room), 409 coupon.sold_out, coupon.sold_out_today,
// coupon.limit_reached, coupon.paused, 425 coupon.not_started, 410 coupon.ended,
// 422 validation.
func (s *Coupons) Claim(ctx context.Context, req idem.Request, bank tenant.Bank, viewer string, w Wish) (v View, replayed bool, err error) {
	if (w.Batch == "") == (w.Drop == "") {
		return v, false, fault.InvalidField("batch_id", "field.required").With("drop_id", "field.required")
	}
	b, d, err := s.claimed(ctx, bank.ID, w)
	if err != nil {
		return v, false, err
	}
	// Who comes when all are gone, which most do, costs no writing.
	now := s.DB.Clock().Now()
	if refusal := first(d.refusal(now), b.refusal(now)); refusal != nil {
		v, replayed, err = idem.Lookup[View](ctx, s.DB, req)
		if err != nil || replayed {
			return v, replayed, err
		}
		return v, false, refusal
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (View, error) {
		g := grant{source: byClaim}
		if d != nil {
			g = grant{source: byDrop, ref: d.ID}
			if err := s.Rooms.LetsIn(ctx, tx, bank.ID, d.Room, viewer); err != nil {
				return View{}, err
			}
			if err := d.take(ctx, tx); err != nil {
				return View{}, err
			}
		}
		granted, err := s.grant(ctx, tx, bank, b, g, viewer)
		if err != nil {
			return View{}, err
		}
		return granted[0].view(b, tx.Now), nil
	})
}

func first(refusals ...*fault.Error) *fault.Error {
	for _, r := range refusals {
		if r != nil {
			return r
		}
	}
	return nil
}

// claimed finds what a wish names; d is nil for a batch.
func (s *Coupons) claimed(ctx context.Context, bank string, w Wish) (b Batch, d *Drop, err error) {
	way := Claimed
	if w.Drop != "" {
		way = Dropped
		if d, err = readDrop(ctx, s.DB, bank, w.Drop); err != nil {
			return b, nil, err
		}
		w.Batch = d.Batch
	}
	b, err = readBatch(ctx, s.DB, bank, w.Batch)
	if err == nil && (b.GrantedBy != way || b.State == Draft) {
		err = fault.New(fault.NotFound, "not_found")
	}
	return b, d, err
}

// grant says why coupons are granted. A ref grants a viewer one coupon of the
// batch; without one, each grant is for itself.
type grant struct {
	source source
	ref    string
	share  money.Fen // of a red packet, whose money is committed; else the batch's amount
}

// pay takes the coupons' amounts out of the batch's budget and holds its row. A
// packet did so when it opened: the batch must only be granting still.
func (g grant) pay(ctx context.Context, tx *db.Tx, b Batch, n int64) (each money.Fen, err error) {
	if g.share > 0 {
		now, err := lockBatch(ctx, tx, b.Bank, b.ID)
		if err != nil {
			return 0, err
		}
		if refusal := now.shut(tx.Now); refusal != nil {
			return 0, refusal
		}
		return g.share, nil
	}
	amount, err := b.Amount.Times(n)
	if err != nil {
		return 0, fault.New(fault.Conflict, "coupon.sold_out").Because(err)
	}
	ok, err := commit(ctx, tx, b.Bank, b.ID, amount)
	if err == nil && !ok {
		err = whyNot(ctx, tx, b)
	}
	return b.Amount, err
}

// grant gives each of the viewers, who differ, one coupon: all or none.
func (s *Coupons) grant(ctx context.Context, tx *db.Tx, bank tenant.Bank, b Batch, g grant, viewers ...string) ([]Coupon, error) {
	n := int64(len(viewers))
	each, err := g.pay(ctx, tx, b, n)
	if err != nil {
		return nil, err
	}
	ok, err := takeDay(ctx, tx, b, bank.BusinessDate(tx.Now), n)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.Conflict, "coupon.sold_out_today")
	}
	held, err := heldOf(ctx, tx, b, g, viewers)
	if err != nil {
		return nil, err
	}
	if refusal := enough(b, g, viewers, held); refusal != nil {
		return nil, refusal
	}
	coupons, rows := make([]Coupon, n), make([][]any, n)
	for i, viewer := range viewers {
		c := Coupon{ID: id.New(id.Coupon), Bank: b.Bank, Batch: b.ID, Viewer: viewer, Status: Granted, Amount: each, UseTo: b.UseTo, GrantedAt: tx.Now}
		ref := g.ref
		if ref == "" {
			ref = c.ID
		}
		coupons[i] = c
		rows[i] = []any{c.ID, c.Bank, c.Batch, viewer, held[viewer].count + 1, b.PerPerson, string(g.source), ref, string(Granted), c.Amount, c.UseTo, tx.Now}
	}
	s.tellGranted(tx, b, coupons)
	return coupons, tx.Insert(ctx, `coupon (id, bank_id, batch_id, viewer_id, nth, per_person, source, source_ref,
		state, amount_fen, use_to, granted_at)`, rows, "")
}

// whyNot reads why a batch has just granted nothing.
func whyNot(ctx context.Context, tx *db.Tx, b Batch) error {
	now, err := readBatch(ctx, tx, b.Bank, b.ID)
	if err != nil {
		return err
	}
	if refusal := now.refusal(tx.Now); refusal != nil {
		return refusal
	}
	return fault.New(fault.Conflict, "coupon.sold_out") // enough for some, not for all
}

// tally is what a viewer was granted of a batch so far, and by the same ref.
type tally struct {
	viewer      string
	count, same int64
}

// heldOf counts under the batch's row, so that nobody counts beside.
func heldOf(ctx context.Context, tx *db.Tx, b Batch, g grant, viewers []string) (map[string]tally, error) {
	args := append([]any{string(g.source), g.ref, b.Bank, b.ID}, db.Args(viewers)...)
	rows, err := db.All(ctx, tx, func(r db.Row) (h tally, err error) { return h, r.Scan(&h.viewer, &h.count, &h.same) },
		`SELECT viewer_id, COUNT(*), SUM(CASE WHEN source = ? AND source_ref = ? THEN 1 ELSE 0 END) FROM coupon
		WHERE bank_id = ? AND batch_id = ? AND viewer_id IN `+db.Marks(len(viewers))+" GROUP BY viewer_id", args...)
	out := make(map[string]tally, len(rows))
	for _, h := range rows {
		out[h.viewer] = h
	}
	return out, err
}

// enough refuses those who have had as many as they may; nil when nobody has.
func enough(b Batch, g grant, viewers []string, held map[string]tally) *fault.Error {
	var refusal *fault.Error
	for i, viewer := range viewers {
		if h := held[viewer]; h.count < b.PerPerson && h.same == 0 {
			continue
		}
		if refusal == nil {
			refusal = fault.New(fault.Conflict, "coupon.limit_reached")
		}
		if g.source == byStaff {
			refusal = refusal.With(fmt.Sprintf("viewer_ids[%d]", i), "coupon.limit_reached")
		}
	}
	return refusal
}

func (s *Coupons) tellGranted(tx *db.Tx, b Batch, coupons []Coupon) {
	tx.AfterCommit(func() {
		for _, c := range coupons {
			s.Announcer.Private(c.Bank, c.Viewer, GrantedEvent, told{CouponID: c.ID, BatchID: b.ID, Kind: b.Kind, Title: b.Title, Amount: c.Amount})
		}
	})
}

// Staff is who acts on batches.
type Staff struct {
	ID        string
	Operator  bool // may run every room of the bank
	RequestID string
}

func (p Staff) entry(bank, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: "staff", Actor: p.ID, Action: action, Object: object, RequestID: p.RequestID, Detail: detail}
}

// Handed is the answer to a grant by staff.
type Handed struct {
	BatchID string   `json:"batch_id"`
	Coupons []string `json:"coupon_ids" doc:"In the order of viewer_ids"`
}

// Grant gives viewers, who differ, one coupon each: all or none. Refusals: those
// of Claim; viewer_ids[i] is named where one has no such viewer (422) or has had
// enough (409).
func (s *Coupons) Grant(ctx context.Context, req idem.Request, bank tenant.Bank, by Staff, batchID string, viewers []string) (Handed, bool, error) {
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (Handed, error) {
		b, err := readBatch(ctx, tx, bank.ID, batchID)
		if err != nil {
			return Handed{}, err
		}
		if err := checkViewers(ctx, tx, bank.ID, viewers); err != nil {
			return Handed{}, err
		}
		granted, err := s.grant(ctx, tx, bank, b, grant{source: byStaff}, viewers...)
		if err != nil {
			return Handed{}, err
		}
		out := Handed{BatchID: b.ID}
		for _, c := range granted {
			out.Coupons = append(out.Coupons, c.ID)
		}
		return out, audit.Write(ctx, tx, by.entry(bank.ID, "coupon.grant", b.ID, map[string]any{"viewers": viewers}))
	})
}

// checkViewers names those who are not the bank's, or are named twice.
func checkViewers(ctx context.Context, q db.Querier, bank string, viewers []string) error {
	if len(viewers) == 0 {
		return fault.InvalidField("viewer_ids", "field.required")
	}
	known, err := db.All(ctx, q, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM viewer WHERE bank_id = ? AND id IN "+db.Marks(len(viewers)), append([]any{bank}, db.Args(viewers)...)...)
	if err != nil {
		return err
	}
	e := fault.New(fault.Invalid, "validation")
	for i, v := range viewers {
		field := fmt.Sprintf("viewer_ids[%d]", i)
		switch {
		case !slices.Contains(known, v):
			e = e.With(field, "field.invalid")
		case slices.Contains(viewers[:i], v):
			e = e.With(field, "field.duplicate")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}
