package settle_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// atOnce runs all of acts at the same time and gives their errors.
func atOnce(acts ...func() error) []error {
	errs, start := make([]error, len(acts)), make(chan struct{})
	var all sync.WaitGroup
	for i, act := range acts {
		all.Go(func() {
			<-start
			errs[i] = act()
		})
	}
	close(start)
	all.Wait()
	return errs
}

// A rule and a person who end the same differences at once: each ends one way,
// the person hears who was faster, and the run goes on.
func TestAPersonAndARuleEndADifferenceOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		var rows []theirs
		for range 6 {
			_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
			rows = append(rows, theirs{trade: pay, amount: 497})
		}
		s.files.put(today, statement(rows...))
		first := s.reconcile(today)
		ruled := s.bank
		ruled.Settings.Reconciliation.WriteOffUpToFen = 5
		acts := []func() error{}
		for range 2 {
			acts = append(acts, func() error {
				_, err := s.desk.Reconcile(s.ctx, ruled, today)
				return err
			})
		}
		open := s.exceptions(first.ID)
		for _, e := range open {
			acts = append(acts, func() error {
				_, err := s.desk.Resolve(s.ctx, s.bank, e.ID, "adjusted", "x", maker)
				return err
			})
		}
		byPerson, errs := 0, atOnce(acts...)
		for i, err := range errs {
			switch {
			case err == nil && i >= 2:
				byPerson++
			case err != nil && (i < 2 || fault.Code(err) != "conflict"):
				t.Errorf("%d: %v", i, err)
			}
		}
		var adjusted, off int
		for _, e := range s.exceptions(first.ID) {
			switch {
			case e.Status != "resolved":
				t.Errorf("%+v", e)
			case *e.Resolution == "adjusted" && *e.ResolvedBy == maker.ID:
				adjusted++
			case *e.Resolution == "written_off" && *e.ResolvedBy == settle.System.ID && *e.Rule == "write_off":
				off++
			}
		}
		if len(open) != 6 || adjusted != byPerson || adjusted+off != 6 || s.held(ledger.WriteOff) != money.Fen(-3*off) || s.held(ledger.Suspense) != money.Fen(-3*adjusted) {
			t.Errorf("%d by a person, who was told of %d, and %d by the rule; written off %d, suspense %d", adjusted, byPerson, off, s.held(ledger.WriteOff), s.held(ledger.Suspense))
		}
		s.holds()
	})
}

