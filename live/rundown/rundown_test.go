package rundown_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/play"
	"yinbo/live/rundown"
)

// The clock fires each cue at its time, once it runs and while the room is live;
// what happened stands beside what was planned.
func TestTheClockFiresEachCueAtItsTime(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		wall := s.clk.Now().Add(20 * time.Minute)
		s.set(after(10*time.Minute, rundown.Plan{Card: &rundown.Card{ProductID: "crd_1"}}), after(time.Minute, rundown.Plan{Pin: &rundown.Pin{SKUID: &s.sku}}),
			after(5*time.Minute, s.sell(10)), rundown.Draft{At: &wall, Plan: poll(), Note: "收尾"})
		s.auto(s.Host)
		s.clk.Advance(2 * time.Minute)
		s.run() // nothing counts before the start
		s.start()
		started := s.clk.Now()
		for i, step := range []struct {
			to    time.Duration
			fired int
		}{{59 * time.Second, 0}, {time.Minute, 1}, {4 * time.Minute, 1}, {5 * time.Minute, 2}, {10 * time.Minute, 3}, {17 * time.Minute, 3}, {18 * time.Minute, 4}} {
			s.clk.Advance(started.Add(step.to).Sub(s.clk.Now()))
			s.run()
			fired := 0
			for _, c := range s.cues() {
				if c.State == rundown.Fired {
					fired++
				}
			}
			if fired != step.fired {
				t.Fatalf("step %d: %d fired at %s", i, fired, step.to)
			}
		}
		cues := s.cues()
		for _, c := range cues {
			if c.PlannedAt == nil || c.FiredAt == nil || !c.PlannedAt.Equal(c.FiredAt.Time) || *c.FiredBy != "clock" || c.Result == nil || c.Error != nil {
				t.Errorf("%+v", c)
			}
		}
		if cues[0].Kind != "pin" || cues[1].Result.FlashID == "" || cues[3].Result.PollID == "" || cues[3].Note != "收尾" {
			t.Errorf("%+v", cues)
		}
		want := []string{"shelf.changed", "room.started", "product.pinned", rundown.CardPrompted, play.PollOpened}
		if got := s.Facts(t, s.room); !slices.Equal(got, want) {
			t.Errorf("the facts are %v", got)
		}
		testkit.Holds(t, s.DB, rundown.Invariants()...)
	})
}

// Clocks of many nodes and people fire one cue at once: it happens once.
func TestACueIsFiredOnceHoweverManyFireIt(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		cue := s.set(after(0, s.sell(10)))[0]
		s.auto(s.Operator)
		s.start()
		var byHand atomic.Int64
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				if i%2 == 0 {
					if err := s.runs.HandleClock(s.Ctx, outbox.Task{Bank: s.Bank.ID, Ref: s.room}); err != nil {
						t.Error(err)
					}
				} else if _, err := s.runs.Fire(s.Ctx, s.Bank.ID, cue, s.Host); err == nil {
					byHand.Add(1)
				} else {
					wants(t, "fired again", err, "conflict")
				}
			})
		}
		all.Wait()
		s.run()
		c := s.cues()[0]
		if s.sold() != 1 || byHand.Load() > 1 || c.State != rundown.Fired || (*c.FiredBy == "clock") != (byHand.Load() == 0) {
			t.Errorf("sold %d times, by hand %d: %+v", s.sold(), byHand.Load(), c)
		}
	})
}

// A crash between the act and its note leaves neither; the next try does it once.
func TestACrashInTheMiddleOfACueLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.set(after(0, s.sell(10)))
		s.auto(s.Host)
		s.start()
		s.trade.crash = true
		if err := s.runs.HandleClock(s.Ctx, outbox.Task{Bank: s.Bank.ID, Ref: s.room}); !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		if s.sold() != 0 || s.states()[0] != rundown.Planned {
			t.Fatalf("sold %d times, %v", s.sold(), s.states())
		}
		s.run()
		s.run()
		if s.sold() != 1 || s.states()[0] != rundown.Fired {
			t.Errorf("sold %d times, %v", s.sold(), s.states())
		}
	})
}

// What refuses a cue is noted and does not hold up the next; a person may try
// again. What comes too late is left to people.
func TestARefusedCueIsNotedAndTheNextOnesTurnComes(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		ids := s.set(after(0, s.sell(101)), after(time.Second, notice("欢迎")), after(2*time.Second, notice("再来")))
		s.auto(s.Host)
		s.start()
		s.clk.Advance(time.Second)
		s.run()
		s.clk.Advance(time.Hour)
		s.run()
		if got := s.states(); !slices.Equal(got, []rundown.State{rundown.Failed, rundown.Fired, rundown.Missed}) {
			t.Fatalf("%v", got)
		}
		if c := s.cues()[0]; c.Error == nil || *c.Error != "stock.insufficient" || *c.FiredBy != "clock" {
			t.Errorf("%+v", c)
		}
		_, err := s.runs.Fire(s.Ctx, s.Bank.ID, ids[0], s.Host)
		wants(t, "by hand, refused too", err, "stock.insufficient")
		s.trade.stock = 1000
		if c, err := s.runs.Fire(s.Ctx, s.Bank.ID, ids[0], s.Host); err != nil || c.State != rundown.Fired || *c.FiredBy != s.Host.ID || c.Error != nil {
			t.Errorf("%+v %v", c, err)
		}
		if c, err := s.runs.Skip(s.Ctx, s.Bank.ID, ids[2], s.Host); err != nil || c.State != rundown.Skipped {
			t.Errorf("%+v %v", c, err)
		}
		_, err = s.runs.Fire(s.Ctx, s.Bank.ID, ids[2], s.Host)
		wants(t, "a skipped one is fired", err, "conflict")
		_, err = s.runs.Skip(s.Ctx, s.Bank.ID, ids[1], s.Host)
		wants(t, "a fired one is skipped", err, "conflict")
		testkit.Holds(t, s.DB, rundown.Invariants()...)
	})
}

