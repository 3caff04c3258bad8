package live_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/live"
	"yinbo/live/livetest"
)

// evening is a room with something of everything, a minute apart.
func evening(t *testing.T, s *livetest.Stage, clk *clock.Fake) (room, sku string) {
	t.Helper()
	room, sku = s.Live(t), s.Goods.Add(s.Bank.ID, "大米", 6990)
	loud, _ := s.Viewer(t, s.Bank, "吵")
	for _, do := range []func() error{
		func() error { return s.Rooms.Notice(s.Ctx, s.Bank.ID, room, s.Host, "欢迎") },
		func() error {
			_, err := s.Rooms.SetShelf(s.Ctx, s.Bank.ID, room, s.Host, []live.Place{{SKU: sku}})
			return err
		},
		func() error { _, err := s.Rooms.Pin(s.Ctx, s.Bank.ID, room, s.Host, &sku); return err },
		func() error {
			m, err := s.Rooms.Say(s.Ctx, s.Bank.ID, room, live.Speaker{ID: loud.ID, Nickname: loud.Name}, "假的")
			if err == nil {
				err = s.Rooms.Remove(s.Ctx, s.Bank.ID, room, m.ID, s.Host)
			}
			return err
		},
		func() error { return s.Rooms.Mute(s.Ctx, s.Bank.ID, room, loud.ID, time.Hour, s.Operator) },
		func() error { _, err := s.Rooms.Pin(s.Ctx, s.Bank.ID, room, s.Host, nil); return err },
		func() error { _, err := s.Rooms.End(s.Ctx, s.Bank.ID, room, s.Host); return err },
	} {
		clk.Advance(time.Minute)
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return room, sku
}

func brief(lines []live.Line) string {
	var all []string
	for _, l := range lines {
		who := ""
		if l.Who != nil {
			who = " " + l.Who.Nickname
		}
		all = append(all, l.What+" "+l.Kind+who)
	}
	return strings.Join(all, ", ")
}

func TestTheLogHasWhoDidWhatWhen(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		begin := clk.Now()
		room, _ := evening(t, s, clk)
		for _, c := range []struct {
			filter live.LogFilter
			want   string
		}{
			{live.LogFilter{}, "act room.created 主播小林, fact room.started, act room.started 主播小林, fact notice, act room.notice 主播小林, " +
				"fact shelf.changed, act shelf.changed 主播小林, fact product.pinned, act product.pinned 主播小林, chat removed 吵, fact chat.removed, act chat.removed 主播小林, " +
				"act viewer.muted 运营小周, fact product.pinned, act product.pinned 主播小林, fact room.ended, act room.ended 主播小林"},
			{live.LogFilter{What: live.LineChat}, "chat removed 吵"},
			{live.LogFilter{Kind: "product.pinned", What: live.LineFact}, "fact product.pinned, fact product.pinned"},
			{live.LogFilter{Kind: "removed"}, "chat removed 吵"},
			{live.LogFilter{Who: s.Operator.ID}, "act viewer.muted 运营小周"},
			{live.LogFilter{From: begin.Add(6 * time.Minute)}, "fact product.pinned, act product.pinned 主播小林, fact room.ended, act room.ended 主播小林"},
			{live.LogFilter{To: begin.Add(time.Minute)}, "act room.created 主播小林, fact room.started, act room.started 主播小林"},
		} {
			c.filter.Limit = 100
			lines, err := s.Rooms.Lines(s.Ctx, s.Bank.ID, room, s.Host, c.filter)
			if err != nil || brief(lines) != c.want {
				t.Errorf("%+v: %s\nnot %s: %v", c.filter, brief(lines), c.want, err)
			}
		}
		// By pages it is the same.
		var paged []live.Line
		for after := ""; ; {
			page, err := s.Rooms.Lines(s.Ctx, s.Bank.ID, room, s.Host, live.LogFilter{Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, page[:min(len(page), 2)]...)
			if len(page) <= 2 {
				break
			}
			after = page[1].ID
		}
		if len(paged) != 17 {
			t.Errorf("by pages there are %d lines: %s", len(paged), brief(paged))
		}
		_, err := s.Rooms.Lines(s.Ctx, s.Other.ID, room, s.Operator, live.LogFilter{Limit: 1})
		wants(t, "another bank's", err, "not_found")
	})
}

