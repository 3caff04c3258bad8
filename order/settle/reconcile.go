package settle

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// batch is how many rows of a statement are looked up at once.
const batch = 500

// Reconcile compares a bank's payments and refunds of a date (YYYY-MM-DD, the
// bank's time zone) through its own gateway with the gateway's statement, and
// records the differences; see ReconcileChannel.
func (k *Desk) Reconcile(ctx context.Context, bank tenant.Bank, date string) (Reconciliation, error) {
	return k.ReconcileChannel(ctx, bank, Bankbox, date)
}

// ReconcileChannel compares a date with a channel's statement, then lets the
// bank's rules act on what differs. Again, it brings the same reconciliation up to
// date. A statement that cannot be had, was cut off or does not add up is a
// *FileError: the reconciliation says so, and keeps what a whole file had told
// before.
//
// One statement serves all banks: rows of another bank's payments are passed
// over, and rows that no bank knows are the oldest bank's surplus. What the
// statement lacks is looked for in the files of the day before and after; until
// the one after is published, the shortage waits.
func (k *Desk) ReconcileChannel(ctx context.Context, bank tenant.Bank, name, date string) (Reconciliation, error) {
	ch, err := k.channel(name)
	if err != nil {
		return Reconciliation{}, err
	}
	c, err := k.compare(ctx, bank, ch, date)
	if err != nil {
		return c, err
	}
	acted, err := k.applyRules(ctx, bank, c)
	if err != nil || acted == 0 {
		return c, err
	}
	return k.compare(ctx, bank, ch, date)
}

// RunAgain is ReconcileChannel for a person, who reads in the reconciliation that
// a file was not whole.
func (k *Desk) RunAgain(ctx context.Context, bank tenant.Bank, name, date string, actor Actor) (Reconciliation, error) {
	c, err := k.ReconcileChannel(ctx, bank, name, date)
	var no *FileError
	if err != nil && !errors.As(err, &no) {
		return c, err
	}
	return c, k.db.InTx(ctx, func(tx *db.Tx) error {
		return audit.Write(ctx, tx, actor.entry(bank.ID, "reconciliation.run", c.ID, map[string]any{"date": date, "channel": name, "file": c.File.State}))
	})
}

func (k *Desk) compare(ctx context.Context, bank tenant.Bank, ch channel, date string) (Reconciliation, error) {
	now := k.db.Clock().Now()
	if err := checkDate(bank, now, date); err != nil {
		return Reconciliation{}, err
	}
	ours, err := k.ourDate(ctx, bank, ch, date)
	if err != nil {
		return Reconciliation{}, err
	}
	unclaimed, err := k.takesUnclaimed(ctx, bank)
	if err != nil {
		return Reconciliation{}, err
	}
	r := result{channel: ch.name, date: date, oursCount: len(ours.rows), ours: ours.sum()}
	if r.feeBps, err = k.feeRate(ctx, bank, ch, date); err != nil {
		return Reconciliation{}, err
	}
	var m *matcher
	if r.file, err = k.read(ctx, bank, ch, date, len(ours.rows) > 0, func() reading {
		m = newMatcher(bank.ID, unclaimed, ours, r.feeBps)
		return k.matching(ctx, ch, m)
	}); err == nil {
		if err = k.searchNeighbours(ctx, bank, ch, date, now, m); err == nil {
			err = k.searchStrays(ctx, bank, ch, m)
		}
	}
	var no *FileError
	if errors.As(err, &no) {
		return k.recordFault(ctx, bank, r, no)
	}
	if err != nil {
		return Reconciliation{}, err
	}
	r.theirsCount, r.theirs, r.matched, r.diffs, r.fee = m.theirsCount, m.theirs, m.matched, m.diffs, m.fee.fen()
	return k.record(ctx, bank, r)
}

// result is what a run found.
type result struct {
	channel, date                   string
	file                            fileRead
	oursCount, theirsCount, matched int
	ours, theirs, fee               money.Fen
	feeBps                          int64
	diffs                           []difference
}

func (k *Desk) ourDate(ctx context.Context, bank tenant.Bank, ch channel, date string) (*day, error) {
	from, err := clockOn(bank, date, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	to, err := clockOn(bank, date, 1, 0, 0)
	if err != nil {
		return nil, err
	}
	return ourDay(ctx, k.db, bank.ID, ch.name, from, to)
}

func (k *Desk) takesUnclaimed(ctx context.Context, bank tenant.Bank) (bool, error) {
	banks, err := k.banks.All(ctx)
	return err == nil && len(banks) > 0 && banks[0].ID == bank.ID, err
}

// matching gives each row to the matcher, and some at a time of those that are
// not of our day with what we have of them.
func (k *Desk) matching(ctx context.Context, ch channel, m *matcher) reading {
	rows := make([]row, 0, batch)
	flush := func() error {
		known, err := lookUp(ctx, k.db, ch.name, rows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			m.add(r, known)
		}
		rows = rows[:0]
		return nil
	}
	each := func(r row) error {
		if m.take(r) {
			return nil
		}
		if rows = append(rows, r); len(rows) < batch {
			return nil
		}
		return flush()
	}
	return reading{each, flush}
}

// searchNeighbours looks for what the date's file lacks in the files beside it;
// what is in neither is a shortage.
func (k *Desk) searchNeighbours(ctx context.Context, bank tenant.Bank, ch channel, date string, now time.Time, m *matcher) error {
	if m.ours.left() == 0 {
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
		var there []*dayRow
		_, err = k.read(ctx, bank, ch, bank.BusinessDate(other), false, func() reading {
			there = there[:0]
			return reading{each: func(r row) error {
				m.missed(r, &there)
				return nil
			}}
		})
		if err != nil {
			return err
		}
		m.found(there)
	}
	m.lacking(waits)
	return nil
}

// searchStrays looks whether what matched though it is another day's of ours is in
// that day's file too: the gateway has then told of it twice. A file that is no
// longer there tells nothing.
func (k *Desk) searchStrays(ctx context.Context, bank tenant.Bank, ch channel, m *matcher) error {
	byDate := map[string]map[string]bool{}
	for _, o := range m.strays {
		date := bank.BusinessDate(o.at)
		if byDate[date] == nil {
			byDate[date] = map[string]bool{}
		}
		byDate[date][o.id] = true
	}
	var twice []string
	for date, ids := range byDate {
		var there []string
		_, err := k.read(ctx, bank, ch, date, false, func() reading {
			there = there[:0]
			return reading{each: func(r row) error {
				if r.succeeded && ids[r.ref()] {
					there = append(there, r.ref())
				}
				return nil
			}}
		})
		var no *FileError
		if errors.As(err, &no) && no.State == Late {
			continue
		}
		if err != nil {
			return err
		}
		twice = append(twice, there...)
	}
	m.repeated(twice)
	return nil
}

// reconcileAgain brings up to date the earlier dates whose shortages wait for a
// file that may be there now.
func (k *Desk) reconcileAgain(ctx context.Context, bank tenant.Bank, before string) error {
	type waiting struct{ channel, date string }
	all, err := db.All(ctx, k.db, func(r db.Row) (w waiting, err error) { return w, r.Scan(&w.channel, &w.date) },
		`SELECT DISTINCT channel, business_date FROM money_exception
		WHERE bank_id = ? AND status = 'waiting' AND business_date < ? ORDER BY business_date, channel`, bank.ID, before)
	if err != nil {
		return err
	}
	for _, w := range all {
		if _, err := k.ReconcileChannel(ctx, bank, w.channel, w.date); err != nil {
			return err
		}
	}
	return nil
}
