package bankbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// outcomeNotice is the body of a card outcome's callback (CONTRACT §5).
type outcomeNotice struct {
	Items []outcome `json:"items"`
}

type outcome struct {
	ApplicationID string `json:"application_id"`
	Outcome       string `json:"outcome"`
	CardLast4     string `json:"card_last4,omitempty"`
	At            string `json:"at"`
}

// run issues what is due and sleeps until the next is, until stop is closed.
func (k *cardCore) run(ctx context.Context, stop <-chan struct{}) {
	defer close(k.done)
	for {
		wait, err := k.issueDue(ctx)
		if err != nil {
			k.log.Error("applications not issued", "error", err.Error())
			wait = time.Second
		}
		var due <-chan time.Time
		var timer *time.Timer
		if wait >= 0 {
			timer = time.NewTimer(wait)
			due = timer.C
		}
		stopped := false
		select {
		case <-stop:
			stopped = true
		case <-k.wake:
		case <-due:
		}
		if timer != nil {
			timer.Stop()
		}
		if stopped {
			return
		}
	}
}

// issueDue decides what is due, a batch a transaction, and says how long until
// the next is; negative: until a nudge.
func (k *cardCore) issueDue(ctx context.Context) (wait time.Duration, err error) {
	var due sql.NullInt64
	err = k.store.reader.QueryRowContext(ctx, `SELECT MIN(due_at) FROM applications WHERE status = 'accepted'`).
		Scan(&due)
	switch {
	case err != nil:
		return 0, fmt.Errorf("read next application: %w", err)
	case !due.Valid:
		return -1, nil
	}
	if wait = time.UnixMilli(due.Int64).Sub(k.now()); wait > 0 {
		return wait, nil
	}
	err = k.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := k.now()
		batch, err := dueApplications(ctx, tx, now)
		if err != nil {
			return err
		}
		for _, a := range batch {
			if err := k.issue(ctx, tx, now, a); err != nil {
				return err
			}
		}
		return nil
	})
	k.courier.nudge()
	return 0, err
}

type dueApplication struct{ id, verdict, notifyURL string }

func dueApplications(ctx context.Context, tx *sql.Tx, now time.Time) ([]dueApplication, error) {
	rows, err := tx.QueryContext(ctx, `SELECT application_id, verdict, notify_url FROM applications
		WHERE status = 'accepted' AND due_at <= ? ORDER BY due_at LIMIT ?`, now.UnixMilli(), coreBatch)
	if err != nil {
		return nil, fmt.Errorf("read due applications: %w", err)
	}
	defer rows.Close()
	var batch []dueApplication
	for rows.Next() {
		var a dueApplication
		if err := rows.Scan(&a.id, &a.verdict, &a.notifyURL); err != nil {
			return nil, fmt.Errorf("read due applications: %w", err)
		}
		batch = append(batch, a)
	}
	return batch, errors.Join(rows.Err(), rows.Close())
}

// issue ends one application and queues the callback that tells of it.
func (k *cardCore) issue(ctx context.Context, tx *sql.Tx, now time.Time, a dueApplication) error {
	last4 := ""
	if a.verdict == coreIssued {
		last4 = randomDigits(4)
	}
	_, err := tx.ExecContext(ctx, `UPDATE applications SET status = verdict, card_last4 = ?, decided_at = ?
		WHERE application_id = ? AND status = 'accepted'`, last4, now.UnixMilli(), a.id)
	if err != nil {
		return fmt.Errorf("issue card: %w", err)
	}
	return enqueueCallback(ctx, tx, k.faults.now(), now, a.notifyURL, outcomeNotice{Items: []outcome{{
		ApplicationID: a.id, Outcome: a.verdict, CardLast4: last4, At: rfc3339(now.UnixMilli()),
	}}})
}
