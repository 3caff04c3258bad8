package cardtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/keeping"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// CallbackKey signs the fake bank's callbacks.
const CallbackKey = "test-callback-key"

// Department is a card department at work.
type Department struct {
	DB       *db.DB
	Clock    *clock.Fake
	Keys     *pii.Keyring
	Box      *outbox.Box
	Bank     tenant.Bank
	Products []string
	Consents []card.ConsentRef

	Viewers *Viewers
	Staff   *Staff
	Push    *Push
	Far     *FarBank
	Spent   *Spent

	Applications *card.Applications
	Leads        *review.Leads
	Comparer     *review.Comparer
	Outcomes     *review.Outcomes
	Bindings     *bind.Bindings
	Screens      *screen.Screens
	FollowUps    *follow.FollowUps

	book     *card.Book
	handlers map[string]func(context.Context, outbox.Task) error

	mu         sync.Mutex
	milestones []string
}

// Monday is when a department opens: 10:00 in Shanghai, a working day.
var Monday = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// Each runs fn with a department on each engine.
func Each(t *testing.T, fn func(t *testing.T, d *Department)) {
	t.Run("sqlite", func(t *testing.T) {
		c := clock.NewFake(Monday)
		fn(t, open(t, testkit.SQLite(t, c), c))
	})
	t.Run("mariadb", func(t *testing.T) {
		c := clock.NewFake(Monday)
		fn(t, open(t, testkit.MariaDB(t, c), c))
	})
}

// OnMariaDB is a department on MariaDB, for what happens at once.
func OnMariaDB(t *testing.T) *Department {
	c := clock.NewFake(Monday)
	return open(t, testkit.MariaDB(t, c), c)
}

