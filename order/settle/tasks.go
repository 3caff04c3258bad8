package settle

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// The tasks of this package; the ref of both is the business date.
const (
	TaskReconcile = "reconcile.run"
	TaskNightly   = "settlement.nightly"
)

// dated is the payload of both.
type dated struct {
	Date string `json:"date"`
}

// Handlers are what works the tasks, by kind. Each is idempotent.
func (k *Desk) Handlers() map[string]func(context.Context, outbox.Task) error {
	return map[string]func(context.Context, outbox.Task) error{
		TaskReconcile: k.OnReconcile,
		TaskNightly:   k.OnNightly,

		TaskPayout:       k.OnPayout,
		TaskPay:          k.OnPay,
		TaskPayoutReturn: k.OnWatch,
		TaskRelease:      k.OnRelease,
	}
}

// How long a file that is not whole is asked for, and how often. After that the
// task is dead, and a person brings the file or runs the date again.
const (
	askFileEvery = 30 * time.Minute
	askFileFor   = 7 * 24 * time.Hour
)

// OnReconcile reconciles the task's date with each channel's file, and the dates
// before it whose shortages waited for it. A file that is not there yet, or not
// whole, is asked for again later; the reconciliation says so meanwhile.
func (k *Desk) OnReconcile(ctx context.Context, t outbox.Task) error {
	bank, date, err := k.subject(ctx, t)
	if err != nil {
		return err
	}
	var failed error
	for _, ch := range k.channels {
		if _, err := k.ReconcileChannel(ctx, bank, ch.name, date); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		failed = errors.Join(failed, k.refundSurpluses(ctx, bank, ch))
	}
	if failed == nil {
		failed = k.reconcileAgain(ctx, bank, date)
	}
	var no *FileError
	if !errors.As(failed, &no) {
		return failed
	}
	due, err := clockOn(bank, date, 1, 10, 30)
	now := k.db.Clock().Now()
	if err != nil || now.After(due.Add(askFileFor)) {
		return &outbox.Dropped{Cause: failed}
	}
	return &outbox.Postponed{At: now.Add(askFileEvery)}
}

// OnNightly does what Run does for a person, but leaves the reconciliation
// until the gateway has published its statement, and asks for the next night.
// Nights that were missed are made up for one by one: the next is due at once.
func (k *Desk) OnNightly(ctx context.Context, t outbox.Task) error {
	bank, date, err := k.subject(ctx, t)
	if err != nil {
		return err
	}
	later := func(now time.Time) time.Time { return reconcileAt(bank, date, now) }
	if err := k.runDate(ctx, bank, date, System, later); err != nil {
		return err
	}
	next, err := ledger.NextDay(date)
	if err != nil {
		return err
	}
	return k.db.InTx(ctx, func(tx *db.Tx) error { return k.addNight(ctx, tx, bank, next) })
}

// ScheduleNightly makes sure, within tx, that a bank's dates close by
// themselves: each at 00:30 of the next day, from today's on. It does nothing
// where a night is scheduled already.
func (k *Desk) ScheduleNightly(ctx context.Context, tx *db.Tx, bank tenant.Bank) error {
	if err := k.book.Lock(ctx, tx, bank.ID); err != nil { // nodes that start at once take turns
		return err
	}
	_, waiting, err := db.Value[string](ctx, tx, "SELECT id FROM outbox WHERE bank_id = ? AND kind = ? AND state = 'pending' LIMIT 1", bank.ID, TaskNightly)
	if err != nil || waiting {
		return err
	}
	return k.addNight(ctx, tx, bank, bank.BusinessDate(tx.Now))
}

// addNight schedules the closing of date, once however often it is asked for.
func (k *Desk) addNight(ctx context.Context, tx *db.Tx, bank tenant.Bank, date string) error {
	if err := k.book.Lock(ctx, tx, bank.ID); err != nil {
		return err
	}
	_, there, err := db.Value[string](ctx, tx, "SELECT id FROM outbox WHERE bank_id = ? AND ref = ? AND kind = ? AND state IN ('pending','done')",
		bank.ID, date, TaskNightly)
	if err != nil || there {
		return err
	}
	due, err := clockOn(bank, date, 1, 0, 30)
	if err != nil {
		return err
	}
	return k.box.Add(ctx, tx, outbox.Task{Bank: bank.ID, Kind: TaskNightly, Ref: date, Payload: dated{date}, Due: due})
}

// askReconcile writes the task of a date's reconciliation at due, unless one
// waits for just that time or, when it is to be now, for one that is past.
func (k *Desk) askReconcile(ctx context.Context, tx *db.Tx, bankID, date string, due time.Time) error {
	when := "due_at = ?"
	if !due.After(tx.Now) {
		when = "next_at <= ? AND lease IS NULL"
	}
	_, there, err := db.Value[string](ctx, tx, `SELECT id FROM outbox WHERE bank_id = ? AND ref = ? AND kind = ? AND state = 'pending' AND `+when+` LIMIT 1`,
		bankID, date, TaskReconcile, due)
	if err != nil || there {
		return err
	}
	return k.box.Add(ctx, tx, outbox.Task{Bank: bankID, Kind: TaskReconcile, Ref: date, Payload: dated{date}, Due: due})
}

func (k *Desk) subject(ctx context.Context, t outbox.Task) (tenant.Bank, string, error) {
	var p dated
	if err := t.Decode(&p); err != nil {
		return tenant.Bank{}, "", err
	}
	bank, err := k.bank(ctx, t.Bank)
	return bank, p.Date, err
}