// The clock acts for who set it: who has lost the room fires nothing more.
func TestTheClockMayNoMoreThanWhoSetIt(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.set(after(time.Minute, notice("欢迎")))
		s.Share(t, s.room, s.Stranger)
		s.auto(s.Stranger)
		s.start()
		if _, err := s.DB.Handle().ExecContext(s.Ctx, "DELETE FROM room_staff"); err != nil {
			t.Fatal(err)
		}
		s.clk.Advance(time.Minute)
		s.run()
		if c := s.cues()[0]; c.State != rundown.Failed || *c.Error != "not_found" {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatCanBeTakenBackIs(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		ids := s.set(after(0, rundown.Plan{Pin: &rundown.Pin{SKUID: &s.sku}}), after(1, s.sell(5)), after(2, poll()),
			after(3, rundown.Plan{Coupon: &rundown.Coupon{BatchID: "b", Quantity: 1, Seconds: 9}}),
			after(4, rundown.Plan{RedPacket: &rundown.RedPacket{BatchID: "b", Title: "x", TotalFen: 9, Shares: 1, Seconds: 9}}),
			after(5, rundown.Plan{Lottery: &rundown.Lottery{Title: "x", Rule: play.Anybody, Prizes: []play.Prize{{Title: "a", Quantity: 1}}, Seconds: 60}}),
			after(6, notice("x")), after(7, rundown.Plan{Card: &rundown.Card{ProductID: "crd_1"}}))
		s.start()
		for _, id := range ids {
			_, err := s.runs.Undo(s.Ctx, s.Bank.ID, id, s.Host)
			wants(t, "undone before it is fired", err, "conflict")
			if _, err := s.runs.Fire(s.Ctx, s.Bank.ID, id, s.Host); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range ids {
			c, err := s.runs.Undo(s.Ctx, s.Bank.ID, id, s.Operator)
			if i >= 6 {
				wants(t, "what was said", err, "cue.final")
			} else if err != nil || c.State != rundown.Undone || *c.EndedBy != s.Operator.ID || c.FiredAt == nil {
				t.Errorf("%s: %+v %v", c.Kind, c, err)
			}
		}
		if p, err := s.Rooms.Picture(s.Ctx, s.Bank.ID, s.room); err != nil || p.Pinned != nil || len(s.trade.over) != 3 {
			t.Errorf("pinned %v, over %v: %v", p.Pinned, s.trade.over, err)
		}
		testkit.Holds(t, s.DB, rundown.Invariants()...)
	})
}

func TestWhoMayRunARundown(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		cue := s.set(after(0, notice("x")))[0]
		for who, c := range map[string]struct {
			bank string
			by   live.Staff
			code string
		}{"a stranger": {s.Bank.ID, s.Stranger, "not_found"}, "another bank's operator": {s.Other.ID, s.Operator, "not_found"}} {
			_, err := s.runs.Get(s.Ctx, c.bank, s.room, c.by)
			wants(t, who+" reads", err, c.code)
			_, err = s.runs.Set(s.Ctx, c.bank, s.room, c.by, nil, false)
			wants(t, who+" plans", err, c.code)
			_, err = s.runs.SetMode(s.Ctx, c.bank, s.room, c.by, rundown.Auto)
			wants(t, who+" sets the mode", err, c.code)
			_, err = s.runs.DryRun(s.Ctx, c.bank, s.room, c.by)
			wants(t, who+" runs it dry", err, c.code)
			for verb, do := range map[string]func() error{
				"fires":  func() error { _, err := s.runs.Fire(s.Ctx, c.bank, cue, c.by); return err },
				"skips":  func() error { _, err := s.runs.Skip(s.Ctx, c.bank, cue, c.by); return err },
				"undoes": func() error { _, err := s.runs.Undo(s.Ctx, c.bank, cue, c.by); return err },
			} {
				wants(t, who+" "+verb, do(), c.code)
			}
		}
		s.start()
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, s.room, s.Host); err != nil {
			t.Fatal(err)
		}
		_, err := s.runs.Fire(s.Ctx, s.Bank.ID, cue, s.Host)
		wants(t, "in an ended room", err, "conflict")
		_, err = s.runs.Set(s.Ctx, s.Bank.ID, s.room, s.Host, nil, false)
		wants(t, "planned in an ended room", err, "conflict")
	})
}
