package promo

import (
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
)

// State is where a batch stands.
type State string

// The states.
const (
	Draft  State = "draft"
	Open   State = "open"
	Paused State = "paused"
	Closed State = "closed"
)

// Way is how a batch reaches viewers. Staff may grant out of every batch.
type Way string

// The ways.
const (
	Claimed  Way = "claim"                // viewers take one
	Dropped  Way = "drop"                 // a host throws some into a room
	ByStaff  Way = "staff"                // only staff
	Bound    Way = "card_bound"           // for a bound card; of the BINs, where there are some
	Approved Way = "application_approved" // for the first approved application
	Spent    Way = "spend"                // for what was paid within the grant's time
)

// Stacking says whether a coupon goes together with others. Of instant discounts
// an order takes one in any case, beside coupons of either sort.
type Stacking string

// The rules.
const (
	Exclusive Stacking = "exclusive"
	Stackable Stacking = "stackable"
)

// Terms are what a batch promises; they never change.
type Terms struct {
	Kind               order.DiscountKind
	Title              string
	FundedBy           order.Funder
	Merchant           string   // who funds it; of others', whose goods alone it is for
	SKUs               []string // what it is for; none means all goods
	BINs               []string // the cards of an instant discount
	Stacking           Stacking
	Amount             money.Fen // off the order
	Threshold          money.Fen // of the goods that it is for, before discounts
	Budget             money.Fen // of all coupons' amounts
	DailyCap           int64     // coupons a business date, 0 for no cap
	PerPerson          int64     // coupons that one viewer is ever granted
	GrantedBy          Way
	Spend              money.Fen // for Spent: what must have been paid
	Room               string    // where alone it may be claimed, empty for everywhere
	GrantFrom, GrantTo time.Time
	UseFrom, UseTo     time.Time
}

// Batch is a batch as it is stored.
type Batch struct {
	ID, Bank string
	Terms
	Committed money.Fen // face value of coupons granted, reserved or used
	State     State
	CreatedBy string
	CreatedAt time.Time
}

const (
	maxPerPerson = 1000
	maxDaily     = 100_000_000
	maxTime      = 5 * 366 * 24 * time.Hour
)

var binShape = regexp.MustCompile(`^[0-9]{6,8}$`)

// check names every term that cannot be.
func (t *Terms) check(now time.Time) error {
	e := fault.New(fault.Invalid, "validation")
	bad := func(when bool, field string) {
		if when {
			e = e.With(field, "field.invalid")
		}
	}
	if t.Stacking == "" {
		t.Stacking = Exclusive
	}
	length := utf8.RuneCountInString(t.Title)
	bad(length == 0 || length > 100, "title")
	bad(t.Kind != order.Instant && t.Kind != order.Coupon, "kind")
	bad(!slices.Contains([]order.Funder{order.ByBank, order.ByMerchant, order.ByPlatform}, t.FundedBy), "funded_by")
	bad(t.FundedBy == order.ByMerchant && t.Merchant == "", "merchant_id")
	bad((len(t.BINs) > 0) != (t.Kind == order.Instant) && !(t.Kind == order.Coupon && t.GrantedBy == Bound), "bins")
	for i, b := range t.BINs {
		bad(!binShape.MatchString(b) || slices.Contains(t.BINs[:i], b), fmt.Sprintf("bins[%d]", i))
	}
	bad(t.Stacking != Exclusive && t.Stacking != Stackable, "stacking")
	bad(t.Amount <= 0 || t.Amount > money.Limit/maxUnits, "amount_fen")
	bad(t.Threshold < 0 || t.Threshold > money.Limit/maxUnits, "threshold_fen")
	bad(t.Budget < t.Amount || t.Budget > money.Limit, "budget_fen")
	bad(t.DailyCap < 0 || t.DailyCap > maxDaily, "daily_cap")
	bad(t.PerPerson < 1 || t.PerPerson > maxPerPerson, "per_person")
	bad(!slices.Contains([]Way{Claimed, Dropped, ByStaff, Bound, Approved, Spent}, t.GrantedBy), "granted_by")
	bad((t.Spend > 0) != (t.GrantedBy == Spent) || t.Spend < 0 || t.Spend > money.Limit, "spend_fen")
	bad(t.Room != "" && t.GrantedBy != Claimed, "room_id")
	t.checkTimes(now, bad)
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

const maxUnits = 1_000_000

func (t *Terms) checkTimes(now time.Time, bad func(bool, string)) {
	for _, at := range []*time.Time{&t.GrantFrom, &t.GrantTo, &t.UseFrom, &t.UseTo} {
		*at = at.UTC().Truncate(time.Microsecond)
	}
	far := now.Add(maxTime)
	bad(t.GrantFrom.Before(now.Add(-maxTime)) || t.GrantFrom.After(far), "grant_starts_at")
	bad(!t.GrantTo.After(t.GrantFrom) || !t.GrantTo.After(now) || t.GrantTo.After(far), "grant_ends_at")
	bad(t.UseFrom.Before(now.Add(-maxTime)) || t.UseFrom.After(far), "use_starts_at")
	// What is granted at the last moment must be of use still.
	bad(!t.UseTo.After(t.UseFrom) || t.UseTo.Before(t.GrantTo) || t.UseTo.After(far), "use_ends_at")
}

// refusal tells why a batch grants nothing now; nil when it may.
func (b Batch) refusal(now time.Time) *fault.Error {
	if refusal := b.shut(now); refusal != nil {
		return refusal
	}
	if b.Budget-b.Committed < b.Amount {
		return fault.New(fault.Conflict, "coupon.sold_out")
	}
	return nil
}

// shut is refusal whatever is left of the budget.
func (b Batch) shut(now time.Time) *fault.Error {
	switch {
	case b.State == Draft || now.Before(b.GrantFrom):
		return fault.New(fault.TooEarly, "coupon.not_started")
	case b.State == Closed || !now.Before(b.GrantTo):
		return fault.New(fault.Gone, "coupon.ended")
	case b.State == Paused:
		return fault.New(fault.Conflict, "coupon.paused")
	}
	return nil
}

// covers tells whether a line is of the goods that the batch is for.
func (t Terms) covers(l order.Line) bool {
	return (t.Merchant == "" || t.Merchant == l.Merchant) && (len(t.SKUs) == 0 || slices.Contains(t.SKUs, l.SKU))
}