func open(t *testing.T, base *db.DB, c *clock.Fake) *Department {
	ctx := testkit.Context(t)
	d := &Department{DB: base, Clock: c, Keys: testkit.Keyring(t, base), Box: outbox.New(base), Push: &Push{}, Far: newFarBank(), Spent: &Spent{}}
	d.Bank = testkit.Bank(t, base, d.Keys, "demo")
	d.Bank.Settings.OwnBINs = []string{"622599", "621799"}
	d.Viewers, d.Staff = &Viewers{keys: d.Keys, phones: map[string]string{}}, &Staff{}
	err := base.InTx(ctx, func(tx *db.Tx) (err error) {
		d.Products, err = card.CreateSamples(ctx, tx, d.Bank)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.book = &card.Book{DB: base, Keys: d.Keys, Box: d.Box, Push: d.Push}
	d.Screens = screen.New(d.book)
	d.book.Screens = d.Screens
	keeper, banks := idem.NewKeeper(base), oneBank{d}
	d.FollowUps = follow.New(d.book)
	d.book.Journeys = d.FollowUps
	d.Applications = card.New(d.book, keeper, d.Viewers, Rooms{}, tenant.NewDirectory(base, ""))
	d.Leads = review.New(d.book, d.Staff, banks)
	d.Comparer = &review.Comparer{Leads: d.Leads, Core: d.Far}
	d.Bindings = bind.New(d.book, keeper, d.Far)
	d.Outcomes = review.NewOutcomes(d.book, keeper, banks, d.Bindings, CallbackKey)
	d.handlers = map[string]func(context.Context, outbox.Task) error{
		card.TaskNotice:    (&card.Notices{Book: d.book, Banks: banks, SMS: d.Far}).Send,
		review.TaskPromise: d.Leads.HandlePromise,
		review.TaskSpread:  d.Leads.HandleSpread,
		review.TaskCompare: d.Comparer.HandleCompare,
		review.TaskHandoff: (&review.Handoff{Book: d.book, Core: d.Far}).Send,
		screen.RunTask:     d.Screens.HandleRun,
		follow.TaskSend:    follow.NewSender(d.book, banks, d.Bindings, d.Spent, d.Far).Send,
		card.TaskBound:     d.reached,
		card.TaskApproved:  d.reached,
	}
	products, err := d.Applications.Products(ctx, d.Bank.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range products[0].Consents {
		d.Consents = append(d.Consents, c.ConsentRef)
	}
	return d
}

// Work runs every task that is due, as the workers do, until none is left at
// this moment. A task that fails goes back to wait.
func (d *Department) Work(t *testing.T) {
	t.Helper()
	ctx := testkit.Context(t)
	for {
		due, err := d.Box.Due(ctx, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			if err := d.one(ctx, w.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (d *Department) one(ctx context.Context, task string) error {
	t, ok, err := d.Box.Take(ctx, task)
	if err != nil || !ok {
		return err
	}
	handle, known := d.handlers[t.Kind]
	if !known {
		return fmt.Errorf("no handler for %s", t.Kind)
	}
	var later *outbox.Postponed
	var dropped *outbox.Dropped
	switch err := handle(ctx, t); {
	case err == nil:
		return d.Box.Done(ctx, t)
	case errors.Is(err, outbox.ErrEnded):
		return nil
	case errors.As(err, &later):
		return d.Box.Postpone(ctx, t, later.At)
	default:
		return d.Box.Fail(ctx, t, err, errors.As(err, &dropped))
	}
}

// reached stands for who thanks viewers for milestones.
func (d *Department) reached(_ context.Context, t outbox.Task) error {
	var m card.Milestone
	if err := t.Decode(&m); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.milestones = append(d.milestones, t.Kind+" "+m.ViewerID+" "+m.BIN)
	return nil
}

// Milestones are those that were reached, as "kind viewer bin".
func (d *Department) Milestones() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.milestones)
}

// Handle runs a task's handler outside of its worker, as a second worker would
// whose lease the first has lost.
func (d *Department) Handle(ctx context.Context, t outbox.Task) error {
	return d.handlers[t.Kind](ctx, t)
}

// Erase takes a person out of everything the department keeps, as an erasure of
// the whole product does in its order.
func (d *Department) Erase(ctx context.Context, viewer string) error {
	_, err := keeping.New(keeping.Deps{DB: d.DB, Parts: []keeping.Part{
		{Name: "bindings", Before: d.Bindings.UnbindAll, Erase: d.Bindings.Erase},
		{Name: "applications", Erase: d.book.Erase},
		{Name: "follow-ups", Erase: d.FollowUps.Erase},
		{Name: "funnel", Erase: funnel.Erase},
		{Name: "sign-in", Erase: func(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
			return e.Run(ctx, tx, "viewer", "*", `UPDATE viewer SET erased_at = ?, phone_sealed = 'erased', phone_masked = '',
				phone_hash = CONCAT_WS('', 'erased/', id) WHERE bank_id = ? AND id = ?`, tx.Now, e.Bank, e.Viewer)
		}},
	}}).Erase(ctx, d.Bank.ID, viewer, "asked for", keeping.Actor{Kind: "system", ID: "test"})
	return err
}

// Handlers are those of the department's tasks, for real workers.
func (d *Department) Handlers() map[string]func(context.Context, outbox.Task) error {
	return maps.Clone(d.handlers)
}

// SignedIn writes the row of a viewer, as sign-in does, for what looks people up
// by their phone.
func (d *Department) SignedIn(t *testing.T, viewer, phone string) {
	t.Helper()
	ctx := testkit.Context(t)
	hash, err := d.Keys.Hash(ctx, d.Bank.ID, "phone", phone)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := d.Keys.Seal(ctx, pii.Place{Bank: d.Bank.ID, Table: "viewer", Column: "phone_sealed", Row: viewer}, pii.Clear(phone))
	if err != nil {
		t.Fatal(err)
	}
	err = d.DB.InTx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
			[][]any{{viewer, d.Bank.ID, hash, sealed, pii.MaskPhone(phone), "观众", tx.Now}}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Viewer signs a viewer in with a phone.
func (d *Department) Viewer(phone string) string {
	v := id.New(id.Viewer)
	d.Viewers.mu.Lock()
	defer d.Viewers.mu.Unlock()
	d.Viewers.phones[v] = phone
	return v
}

// Form is a good application of the person number n, by the phone given.
func (d *Department) Form(n int, phone string) card.Form {
	return card.Form{CardProductID: d.Products[0], Consents: d.Consents, IP: "127.0.0.1",
		Applicant: card.Applicant{Name: pii.Clear("欧阳小明"), IDNo: pii.Clear(IDNo(n)), Phone: pii.Clear(phone), CityCode: "310100",
			Email: pii.Clear("ouyang@example.com"), Employer: pii.Clear("浦东机械厂"), Address: pii.Clear("世纪大道 100 号"), IncomeBand: "10k-20k"},
		By: card.Actor{Kind: "viewer", RequestID: "req-1"}}
}

// Phone is the mobile number of the person number n.
func Phone(n int) string { return fmt.Sprintf("138%08d", n) }

// IDNo is a valid id number of the person number n, born in 1990.
func IDNo(n int) string {
	base := fmt.Sprintf("310101199001%02d%03d", 1+n/1000%28, n%1000)
	for _, c := range "0123456789X" {
		if _, code := card.ParseIDNo(base + string(c)); code == "" {
			return base + string(c)
		}
	}
	panic("no check digit")
}

// Request is a new idempotency key's.
func (d *Department) Request(person string) idem.Request {
	return idem.Request{Bank: d.Bank.ID, Person: person, Route: "POST /test", Key: id.New(id.Event), BodyHash: "h"}
}

// Apply sends in the application of the person number n and gives its id and
// viewer.
func (d *Department) Apply(t *testing.T, n int) (application, viewer string) {
	t.Helper()
	viewer = d.Viewer(Phone(n))
	r, _, err := d.Applications.Apply(testkit.Context(t), d.Bank, viewer, d.Form(n, Phone(n)), d.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, viewer
}

// Reviewer makes a member of staff who may review.
func (d *Department) Reviewer(supervisor bool) review.Person {
	p := review.Person{ID: id.New(id.Staff), Supervisor: supervisor, RequestID: "req-2"}
	d.Staff.add(p.ID)
	return p
}

// Approve claims and approves a lead and has it handed over.
func (d *Department) Approve(t *testing.T, lead string) {
	t.Helper()
	ctx, p := testkit.Context(t), d.Reviewer(false)
	if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
		t.Fatal(err)
	}
	if err := d.Leads.Decide(ctx, d.Bank, p, lead, review.Decision{Decision: review.Approve, ReasonCode: "meets_policy"}); err != nil {
		t.Fatal(err)
	}
	d.Work(t)
}

// Outcome hands in one outcome as a supervisor and gives its result.
func (d *Department) Outcome(t *testing.T, application, outcome, last4 string, at time.Time) review.ReportItem {
	t.Helper()
	p := d.Reviewer(true)
	report, _, err := d.Outcomes.Record(testkit.Context(t), d.Bank, p,
		[]review.Outcome{{ApplicationID: application, Outcome: outcome, CardLast4: last4, At: clock.At(at)}}, d.Request(p.ID))
	if err != nil {
		t.Fatal(err)
	}
	return report.Items[0]
}

// Walks ends the test unless a statement is answered by an index, its first two
// columns at least.
func (d *Department) Walks(t *testing.T, statement, index string) {
	t.Helper()
	statement = strings.ReplaceAll(statement, "LIMIT ?", "LIMIT 20")
	args := make([]any, strings.Count(statement, "?"))
	for i := range args {
		args[i] = "1"
	}
	explain := map[db.Dialect]string{db.SQLite: "EXPLAIN QUERY PLAN ", db.MySQL: "EXPLAIN FORMAT=JSON "}[d.DB.Dialect()]
	plan, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) {
		if d.DB.Dialect() == db.MySQL {
			return s, r.Scan(&s)
		}
		var a, b, c int
		return s, r.Scan(&a, &b, &c, &s)
	}, explain+statement, args...)
	text := strings.Join(plan, " ")
	second := map[db.Dialect]string{db.SQLite: " AND ", db.MySQL: `"used_key_parts"`}[d.DB.Dialect()]
	if err != nil || !strings.Contains(text, index) || !strings.Contains(text, second) {
		t.Errorf("%s: %s: %v", statement, text, err)
	}
}

// Status reads where an application stands.
func (d *Department) Status(t *testing.T, application string) card.Status {
	t.Helper()
	s, found, err := db.Value[card.Status](testkit.Context(t), d.DB, "SELECT status FROM application WHERE id = ?", application)
	if err != nil || !found {
		t.Fatalf("status of %s: found %t: %v", application, found, err)
	}
	return s
}

// Scrub takes a viewer out of the applications alone, as an erasure does.
func (d *Department) Scrub(t *testing.T, viewer string) {
	t.Helper()
	ctx := testkit.Context(t)
	err := d.DB.InTx(ctx, func(tx *db.Tx) error {
		return d.book.Erase(ctx, tx, &keeping.Removal{Bank: d.Bank.ID, Viewer: viewer})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Dump is every cell of every table of the department, and of those that it
// writes to, as text.
func (d *Department) Dump(t *testing.T) []string {
	t.Helper()
	var cells []string
	for _, table := range []string{"application", "applicant_field", "consent", "screening", "screening_decision", "screening_list", "screening_latch", "lead_event", "binding", "bind_check",
		"follow_up", "outbox", "audit", "idempotency", "application_draft", "share_code", "screening_earlier"} {
		rows, err := d.DB.Query(testkit.Context(t), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				switch v := (*v.(*any)).(type) {
				case []byte:
					cells = append(cells, string(v))
				default:
					cells = append(cells, fmt.Sprint(v))
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return cells
}
