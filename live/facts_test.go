package live_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/livetest"
)

// Facts are numbered one by one however many write at once, a transaction that
// fails uses no number up, and nothing is published that is not committed.
func TestFactsAreNumberedWithoutGaps(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Plan(t)
		var mu sync.Mutex
		heard := map[int64]json.RawMessage{}
		cancel, err := s.Bus.Subscribe(bus.RoomChannel(room), func(m bus.Message) {
			mu.Lock()
			defer mu.Unlock()
			if _, twice := heard[m.Seq]; twice {
				t.Errorf("fact %d was published twice", m.Seq)
			}
			heard[m.Seq] = m.Event
		})
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		const writers, each = 4, 15
		undone := errors.New("undone")
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
						err := s.Rooms.Fact(s.Ctx, tx, s.Bank.ID, room, "notice", map[string]string{"text": fmt.Sprintf("%d-%d", w, i)})
						if err == nil && i%3 == 2 {
							err = undone
						}
						return err
					})
					if err != nil && !errors.Is(err, undone) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		const want = writers * each * 2 / 3
		log, err := s.Rooms.FactsSince(s.Ctx, room, 0, 1000)
		if err != nil || len(log) != want || len(heard) != want {
			t.Fatalf("%d facts in the log, %d heard, not %d: %v", len(log), len(heard), want, err)
		}
		next := map[int]int{} // of each writer: its own order is kept
		for i, l := range log {
			if l.Seq != int64(i+1) {
				t.Fatalf("fact %d has the number %d", i+1, l.Seq)
			}
			if string(l.Event) != string(heard[l.Seq]) {
				t.Errorf("the log says %s, the bus said %s", l.Event, heard[l.Seq])
			}
			var e struct{ Text string }
			if err := json.Unmarshal(l.Event, &e); err != nil {
				t.Fatal(err)
			}
			var w, n int
			if _, err := fmt.Sscanf(e.Text, "%d-%d", &w, &n); err != nil || n < next[w] {
				t.Errorf("writer %d's %d came after %d: %v", w, n, next[w], err)
			}
			next[w] = n
		}
	})
}

func TestAFactOfNoRoomIsRefused(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Plan(t)
		err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
			return s.Rooms.Fact(s.Ctx, tx, s.Other.ID, room, "notice", nil)
		})
		wants(t, "another bank's room", err, "not_found")
	})
}

// A room ends once, and what the host does at the same moment is before that or
// refused: the end is the last of the room's own facts.
func TestNothingTheHostDoesComesAfterTheEnd(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Live(t)
		var all sync.WaitGroup
		ends := make(chan error, 3)
		for range cap(ends) {
			all.Go(func() {
				for range 5 {
					if err := s.Rooms.Notice(s.Ctx, s.Bank.ID, room, s.Host, "still here"); err != nil {
						wants(t, "a notice", err, "conflict")
					}
				}
			})
			all.Go(func() {
				_, err := s.Rooms.End(s.Ctx, s.Bank.ID, room, s.Host)
				ends <- err
			})
		}
		all.Wait()
		close(ends)
		ended := 0
		for err := range ends {
			if err == nil {
				ended++
			} else {
				wants(t, "a second end", err, "conflict")
			}
		}
		log, err := s.Rooms.FactsSince(s.Ctx, room, 0, 100)
		if err != nil || ended != 1 || log[len(log)-1].Kind != live.FactEnded {
			t.Errorf("ended %d times, the last fact is %+v: %v", ended, log[len(log)-1], err)
		}
	})
}
