package play_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/play"
)

var batch = "cpb_1"

func (s *stage) lottery(rule play.EntryRule, prizes ...play.Prize) play.Lottery {
	s.t.Helper()
	if len(prizes) == 0 {
		prizes = []play.Prize{{Title: "大米", Quantity: 1}, {Title: "立减券", Quantity: 3, BatchID: &batch}}
	}
	l, _, err := s.games.OpenLottery(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, play.LotteryPlan{Title: "整点抽奖", Rule: rule, Prizes: prizes, For: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func (s *stage) enter(l play.Lottery, who play.Viewer) error {
	_, err := s.games.Enter(s.Ctx, s.Bank.ID, l.ID, who)
	return err
}

// However many draw at once, by the timer and by hand, there is one draw, it
// verifies, and the seed is secret before and told after.
func TestALotteryIsDrawnOnceAndVerifies(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l := s.lottery(play.Anybody)
		for _, v := range s.viewers(20) {
			for range 2 { // again it changes nothing
				if err := s.enter(l, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		before, err := s.games.Proof(s.Ctx, s.Bank.ID, l.ID)
		if err != nil || before.Seed != "" || before.Commitment != l.Commitment || len(before.Tickets) != 0 {
			t.Fatalf("%+v %v", before, err)
		}
		s.clk.Advance(2 * time.Minute)
		var won atomic.Int64
		at(9, func(i int) {
			if i%3 == 0 {
				if err := s.games.HandleDraw(s.Ctx, outbox.Task{Bank: s.Bank.ID, Ref: l.ID}); err != nil {
					t.Error(err)
				}
			} else if _, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Host); err == nil {
				won.Add(1)
			} else {
				wants(t, "a second draw", err, "conflict")
			}
		})
		s.run()
		drawn := slices.DeleteFunc(s.Facts(t, s.room), func(k string) bool { return k != play.LotteryDrawn })
		if len(drawn) != 1 || won.Load() > 1 || s.number("SELECT COUNT(*) FROM lottery_entry WHERE place IS NOT NULL") != 4 {
			t.Fatalf("drawn %d times, by hand %d", len(drawn), won.Load())
		}
		p, err := s.games.Proof(s.Ctx, s.Bank.ID, l.ID)
		if err != nil || p.Commitment != l.Commitment || len(p.Tickets) != 20 || len(p.Winners) != 4 {
			t.Fatalf("%+v %v", p, err)
		}
		if err := p.Verify(); err != nil {
			t.Error(err)
		}
		if n := s.number("SELECT COUNT(*) FROM coupon"); n != 3 {
			t.Errorf("%d coupons", n)
		}
		testkit.Holds(t, s.DB, play.Invariants()...)
	})
}

// Who enters while it is drawn is in the draw, or refused: nobody is lost.
func TestWhoEntersAtTheLastMomentIsInOrRefused(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l := s.lottery(play.Anybody)
		viewers := s.viewers(30)
		var in atomic.Int64
		at(len(viewers)+1, func(i int) {
			if i == len(viewers)/2 {
				if _, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Operator); err != nil {
					t.Error(err)
				}
				return
			}
			err := s.enter(l, viewers[i%len(viewers)])
			if err == nil {
				in.Add(1)
			} else {
				wants(t, "too late", err, "lottery.ended")
			}
		})
		p, err := s.games.Proof(s.Ctx, s.Bank.ID, l.ID)
		if err != nil || p.Verify() != nil || int64(len(p.Tickets)) > in.Load() || int64(len(p.Tickets)) != s.number("SELECT COUNT(*) FROM lottery_entry") {
			t.Errorf("%d tickets, %d were let in: %v %v", len(p.Tickets), in.Load(), err, p.Verify())
		}
	})
}

func TestWhoMayEnter(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		v := s.viewers(3)
		if _, err := s.Rooms.Say(s.Ctx, s.Bank.ID, s.room, live.Speaker{ID: v[1].ID}, "早就来了"); err != nil {
			t.Fatal(err)
		}
		s.clk.Advance(time.Second)
		chatted, ordered := s.lottery(play.Chatted), s.lottery(play.Ordered)
		wants(t, "who said nothing", s.enter(chatted, v[0]), "lottery.needs_chat")
		wants(t, "who spoke before", s.enter(chatted, v[1]), "lottery.needs_chat")
		if _, err := s.Rooms.Say(s.Ctx, s.Bank.ID, s.room, live.Speaker{ID: v[0].ID}, "抽我"); err != nil {
			t.Fatal(err)
		}
		wants(t, "who speaks", s.enter(chatted, v[0]), "")
		wants(t, "who bought nothing", s.enter(ordered, v[0]), "lottery.needs_order")
		s.beyond.ordered[v[2].ID] = true
		wants(t, "who bought", s.enter(ordered, v[2]), "")
		_, err := s.games.Enter(s.Ctx, s.Other.ID, chatted.ID, v[0])
		wants(t, "another bank's", err, "not_found")
		_, err = s.games.Proof(s.Ctx, s.Other.ID, chatted.ID)
		wants(t, "another bank's proof", err, "not_found")
		for who, by := range map[string]live.Staff{"a stranger": s.Stranger} {
			_, err := s.games.Draw(s.Ctx, s.Bank.ID, chatted.ID, by)
			wants(t, who+" draws", err, "not_found")
			_, err = s.games.CancelLottery(s.Ctx, s.Bank.ID, chatted.ID, by)
			wants(t, who+" cancels", err, "not_found")
			_, err = s.games.Winners(s.Ctx, s.Bank.ID, chatted.ID, by)
			wants(t, who+" sees who won", err, "not_found")
			_, _, err = s.games.OpenLottery(s.Ctx, s.request(), s.Bank.ID, s.room, by, play.LotteryPlan{})
			wants(t, who+" opens one", err, "not_found")
		}
		if l, err := s.games.CancelLottery(s.Ctx, s.Bank.ID, chatted.ID, s.Host); err != nil || l.State != play.Cancelled {
			t.Errorf("%+v %v", l, err)
		}
		_, err = s.games.Draw(s.Ctx, s.Bank.ID, chatted.ID, s.Host)
		wants(t, "a cancelled one is drawn", err, "conflict")
		wants(t, "a cancelled one is entered", s.enter(chatted, v[2]), "lottery.ended")
		s.clk.Advance(time.Hour)
		s.run() // the cancelled one is not drawn, the other is
		if n := s.number("SELECT COUNT(*) FROM lottery WHERE state = 'drawn'"); n != 1 {
			t.Errorf("%d are drawn", n)
		}
	})
}

