package flash

import (
	"context"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/order"
)

// Purchase is what a viewer wants of a sale.
type Purchase struct {
	Bank, Viewer, Flash string
	Quantity            int64 // at least 1
	Address             *order.Address
	Room, ShareCode     string // Room is the sale's when empty

	// BodyHash gives the request's, where that is left empty: most of a crowd is
	// refused before anybody needs it.
	BodyHash func() (string, error)
}

// complete fills in the body's hash.
func (p Purchase) complete(req *idem.Request) (err error) {
	if req.BodyHash == "" && p.BodyHash != nil {
		req.BodyHash, err = p.BodyHash()
	}
	return err
}

// Outcome is how a press ended: an order, given before where it is replayed, or a
// refusal.
type Outcome struct {
	View     order.View
	Replayed bool
	Err      error
}

// Buy places an order in a sale. It answers after the commit, with what was
// committed. Refusals: 404 not_found, 409 flash.sold_out, 409
// flash.limit_reached, 425 flash.not_started, 410 flash.ended, 403
// order.branch_only, 422 address.required, 422 validation of room_id, 503
// unavailable when too many wait or the outcome cannot be found out (the same
// key finds it later).
func (s *Sales) Buy(ctx context.Context, req idem.Request, p Purchase) (v order.View, replayed bool, err error) {
	answered := make(chan Outcome, 1)
	s.Press(ctx, req, p, func(o Outcome) { answered <- o })
	select {
	case o := <-answered:
		return o.View, o.Replayed, o.Err
	case <-ctx.Done(): // the committer decides all the same, and keeps the answer
		return v, false, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(ctx.Err())
	}
}

// Press is Buy for one who does not wait here: answer is called exactly once,
// now or within commitWait of the press's turn, and must return at once.
func (s *Sales) Press(ctx context.Context, req idem.Request, p Purchase, answer func(Outcome)) {
	before, queued, err := s.enter(ctx, req, p, answer)
	if !queued {
		answer(Outcome{View: before, Replayed: err == nil, Err: err})
	}
}

// enter queues a press, or tells how it ends: with the order that its key got
// before, or a refusal.
func (s *Sales) enter(ctx context.Context, req idem.Request, p Purchase, answer func(Outcome)) (before order.View, queued bool, err error) {
	sl, err := s.sale(ctx, p.Bank, p.Flash)
	if err != nil {
		return before, false, err
	}
	leave, err := s.Keeper.Enter(req)
	if err != nil {
		return before, false, err
	}
	defer func() {
		if !queued {
			leave()
		}
	}()
	t, refusal, err := s.ticket(ctx, sl, req, p)
	if err == nil && refusal != nil {
		t, before, err = s.reconsider(ctx, sl, req, p, refusal)
	}
	if err != nil || t == nil {
		return before, false, err
	}
	t.leave, t.answer = leave, answer
	if err := s.submit(sl, t); err != nil {
		s.release(t)
		return before, false, err
	}
	return before, true, nil
}

// reconsider looks whether a refusal is true now, and not told to somebody whose
// key has an answer. It gives a ticket when units came back of which this node
// had not heard, else that answer, else the refusal.
func (s *Sales) reconsider(ctx context.Context, sl *sale, req idem.Request, p Purchase, refusal *fault.Error) (t *ticket, before order.View, err error) {
	if refusal.Code == "flash.not_started" {
		return nil, before, refusal
	}
	now, err := s.look(ctx, sl)
	if err != nil {
		return nil, before, err
	}
	if now.left() > 0 && (refusal.Code == "flash.sold_out" || refusal.Code == "flash.limit_reached") {
		if t, refusal, err = s.ticket(ctx, sl, req, p); err != nil || refusal == nil {
			return t, before, err
		}
	}
	if s.noAnswer(ctx, sl, req.Person, req.Key, now) {
		return nil, before, refusal
	}
	if err := p.complete(&req); err != nil {
		return nil, before, err
	}
	kept, err := order.KeptAnswers(ctx, s.DB, p.Flash, []idem.Request{req})
	switch {
	case err != nil:
		return nil, before, err
	case kept[0].Err != nil:
		return nil, before, kept[0].Err
	case !kept[0].Found:
		return nil, before, refusal
	}
	return nil, kept[0].Answer, nil
}

