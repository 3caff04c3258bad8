package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// busy is a card department in which everything happens at once, in no order.
type busy struct {
	*cardtest.Department
	t       *testing.T
	ctx     context.Context
	staff   []review.Person
	boss    review.Person
	counts  sync.Map // what was done → how often
	applied atomic.Int64

	mu    sync.Mutex
	known []sent
}

type sent struct{ id, viewer string }

const people = 200

// Intake, spreading, claims, decisions, second opinions, withdrawals, outcomes,
// erasures, timers and follow-ups at once lose no application, answer nobody with
// an error of ours, and leave nothing stuck.
func TestTheDepartmentHoldsWhenAllHappensAtOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	b := &busy{Department: cardtest.OnMariaDB(t), t: t, ctx: testkit.Context(t)}
	b.Bank.Settings.SecondOpinionProducts = b.Products[:1]
	b.Bank.Settings.ApplicationsPerAddressHour = 10 * people
	b.open()
	var all sync.WaitGroup
	until := time.Now().Add(10 * time.Second)
	for i, act := range []func(*rand.Rand){b.apply, b.apply, b.spread, b.spread, b.claim, b.claim, b.decide, b.decide, b.decide, b.second, b.second,
		b.ask, b.withdraw, b.erase, b.outcome, b.handOver, b.reopen, b.work, b.work, b.sweep} {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			for time.Now().Before(until) && !t.Failed() {
				act(r)
			}
		})
	}
	all.Wait()
	b.counts.Range(func(k, v any) bool { t.Logf("%-22v %d", k, v.(*atomic.Int64).Load()); return true })
	b.settle()
}