func TestAReplayGoesAtTheLogsPace(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		begin := clk.Now()
		room, _ := evening(t, s, clk)
		play := func(ctx context.Context, from time.Time, speed float64, emit func(live.Line) error) error {
			t.Helper()
			p, err := s.Rooms.Replay(ctx, s.Bank.ID, room, s.Host, from, speed)
			if err != nil {
				t.Fatal(err)
			}
			return p(emit)
		}
		var got []live.Line
		collect := func(l live.Line) error { got = append(got, l); return nil }
		start := time.Now()
		if err := play(s.Ctx, time.Time{}, 2000, collect); err != nil || len(got) != 17 {
			t.Fatalf("%d lines: %v", len(got), err)
		}
		if took := time.Since(start); took < 7*time.Minute/2000 || took > 20*time.Second {
			t.Errorf("seven minutes at 2000 times their speed took %s", took)
		}
		got = nil
		if err := play(s.Ctx, begin.Add(7*time.Minute), 1, collect); err != nil || brief(got) != "fact room.ended, act room.ended 主播小林" {
			t.Errorf("the last minute is %s: %v", brief(got), err)
		}
		// It ends when its reader goes, in the middle of a pause too.
		ctx, cancel := context.WithCancel(s.Ctx)
		err := play(ctx, time.Time{}, 1, func(l live.Line) error {
			if l.Kind == "room.started" {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("when nobody reads: %v", err)
		}
		gone := errors.New("gone")
		if err := play(s.Ctx, time.Time{}, 1, func(live.Line) error { return gone }); !errors.Is(err, gone) {
			t.Errorf("when nothing can be written: %v", err)
		}
	})
}

func TestARoomIsCutByItsPins(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		bank, room := s.Bank.ID, s.Plan(t)
		rice, tea := s.Goods.Add(bank, "大米", 6990), s.Goods.Add(bank, "茶", 19900)
		pin := func(sku *string) {
			t.Helper()
			if _, err := s.Rooms.Pin(s.Ctx, bank, room, s.Host, sku); err != nil {
				t.Fatal(err)
			}
			clk.Advance(time.Minute)
		}
		shown := func() string {
			t.Helper()
			parts, err := s.Rooms.Slices(s.Ctx, bank, room)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range parts {
				name, long := map[string]string{rice: "rice", tea: "tea"}[p.SKU], "open"
				if p.To != nil {
					long = p.To.Sub(p.From.Time).String()
				}
				all = append(all, fmt.Sprintf("%s +%dm %s", name, p.Offset/60_000, long))
			}
			return strings.Join(all, ", ")
		}
		if _, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, []live.Place{{SKU: rice}, {SKU: tea}}); err != nil {
			t.Fatal(err)
		}
		pin(&tea) // tried out before the start
		pin(&rice)
		if got := shown(); got != "" {
			t.Errorf("before the start: %s", got)
		}
		if _, err := s.Rooms.Start(s.Ctx, bank, room, s.Host); err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Minute)
		for _, sku := range []*string{&rice, &tea, nil, nil, &tea} {
			pin(sku)
		}
		if got := shown(); got != "rice +0m 2m0s, tea +2m 1m0s, tea +5m open" {
			t.Errorf("live: %s", got)
		}
		if _, err := s.Rooms.End(s.Ctx, bank, room, s.Host); err != nil {
			t.Fatal(err)
		}
		if got := shown(); got != "rice +0m 2m0s, tea +2m 1m0s, tea +5m 1m0s" {
			t.Errorf("ended: %s", got)
		}
		_, err := s.Rooms.Slices(s.Ctx, s.Other.ID, room)
		wants(t, "another bank's", err, "not_found")
	})
}

// What happened is written once: no statement of the program changes or takes away
// a line of the log.
func TestTheLogIsOnlyEverAddedTo(t *testing.T) {
	change := regexp.MustCompile(`(?i)(UPDATE|DELETE FROM|REPLACE INTO)\s+(room_event|room_act)\b`)
	for _, dir := range []string{".", "hub", "video", "../order", "../card", "../jobs", "../server", "../cmd", "../internal"} {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if hit := change.Find(source); hit != nil {
				t.Errorf("%s: %s", path, hit)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
