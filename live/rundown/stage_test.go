package rundown_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/live"
	"yinbo/live/livetest"
	"yinbo/live/play"
	"yinbo/live/rundown"
)

// stage is a room with a rundown, and a fake of what its cues set going.
type stage struct {
	*livetest.Stage
	t     *testing.T
	clk   *clock.Fake
	box   *outbox.Box
	runs  *rundown.Rundowns
	games *play.Games
	trade *trade
	room  string // scheduled
	sku   string // on its shelf
}

func each(t *testing.T, fn func(t *testing.T, s *stage)) {
	livetest.Each(t, func(t *testing.T, ls *livetest.Stage, clk *clock.Fake) {
		s := &stage{Stage: ls, t: t, clk: clk, box: outbox.New(ls.DB), trade: &trade{stock: 100, over: map[string]bool{}}}
		s.games = play.New(play.Deps{DB: ls.DB, Box: s.box, Keeper: idem.NewKeeper(ls.DB), Keys: ls.Keys, Rooms: ls.Rooms,
			Banks: tenant.NewDirectory(ls.DB, ""), Log: slog.New(slog.DiscardHandler)})
		t.Cleanup(s.games.Close)
		s.runs = rundown.New(rundown.Deps{DB: ls.DB, Box: s.box, Rooms: ls.Rooms, Games: s.games, Trade: s.trade})
		s.room = ls.Plan(t)
		s.sku = ls.Goods.Add(ls.Bank.ID, "大米", 9900)
		if _, err := ls.Rooms.SetShelf(ls.Ctx, ls.Bank.ID, s.room, ls.Host, []live.Place{{SKU: s.sku}}); err != nil {
			t.Fatal(err)
		}
		fn(t, s)
	})
}

func (s *stage) run() {
	s.t.Helper()
	s.RunTasks(s.t, s.box, map[string]func(context.Context, outbox.Task) error{rundown.ClockTask: s.runs.HandleClock,
		play.DrawTask: s.games.HandleDraw, play.GrantTask: s.games.HandleGrant, play.PollTask: s.games.HandlePoll})
}

func (s *stage) start() {
	s.t.Helper()
	if _, err := s.Rooms.Start(s.Ctx, s.Bank.ID, s.room, s.Host); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) auto(by live.Staff) {
	s.t.Helper()
	if _, err := s.runs.SetMode(s.Ctx, s.Bank.ID, s.room, by, rundown.Auto); err != nil {
		s.t.Fatal(err)
	}
}

// set plans cues and gives their ids.
func (s *stage) set(drafts ...rundown.Draft) []string {
	s.t.Helper()
	v, err := s.runs.Set(s.Ctx, s.Bank.ID, s.room, s.Host, drafts, false)
	if err != nil {
		s.t.Fatal(err)
	}
	var ids []string
	for _, c := range v.Cues {
		ids = append(ids, c.ID)
	}
	return ids
}

func (s *stage) cues() []rundown.Cue {
	s.t.Helper()
	v, err := s.runs.Get(s.Ctx, s.Bank.ID, s.room, s.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Cues
}

func (s *stage) states() (states []rundown.State) {
	for _, c := range s.cues() {
		states = append(states, c.State)
	}
	return states
}

func after(d time.Duration, p rundown.Plan) rundown.Draft { return rundown.Draft{After: &d, Plan: p} }

func notice(text string) rundown.Plan { return rundown.Plan{Notice: &rundown.Notice{Text: text}} }

func (s *stage) sell(total int64) rundown.Plan {
	return rundown.Plan{Flash: &rundown.Flash{SKUID: s.sku, PriceFen: 990, Total: total, PerUserLimit: 1, Seconds: 60}}
}

func poll() rundown.Plan {
	return rundown.Plan{Poll: &rundown.Poll{Question: "?", Options: []string{"a", "b"}, Seconds: 60}}
}

func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("%s: %v, not %q", what, err, code)
	}
}

// trade sells out of a stock of units that the database knows by the audit log's
// neighbour: a row of meta a sale, so that a rollback takes it back.
type trade struct {
	mu    sync.Mutex
	stock int64
	n     int
	over  map[string]bool
	crash bool // the next act is lost after it was made
}

var _ rundown.Trade = (*trade)(nil)

var errPower = errors.New("the power went out")

func (f *trade) add(ctx context.Context, tx *db.Tx, kind string, units int64) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sold, _, err := db.Value[int64](ctx, tx, "SELECT COALESCE(SUM(CAST(value AS DECIMAL(10))), 0) FROM meta WHERE name LIKE 'sold/%'")
	if err != nil {
		return "", err
	}
	if sold+units > f.stock {
		return "", fault.New(fault.Conflict, "stock.insufficient").With("total", "stock.insufficient")
	}
	f.n++
	id := fmt.Sprint("sold/", kind, f.n)
	err = tx.Insert(ctx, "meta (name, value)", [][]any{{id, fmt.Sprint(units)}}, "")
	if err == nil && f.crash {
		f.crash = false
		err = errPower
	}
	return id, err
}

func (f *trade) end(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over[id] {
		return fault.New(fault.Conflict, "conflict")
	}
	f.over[id] = true
	return nil
}

// Flash sells units.
func (f *trade) Flash(ctx context.Context, tx *db.Tx, _, _ string, _ live.Staff, c rundown.Flash) (string, error) {
	return f.add(ctx, tx, "flash", c.Total)
}

// Drop takes none.
func (f *trade) Drop(ctx context.Context, tx *db.Tx, _, _ string, _ live.Staff, _ rundown.Coupon) (string, error) {
	return f.add(ctx, tx, "drop", 0)
}

// OpenPacket takes none.
func (f *trade) OpenPacket(ctx context.Context, tx *db.Tx, _, _ string, _ live.Staff, _ rundown.RedPacket) (string, error) {
	return f.add(ctx, tx, "packet", 0)
}

// CancelFlash ends it once.
func (f *trade) CancelFlash(_ context.Context, _ *db.Tx, _, id string, _ live.Staff) error {
	return f.end(id)
}

// EndDrop ends it once.
func (f *trade) EndDrop(_ context.Context, _ *db.Tx, _, id string, _ live.Staff) error {
	return f.end(id)
}

// ClosePacket ends it once.
func (f *trade) ClosePacket(_ context.Context, _ *db.Tx, _, id string, _ live.Staff) error {
	return f.end(id)
}

// CardProduct knows one card.
func (f *trade) CardProduct(_ context.Context, _ db.Querier, _, product string) error {
	if product != "crd_1" {
		return fault.New(fault.NotFound, "not_found").With("card_product_id", "field.invalid")
	}
	return nil
}

func (s *stage) sold() int64 {
	s.t.Helper()
	n, _, err := db.Value[int64](s.Ctx, s.DB, "SELECT COUNT(*) FROM meta WHERE name LIKE 'sold/%'")
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