// A surplus that runs give back while a person ends it: the gateway is asked and
// the person refused, or the person was first and the gateway is not asked.
func TestASurplusGoesBackOrIsResolved(t *testing.T) {
	onEach(t, func(s *shop) {
		s.bank.Settings.Reconciliation.RefundSurplusAfterDays = 1
		g := &oneGiver{giver: giver{files: s.files, made: map[string]money.Fen{}}}
		s.desk = settle.New(s.db, s.book, s.box, banksOf{s.bank}, g)
		s.files.put(today, statement(theirs{trade: "nobody", amount: 70}, theirs{trade: "stranger", amount: 70}, theirs{trade: "else", amount: 70}))
		r := s.reconcile(today)
		s.clk.Advance(72 * time.Hour)
		s.tx(func(tx *db.Tx) error {
			return s.box.Add(s.ctx, tx, outbox.Task{Bank: s.bank.ID, Kind: settle.TaskReconcile, Ref: today, Payload: map[string]string{"date": today}})
		})
		due, err := s.box.Due(s.ctx, 1)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		task, _, err := s.box.Take(s.ctx, due[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		night := func() error { return s.desk.OnReconcile(s.ctx, task) } // twice: its lease was lost
		acts := []func() error{night, night}
		for _, e := range s.exceptions(r.ID) {
			acts = append(acts, func() error {
				_, err := s.desk.Resolve(s.ctx, s.bank, e.ID, "adjusted", "x", maker)
				return err
			})
		}
		byPerson := 0
		for i, err := range atOnce(acts...) {
			switch code := fault.Code(err); {
			case err == nil && i >= 2:
				byPerson++
			case err != nil && (i < 2 || code != "conflict" && code != "exception.refunding"):
				t.Errorf("%d: %v", i, err)
			}
		}
		for _, e := range s.exceptions(r.ID) {
			_, given := g.made[e.ID]
			if e.Status != "resolved" || given != (*e.Resolution == "refunded") {
				t.Errorf("given back: %v, %+v", given, e)
			}
		}
		if len(g.made)+byPerson != 3 {
			t.Errorf("%d given back, %d by a person", len(g.made), byPerson)
		}
		s.holds()
	})
}

// oneGiver is a giver that many ask.
type oneGiver struct {
	giver
	mu sync.Mutex
}

func (g *oneGiver) CreateRefund(ctx context.Context, no, trade string, amount money.Fen) (gateway.Refund, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.giver.CreateRefund(ctx, no, trade, amount)
}

// A file brought by hand while the gateway's own of that day arrives: whichever
// run is last, the gateway's stands, and the upload stays as one that was whole.
func TestTheGatewaysFileStandsOverOneThatIsBrought(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		own, brought := statement(theirs{trade: pay, amount: 500}), statement(theirs{trade: pay, amount: 500}, theirs{trade: "nobody", amount: 70})
		s.files.fail = true
		u, err := s.desk.BeginUpload(s.ctx, s.bank, "bankbox", today, "对账单.csv", maker)
		if err == nil {
			err = s.desk.PutPart(s.ctx, s.bank.ID, u.ID, 1, []byte(brought))
		}
		if err != nil {
			t.Fatal(err)
		}
		s.files.put(today, own)
		errs := atOnce(func() error {
			_, err := s.desk.EndUpload(s.ctx, s.bank, u.ID, maker)
			return err
		}, func() error {
			s.files.mu.Lock()
			s.files.fail = false
			s.files.mu.Unlock()
			_, err := s.desk.Reconcile(s.ctx, s.bank, today)
			return err
		})
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		gatewaysOwn := func(when string) {
			t.Helper()
			items, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0)
			if err != nil || len(items) != 1 || items[0].File.Source != "gateway" || items[0].Status != "matched" || items[0].Theirs != 500 {
				t.Errorf("%s: %+v, %v", when, items, err)
			}
			s.holds()
		}
		gatewaysOwn("at once")
		s.files.fail = true // a run that found nobody there, and only then the other's file
		if _, err := s.desk.Reconcile(s.ctx, s.bank, today); err != nil {
			t.Error(err)
		}
		gatewaysOwn("afterwards")
	})
}

// The bank pays and nobody hears of it; workers ask at once, a person tries to pay
// again: it is paid once, here and there.
func TestAPayoutOfUnknownOutcomeHasOneEffect(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		id := s.approved(s.tea, today)
		s.clk.Advance(time.Minute)
		p.faults(s, `{"payout_pending":true}`)
		s.tasks() // the payout is made
		s.tasks() // the bank has it, and does not say
		list := s.payouts()
		if len(list) != 1 || list[0].Status != "paying" {
			t.Fatalf("%+v", list)
		}
		p.faults(s, `{}`)
		task := outbox.Task{Bank: s.bank.ID, Kind: settle.TaskPay, Ref: list[0].ID}
		ask := func() error {
			for range 200 { // until the bank says
				if err := s.desk.OnPay(s.ctx, task); err == nil {
					return nil
				}
			}
			return nil
		}
		again := func() error {
			_, err := s.desk.Retry(s.ctx, s.bank, list[0].ID, maker)
			if code := fault.Code(err); err != nil && (code == "payout.open" || code == "conflict") {
				return nil
			}
			return err
		}
		for _, err := range atOnce(ask, again, ask, again, ask) {
			if err != nil {
				t.Error(err)
			}
		}
		if n, _, err := db.Value[int](s.ctx, s.db, "SELECT COUNT(*) FROM ledger_entry WHERE event IN ('payout.sent', 'payout.paid')"); err != nil || n != 2 {
			t.Errorf("%d entries, %v", n, err)
		}
		if list := s.payouts(); len(list) != 1 || list[0].Status != "paid" || s.status(id) != "paid" || p.calls.Load() != 1 {
			t.Errorf("%+v, asked to pay %d times", list, p.calls.Load())
		}
		s.holds()
	})
}
