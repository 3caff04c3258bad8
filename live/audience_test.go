package live_test

import (
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/live"
	"yinbo/live/livetest"
)

// Whoever came is counted in each room, once, in the period in which they came.
func TestAnAudienceIsWhoCameInThePeriod(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		room, other, planned := s.Live(t), s.Live(t), s.Plan(t)
		start := clk.Now()
		clk.Advance(time.Minute)
		report(t, s, room, live.Seen{Node: "a", Visitors: []live.Visitor{{ID: "v1"}, {ID: "v2"}}})
		report(t, s, room, live.Seen{Node: "b", Visitors: []live.Visitor{{ID: "v2"}}})
		report(t, s, other, live.Seen{Node: "a", Visitors: []live.Visitor{{ID: "v1"}}})
		report(t, s, planned, live.Seen{Node: "a", Visitors: []live.Visitor{{ID: "v1"}}})
		clk.Advance(time.Hour)
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, other, s.Host); err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Hour)
		report(t, s, room, live.Seen{Node: "a", Visitors: []live.Visitor{{ID: "v3"}}})
		report(t, s, other, live.Seen{Node: "a", Visitors: []live.Visitor{{ID: "v3"}}}) // over: it shows no way to a card
		for _, c := range []struct {
			name, bank, room string
			from, to         time.Time
			want             map[string]int64
		}{
			{"all of it", s.Bank.ID, "", start, clk.Now().Add(time.Minute), map[string]int64{room: 3, other: 1}},
			{"the first hour", s.Bank.ID, "", start, start.Add(time.Hour), map[string]int64{room: 2, other: 1}},
			{"after one has ended", s.Bank.ID, "", start.Add(90 * time.Minute), clk.Now().Add(time.Minute), map[string]int64{room: 1}},
			{"before all", s.Bank.ID, "", start.Add(-2 * time.Hour), start.Add(-time.Hour), map[string]int64{}},
			{"one room", s.Bank.ID, other, time.Unix(0, 0), clk.Now().Add(time.Hour), map[string]int64{other: 1}},
			{"another bank", s.Other.ID, "", start, clk.Now().Add(time.Minute), map[string]int64{}},
		} {
			got, err := s.Rooms.CardAudiences(s.Ctx, c.bank, c.room, c.from, c.to)
			if err != nil || len(got) != len(c.want) {
				t.Errorf("%s: %+v, want %v: %v", c.name, got, c.want, err)
			}
			for _, a := range got {
				if a.Viewers != c.want[a.Room] || a.Host != s.Host.ID {
					t.Errorf("%s: %+v, want %v", c.name, a, c.want)
				}
			}
		}
	})
}
