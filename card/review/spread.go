package review

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

const (
	// spreadEvery is how long a lead may wait to be placed, and a person with room
	// for the next.
	spreadEvery = 10 * time.Second
	// atOnce bounds what one transaction places, spreads or takes back.
	atOnce = 2000
)

// ScheduleSpread sees to it that a bank's leads are placed and spread, within tx.
func (l *Leads) ScheduleSpread(ctx context.Context, tx *db.Tx, bank tenant.Bank) error {
	return l.book.Box.Recurring(ctx, tx, "spread_"+bank.ID, outbox.Task{Bank: bank.ID, Kind: TaskSpread, Ref: bank.ID, Payload: struct{}{}})
}

// HandleSpread handles TaskSpread.
func (l *Leads) HandleSpread(ctx context.Context, t outbox.Task) error {
	bank, known, err := l.banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !known {
		return &outbox.Dropped{Cause: fmt.Errorf("review: %s is no bank", t.Bank)}
	}
	if err := l.Spread(ctx, bank); err != nil {
		return err
	}
	return &outbox.Postponed{At: l.book.DB.Clock().Now().Add(spreadEvery)}
}

// Spread takes back claims past their lease, puts what is new into its queue, and
// gives what waits there to the people of the queue who have room, oldest first.
// Whoever may not review any more gets nothing, whatever is left of their duty.
func (l *Leads) Spread(ctx context.Context, bank tenant.Bank) error {
	people, err := l.staff.People(ctx, bank.ID, "reviewer", "supervisor")
	if err != nil {
		return err
	}
	seen := make(map[string]tenant.Scope, len(people))
	for staff := range people {
		if seen[staff], err = l.staff.Scope(ctx, bank.ID, staff); err != nil {
			return err
		}
	}
	deal := func(ctx context.Context, tx *db.Tx, bank tenant.Bank) (int, error) {
		return l.deal(ctx, tx, bank, seen)
	}
	for _, step := range []func(context.Context, *db.Tx, tenant.Bank) (int, error){l.takeBack, l.place, deal} {
		for n := atOnce; n >= atOnce; {
			err := l.book.DB.InTx(ctx, func(tx *db.Tx) (err error) {
				n, err = step(ctx, tx, bank)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// takeBack returns leads whose claim ran out. What waits for its applicant
// stays so, held by nobody.
func (l *Leads) takeBack(ctx context.Context, tx *db.Tx, bank tenant.Bank) (int, error) {
	type held struct {
		id, by string
		status card.Status
	}
	past, err := db.All(ctx, tx, func(r db.Row) (h held, err error) { return h, r.Scan(&h.id, &h.by, &h.status) },
		"SELECT id, claimed_by, status FROM application WHERE bank_id = ? AND claimed_until <= ? LIMIT ?"+tx.Dialect().SkipLocked(), bank.ID, tx.Now, atOnce)
	if err != nil || len(past) == 0 {
		return 0, err
	}
	for _, h := range past {
		e := card.Event{Bank: bank.ID, Application: h.id, Kind: "lease_ended", Detail: map[string]any{"staff_id": h.by}}
		if h.status == card.InReview {
			if _, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InReview}, To: card.Queued,
				Set: "claimed_by = NULL, claimed_until = NULL"}); err != nil {
				return 0, err
			}
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE application SET claimed_by = NULL, claimed_until = NULL WHERE bank_id = ? AND id = ?", bank.ID, h.id); err != nil {
			return 0, err
		}
		if err := l.book.Record(ctx, tx, e); err != nil {
			return 0, err
		}
	}
	return len(past), nil
}

// place finds the queue of what came in, and starts the clocks of its promises.
func (l *Leads) place(ctx context.Context, tx *db.Tx, bank tenant.Bank) (int, error) {
	type fresh struct {
		id, branch, product string
		placed, reopened    int
		created             db.Time
	}
	news, err := db.All(ctx, tx, func(r db.Row) (f fresh, err error) {
		return f, r.Scan(&f.id, &f.branch, &f.product, &f.placed, &f.reopened, &f.created)
	}, `SELECT id, COALESCE(branch_id, ''), card_product_id, placed, reopened, created_at FROM application
		WHERE bank_id = ? AND status = 'queued' AND placed IN (0, 2) LIMIT ?`+tx.Dialect().SkipLocked(), bank.ID, atOnce)
	if err != nil || len(news) == 0 {
		return 0, err
	}
	rules, err := readRules(ctx, tx, bank.ID)
	if err != nil {
		return 0, err
	}
	into, timers := map[string][]string{}, []outbox.Task{}
	for _, f := range news {
		queue := rules.queueOf(f.branch, f.product)
		into[queue] = append(into[queue], f.id)
		since := f.created.Time
		if f.reopened > 0 {
			since = tx.Now
		}
		if f.placed == 0 { // 2 was placed before: its clocks run
			timers = append(timers, timer(bank, f.id, stageLook, since), timer(bank, f.id, stageDecision, since))
		}
	}
	for _, queue := range slices.Sorted(maps.Keys(into)) {
		args := append([]any{nullable(queue), bank.ID}, db.Args(into[queue])...)
		if _, err := tx.Exec(ctx, "UPDATE application SET placed = 1, queue_id = ? WHERE bank_id = ? AND id IN "+db.Marks(len(into[queue])), args...); err != nil {
			return 0, err
		}
	}
	if len(timers) == 0 {
		return len(news), nil
	}
	return len(news), l.book.Box.Add(ctx, tx, timers...)
}

// deal gives what waits to those who have room. The people's rows are locked, so
// that two rounds at once cannot fill the same room twice.
func (l *Leads) deal(ctx context.Context, tx *db.Tx, bank tenant.Bank, seen map[string]tenant.Scope) (int, error) {
	seats, err := readSeats(ctx, tx, bank.ID)
	maps.DeleteFunc(seats, func(staff string, _ *seat) bool {
		_, may := seen[staff]
		return !may
	})
	if err != nil || len(seats) == 0 {
		return 0, err
	}
	queues, err := readQueues(ctx, tx, bank.ID)
	if err != nil {
		return 0, err
	}
	given := 0
	for _, queue := range queues {
		n, err := l.dealQueue(ctx, tx, bank, queue, seats, seen)
		if err != nil {
			return 0, err
		}
		given += n
	}
	return given, nil
}

func (l *Leads) dealQueue(ctx context.Context, tx *db.Tx, bank tenant.Bank, q Queue, all map[string]*seat, seen map[string]tenant.Scope) (int, error) {
	queue, branch := q.ID, ""
	if q.BranchID != nil {
		branch = *q.BranchID
	}
	members, err := db.All(ctx, tx, scanText, "SELECT staff_id FROM review_member WHERE queue_id = ? AND bank_id = ? ORDER BY staff_id", queue, bank.ID)
	if err != nil {
		return 0, err
	}
	var seats []seat
	room := 0
	for _, m := range members {
		// Who is of a branch gets leads of its queues only: another's may be of any.
		if s := all[m]; s != nil && s.free > 0 && seen[m].Has(branch) {
			seats, room = append(seats, *s), room+s.free
		}
	}
	if room == 0 {
		return 0, nil
	}
	waiting, err := db.All(ctx, tx, scanText, `SELECT id FROM application WHERE bank_id = ? AND queue_id = ? AND status = 'queued'
		ORDER BY created_at, id LIMIT ?`+tx.Dialect().SkipLocked(), bank.ID, queue, min(room, atOnce))
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	share(len(waiting), seats)
	piles := make([][]string, len(seats))
	for i, who := range deal(seats) {
		piles[who] = append(piles[who], waiting[i])
	}
	counts := map[string]any{}
	for i, s := range seats {
		if len(piles[i]) > 0 {
			counts[s.staff] = len(piles[i])
			if err := l.give(ctx, tx, bank, queue, s.staff, piles[i]); err != nil {
				return 0, err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE reviewer SET credit = ? WHERE bank_id = ? AND staff_id = ?", s.credit, bank.ID, s.staff); err != nil {
			return 0, err
		}
		all[s.staff].free -= s.count
		all[s.staff].credit = s.credit
	}
	return len(waiting), audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "system", Action: "lead.spread", Object: queue, Detail: counts})
}

func (l *Leads) give(ctx context.Context, tx *db.Tx, bank tenant.Bank, queue, staffID string, leads []string) error {
	until := tx.Now.Add(time.Duration(bank.Settings.AssignmentLease))
	n, err := l.book.MoveAll(ctx, tx, card.Move{
		Event: card.Event{Bank: bank.ID, Kind: "assigned", Detail: map[string]any{"staff_id": staffID, "until": until, "queue_id": queue}},
		From:  []card.Status{card.Queued}, To: card.InReview, Set: "claimed_by = ?, claimed_until = ?", Args: []any{staffID, until}}, leads)
	if err == nil && n != int64(len(leads)) {
		err = fmt.Errorf("review: %d of %d leads were given", n, len(leads))
	}
	return err
}

// readSeats gives everybody who is on duty with the room that they have.
func readSeats(ctx context.Context, tx *db.Tx, bank string) (map[string]*seat, error) {
	people, err := db.All(ctx, tx, func(r db.Row) (s seat, err error) { return s, r.Scan(&s.staff, &s.free, &s.credit) },
		"SELECT staff_id, capacity, credit FROM reviewer WHERE bank_id = ? AND on_duty = ? ORDER BY staff_id"+tx.Dialect().ForUpdate(), bank, true)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	open, err := readOpen(ctx, tx, bank)
	if err != nil {
		return nil, err
	}
	seats := make(map[string]*seat, len(people))
	for _, s := range people {
		s.free = max(0, s.free-open[s.staff])
		seats[s.staff] = &s
	}
	return seats, nil
}

// readOpen counts the open leads that each person holds.
func readOpen(ctx context.Context, q db.Querier, bank string) (map[string]int, error) {
	type pile struct {
		staff string
		n     int
	}
	piles, err := db.All(ctx, q, func(r db.Row) (p pile, err error) { return p, r.Scan(&p.staff, &p.n) },
		"SELECT claimed_by, COUNT(*) FROM application WHERE bank_id = ? AND claimed_by > '' GROUP BY claimed_by", bank)
	open := make(map[string]int, len(piles))
	for _, p := range piles {
		open[p.staff] = p.n
	}
	return open, err
}

func scanText(r db.Row) (s string, err error) { return s, r.Scan(&s) }

// nullable is nil for "", for optional columns.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
