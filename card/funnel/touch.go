package funnel

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// The kinds of touches.
const (
	Clicked = "clicked"
	Started = "started"
)

// Touch is that somebody opened a card product's form, or began to fill it in.
type Touch struct {
	Kind      string
	Product   string
	Viewer    string // "" for a guest, of whom only the number is kept
	Room      string
	ShareCode string
	Campaign  string
}

// key is what a viewer's touch is unique by.
type key struct{ bank, day, kind, product, room, viewer string }

// guests are counted together.
type guests struct{ bank, day, product, room, campaign, share string }

type seen struct {
	from  card.Source
	share string
}

// most bounds what waits in memory; what comes when it is full is not counted.
const most = 20_000

// every is how often what waits is written.
const every = time.Second

// Touches takes touches in and writes them together.
type Touches struct {
	DB    *db.DB
	Rooms card.Rooms
	Log   *slog.Logger

	mu     sync.Mutex
	people map[key]seen
	crowd  map[guests]crowded
}

type crowded struct {
	from   card.Source
	opened int64
}

// Note takes a touch in; it is counted within a second or so. Errors: 404
// not_found for a card product that the bank does not show, validation.
func (t *Touches) Note(ctx context.Context, bank tenant.Bank, x Touch) error {
	if !id.Is(id.CardProduct, x.Product) {
		return fault.New(fault.NotFound, "not_found")
	}
	_, found, err := db.Value[string](ctx, t.DB, "SELECT id FROM card_product WHERE bank_id = ? AND id = ? AND hidden_at IS NULL", bank.ID, x.Product)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "not_found")
	}
	from, err := card.Attribute(ctx, t.DB, t.Rooms, bank.ID, x.Room, x.ShareCode)
	if err != nil {
		return err
	}
	if x.Viewer == "" && !from.Known {
		x.ShareCode, x.Campaign = "", "" // or anybody could fill the table with words
	}
	if from.Campaign == "" {
		from.Campaign = x.Campaign
	}
	t.take(bank.ID, bank.BusinessDate(t.DB.Clock().Now()), x, from)
	return nil
}

func (t *Touches) take(bank, day string, x Touch, from card.Source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.people)+len(t.crowd) >= most {
		return
	}
	if x.Viewer != "" {
		if t.people == nil {
			t.people = map[key]seen{}
		}
		k := key{bank, day, x.Kind, x.Product, from.Room, x.Viewer}
		if _, there := t.people[k]; !there { // the first share code of the day stays
			t.people[k] = seen{from, x.ShareCode}
		}
		return
	}
	if x.Kind != Clicked {
		return // nobody fills in a form without signing in
	}
	if t.crowd == nil {
		t.crowd = map[guests]crowded{}
	}
	k := guests{bank, day, x.Product, from.Room, from.Campaign, x.ShareCode}
	t.crowd[k] = crowded{from, t.crowd[k].opened + 1}
}

// Run writes what waits, every second until ctx ends, and then once more.
func (t *Touches) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.write(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			t.write(last)
			return nil
		}
	}
}

func (t *Touches) write(ctx context.Context) {
	if err := t.Flush(ctx); err != nil {
		t.Log.WarnContext(ctx, "touches were not counted", "error", err)
	}
}

// Flush writes what waits now. What could not be written is lost.
func (t *Touches) Flush(ctx context.Context) error {
	t.mu.Lock()
	people, crowd := t.people, t.crowd
	t.people, t.crowd = nil, nil
	t.mu.Unlock()
	if len(people)+len(crowd) == 0 {
		return nil
	}
	viewers := map[string]bool{}
	for k := range people {
		viewers[k.viewer] = true
	}
	many := make([][]any, 0, len(crowd))
	for k, c := range crowd {
		many = append(many, []any{k.bank, k.day, k.product, k.room, k.campaign, k.share, c.from.Host, c.from.Branch, c.from.Outlet, c.from.Manager, c.opened})
	}
	inOrder(many) // two nodes then wait for each other in one order only
	return t.DB.InTx(ctx, func(tx *db.Tx) error {
		gone, err := erased(ctx, tx, slices.Sorted(maps.Keys(viewers)))
		if err != nil {
			return err
		}
		one := make([][]any, 0, len(people))
		for k, s := range people {
			if !gone[k.viewer] {
				one = append(one, []any{k.bank, k.day, k.kind, k.product, k.room, k.viewer, s.from.Host, s.from.Branch, s.from.Outlet, s.from.Manager, s.from.Campaign, s.share})
			}
		}
		inOrder(one)
		err = tx.InsertIgnore(ctx, `funnel_touch (bank_id, day, kind, card_product_id, room_id, viewer_id,
			host_id, branch_id, outlet_id, manager_id, campaign, share_code)`, one)
		if err != nil {
			return err
		}
		return tx.Insert(ctx, `funnel_guest (bank_id, day, card_product_id, room_id, campaign, share_code, host_id, branch_id, outlet_id, manager_id, opened)`, many,
			tx.Dialect().OnDuplicate("bank_id, day, card_product_id, room_id, campaign, share_code", "opened = opened + NEW(opened)"))
	})
}

// erased are those of some viewers who were erased while their touches waited;
// the others are not erased before the commit.
func erased(ctx context.Context, tx *db.Tx, viewers []string) (map[string]bool, error) {
	out := map[string]bool{}
	for part := range slices.Chunk(viewers, 1000) {
		rows, err := db.All(ctx, tx, func(r db.Row) (v struct {
			id string
			at db.Time
		}, err error) {
			return v, r.Scan(&v.id, &v.at)
		}, "SELECT id, erased_at FROM viewer WHERE id IN "+db.Marks(len(part))+tx.Dialect().ForShare(), db.Args(part)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !r.at.IsZero() {
				out[r.id] = true
			}
		}
	}
	return out, nil
}

func inOrder(rows [][]any) {
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range a {
			x, isText := a[i].(string)
			if !isText {
				continue
			}
			if c := cmp.Compare(x, b[i].(string)); c != 0 {
				return c
			}
		}
		return 0
	})
}
