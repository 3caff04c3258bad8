package play_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
	"yinbo/live/play"
)

func (s *stage) poll(options ...string) play.Poll {
	s.t.Helper()
	p, _, err := s.games.OpenPoll(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, play.PollPlan{Question: "先讲哪个？", Options: options, For: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func TestWhoIsBannedDoesNotPlay(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l, p, who := s.lottery(play.Anybody), s.poll("大米", "茶"), s.viewers(2)
		if err := s.Rooms.Ban(s.Ctx, s.Bank.ID, s.room, who[0].ID, 0, "", s.Host); err != nil {
			t.Fatal(err)
		}
		if err := s.Rooms.BanEverywhere(s.Ctx, s.Bank.ID, who[1].ID, time.Minute, "", s.Operator); err != nil {
			t.Fatal(err)
		}
		for _, v := range who {
			wants(t, "an entry", s.enter(l, v), "viewer.banned")
			wants(t, "a vote", s.games.Vote(s.Ctx, s.Bank.ID, p.ID, v.ID, 0), "viewer.banned")
		}
		s.clk.Advance(time.Minute)
		if err := s.games.Vote(s.Ctx, s.Bank.ID, s.poll("米", "茶").ID, who[1].ID, 0); err != nil {
			t.Errorf("a ban that is over: %v", err)
		}
	})
}

// One vote a viewer, however often they press and whatever they press for; the
// counts that are told come to the counts that are true; the result stands.
func TestAViewerVotesOnce(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		var mu sync.Mutex
		var last string
		cancel, err := s.Bus.Subscribe(bus.RoomChannel(s.room), func(m bus.Message) {
			if m.Kind == play.PollState {
				mu.Lock()
				defer mu.Unlock()
				last = string(m.Event)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		p, viewers := s.poll("大米", "茶", "油"), s.viewers(12)
		var voted atomic.Int64
		at(48, func(i int) {
			err := s.games.Vote(s.Ctx, s.Bank.ID, p.ID, viewers[i%12].ID, i%3)
			if err == nil {
				voted.Add(1)
			} else {
				wants(t, "a vote", err, "poll.voted")
			}
		})
		for end := time.Now().Add(10 * time.Second); ; <-time.After(20 * time.Millisecond) {
			mu.Lock()
			told := last
			mu.Unlock()
			if strings.Contains(told, `"counts":[4,4,4]`) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("told %s", told)
			}
		}
		wants(t, "no option", s.games.Vote(s.Ctx, s.Bank.ID, p.ID, viewers[0].ID, 3), "validation")
		wants(t, "another bank's", s.games.Vote(s.Ctx, s.Other.ID, p.ID, viewers[0].ID, 0), "not_found")
		s.clk.Advance(2 * time.Minute)
		late := s.viewers(1)[0]
		wants(t, "too late", s.games.Vote(s.Ctx, s.Bank.ID, p.ID, late.ID, 0), "poll.ended")
		wants(t, "the same again", s.games.Vote(s.Ctx, s.Bank.ID, p.ID, viewers[0].ID, 0), "")
		at(4, func(i int) {
			if i%2 == 0 {
				if err := s.games.HandlePoll(s.Ctx, outbox.Task{Bank: s.Bank.ID, Ref: p.ID}); err != nil {
					t.Error(err)
				}
			} else if _, err := s.games.ClosePoll(s.Ctx, s.Bank.ID, p.ID, s.Host); err != nil {
				wants(t, "closed again", err, "conflict")
			}
		})
		s.run()
		got, err := s.games.Poll(s.Ctx, s.Bank.ID, p.ID)
		closed := slices.DeleteFunc(s.Facts(t, s.room), func(k string) bool { return k != play.PollClosed })
		if err != nil || got.Open || !slices.Equal(got.Counts, []int64{4, 4, 4}) || len(closed) != 1 {
			t.Errorf("%+v %v, closed %d times", got, err, len(closed))
		}
		now, err := s.games.Playing(s.Ctx, s.Bank.ID, s.room)
		if raw, _ := json.Marshal(now); err != nil || len(now.Polls) != 1 || !strings.Contains(string(raw), `"lotteries":[]`) {
			t.Errorf("%s %v", raw, err)
		}
		testkit.Holds(t, s.DB, play.Invariants()...)
	})
}

func TestAPollThatCannotBeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		for _, p := range []play.PollPlan{{Question: "?", Options: []string{"a"}, For: time.Minute}, {Question: "?", Options: []string{"a", "a"}, For: time.Minute},
			{Options: []string{"a", "b"}, For: time.Minute}, {Question: "?", Options: []string{"a", "b"}}, {Question: "?", Options: strings.Split("abcdefg", ""), For: time.Minute}} {
			_, _, err := s.games.OpenPoll(s.Ctx, s.request(), s.Bank.ID, s.room, s.Host, p)
			wants(t, fmt.Sprint(p), err, "validation")
		}
		p := s.poll("a", "b")
		_, err := s.games.ClosePoll(s.Ctx, s.Bank.ID, p.ID, s.Stranger)
		wants(t, "a stranger closes", err, "not_found")
	})
}

