package live_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/keeping"
	"yinbo/internal/outbox"
	"yinbo/internal/reach"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/livetest"
)

// followers are viewers who follow the stage's host.
func followers(t *testing.T, s *livetest.Stage, n int) (viewers []string) {
	t.Helper()
	for i := range n {
		v, _ := s.Viewer(t, s.Bank, fmt.Sprint("粉丝", i))
		_, err := s.Rooms.FollowHost(s.Ctx, s.Bank.ID, s.Host.ID, v.ID)
		wants(t, "follow", err, "")
		viewers = append(viewers, v.ID)
	}
	return viewers
}

func TestAHostIsFollowedOnceAndFollowedNoMore(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		bank, host := s.Bank.ID, s.Host.ID
		viewer, _ := s.Viewer(t, s.Bank, "小王")
		_, err := s.Rooms.FollowHost(s.Ctx, bank, host, viewer.ID)
		wants(t, "one who has no room yet", err, "not_found")
		next := s.Plan(t)
		var wg sync.WaitGroup
		for range 6 { // one viewer, many presses
			wg.Go(func() {
				if f, err := s.Rooms.FollowHost(s.Ctx, bank, host, viewer.ID); err != nil || !f.Following {
					t.Error(f, err)
				}
			})
		}
		wg.Wait()
		for _, what := range []func(context.Context, string, string, string) (live.HostFollow, error){s.Rooms.FollowHost, s.Rooms.UnfollowHost, s.Rooms.Follows} {
			_, err := what(s.Ctx, s.Other.ID, host, viewer.ID)
			wants(t, "another bank's", err, "not_found")
		}
		whom := func() []live.Followed {
			t.Helper()
			all, err := s.Rooms.Following(s.Ctx, bank, viewer.ID, "", 10)
			wants(t, "following", err, "")
			return all
		}
		if got := whom(); len(got) != 1 || got[0].Host != (live.Host{ID: host, Name: s.Host.Name}) || got[0].Room == nil || got[0].Room.ID != next {
			t.Errorf("follows %+v", got)
		}
		on := s.Live(t)
		if got := whom(); got[0].Room == nil || got[0].Room.ID != on {
			t.Errorf("the room that is on is not first: %+v", got[0].Room)
		}
		_, err = s.Rooms.End(s.Ctx, bank, on, s.Host)
		wants(t, "end", err, "")
		clk.Advance(25 * time.Hour)
		if got := whom(); got[0].Room != nil {
			t.Errorf("a room a day overdue is next: %+v", got[0].Room)
		}
		theirs, err := s.Rooms.Create(s.Ctx, bank, s.Stranger, live.Plan{Title: "别人的", StartsAt: clk.Now()})
		wants(t, "plan", err, "")
		_, err = s.Rooms.FollowHost(s.Ctx, bank, s.Stranger.ID, viewer.ID)
		wants(t, "follow another", err, "")
		first, err := s.Rooms.Following(s.Ctx, bank, viewer.ID, "", 1)
		wants(t, "a page", err, "")
		second, err := s.Rooms.Following(s.Ctx, bank, viewer.ID, first[0].ID, 1)
		if err != nil || len(first) != 2 || first[0].Host.ID != s.Stranger.ID || len(second) != 1 || second[0].Host.ID != host {
			t.Errorf("pages %+v, %+v: %v", first, second, err)
		}
		again := s.Plan(t)
		if got := whom(); len(got) != 2 || got[0].Room == nil || got[0].Room.ID != theirs.ID || got[1].Room == nil || got[1].Room.ID != again {
			t.Errorf("each with their own room: %+v", got)
		}
		listed := func(status live.Status, after string, want ...string) {
			t.Helper()
			rooms, err := s.Rooms.Followed(s.Ctx, bank, viewer.ID, status, after, 10)
			ids := []string{}
			for _, r := range rooms {
				ids = append(ids, r.ID)
			}
			if err != nil || !slices.Equal(ids, want) {
				t.Errorf("%q after %q: %v, not %v: %v", status, after, ids, want, err)
			}
		}
		listed("", "", again, theirs.ID, next)
		listed(live.Scheduled, theirs.ID, next)
		listed(live.Live, "")
		_, err = s.Rooms.OfferReplay(s.Ctx, bank, on, s.Host, true)
		wants(t, "replay", err, "")
		listed(live.Ended, "", on)
		for range 2 {
			f, err := s.Rooms.UnfollowHost(s.Ctx, bank, host, viewer.ID)
			if err != nil || f.Following {
				t.Error(f, err)
			}
		}
		if f, err := s.Rooms.Follows(s.Ctx, bank, host, viewer.ID); err != nil || f.Following || len(whom()) != 1 {
			t.Error(f, err)
		}
		listed("", "", theirs.ID)
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

// Who follows is told once of each room: not of one that they cancelled, not when
// they follow no more, and not twice when they reserved it as well.
func TestFollowersAreToldOfEachRoomOnce(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 10)
		bank, room, c := s.Bank.ID, s.Plan(t), remind(s)
		all := followers(t, s, 5)
		plain, asked, cancelled, gone, out := all[0], all[1], all[2], all[3], all[4]
		reserve(t, s, room, 1)
		_, err := s.Rooms.Reserve(s.Ctx, bank, room, asked)
		wants(t, "reserve as well", err, "")
		r, err := s.Rooms.Reserved(s.Ctx, bank, room, plain)
		if err != nil || r != (live.Reservation{Reserved: true, ByFollow: true, Reservations: 2}) {
			t.Errorf("a follower: %+v %v", r, err)
		}
		for range 2 {
			r, err = s.Rooms.Unreserve(s.Ctx, bank, room, cancelled)
			if err != nil || r.Reserved || r.Reservations != 2 {
				t.Errorf("cancelled: %+v %v", r, err)
			}
		}
		_, err = s.Rooms.UnfollowHost(s.Ctx, bank, s.Host.ID, gone)
		wants(t, "unfollow", err, "")
		s.Tx(t, func(tx *db.Tx) error { _, err := reach.OptOut(s.Ctx, tx, bank, out, "app"); return err }) // the stage's hash is the id
		_, err = s.Rooms.Start(s.Ctx, bank, room, s.Host)
		wants(t, "start", err, "")
		var wg sync.WaitGroup
		for range 4 { // workers that have lost their lease
			wg.Go(func() {
				if err := c.Spread(s.Ctx, outbox.Task{ID: "t", Bank: bank, Ref: room}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		testkit.Holds(t, s.DB, live.Invariants()...)
		c.work(t)
		if got := c.states(t, room); got != "1 cancelled, 3 sent, 1 skipped" || len(c.post.sent) != 3 || len(c.post.inbox) != 3 {
			t.Errorf("%s; %d by SMS, %d in the app", got, len(c.post.sent), len(c.post.inbox))
		}
		told := slices.Sorted(func(yield func(string) bool) {
			for _, text := range c.post.sent {
				if !yield(strings.Split(text, "“")[0]) {
					return
				}
			}
		})
		if strings.Join(told, " ") != strings.Join([]string{"【" + s.Bank.Name + "】您关注的主播小林开播了：", "【" + s.Bank.Name + "】您预约的直播", "【" + s.Bank.Name + "】您预约的直播"}, " ") {
			t.Errorf("told %q", told)
		}
		if v, err := s.Rooms.Get(s.Ctx, bank, room); err != nil || v.Reservations != 2 {
			t.Errorf("the room counts %d: %v", v.Reservations, err)
		}
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

// Who follows no more is not told of a room whose message had to wait; the caps
// hold for followers.
func TestUnfollowingHoldsForAMessageThatWaits(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 7)
		c, room := remind(s), s.Plan(t)
		all := followers(t, s, 2)
		_, err := s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host)
		wants(t, "start", err, "")
		c.work(t)
		if got := c.states(t, room); got != "2 due" || len(c.post.inbox) != 0 {
			t.Fatalf("at seven: %s, %d in the app", got, len(c.post.inbox))
		}
		_, err = s.Rooms.UnfollowHost(s.Ctx, s.Bank.ID, s.Host.ID, all[0])
		wants(t, "unfollow", err, "")
		clk.Advance(2 * time.Hour)
		c.work(t)
		if got := c.states(t, room); got != "1 sent, 1 skipped" || len(c.post.sent) != 1 {
			t.Errorf("at nine: %s", got)
		}
	})
}

// The board tells the host of followers, and whom the room brought.
func TestTheBoardCountsFollowers(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		s.Plan(t)
		followers(t, s, 2)
		clk.Advance(time.Minute)
		room := s.Live(t)
		followers(t, s, 3)
		clk.Advance(time.Minute)
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, room, s.Host); err != nil {
			t.Fatal(err)
		}
		followers(t, s, 1)
		b, err := s.Rooms.Board(s.Ctx, s.Bank.ID, room, s.Host)
		if err != nil || b.Followers != (live.Followers{Followers: 6, NewFollowers: 3}) {
			t.Errorf("%+v %v", b.Followers, err)
		}
	})
}

func TestWhoIsErasedFollowsNobody(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		s.Plan(t)
		gone, stays := followers(t, s, 1)[0], followers(t, s, 1)[0]
		k := keeping.New(keeping.Deps{DB: s.DB, Parts: []keeping.Part{{Name: "rooms", Erase: s.Rooms.Erase},
			{Name: "sign-in", Erase: func(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
				return e.Run(ctx, tx, "viewer", "*", `UPDATE viewer SET erased_at = ?, phone_sealed = 'erased', phone_masked = '',
					phone_hash = CONCAT_WS('', 'erased/', id) WHERE bank_id = ? AND id = ?`, tx.Now, e.Bank, e.Viewer)
			}}}})
		if _, err := k.Erase(s.Ctx, s.Bank.ID, gone, "asked for", keeping.Actor{Kind: "system", ID: "test"}); err != nil {
			t.Fatal(err)
		}
		left, err := db.All(s.Ctx, s.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) }, "SELECT viewer_id FROM host_follow")
		if err != nil || len(left) != 1 || left[0] != stays {
			t.Errorf("left %v: %v", left, err)
		}
	})
}
