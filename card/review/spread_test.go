package review_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// bulk puts n leads in, as a bulk intake brings them: queued, in no queue.
func bulk(t *testing.T, d *cardtest.Department, n int) {
	t.Helper()
	ctx := testkit.Context(t)
	err := d.DB.InTx(ctx, func(tx *db.Tx) error {
		rows := make([][]any, n)
		for i := range rows {
			rows[i] = []any{id.New(id.Application), d.Bank.ID, id.New(id.Viewer), d.Products[0], "queued", "R" + id.New(id.Event)[13:], "pass",
				"h", "h", id.New(id.Event), "张*", "1****************X", "138****5678", "310100", "ip", tx.Now.Add(time.Duration(i) * time.Millisecond), tx.Now}
		}
		return tx.Insert(ctx, `application (id, bank_id, viewer_id, card_product_id, status, receipt_no, screening, id_no_hash, phone_hash,
			open_key, name_masked, id_no_masked, phone_masked, city_code, ip_hash, created_at, updated_at)`, rows, "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// queueFor makes a queue for everything, with a person for each capacity.
func queueFor(t *testing.T, d *cardtest.Department, capacities ...int) []review.Person {
	t.Helper()
	ctx, boss := testkit.Context(t), d.Reviewer(true)
	people, members := make([]review.Person, len(capacities)), make([]string, len(capacities))
	for i, c := range capacities {
		people[i] = d.Reviewer(false)
		members[i] = people[i].ID
		if err := d.Leads.SetReviewer(ctx, d.Bank, boss, people[i].ID, c, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Leads.SaveQueue(ctx, d.Bank, boss, "", review.QueueForm{Name: "全部", Members: members}); err != nil {
		t.Fatal(err)
	}
	return people
}

func spread(t *testing.T, d *cardtest.Department) {
	t.Helper()
	if err := d.Leads.Spread(testkit.Context(t), d.Bank); err != nil {
		t.Fatal(err)
	}
}

func held(t *testing.T, d *cardtest.Department, p review.Person) int {
	t.Helper()
	n, _, err := db.Value[int](testkit.Context(t), d.DB, "SELECT COUNT(*) FROM application WHERE claimed_by = ? AND status = 'in_review'", p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBulkIntakeIsSpreadByCapacityAndTheRestWaits(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		people := queueFor(t, d, 600, 300, 100, 0)
		off := d.Reviewer(false)
		if err := d.Leads.SetReviewer(ctx, d.Bank, d.Reviewer(true), off.ID, 500, false); err != nil {
			t.Fatal(err)
		}
		bulk(t, d, 500)
		var all sync.WaitGroup // two workers at once, of whom one lost its lease
		for range 2 {
			all.Go(func() {
				if err := d.Leads.Spread(ctx, d.Bank); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		spread(t, d)
		for i, want := range []int{300, 150, 50, 0} {
			if n := held(t, d, people[i]); n < want-2 || n > want+2 {
				t.Errorf("%d: %d, want about %d", i, n, want)
			}
		}
		bulk(t, d, 1500)
		spread(t, d)
		for i, want := range []int{600, 300, 100, 0} {
			if n := held(t, d, people[i]); n != want {
				t.Errorf("full, %d: %d, want %d", i, n, want)
			}
		}
		if n := held(t, d, off); n != 0 {
			t.Errorf("who is off duty holds %d", n)
		}
		queues, err := d.Leads.Queues(ctx, d.Bank.ID, review.Person{})
		if err != nil || len(queues) != 1 || queues[0].Waiting != 1000 || queues[0].OldestAt == nil || len(queues[0].Members) != 4 {
			t.Fatalf("%+v: %v", queues, err)
		}
		// Room comes free: the oldest that waits comes next.
		oldest, _, err := db.Value[string](ctx, d.DB, "SELECT id FROM application WHERE status = 'queued' ORDER BY created_at, id LIMIT 1")
		if err != nil {
			t.Fatal(err)
		}
		mine, err := d.Leads.List(ctx, d.Bank.ID, people[2], review.Filter{Assignee: "me"}, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, people[2], mine[0].ID, yes); err != nil {
			t.Fatal(err)
		}
		spread(t, d)
		if s := d.Status(t, oldest); s != card.InReview || held(t, d, people[2]) != 100 {
			t.Errorf("the oldest is %s, %d are held", s, held(t, d, people[2]))
		}
		if _, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil {
			t.Error(err)
		}
	})
}

// Who is of a branch is dealt leads of queues of it and below only, in their turn
// with whoever sees the whole bank; no queue of no branch comes to them.
func TestABranchsReviewersAreDealtItsLeadsOnly(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{
				{"brn_east", d.Bank.ID, nil, "东", tx.Now}, {"brn_outlet", d.Bank.ID, "brn_east", "网点", tx.Now}, {"brn_west", d.Bank.ID, nil, "西", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		east, outlet, all := d.Reviewer(false), d.Reviewer(false), d.Reviewer(false)
		d.Staff.Bind(east.ID, tenant.Within("brn_east", "brn_outlet"))
		d.Staff.Bind(outlet.ID, tenant.Within("brn_outlet"))
		members := []string{east.ID, outlet.ID, all.ID}
		for _, m := range members {
			if err := d.Leads.SetReviewer(ctx, d.Bank, boss, m, 20, true); err != nil {
				t.Fatal(err)
			}
		}
		for i, f := range []review.QueueForm{{Name: "网点", BranchID: "brn_outlet"}, {Name: "东", BranchID: "brn_east"}, {Name: "西", BranchID: "brn_west"}, {Name: "其他"}} {
			f.Position, f.Members = i, members
			if _, err := d.Leads.SaveQueue(ctx, d.Bank, boss, "", f); err != nil {
				t.Fatal(err)
			}
		}
		var leads []string
		for n := range 24 {
			lead, _ := d.Apply(t, n)
			leads = append(leads, lead)
		}
		if err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			for i, lead := range leads {
				branch := []any{"brn_outlet", "brn_east", "brn_west", nil}[i%4]
				if _, err := tx.Exec(ctx, "UPDATE application SET branch_id = ? WHERE id = ?", branch, lead); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		spread(t, d)
		of := func(p review.Person) map[string]int {
			rows, err := db.All(ctx, d.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
				"SELECT COALESCE(branch_id, '') FROM application WHERE claimed_by = ? AND status = 'in_review'", p.ID)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]int{}
			for _, b := range rows {
				out[b]++
			}
			return out
		}
		theirs := of(outlet)
		if theirs["brn_outlet"] == 0 || len(theirs) != 1 {
			t.Errorf("the outlet's: %v", theirs)
		}
		if theirs = of(east); theirs["brn_east"] == 0 || theirs["brn_west"]+theirs[""] != 0 {
			t.Errorf("the branch's: %v", theirs)
		}
		if theirs = of(all); theirs["brn_west"] != 6 || theirs[""] != 6 {
			t.Errorf("the whole bank's: %v", theirs)
		}
		for _, lead := range leads {
			if s := d.Status(t, lead); s != card.InReview {
				t.Errorf("a lead that all could have is %s", s)
			}
		}
	})
}

func TestTheFirstQueueThatFitsTakesALead(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{
				{"brn_east", d.Bank.ID, nil, "东", tx.Now}, {"brn_outlet", d.Bank.ID, "brn_east", "网点", tx.Now}, {"brn_west", d.Bank.ID, nil, "西", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]string{}
		for i, f := range []review.QueueForm{{Name: "东分行", BranchID: "brn_east"}, {Name: "二号卡", CardProductID: d.Products[1]}, {Name: "西分行二号卡", BranchID: "brn_west", CardProductID: d.Products[1]}} {
			f.Position = i
			q, err := d.Leads.SaveQueue(ctx, d.Bank, boss, "", f)
			if err != nil {
				t.Fatal(err)
			}
			made[q] = f.Name
		}
		lead, _ := d.Apply(t, 1)
		for _, c := range []struct {
			branch  any
			product int
			want    string
		}{{"brn_outlet", 1, "东分行"}, {"brn_east", 0, "东分行"}, {"brn_west", 1, "二号卡"}, {"brn_west", 0, ""}, {nil, 0, ""}} {
			err := d.DB.InTx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE application SET branch_id = ?, card_product_id = ?, placed = 0 WHERE id = ?", c.branch, d.Products[c.product], lead)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			spread(t, d)
			v, err := d.Leads.Get(ctx, d.Bank, boss, lead)
			got := ""
			if v.QueueID != nil {
				got = made[*v.QueueID]
			}
			if err != nil || got != c.want {
				t.Errorf("%v of %d is in %q, want %q: %v", c.branch, c.product, got, c.want, err)
			}
		}
		for what, f := range map[string]review.QueueForm{"name": {}, "branch_id": {Name: "x", BranchID: "brn_no"}, "card_product_id": {Name: "x", CardProductID: "crd_no"}, "members[0]": {Name: "x", Members: []string{"stf_no"}}} {
			if _, err := d.Leads.SaveQueue(ctx, d.Bank, boss, "", f); fault.From(err).Kind != fault.Invalid || fault.From(err).Fields[0].Name != what {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := d.Leads.SaveQueue(ctx, d.Bank, boss, "", review.QueueForm{Name: "东分行"}); fault.Code(err) != "conflict" {
			t.Errorf("the same name: %v", err)
		}
		for q := range made {
			if err := d.Leads.DropQueue(ctx, d.Bank, boss, q); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLeaseIsRenewedAndGivenBackWhenItEnds(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		if err := d.Leads.Renew(ctx, d.Bank, p, lead); fault.Code(err) != "lead.not_claimed" {
			t.Fatalf("nobody's: %v", err)
		}
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			d.Clock.Advance(10 * time.Minute)
			if err := d.Leads.Renew(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
			spread(t, d)
		}
		if err := d.Leads.Renew(ctx, d.Bank, d.Reviewer(false), lead); fault.Code(err) != "lead.taken" {
			t.Fatalf("another's: %v", err)
		}
		d.Clock.Advance(16 * time.Minute)
		if err := d.Leads.Renew(ctx, d.Bank, p, lead); fault.Code(err) != "lead.not_claimed" {
			t.Fatalf("past the lease: %v", err)
		}
		spread(t, d)
		v, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || v.Status != card.Queued || v.Timeline[len(v.Timeline)-1].Kind != "lease_ended" {
			t.Fatalf("%s %+v: %v", v.Status, v.Timeline, err)
		}
		testkit.Holds(t, d.DB, card.Invariants()...)
	})
}

func TestAssignedLeadsStayLongerThanClaimedOnes(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		if err := d.Leads.Assign(ctx, d.Bank, d.Reviewer(true), lead, p.ID); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(23 * time.Hour)
		if err := d.Leads.Decide(ctx, d.Bank, p, lead, yes); err != nil {
			t.Error(err)
		}
	})
}

func TestBrokenPromiseIsEscalatedAndToldOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		late, _ := d.Apply(t, 1)
		seen, _ := d.Apply(t, 2)
		spread(t, d)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, seen); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, p, seen, yes); err != nil {
			t.Fatal(err)
		}
		escalated := func() int {
			list, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Escalated: true}, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		d.Work(t)
		before := len(d.Far.Messages(cardtest.Phone(1)))
		d.Clock.Advance(4*time.Hour - time.Minute)
		d.Work(t)
		if n := escalated(); n != 0 {
			t.Fatalf("%d too early", n)
		}
		d.Clock.Advance(2 * time.Minute)
		d.Work(t)
		if n := escalated(); n != 1 {
			t.Fatalf("%d are escalated", n)
		}
		d.Clock.Advance(20 * time.Hour)
		d.Work(t)
		d.Work(t)
		if n := len(d.Far.Messages(cardtest.Phone(1))) - before; n != 1 {
			t.Errorf("the applicant was told %d times", n)
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind = 'escalated'", late)
		if err != nil || n != 2 {
			t.Errorf("%d escalations: %v", n, err)
		}
		if n := len(d.Far.Messages(cardtest.Phone(2))); n > 2 {
			t.Errorf("who has an answer was told %d times", n)
		}
	})
}

// A timer that is worked twice, as by a worker whose lease ran out, has one effect.
func TestPromiseWorkedTwiceEscalatesOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Apply(t, 1)
		spread(t, d)
		d.Clock.Advance(25 * time.Hour)
		due, err := d.Box.Due(ctx, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range due {
			task, ok, err := d.Box.Take(ctx, w.ID)
			if err != nil || !ok {
				t.Fatal(err)
			}
			if task.Kind != review.TaskPromise {
				continue
			}
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					if err := d.Handle(ctx, task); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM outbox WHERE kind = ? AND payload LIKE '%late%'", card.TaskNotice)
		if err != nil || n != 1 {
			t.Errorf("%d messages: %v", n, err)
		}
	})
}

// A clock that is set back, or ahead and back again, brings no escalation early,
// none twice, and loses none.
func TestAClockThatJumpsBreaksNoPromise(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, _ := d.Apply(t, 1)
		spread(t, d)
		d.Work(t)
		breaches := func(want ...string) {
			t.Helper()
			stages, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
				"SELECT stage FROM sla_breach WHERE application_id = ? ORDER BY at, stage", lead)
			if err != nil || !slices.Equal(stages, want) {
				t.Errorf("%v, want %v: %v", stages, want, err)
			}
			n, _, err := db.Value[int](testkit.Context(t), d.DB, "SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind = 'escalated'", lead)
			if err != nil || n != len(want) {
				t.Errorf("%d escalations, want %d: %v", n, len(want), err)
			}
		}
		for _, jump := range []time.Duration{-2 * time.Hour, 5 * time.Hour} { // three hours on, by way of two back
			d.Clock.Advance(jump)
			d.Work(t)
			breaches()
		}
		d.Clock.Advance(2 * time.Hour)
		d.Work(t)
		breaches("look")
		for _, jump := range []time.Duration{-5 * time.Hour, 5 * time.Hour} { // what is broken stays so, once
			d.Clock.Advance(jump)
			d.Work(t)
			breaches("look")
		}
		d.Clock.Advance(30 * 24 * time.Hour) // all that is due comes at once
		d.Work(t)
		d.Work(t)
		breaches("look", "decision")
	})
}

// dying is the context of a worker that is killed when the database has looked at
// it often enough.
type dying struct {
	context.Context
	left *atomic.Int64
	kill context.CancelFunc
}

func (d dying) Done() <-chan struct{} {
	if d.left.Add(-1) < 0 {
		d.kill()
	}
	return d.Context.Done()
}

// A worker that dies in the middle of an escalation leaves nothing of it, and one
// that dies after it, before the timer is struck off, leaves it whole: either way
// the next worker ends with one.
func TestAWorkerKilledWhileItEscalatesLeavesAllOrNothing(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		spread(t, d)
		d.Work(t)
		d.Clock.Advance(25 * time.Hour)
		written := func() int {
			n, _, err := db.Value[int](ctx, d.DB, `SELECT (SELECT COUNT(*) FROM sla_breach WHERE application_id = ?)
				+ (SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind = 'escalated')
				+ (SELECT COUNT(*) FROM outbox WHERE kind = ? AND payload LIKE '%late%')`, lead, lead, card.TaskNotice)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		due, err := d.Box.Due(ctx, 50)
		if err != nil {
			t.Fatal(err)
		}
		timers, deaths := 0, 0
		for _, w := range due {
			task, ok, err := d.Box.Take(ctx, w.ID)
			if err != nil || !ok {
				t.Fatal(err)
			}
			if task.Kind != review.TaskPromise {
				continue
			}
			timers++
			before := written()
			for looks := int64(0); ; looks++ {
				mortal, kill := context.WithCancel(ctx)
				left := &atomic.Int64{}
				left.Store(looks)
				err := d.Handle(dying{mortal, left, kill}, task)
				kill()
				if err == nil {
					break
				}
				deaths++
				if n := written(); n != before {
					t.Fatalf("killed at look %d it left %d rows", looks, n-before)
				}
			}
			whole := written()
			for range 2 { // the timer was not struck off
				if err := d.Handle(ctx, task); err != nil {
					t.Fatal(err)
				}
			}
			if n := written(); n != whole || n == before {
				t.Errorf("%d rows, then %d, then %d", before, whole, n)
			}
		}
		// Two breaches, an event of each, and one message to the applicant.
		if n := written(); timers != 2 || n != 5 || deaths < 10 {
			t.Errorf("%d timers, %d deaths, %d rows", timers, deaths, n)
		}
	})
}

func TestSupplementThatDoesNotComeIsAskedForAgain(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		spread(t, d)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer"}, pii.Clear("请补充")); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(71 * time.Hour)
		d.Work(t)
		v, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || v.EscalatedAt != nil {
			t.Fatalf("the wait is the applicant's: %+v %v", v.EscalatedFor, err)
		}
		d.Clock.Advance(2 * time.Hour)
		d.Work(t)
		if v, err = d.Leads.Get(ctx, d.Bank, p, lead); err != nil || v.EscalatedAt == nil || *v.EscalatedFor != "supplement" {
			t.Fatalf("%+v: %v", v.Lead, err)
		}
	})
}
