package settle

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// channel is the gateway whose statement is read: the bank's own. What goes
// through another one is none of this statement's matter.
const channel = "bankbox"

// batch is how many rows of a statement are looked up at once.
const batch = 500

// Reconcile compares a bank's payments and refunds of a date (YYYY-MM-DD, the
// bank's time zone) with the gateway's statement and records the differences.
// Again, it brings the same reconciliation up to date. A statement that cannot
// be had, was cut off or does not add up is an error, and nothing is recorded.
//
// One statement serves all banks: rows of another bank's payments are passed
// over, and rows that no bank knows are the oldest bank's surplus. What the
// statement lacks is looked for in the files of the day before and after; until
// the one after is published, the shortage waits.
func (k *Desk) Reconcile(ctx context.Context, bank tenant.Bank, date string) (Reconciliation, error) {
	now := k.db.Clock().Now()
	if err := checkDate(bank, now, date); err != nil {
		return Reconciliation{}, err
	}
	day, err := k.ourDate(ctx, bank, date)
	if err != nil {
		return Reconciliation{}, err
	}
	unclaimed, err := k.takesUnclaimed(ctx, bank)
	if err != nil {
		return Reconciliation{}, err
	}
	r := result{date: date, oursCount: len(day)}
	for _, amount := range day {
		r.ours += amount
	}
	m := newMatcher(bank.ID, unclaimed, day)
	if err := k.eachBatch(ctx, date, func(rows []row, known map[string]ourMoney) {
		for _, line := range rows {
			m.add(line, known)
		}
	}); err != nil {
		return Reconciliation{}, err
	}
	if err := k.searchNeighbours(ctx, bank, date, now, m); err != nil {
		return Reconciliation{}, err
	}
	r.theirsCount, r.theirs, r.matched, r.diffs = m.theirsCount, m.theirs, m.matched, m.diffs
	return k.record(ctx, bank, r)
}

// result is what a run found.
type result struct {
	date                            string
	oursCount, theirsCount, matched int
	ours, theirs                    money.Fen
	diffs                           []difference
}

func (k *Desk) ourDate(ctx context.Context, bank tenant.Bank, date string) (map[string]money.Fen, error) {
	from, err := clockOn(bank, date, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	to, err := clockOn(bank, date, 1, 0, 0)
	if err != nil {
		return nil, err
	}
	return ourDay(ctx, k.db, bank.ID, from, to)
}

func (k *Desk) takesUnclaimed(ctx context.Context, bank tenant.Bank) (bool, error) {
	banks, err := k.banks.All(ctx)
	return err == nil && len(banks) > 0 && banks[0].ID == bank.ID, err
}

// eachRow streams a date's statement to fn.
func (k *Desk) eachRow(ctx context.Context, date string, fn func(row) error) error {
	body, err := k.statements.Statement(ctx, date)
	if err != nil {
		return fmt.Errorf("settle: statement of %s: %w", date, err)
	}
	defer body.Close()
	return readStatement(io.Reader(body), fn)
}

// eachBatch streams a date's statement to fn, some rows at a time, with what we
// have of them.
func (k *Desk) eachBatch(ctx context.Context, date string, fn func([]row, map[string]ourMoney)) error {
	rows := make([]row, 0, batch)
	flush := func() error {
		known, err := lookUp(ctx, k.db, rows)
		if err != nil {
			return err
		}
		fn(rows, known)
		rows = rows[:0]
		return nil
	}
	err := k.eachRow(ctx, date, func(r row) error {
		if rows = append(rows, r); len(rows) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// searchNeighbours looks for what the date's file lacks in the files beside it;
// what is in neither is a shortage.
func (k *Desk) searchNeighbours(ctx context.Context, bank tenant.Bank, date string, now time.Time, m *matcher) error {
	if len(m.left) == 0 {
		return nil
	}
	// The next day's file is published at 10:00 of the day after it (RULES §7).
	published, err := clockOn(bank, date, 2, 10, 0)
	if err != nil {
		return err
	}
	waits := now.Before(published)
	beside := []int{-1}
	if !waits {
		beside = append(beside, 1)
	}
	for _, days := range beside {
		other, err := clockOn(bank, date, days, 0, 0)
		if err != nil {
			return err
		}
		err = k.eachRow(ctx, bank.BusinessDate(other), func(r row) error {
			m.neighbour(r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(m.left)) {
		m.differ(difference{kind: "shortage", ref: ref, ours: m.left[ref], waits: waits})
	}
	return nil
}

// reconcileAgain brings up to date the earlier dates whose shortages wait for a
// file that may be there now.
func (k *Desk) reconcileAgain(ctx context.Context, bank tenant.Bank, before string) error {
	dates, err := db.All(ctx, k.db, scanText, `SELECT DISTINCT business_date FROM money_exception
		WHERE bank_id = ? AND status = 'waiting' AND business_date < ? ORDER BY business_date`, bank.ID, before)
	if err != nil {
		return err
	}
	for _, date := range dates {
		if _, err := k.Reconcile(ctx, bank, date); err != nil {
			return err
		}
	}
	return nil
}