// open makes people and a queue for everything.
func (b *busy) open() {
	b.boss = b.Reviewer(true)
	ids := []string{}
	for range 6 {
		p := b.Reviewer(false)
		b.staff, ids = append(b.staff, p), append(ids, p.ID)
		if err := b.Leads.SetReviewer(b.ctx, b.Bank, b.boss, p.ID, 8, true); err != nil {
			b.t.Fatal(err)
		}
	}
	for i, product := range b.Products {
		if _, err := b.Leads.SaveQueue(b.ctx, b.Bank, b.boss, "", review.QueueForm{Name: fmt.Sprint("队列", i), CardProductID: product, Members: ids}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// did counts an act, and fails the test when its error is ours.
func (b *busy) did(what string, err error) {
	if err != nil {
		if fault.From(err).Kind == fault.Internal {
			b.t.Errorf("%s: %v", what, err)
		}
		what += " refused"
	}
	n, _ := b.counts.LoadOrStore(what, &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
}

func (b *busy) any(r *rand.Rand) (sent, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known) == 0 {
		time.Sleep(time.Millisecond) // nobody has come yet
		return sent{}, false
	}
	return b.known[r.IntN(len(b.known))], true
}

// one gives a lead at random for which a query of ids knows.
func (b *busy) one(r *rand.Rand, where string, args ...any) (string, bool) {
	ids, err := db.All(b.ctx, b.DB, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
		"SELECT id FROM application WHERE bank_id = ? AND "+where+" LIMIT 50", append([]any{b.Bank.ID}, args...)...)
	if err != nil {
		b.did("look", err)
	}
	if len(ids) == 0 {
		time.Sleep(5 * time.Millisecond)
		return "", false
	}
	return ids[r.IntN(len(ids))], true
}

func (b *busy) apply(r *rand.Rand) {
	n := int(b.applied.Add(1))
	if n > people {
		time.Sleep(20 * time.Millisecond)
		return
	}
	time.Sleep(30 * time.Millisecond) // so that some come while others leave
	viewer := b.Viewer(cardtest.Phone(n))
	b.SignedIn(b.t, viewer, cardtest.Phone(n))
	f := b.Form(n, cardtest.Phone(n))
	f.CardProductID, f.DeviceID = b.Products[r.IntN(2)], fmt.Sprint("device-", r.IntN(5))
	receipt, _, err := b.Applications.Apply(b.ctx, b.Bank, viewer, f, b.Request(viewer))
	b.did("apply", err)
	if err == nil {
		b.mu.Lock()
		b.known = append(b.known, sent{receipt.ID, viewer})
		b.mu.Unlock()
	}
}

func (b *busy) spread(*rand.Rand) {
	b.did("spread", b.Leads.Spread(b.ctx, b.Bank))
	time.Sleep(10 * time.Millisecond)
}

func (b *busy) claim(r *rand.Rand) {
	if a, ok := b.any(r); ok {
		p := b.staff[r.IntN(len(b.staff))]
		if r.IntN(4) == 0 {
			b.did("release", b.Leads.Release(b.ctx, b.Bank, p, a.id))
			return
		}
		b.did("claim", b.Leads.Claim(b.ctx, b.Bank, p, a.id))
	}
}

func (b *busy) decide(r *rand.Rand) {
	p := b.staff[r.IntN(len(b.staff))]
	lead, ok := b.one(r, "claimed_by = ?", p.ID)
	if !ok {
		return
	}
	d := review.Decision{Decision: review.Approve, ReasonCode: "meets_policy"}
	if r.IntN(3) == 0 {
		d = review.Decision{Decision: review.Reject, ReasonCode: "risk"}
	}
	b.did("decide "+d.Decision, b.Leads.Decide(b.ctx, b.Bank, p, lead, d))
}

func (b *busy) second(r *rand.Rand) {
	if lead, ok := b.one(r, "proposal_id > ''"); ok {
		confirm := r.IntN(3) > 0
		b.did(fmt.Sprint("second ", confirm), b.Leads.Second(b.ctx, b.Bank, b.Reviewer(true), lead, confirm, pii.Clear("看过了")))
	}
}

// ask asks for more, or answers what was asked.
func (b *busy) ask(r *rand.Rand) {
	if r.IntN(2) == 0 {
		p := b.staff[r.IntN(len(b.staff))]
		if lead, ok := b.one(r, "claimed_by = ? AND status = 'in_review'", p.ID); ok {
			b.did("ask", b.Leads.RequestInfo(b.ctx, b.Bank, p, lead, []string{"employer"}, pii.Clear("请补充")))
		}
		return
	}
	if lead, ok := b.one(r, "status = 'info_requested'"); ok {
		viewer, _, err := db.Value[string](b.ctx, b.DB, "SELECT viewer_id FROM application WHERE id = ?", lead)
		b.did("look", err)
		_, err = b.Applications.Supplement(b.ctx, b.Bank, viewer, lead, map[string]pii.Text{"employer": pii.Clear("浦西机械厂")}, "mobile", card.Actor{Kind: "viewer", ID: viewer})
		b.did("supplement", err)
	}
}

func (b *busy) withdraw(r *rand.Rand) {
	time.Sleep(300 * time.Millisecond)
	if a, ok := b.any(r); ok {
		_, err := b.Applications.Withdraw(b.ctx, b.Bank, a.viewer, a.id, card.Actor{Kind: "viewer", ID: a.viewer})
		b.did("withdraw", err)
	}
}

func (b *busy) erase(r *rand.Rand) {
	time.Sleep(300 * time.Millisecond)
	if a, ok := b.any(r); ok {
		b.did("erase", b.Erase(b.ctx, a.viewer))
	}
}

func (b *busy) outcome(r *rand.Rand) {
	lead, ok := b.one(r, "status IN ('approved', 'handed_off', 'issued')")
	if !ok {
		return
	}
	o := []string{"issued", "issued", "activated", "declined"}[r.IntN(4)]
	_, _, err := b.Outcomes.Record(b.ctx, b.Bank, b.boss, []review.Outcome{{ApplicationID: lead, Outcome: o, CardLast4: "4242", At: clock.At(b.Clock.Now())}}, b.Request(b.boss.ID))
	b.did("outcome "+o, err)
}

func (b *busy) handOver(r *rand.Rand) {
	time.Sleep(200 * time.Millisecond)
	i := r.IntN(len(b.staff))
	f := review.HandoverForm{From: b.staff[i].ID, Reason: "休假"}
	if r.IntN(2) == 0 {
		f.To = []string{b.staff[(i+1)%len(b.staff)].ID}
	}
	h, err := b.Leads.AskHandover(b.ctx, b.Bank, b.boss, f)
	b.did("handover", err)
	if err == nil {
		_, err = b.Leads.DecideHandover(b.ctx, b.Bank, b.Reviewer(true), h, true)
		b.did("handover decided", err)
		b.did("back on duty", b.Leads.SetReviewer(b.ctx, b.Bank, b.boss, f.From, 8, true))
	}
}

func (b *busy) reopen(r *rand.Rand) {
	time.Sleep(50 * time.Millisecond)
	if lead, ok := b.one(r, "status = 'rejected'"); ok {
		b.did("reopen", b.Leads.ProposeReopening(b.ctx, b.Bank, b.boss, lead, pii.Clear("资料有误")))
	}
}

// work runs what is due, as a worker does.
func (b *busy) work(*rand.Rand) {
	due, err := b.Box.Due(b.ctx, 20)
	b.did("due", err)
	if len(due) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	for _, w := range due {
		t, ok, err := b.Box.Take(b.ctx, w.ID)
		b.did("take", err)
		if err != nil || !ok {
			continue
		}
		b.did("task "+t.Kind, b.end(t, b.Handle(b.ctx, t)))
	}
}

func (b *busy) end(t outbox.Task, err error) error {
	var later *outbox.Postponed
	switch {
	case err == nil:
		return b.Box.Done(b.ctx, t)
	case errors.Is(err, outbox.ErrEnded):
		return nil
	case errors.As(err, &later):
		return b.Box.Postpone(b.ctx, t, later.At)
	}
	return err
}

// sweep lets time pass, so that leases and promises run out, and forgets latches.
func (b *busy) sweep(r *rand.Rand) {
	time.Sleep(50 * time.Millisecond)
	b.Clock.Advance(time.Duration(r.IntN(6)) * time.Minute)
	b.did("sweep", b.Screens.Purge(b.ctx))
}

// settle lets all that is due happen, and looks at what became of everybody.
func (b *busy) settle() {
	t := b.t
	for range 60 { // leases, promises and follow-ups run out
		b.Clock.Advance(12 * time.Hour)
		b.did("spread", b.Leads.Spread(b.ctx, b.Bank))
		b.Work(t)
	}
	number := func(what string, want int, query string, args ...any) {
		t.Helper()
		if n, _, err := db.Value[int](b.ctx, b.DB, query, args...); err != nil || n != want {
			t.Errorf("%s: %d, not %d: %v", what, n, want, err)
		}
	}
	number("applications", len(b.known), "SELECT COUNT(*) FROM application")
	number("held past the lease", 0, "SELECT COUNT(*) FROM application WHERE claimed_until <= ?", b.Clock.Now())
	number("never placed", 0, "SELECT COUNT(*) FROM application WHERE status = 'queued' AND placed <> 1")
	number("never handed over", 0, "SELECT COUNT(*) FROM application WHERE status = 'approved'")
	number("promises that nobody looks after", 0, "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND due_at <= ?", b.Clock.Now())
	number("dead tasks", 0, "SELECT COUNT(*) FROM outbox WHERE state = 'dead'")
	number("follow-ups that do not end", 0, "SELECT COUNT(*) FROM follow_up WHERE ended_at IS NULL AND due_at <= ?", b.Clock.Now().Add(-14*24*time.Hour))
	number("messages to erased people", 0, "SELECT COUNT(*) FROM app_message m JOIN viewer v ON v.id = m.viewer_id WHERE v.erased_at IS NOT NULL")
	number("follow-ups of erased people", 0, `SELECT COUNT(*) FROM follow_up f JOIN viewer v ON v.id = f.viewer_id
		WHERE v.erased_at IS NOT NULL AND (f.ended_at IS NULL OR f.created_at > v.erased_at)`)
	number("erased people at the desk", 0, `SELECT COUNT(*) FROM application a JOIN viewer v ON v.id = a.viewer_id
		WHERE v.erased_at IS NOT NULL AND (a.status IN ('queued','in_review','info_requested','approved','handed_off') OR a.proposal_id > '')`)
	testkit.Holds(t, b.DB, slices.DeleteFunc(invariants(b.Keys), func(r invariant.Rule) bool { return r.Warns })...)
}
