package settle

import (
	"context"
	"maps"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// Run closes a business date (YYYY-MM-DD) with every one before it, makes the
// statements of those dates, asks for the date's reconciliation, and gives the
// date's settlements. Today may be closed: what is paid later counts for the
// next open date. Again, it changes nothing and gives the same. A date still to
// come, or none, is a validation error of the field date.
func (k *Desk) Run(ctx context.Context, bank tenant.Bank, date string, actor Actor) ([]Settlement, error) {
	soon := func(now time.Time) time.Time { return now.Add(3 * atOnceTime) }
	if err := k.runDate(ctx, bank, date, actor, soon); err != nil {
		return nil, err
	}
	k.reconcileNow(ctx, bank, date)
	return k.List(ctx, bank.ID, Filter{Date: date}, "", 0)
}

// atOnceTime bounds how long a person waits for the gateway's statement.
const atOnceTime = 3 * time.Second

// reconcileNow lets the person who closed a date find its reconciliation there.
// Where the gateway does not answer in time, the task that was asked for does it
// later, and says why it could not.
func (k *Desk) reconcileNow(ctx context.Context, bank tenant.Bank, date string) {
	ctx, cancel := context.WithTimeout(ctx, atOnceTime)
	defer cancel()
	for _, ch := range k.channels {
		if _, err := k.ReconcileChannel(ctx, bank, ch.name, date); err != nil {
			return
		}
	}
	if k.reconcileAgain(ctx, bank, date) != nil {
		return
	}
	_ = k.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := k.box.Cancel(ctx, tx, bank.ID, TaskReconcile, date)
		return err
	})
}

// runDate is Run, with the time at which to reconcile.
func (k *Desk) runDate(ctx context.Context, bank tenant.Bank, date string, actor Actor, reconcile func(now time.Time) time.Time) error {
	if err := checkDate(bank, k.db.Clock().Now(), date); err != nil {
		return err
	}
	err := k.db.InTx(ctx, func(tx *db.Tx) error {
		if err := k.closeDate(ctx, tx, bank, date, actor); err != nil {
			return err
		}
		return k.askReconcile(ctx, tx, bank.ID, date, reconcile(tx.Now))
	})
	if err != nil {
		return err
	}
	if _, err := k.book.RollUp(ctx, bank.ID); err != nil {
		return err
	}
	return k.makeStatements(ctx, bank, actor)
}

func (k *Desk) closeDate(ctx context.Context, tx *db.Tx, bank tenant.Bank, date string, actor Actor) error {
	closed, err := k.book.Close(ctx, tx, bank.ID, date)
	if err != nil || !closed {
		return err
	}
	return audit.Write(ctx, tx, actor.entry(bank.ID, "settlement.run", date, nil))
}

// makeStatements makes what closed dates still lack, the oldest first. Closing
// and this are two transactions, so that a long day does not hold the book
// while people pay; after a crash between them the next run goes on here.
func (k *Desk) makeStatements(ctx context.Context, bank tenant.Bank, actor Actor) error {
	dates, err := unsettledDates(ctx, k.db, bank.ID)
	if err != nil {
		return err
	}
	for _, date := range dates {
		if err := k.settleDate(ctx, bank, date, actor); err != nil {
			return err
		}
	}
	return nil
}

// settleDate makes the statements of one closed date, whose entries can no
// longer change, and asks for its reconciliation. The day is read in bites beside
// the transaction that writes it, and the audit log's chain is held at its end
// only: people go on working while a long day is made.
func (k *Desk) settleDate(ctx context.Context, bank tenant.Bank, date string, actor Actor) error {
	names, err := merchantNames(ctx, k.db, bank.ID)
	if err != nil {
		return err
	}
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "settled_day (bank_id, business_date, settled_at)", [][]any{{bank.ID, date, tx.Now}}, "")
		if db.IsDuplicate(err) { // another run was first; its statements are these
			return nil
		}
		if err != nil {
			return err
		}
		m := making{bankID: bank.ID, statements: map[string]*statement{}}
		err = eachBite(ctx, k.db, bank.ID, date, func(b bite) error { return m.take(ctx, tx, b) })
		if err != nil {
			return err
		}
		if err := m.finish(ctx, tx, date, names); err != nil {
			return err
		}
		for _, merchantID := range slices.Sorted(maps.Keys(m.statements)) {
			s := m.statements[merchantID]
			detail := map[string]any{"business_date": date, "merchant": merchantID, "payable_fen": s.payable()}
			if err := audit.Write(ctx, tx, actor.entry(bank.ID, "settlement.made", s.id, detail)); err != nil {
				return err
			}
		}
		return k.askReconcile(ctx, tx, bank.ID, date, reconcileAt(bank, date, tx.Now))
	})
}

// reconcileAt is when a date is reconciled: at 10:30 of the next day, after the
// gateway has published its statement (RULES §7), or now where that is past.
func reconcileAt(bank tenant.Bank, date string, now time.Time) time.Time {
	at, err := clockOn(bank, date, 1, 10, 30)
	if err != nil || at.Before(now) {
		return now
	}
	return at
}

// clockOn is hour:minute in the bank's time zone, days after date.
func clockOn(bank tenant.Bank, date string, days, hour, minute int) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(d.Year(), d.Month(), d.Day()+days, hour, minute, 0, 0, bank.Zone).UTC(), nil
}
