package ordertest

import (
	"context"
	"encoding/json"
	"sync"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/flash"
)

// Live stands for package live: it knows the stage's rooms and remembers what
// it was told.
type Live struct {
	mu      sync.Mutex
	room    string
	branch  string // of the room
	prices  map[string]money.Fen
	facts   []string
	states  map[string]string
	tickers []string
	private []order.Updated
	banned  map[string]bool // viewers
	told    map[string]int  // by viewer/kind
}

var (
	_ order.Announcer = announcer{}
	_ order.Rooms     = (*Live)(nil)
	_ flash.Rooms     = (*Live)(nil)
)

// SetPrice puts a SKU on the room's shelf at a price of its own.
func (l *Live) SetPrice(sku string, price money.Fen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prices[sku] = price
}

// SetBranch makes the stage's room one of a branch.
func (l *Live) SetBranch(branch string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.branch = branch
}

// Facts are the kinds of the facts that were committed, in order.
func (l *Live) Facts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.facts...)
}

// State is the latest state of a kind and key, as JSON.
func (l *Live) State(kind, key string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[kind+"/"+key]
}

// Tickers are the titles that were shown.
func (l *Live) Tickers() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.tickers...)
}

// Updates are the statuses that an order's viewer was told.
func (l *Live) Updates(orderID string) (all []order.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range l.private {
		if u.OrderID == orderID {
			all = append(all, u.Status)
		}
	}
	return all
}

// announcer is the Live that services talk to; Live's own State reads.
type announcer struct{ *Live }

// interrupted is an announcer to which something happens.
type interrupted struct {
	announcer
	onFact func() error
}

// Fact lets it happen first.
func (i interrupted) Fact(ctx context.Context, tx *db.Tx, bank, room, kind string, payload any) error {
	if err := i.onFact(); err != nil {
		return err
	}
	return i.announcer.Fact(ctx, tx, bank, room, kind, payload)
}

// Fact remembers a fact once it is committed.
func (l *Live) Fact(_ context.Context, tx *db.Tx, _, _, kind string, _ any) error {
	tx.AfterCommit(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.facts = append(l.facts, kind)
	})
	return nil
}

// State remembers the latest.
func (a announcer) State(_, kind, key string, payload any) {
	raw, _ := json.Marshal(payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.states[kind+"/"+key] = string(raw)
}

// Ticker remembers a title.
func (l *Live) Ticker(_, _, title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tickers = append(l.tickers, title)
}

// Told is how often a viewer was told of a kind.
func (l *Live) Told(viewer, kind string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told[viewer+"/"+kind]
}

// Private counts what was told, and remembers an order's update.
func (l *Live) Private(_, viewer, kind string, payload any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[viewer+"/"+kind]++
	if u, ok := payload.(order.Updated); ok {
		l.private = append(l.private, u)
	}
}

// HostMay lets everybody run the stage's room.
func (l *Live) HostMay(_ context.Context, _, room, _ string, _ bool) error {
	if room != l.room {
		return fault.New(fault.NotFound, "not_found")
	}
	return nil
}

// LetsIn keeps out whom Ban named.
func (l *Live) LetsIn(_ context.Context, _ db.Querier, _, _, viewer string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.banned[viewer] {
		return fault.New(fault.Forbidden, "viewer.banned")
	}
	return nil
}

// Ban keeps a viewer out of the stage's room.
func (l *Live) Ban(viewer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.banned[viewer] = true
}

// RoomHost knows the stage's room.
func (l *Live) RoomHost(_ context.Context, _, room string) (string, string, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return "host", l.branch, room == l.room, nil
}

// ShelfPrice gives the prices that were set.
func (l *Live) ShelfPrice(_ context.Context, _, _ string, skus []string) (map[string]money.Fen, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]money.Fen{}
	for _, sku := range skus {
		if p, ok := l.prices[sku]; ok {
			out[sku] = p
		}
	}
	return out, nil
}