// Winners get their coupons once although a worker dies over it; what the batch
// refuses is noted; each winner is told.
func TestWinnersGetWhatTheyWonOnce(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		var told atomic.Int64
		cancel, err := s.Bus.Subscribe(bus.BankChannel(s.Bank.ID), func(m bus.Message) {
			if m.Kind == play.LotteryWon {
				told.Add(1)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		l := s.lottery(play.Anybody, play.Prize{Title: "券", Quantity: 5, BatchID: &batch})
		for _, v := range s.viewers(5) {
			if err := s.enter(l, v); err != nil {
				t.Fatal(err)
			}
		}
		s.beyond.left, s.beyond.crash = 3, true
		d, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Host)
		if err != nil || len(d.Winners) != 5 || !strings.HasPrefix(d.Winners[0].NicknameMasked, "观***") {
			t.Fatalf("%+v %v", d, err)
		}
		task := outbox.Task{Bank: s.Bank.ID, Ref: l.ID}
		if err := s.games.HandleGrant(s.Ctx, task); err == nil || s.number("SELECT COUNT(*) FROM coupon") != 0 {
			t.Fatalf("half a grant stayed: %v", err)
		}
		at(4, func(int) {
			if err := s.games.HandleGrant(s.Ctx, task); err != nil {
				t.Error(err)
			}
		})
		s.run()
		owed, err := s.games.Winners(s.Ctx, s.Bank.ID, l.ID, s.Host)
		got, refused := 0, 0
		for _, o := range owed {
			if o.CouponID != nil {
				got++
			}
			if o.GrantError != nil && *o.GrantError == "coupon.sold_out" {
				refused++
			}
		}
		if err != nil || got != 3 || refused != 2 || s.number("SELECT COUNT(*) FROM coupon") != 3 || told.Load() != 5 {
			t.Errorf("%d granted, %d refused, %d told: %+v %v", got, refused, told.Load(), owed, err)
		}
	})
}

func TestAPlanThatCannotBeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		none := "cpb_none"
		good := play.LotteryPlan{Title: "x", Rule: play.Anybody, Prizes: []play.Prize{{Title: "a", Quantity: 1}}, For: time.Minute}
		for code, p := range map[string]play.LotteryPlan{
			"validation":      {Title: "x", Rule: "friends", Prizes: good.Prizes, For: time.Minute},
			"not_found":       {Title: "x", Rule: play.Anybody, Prizes: []play.Prize{{Title: "a", Quantity: 1, BatchID: &none}}, For: time.Minute},
			"coupon.sold_out": {Title: "x", Rule: play.Anybody, Prizes: []play.Prize{{Title: "a", Quantity: 60, BatchID: &batch}, {Title: "b", Quantity: 60, BatchID: &batch}}, For: time.Minute},
		} {
			_, _, err := s.games.OpenLottery(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, p)
			wants(t, code, err, code)
		}
		for _, spoil := range []func(p *play.LotteryPlan){func(p *play.LotteryPlan) { p.For = time.Second }, func(p *play.LotteryPlan) { p.Title = "" },
			func(p *play.LotteryPlan) { p.Prizes = nil }, func(p *play.LotteryPlan) { p.Prizes = []play.Prize{{Title: "a", Quantity: 1001}} }} {
			p := good
			spoil(&p)
			_, _, err := s.games.OpenLottery(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, p)
			wants(t, "a bad plan", err, "validation")
		}
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, s.room, s.Host); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.games.OpenLottery(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, good)
		wants(t, "in an ended room", err, "conflict")
	})
}

// What is told names the commitment and never the seed.
func TestTheSeedIsSealedUntilTheDraw(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l := s.lottery(play.Anybody)
		d, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Host)
		if err != nil {
			t.Fatal(err)
		}
		log, err := s.Rooms.FactsSince(s.Ctx, s.room, 1, 10)
		if err != nil || len(log) != 2 || strings.Contains(string(log[0].Event), d.Seed) || !strings.Contains(string(log[0].Event), l.Commitment) {
			t.Fatalf("%+v %v", log, err)
		}
		var e struct{ Seed string }
		if err := json.Unmarshal(log[1].Event, &e); err != nil || e.Seed != d.Seed {
			t.Errorf("%s %v", log[1].Event, err)
		}
		if n := s.number("SELECT COUNT(*) FROM lottery WHERE seed_sealed LIKE ?", "%"+d.Seed+"%"); n != 0 {
			t.Error("the seed stands in clear where it is sealed")
		}
	})
}
