package keeping_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// stage is a bank whose sign-in is kept and erased.
type stage struct {
	ctx    context.Context
	db     *db.DB
	bank   tenant.Bank
	people *auth.Service
	keeper *keeping.Keeper
	clock  *clock.Fake
}

func each(t *testing.T, fn func(t *testing.T, s *stage)) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB} {
		t.Run(name, func(t *testing.T) {
			s := &stage{ctx: testkit.Context(t), clock: clock.NewFake(time.Now())}
			s.db = open(t, s.clock)
			keys := testkit.Keyring(t, s.db)
			s.bank = testkit.Bank(t, s.db, keys, "demo")
			banks := tenant.NewDirectory(s.db, "")
			var err error
			if s.people, err = auth.New(s.ctx, s.db, keys, banks, nil); err != nil {
				t.Fatal(err)
			}
			s.keeper = keeping.New(keeping.Deps{DB: s.db, Banks: banks, Classes: []keeping.Class{auth.Keeping()},
				Parts: []keeping.Part{{Name: "sign-in", Erase: s.people.Erase}}})
			fn(t, s)
		})
	}
}

func (s *stage) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	err := s.db.InTx(s.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(s.ctx, statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) viewer(t *testing.T) string {
	t.Helper()
	viewer := id.New(id.Viewer)
	s.exec(t, "INSERT INTO viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at) VALUES (?, ?, ?, 'erased', '138****5678', '甲', ?)",
		viewer, s.bank.ID, viewer, s.clock.Now())
	return viewer
}

// session writes a session that ends in a while.
func (s *stage) session(t *testing.T, viewer string, end time.Duration) string {
	t.Helper()
	session := id.Encode(id.Session, [16]byte(at(s.clock.Now())))
	s.exec(t, "INSERT INTO session (id, bank_id, kind, person_id, created_at, expires_at) VALUES (?, ?, 'viewer', ?, ?, ?)",
		session, s.bank.ID, viewer, s.clock.Now(), s.clock.Now().Add(end))
	return session
}

// at is a UUIDv7 of a time, so that ids follow the stage's clock.
func at(t time.Time) []byte {
	_, first, _ := id.Parse(id.First(id.Session, t))
	_, random, _ := id.Parse(id.New(id.Session))
	return append(first[:8:8], random[8:]...)
}

func (s *stage) sessions(t *testing.T) int {
	t.Helper()
	n, _, err := db.Value[int](s.ctx, s.db, "SELECT COUNT(*) FROM session")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *stage) sweep(t *testing.T) {
	t.Helper()
	for _, c := range s.keeper.Classes {
		for more, err := true, error(nil); more; {
			if more, err = s.keeper.Sweep(s.ctx, s.bank, c, s.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const day = 24 * time.Hour

// What is over its time goes, all of it and nothing else; a row that is not over
// for long does not hide those behind it, nor is it hidden by the mark.
func TestWhatIsOverItsTimeGoes(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		viewer := s.viewer(t)
		s.session(t, viewer, 400*day) // the oldest ends last
		for range 1200 {
			s.session(t, viewer, day)
		}
		s.clock.Advance(100 * day)
		s.session(t, viewer, day)
		s.sweep(t)
		if n := s.sessions(t); n != 1202 {
			t.Fatalf("%d left before anything was over", n)
		}
		s.clock.Advance(82 * day) // 182 days after the first
		s.sweep(t)
		if n := s.sessions(t); n != 2 {
			t.Fatalf("%d left, want 2", n)
		}
		proofs, err := s.keeper.Proofs(s.ctx, s.bank.ID, keeping.Keeping, "", 100)
		if err != nil || len(proofs) != 3 { // by bites of 500
			t.Fatalf("%d proofs: %v", len(proofs), err)
		}
		gone := int64(0)
		for _, p := range proofs {
			if _, err := s.keeper.ProofByID(s.ctx, p.ID); err != nil {
				t.Error(err)
			}
			for _, i := range p.Items {
				gone += i.Count
			}
		}
		if gone != 1200 {
			t.Errorf("the proofs say %d", gone)
		}
		s.clock.Advance(400 * day)
		s.sweep(t)
		if n := s.sessions(t); n != 0 {
			t.Errorf("%d left at last", n)
		}
		testkit.Holds(t, s.db, keeping.Invariants()...)
	})
}

// A bank keeps a class longer or shorter, but never shorter than the law says.
func TestABankSetsItsDays(t *testing.T) {
	c := keeping.Class{Name: "trade", Days: 100, Least: 50}
	for set, want := range map[int]int{200: 200, 60: 60, 10: 50, 0: 50} {
		if got := c.DaysAt(tenant.Bank{Settings: tenant.Settings{KeepDays: map[string]int{"trade": set}}}); got != want {
			t.Errorf("set to %d it is %d, want %d", set, got, want)
		}
	}
	if got := c.DaysAt(tenant.Bank{}); got != 100 {
		t.Errorf("unset it is %d", got)
	}
}

func TestWhatIsHeldStaysUntilTheHoldIsLifted(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		held, free := s.viewer(t), s.viewer(t)
		h, err := s.keeper.SetHold(s.ctx, s.bank.ID, held, "诉讼", keeping.Actor{Kind: "staff", ID: "stf_1"})
		if err != nil {
			t.Fatal(err)
		}
		s.session(t, held, day)
		s.session(t, free, day)
		s.clock.Advance(200 * day)
		s.sweep(t)
		s.sweep(t)
		if n := s.sessions(t); n != 1 {
			t.Fatalf("%d sessions left", n)
		}
		if _, err := s.keeper.Erase(s.ctx, s.bank.ID, held, "x", keeping.Actor{}); fault.Code(err) != "person.held" {
			t.Errorf("erased: %v", err)
		}
		if _, err := s.keeper.LiftHold(s.ctx, s.bank.ID, h.ID, "结案", keeping.Actor{Kind: "staff", ID: "stf_1"}); err != nil {
			t.Fatal(err)
		}
		s.sweep(t)
		if n := s.sessions(t); n != 0 {
			t.Errorf("%d sessions left after it was lifted", n)
		}
		if _, err := s.keeper.Erase(s.ctx, s.bank.ID, held, "x", keeping.Actor{}); err != nil {
			t.Error(err)
		}
	})
}

// A part that refuses leaves everything as it was.
func TestErasingIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		viewer, boom, refuse := s.viewer(t), errors.New("boom"), true
		s.session(t, viewer, day)
		s.keeper.Parts = append(s.keeper.Parts, keeping.Part{Name: "refuses", Erase: func(context.Context, *db.Tx, *keeping.Removal) error {
			if refuse {
				return boom
			}
			return nil
		}})
		state := func() string {
			t.Helper()
			v, _, err := db.Value[string](s.ctx, s.db, `SELECT CONCAT_WS(' ', v.nickname, COUNT(s.revoked_at), (SELECT COUNT(*) FROM proof)) FROM viewer v
				JOIN session s ON s.person_id = v.id WHERE v.id = ? GROUP BY v.id, v.nickname`, viewer)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		before := state()
		if _, err := s.keeper.Erase(s.ctx, s.bank.ID, viewer, "x", keeping.Actor{Kind: "system"}); !errors.Is(err, boom) || state() != before {
			t.Fatalf("%v: %s, was %s", err, state(), before)
		}
		refuse = false
		proof, err := s.keeper.Erase(s.ctx, s.bank.ID, viewer, "本人 13812345678", keeping.Actor{Kind: "system", ID: "me"})
		if err != nil || state() != "已注销用户 1 1" || proof.Reason != "本人 ***" {
			t.Fatalf("%v: %s, %+v", err, state(), proof)
		}
		for _, c := range []struct{ bank, viewer, code string }{{s.bank.ID, viewer, "person.erased"}, {s.bank.ID, id.New(id.Viewer), "not_found"}, {id.New(id.Bank), viewer, "not_found"}} {
			if _, err := s.keeper.Erase(s.ctx, c.bank, c.viewer, "x", keeping.Actor{}); fault.Code(err) != c.code {
				t.Errorf("%+v: %v", c, err)
			}
		}
		testkit.Breaks(t, s.db, keeping.Invariants(), []testkit.Break{
			testkit.Wrong("another count", "proof.chained", "UPDATE proof SET items = REPLACE(items, '\"count\":1', '\"count\":2')"),
			testkit.Wrong("a proof taken away", "person.erased", "DELETE FROM proof"),
			testkit.Wrong("a phone that came back", "person.erased", "UPDATE viewer SET phone_masked = '138****5678'"),
		})
		s.exec(t, "UPDATE proof SET reason = 'other'")
		if _, err := s.keeper.ProofByID(s.ctx, proof.ID); err == nil {
			t.Error("a changed proof is proved")
		}
		if _, err := s.keeper.ProofByID(s.ctx, id.New(id.Proof)); fault.Code(err) != "not_found" {
			t.Errorf("one that is not there: %v", err)
		}
	})
}

// The task comes back at once while there is more than a call's worth, else later.
func TestWorkComesBack(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		calls := 0
		s.keeper.Classes = []keeping.Class{{Name: "endless", Days: 1, Sweep: func(_ context.Context, _ *db.Tx, w *keeping.Sweep) error {
			if calls++; calls < 50 {
				w.More()
			}
			return nil
		}}}
		for i, want := range []time.Duration{time.Second, 6 * time.Hour} {
			var later *outbox.Postponed
			if err := s.keeper.Work(s.ctx, outbox.Task{}); !errors.As(err, &later) || later.At.Sub(s.clock.Now()) != want {
				t.Errorf("call %d: %v", i, fmt.Sprint(err))
			}
		}
		if calls != 50 {
			t.Errorf("%d bites", calls)
		}
	})
}