func TestInvariantsOfGamesHoldAndCanFail(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l, open := s.lottery(play.Anybody), s.lottery(play.Anybody)
		viewers := s.viewers(8)
		for _, v := range viewers {
			if err := s.enter(l, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.enter(open, viewers[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Host); err != nil {
			t.Fatal(err)
		}
		closed := s.poll("a", "b")
		s.poll("c", "d")
		if err := s.games.Vote(s.Ctx, s.Bank.ID, closed.ID, viewers[0].ID, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := s.games.ClosePoll(s.Ctx, s.Bank.ID, closed.ID, s.Host); err != nil {
			t.Fatal(err)
		}
		s.run()
		loser, _, err := db.Value[string](s.Ctx, s.DB, "SELECT MIN(viewer_id) FROM lottery_entry WHERE place IS NULL AND lottery_id = ?", l.ID)
		if err != nil {
			t.Fatal(err)
		}
		loser = "'" + loser + "'"
		testkit.Breaks(t, s.DB, play.Invariants(), []testkit.Break{
			testkit.Wrong("a winner too many", "lottery.proof lottery.winners",
				"UPDATE lottery_entry SET place = 9, prize_no = 1 WHERE lottery_id = '"+l.ID+"' AND viewer_id = "+loser),
			testkit.Wrong("a winner before the draw", "lottery.winners",
				"UPDATE lottery_entry SET place = 1, prize_no = 1 WHERE lottery_id = '"+open.ID+"'"),
			testkit.Wrong("another winner", "lottery.proof",
				"UPDATE lottery_entry SET place = NULL, prize_no = NULL WHERE place = 1",
				"UPDATE lottery_entry SET place = 1, prize_no = 1 WHERE lottery_id = '"+l.ID+"' AND viewer_id = "+loser),
			testkit.Wrong("an entrant left out", "lottery.proof",
				"DELETE FROM lottery_entry WHERE lottery_id = '"+l.ID+"' AND viewer_id = "+loser),
			testkit.Wrong("another seed", "lottery.proof", "UPDATE lottery SET seed = '"+strings.Repeat("ab", 32)+"' WHERE state = 'drawn'"),
			testkit.Wrong("another's coupon", "lottery.coupon", "UPDATE coupon SET viewer_id = 'vwr_x' WHERE id = (SELECT x FROM (SELECT MIN(id) AS x FROM coupon) y)"),
			testkit.Wrong("a lottery without an end", "lottery.end", "DELETE FROM outbox WHERE kind = 'lottery.draw' AND state = 'pending'"),
			testkit.Wrong("a poll without an end", "poll.end", "DELETE FROM outbox WHERE kind = 'poll.close' AND state = 'pending'"),
			testkit.Wrong("a result that was not voted", "poll.votes", "UPDATE poll SET counts = '[1,0]' WHERE state = 'closed'"),
			testkit.Wrong("a vote for nothing", "poll.votes", "UPDATE poll_vote SET option_no = 5"),
		})
	})
}
