package rundown_test

import (
	"testing"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/live/rundown"
)

// Planned anew, what happened stays and what did not is replaced.
func TestPlanningAnewLeavesWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		ids := s.set(after(0, notice("一")), after(time.Minute, notice("二")), after(2*time.Minute, notice("三")))
		s.start()
		if _, err := s.runs.Fire(s.Ctx, s.Bank.ID, ids[0], s.Host); err != nil {
			t.Fatal(err)
		}
		kept := after(3*time.Minute, notice("二，改"))
		kept.ID = ids[1]
		changed := after(time.Hour, notice("一，改"))
		changed.ID = ids[0]
		now := s.set(kept, changed, after(time.Second, notice("新")))
		cues := s.cues()
		if len(now) != 3 || now[0] != ids[0] || now[2] != ids[1] || cues[0].State != rundown.Fired || cues[0].Plan.Notice.Text != "一" ||
			cues[1].Plan.Notice.Text != "新" || cues[2].Plan.Notice.Text != "二，改" || *cues[2].After != 180 {
			t.Errorf("%v %+v", now, cues)
		}
	})
}

func TestAPlanThatCannotBeNamesItsPlace(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		now, far := s.clk.Now(), 25*time.Hour
		both := after(0, notice("x"))
		both.Plan.Card = &rundown.Card{ProductID: "x"}
		for field, d := range map[string]rundown.Draft{
			"cues[1].at": {Plan: notice("x")}, "cues[1].after_seconds": {At: &now, After: &far, Plan: notice("x")}, "cues[1]": both,
		} {
			_, err := s.runs.Set(s.Ctx, s.Bank.ID, s.room, s.Host, []rundown.Draft{after(0, notice("x")), d}, false)
			wants(t, field, err, "validation")
			found := false
			for _, f := range fault.From(err).Fields {
				found = found || f.Name == field
			}
			if !found {
				t.Errorf("%v does not name %s", err, field)
			}
		}
		_, err := s.runs.Set(s.Ctx, s.Bank.ID, s.room, s.Host, make([]rundown.Draft, 201), false)
		wants(t, "too many", err, "validation")
	})
}

// A dry run finds, cue by cue, what would be refused, also by what the cues
// before used up, and leaves nothing behind.
func TestADryRunFindsWhatWouldGoWrongAndDoesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		none := "sku_none"
		ids := s.set(after(0, s.sell(60)), after(time.Minute, s.sell(60)), after(2*time.Minute, s.sell(40)),
			after(3*time.Minute, rundown.Plan{Pin: &rundown.Pin{SKUID: &none}}), after(4*time.Minute, rundown.Plan{Card: &rundown.Card{ProductID: "crd_x"}}),
			after(5*time.Minute, poll()), after(5*time.Minute+30*time.Second, poll()), after(7*time.Minute, poll()))
		before := len(s.Facts(t, s.room))
		r, err := s.runs.DryRun(s.Ctx, s.Bank.ID, s.room, s.Operator)
		if err != nil || r.Checked != 8 {
			t.Fatalf("%+v %v", r, err)
		}
		want := map[string]string{ids[1]: "stock.insufficient", ids[3]: "validation", ids[4]: "not_found", ids[6]: "cue.overlap"}
		if len(r.Problems) != len(want) {
			t.Errorf("%+v", r.Problems)
		}
		for _, p := range r.Problems {
			if want[p.CueID] != p.Code || p.Warns != (p.Code == "cue.overlap") {
				t.Errorf("%+v", p)
			}
		}
		if s.sold() != 0 || len(s.Facts(t, s.room)) != before {
			t.Errorf("sold %d, facts %v", s.sold(), s.Facts(t, s.room))
		}
		for _, c := range s.cues() {
			if c.State != rundown.Planned {
				t.Errorf("%+v", c)
			}
		}
		s.run()
	})
}

func TestInvariantsOfRundownsHoldAndCanFail(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.set(after(0, notice("x")), after(time.Second, s.sell(1000)), after(time.Hour, notice("y")))
		s.auto(s.Host)
		s.start()
		s.clk.Advance(time.Second)
		s.run()
		testkit.Breaks(t, s.DB, rundown.Invariants(), []testkit.Break{
			testkit.Wrong("fired at no time", "rundown.cues", "UPDATE rundown_cue SET fired_at = NULL, fired_by = NULL WHERE state = 'fired'"),
			testkit.Wrong("fired and nothing made", "rundown.cues", "UPDATE rundown_cue SET result = NULL WHERE state = 'fired'"),
			testkit.Wrong("failed for nothing", "rundown.cues", "UPDATE rundown_cue SET error = NULL WHERE state = 'failed'"),
			testkit.Wrong("planned and done", "rundown.cues", "UPDATE rundown_cue SET state = 'planned' WHERE state = 'fired'"),
			testkit.Wrong("a clock that stands", "rundown.clock", "UPDATE outbox SET state = 'cancelled' WHERE kind = 'rundown.clock' AND state = 'pending'"),
		})
	})
}
