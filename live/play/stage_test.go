package play_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/live/livetest"
	"yinbo/live/play"
)

// stage is a room with games, and fakes of what stands beyond.
type stage struct {
	*livetest.Stage
	t      *testing.T
	clk    *clock.Fake
	box    *outbox.Box
	games  *play.Games
	beyond *beyond
	room   string
	serial atomic.Int64
}

func each(t *testing.T, fn func(t *testing.T, s *stage)) {
	livetest.Each(t, func(t *testing.T, ls *livetest.Stage, clk *clock.Fake) {
		s := &stage{Stage: ls, t: t, clk: clk, box: outbox.New(ls.DB), beyond: &beyond{left: 100, ordered: map[string]bool{}}}
		s.games = play.New(play.Deps{DB: ls.DB, Box: s.box, Keeper: idem.NewKeeper(ls.DB), Keys: ls.Keys, Rooms: ls.Rooms,
			Banks: tenant.NewDirectory(ls.DB, ""), Coupons: s.beyond, Buyers: s.beyond, Log: slog.New(slog.DiscardHandler)})
		t.Cleanup(s.games.Close)
		s.room = ls.Live(t)
		fn(t, s)
	})
}

func (s *stage) request() idem.Request {
	return idem.Request{Bank: s.Bank.ID, Person: s.Host.ID, Route: "test", Key: fmt.Sprint("key-", s.serial.Add(1))}
}

func (s *stage) run() {
	s.t.Helper()
	s.RunTasks(s.t, s.box, map[string]func(context.Context, outbox.Task) error{
		play.DrawTask: s.games.HandleDraw, play.GrantTask: s.games.HandleGrant, play.PollTask: s.games.HandlePoll})
}

// viewers are people of the bank.
func (s *stage) viewers(n int) []play.Viewer {
	s.t.Helper()
	all := make([]play.Viewer, n)
	for i := range all {
		p, _ := s.Viewer(s.t, s.Bank, fmt.Sprint("观众", i))
		all[i] = play.Viewer{ID: p.ID, Nickname: p.Name}
	}
	return all
}

func (s *stage) number(query string, args ...any) int64 {
	s.t.Helper()
	n, _, err := db.Value[int64](s.Ctx, s.DB, query, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// at runs fn for each of n at once.
func at(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("%s: %v, not %q", what, err, code)
	}
}

// beyond is a batch of coupons with so many left, and who ordered.
type beyond struct {
	mu      sync.Mutex
	left    int64
	ordered map[string]bool
	crash   bool // the next grant is lost after it was made
}

var (
	_ play.Coupons = (*beyond)(nil)
	_ play.Buyers  = (*beyond)(nil)
)

// Prize grants a coupon while there is one, once a viewer and ref.
func (b *beyond) Prize(ctx context.Context, tx *db.Tx, bank tenant.Bank, batch, ref, viewer string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM coupon WHERE batch_id = ?", batch)
	if err != nil {
		return "", err
	}
	if n >= b.left {
		return "", fault.New(fault.Conflict, "coupon.sold_out")
	}
	coupon := id.New(id.Coupon)
	err = tx.Insert(ctx, "coupon (id, bank_id, batch_id, viewer_id, nth, per_person, source, source_ref, state, amount_fen, use_to, granted_at)",
		[][]any{{coupon, bank.ID, batch, viewer, 1, 1, "rule", ref, "granted", 100, tx.Now.Add(time.Hour), tx.Now}}, "")
	if db.IsDuplicate(err) {
		return "", fault.New(fault.Conflict, "coupon.limit_reached")
	}
	if err == nil && b.crash {
		b.crash = false
		err = fmt.Errorf("the power went out")
	}
	return coupon, err
}

// Covers compares with what is left.
func (b *beyond) Covers(_ context.Context, _ *db.Tx, _, batch string, n int64) error {
	if batch == "cpb_none" {
		return fault.New(fault.NotFound, "not_found")
	}
	if n > b.left {
		return fault.New(fault.Conflict, "coupon.sold_out")
	}
	return nil
}

// OrderedIn knows who ordered.
func (b *beyond) OrderedIn(_ context.Context, _ db.Querier, _, _, viewer string) (bool, error) {
	return b.ordered[viewer], nil
}
