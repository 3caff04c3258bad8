package flash

import (
	"context"
	"errors"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/order"
)

// outcome is what a batch's transaction decided: the row as it leaves it, and a
// verdict for each ticket.
type outcome struct {
	row      row
	verdicts []verdict
}

// errNotPlain tells that a batch holds more than first presses that all succeed.
var errNotPlain = errors.New("flash: not a plain batch")

// sellAll is the transaction of a batch in the plain case, which is nearly every
// one: the sale is on and has enough, nobody goes over the limit, no key has an
// answer. It reads nothing first; that it is so is proved by the conditional
// update of the row, the check of the claims and the orders' unique key.
// Else nothing is written, and decide finds out.
func (s *Sales) sellAll(ctx context.Context, tx *db.Tx, known row, batch []*ticket) (out outcome, err error) {
	b := takings{units: make(map[string]int64, len(batch))}
	out.verdicts = make([]verdict, len(batch))
	for i, t := range batch {
		out.verdicts[i] = s.buy(tx, t, &b)
	}
	// The row last but for the claims: it is held for as short as can be, and the
	// next batch gets ready meanwhile.
	if err := order.Insert(ctx, tx, b.orders...); err != nil {
		return out, notPlain(err)
	}
	ok, err := sellIfOn(ctx, tx, known.ID, b.n)
	if err != nil {
		return out, err
	}
	if !ok {
		return out, errNotPlain
	}
	if out.row, err = readSale(ctx, tx, known.Bank, known.ID); err != nil {
		return out, err
	}
	for _, t := range batch {
		if t.price() != out.row.Price {
			return out, errNotPlain
		}
	}
	return out, notPlain(s.writeClaims(ctx, tx, out.row, b))
}

// notPlain is errNotPlain for what a key or a check refused.
func notPlain(err error) error {
	if db.IsCheck(err) || db.IsDuplicate(err) {
		return errNotPlain
	}
	return err
}

// decide is the transaction of any batch: the sale's row first, which keeps all
// other batches of the sale out; then the kept answers and the claims of the
// batch's viewers; then each wish in the order of arrival.
func (s *Sales) decide(ctx context.Context, tx *db.Tx, known row, batch []*ticket) (out outcome, err error) {
	r, err := lockSale(ctx, tx, known.Bank, known.ID)
	if err != nil {
		return out, err
	}
	reqs, viewers := make([]idem.Request, len(batch)), make([]string, len(batch))
	for i, t := range batch {
		reqs[i], viewers[i] = t.req, t.viewer
	}
	kept, err := order.KeptAnswers(ctx, tx, r.ID, reqs)
	if err != nil {
		return out, err
	}
	claims, err := claimsOf(ctx, tx, r.ID, viewers)
	if err != nil {
		return out, err
	}
	out.verdicts = make([]verdict, len(batch))
	b := takings{units: map[string]int64{}}
	for i, t := range batch {
		if out.verdicts[i] = judge(kept[i], t, r, claims, tx); out.verdicts[i].bought && !kept[i].Found {
			out.verdicts[i] = s.buy(tx, t, &b)
			r.Sold, r.Ever = r.Sold+t.n, r.Ever+t.n
			claims[t.viewer] += t.n
		}
	}
	out.row = r
	if b.n == 0 {
		return out, nil
	}
	if err := sell(ctx, tx, r.ID, b.n); err != nil {
		return out, err
	}
	if err := s.writeClaims(ctx, tx, r, b); err != nil {
		return out, err
	}
	return out, order.Insert(ctx, tx, b.orders...)
}

// buy puts a ticket's order into what the batch sells.
func (s *Sales) buy(tx *db.Tx, t *ticket, b *takings) verdict {
	o := t.order
	o.Key, o.Body = t.req.KeyHash(), t.req.BodyHash
	o.CreatedAt, o.ExpiresAt = tx.Now, tx.Now.Add(s.TTL)
	b.add(t, o)
	return verdict{bought: true, view: o.View()}
}

// judge decides one wish against the row and the claims as they stand after
// those before it.
func judge(kept order.Kept, t *ticket, r row, claims map[string]int64, tx *db.Tx) verdict {
	switch {
	case kept.Err != nil:
		return verdict{err: kept.Err}
	case kept.Found:
		// The ticket's own order: a commit whose outcome was unknown did happen.
		own := kept.Answer.ID == t.order.ID
		return verdict{view: kept.Answer, replayed: !own, bought: own}
	}
	if refusal := r.refusal(tx.Now); refusal != nil {
		return verdict{err: refusal}
	}
	switch {
	case t.price() != r.Price: // changed before the start, and this node had not heard
		return verdict{err: fault.New(fault.Conflict, "flash.price_changed")}
	case claims[t.viewer]+t.n > r.Limit:
		return verdict{err: fault.New(fault.Conflict, "flash.limit_reached")}
	case r.left() < t.n:
		return verdict{err: fault.New(fault.Conflict, "flash.sold_out")}
	}
	return verdict{bought: true}
}

// takings is what a batch sells.
type takings struct {
	orders []order.Order
	units  map[string]int64 // by viewer
	n      int64
}

func (b *takings) add(t *ticket, o order.Order) {
	b.orders = append(b.orders, o)
	b.units[t.viewer] += t.n
	b.n += t.n
}

// writeClaims counts what the batch sells to its viewers. Who sells the last unit
// of r tells the room.
func (s *Sales) writeClaims(ctx context.Context, tx *db.Tx, r row, b takings) error {
	if err := addClaims(ctx, tx, r, b.units); err != nil || r.left() > 0 {
		return err
	}
	return s.Announcer.Fact(ctx, tx, r.Bank, r.Room, SoldOutFact, named{FlashID: r.ID, SKUID: r.SKU})
}