// ticket checks a wish against what the node knows and takes the hold for it.
func (s *Sales) ticket(ctx context.Context, sl *sale, req idem.Request, p Purchase) (t *ticket, refusal *fault.Error, err error) {
	r := sl.current()
	if refusal := r.refusal(s.DB.Clock().Now()); refusal != nil {
		return nil, refusal, nil
	}
	line, err := order.NewLine(sl.good, r.Price, p.Quantity)
	if err != nil || p.Quantity < 1 {
		return nil, nil, fault.InvalidField("quantity", "field.invalid").Because(err)
	}
	if err := order.NeedAddress([]order.Line{line}, p.Address); err != nil {
		return nil, nil, err
	}
	if p.Room == "" {
		p.Room = r.Room
	} else if err := s.checkRoom(ctx, r, p.Room); err != nil {
		return nil, nil, err
	}
	if refusal, err := s.branchOnly(ctx, sl.good.BranchID, p); refusal != nil || err != nil {
		return nil, refusal, err
	}
	if r.left() <= 0 {
		return nil, fault.New(fault.Conflict, "flash.sold_out"), nil
	}
	if p.Quantity > r.Limit {
		return nil, fault.New(fault.Conflict, "flash.limit_reached"), nil
	}
	o := order.Order{ID: id.New(id.Order), Bank: p.Bank, Viewer: p.Viewer, Room: p.Room, Flash: r.ID, ShareCode: p.ShareCode,
		Status: order.PendingPayment, Lines: []order.Line{line}}
	if err := o.Total(); err != nil {
		return nil, nil, fault.InvalidField("quantity", "field.too_large").Because(err)
	}
	if err := p.complete(&req); err != nil {
		return nil, nil, err
	}
	t = &ticket{req: req, viewer: p.Viewer, n: p.Quantity, order: o}
	if sl.atLimit(t, r) {
		return nil, fault.New(fault.Conflict, "flash.limit_reached"), nil
	}
	if refusal := s.hold(ctx, sl, t, r); refusal != nil {
		return nil, refusal, nil
	}
	t.order.AddressSealed, err = order.SealAddress(ctx, s.Keyring, p.Bank, o.ID, p.Address)
	if err != nil {
		s.release(t)
	}
	return t, nil, err
}

// checkRoom refuses a room of another bank: 422 field room_id.
func (s *Sales) checkRoom(ctx context.Context, r row, room string) error {
	if room == r.Room {
		return nil
	}
	key := r.Bank + "/" + room
	if _, known := s.rooms.Load(key); known {
		return nil
	}
	_, _, ok, err := s.Rooms.RoomHost(ctx, r.Bank, room)
	if err != nil {
		return err
	}
	if !ok {
		return fault.InvalidField("room_id", "field.invalid")
	}
	s.rooms.Store(key, struct{}{})
	return nil
}

// hold asks admission, building its picture where it has none of the epoch. When
// it does not answer at all, the database decides alone.
func (s *Sales) hold(ctx context.Context, sl *sale, t *ticket, r row) *fault.Error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), admissionWait)
	defer cancel()
	var verdict Verdict
	ask := func() (err error) {
		t.epoch = r.Epoch
		verdict, err = s.Admission.Hold(ctx, r.ref(), t.viewer, t.n, r.Limit)
		return err
	}
	if !s.admit(ask) {
		return nil
	}
	if verdict == Unknown {
		if err := s.rebuild(ctx, sl, r.Epoch); err != nil {
			return nil
		}
		if r = sl.current(); !s.admit(ask) {
			return nil
		}
	}
	switch verdict {
	case Held:
		t.held = true
	case TooFew:
		return fault.New(fault.Conflict, "flash.sold_out")
	case OverLimit:
		return fault.New(fault.Conflict, "flash.limit_reached")
	}
	return nil
}

// release gives a hold back that came to nothing.
func (s *Sales) release(t *ticket) {
	if !t.held {
		return
	}
	t.held = false
	ctx, cancel := context.WithTimeout(context.Background(), admissionWait)
	defer cancel()
	s.admit(func() error { return s.Admission.Release(ctx, Ref{t.order.Flash, t.epoch}, t.viewer, t.n) })
}

// atLimit tells that a viewer bought all that the limit allows on this node, and
// no unit came back since, as far as it knows; reconsider finds out.
func (sl *sale) atLimit(t *ticket, r row) bool {
	sl.mu.Lock()
	defer sl.mu.Unlock()
	own := sl.buyers.here[t.viewer]
	return own != nil && own.units+t.n > r.Limit && own.returned == r.returned()
}
