package bankbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// retryCap is the longest wait between two tries of a callback.
	retryCap = time.Minute
	// retryFor is how long a callback is tried before it is abandoned.
	retryFor = 24 * time.Hour
)

// parcel is a callback on its way.
type parcel struct {
	id        int64
	url       string
	body      []byte
	copies    int
	held      bool
	attempts  int
	createdAt int64
	nextTryAt int64
}

// receipt is what came of one try.
type receipt struct {
	parcel
	delivered bool
}

// enqueueCallback writes down that url has to be told body, in the transaction
// that made it true. The faults that are on now decide its fate.
func enqueueCallback(ctx context.Context, tx *sql.Tx, f Faults, now time.Time, url string, body any) error {
	if url == "" {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode callback: %w", err)
	}
	state, copies := "pending", 1
	if f.DropCallback {
		state = "dropped"
	}
	if f.DuplicateCallback {
		copies = 2
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO callbacks
		(url, body, state, copies, held, created_at, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		url, raw, state, copies, f.Reorder, now.UnixMilli(), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("enqueue callback: %w", err)
	}
	return nil
}

// pendingCallbacks lists what is not delivered, the most overdue first.
func pendingCallbacks(ctx context.Context, q querier, limit int) ([]parcel, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, url, body, copies, held, attempts, created_at, next_try_at
		FROM callbacks WHERE state = 'pending' ORDER BY next_try_at, id LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("read callbacks: %w", err)
	}
	defer rows.Close()
	var all []parcel
	for rows.Next() {
		var p parcel
		if err := rows.Scan(&p.id, &p.url, &p.body, &p.copies, &p.held,
			&p.attempts, &p.createdAt, &p.nextTryAt); err != nil {
			return nil, fmt.Errorf("read callbacks: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// recordReceipts writes what came of tries: delivered, due again, or given up.
func recordReceipts(ctx context.Context, tx *sql.Tx, now time.Time, base time.Duration, receipts []receipt) error {
	for _, r := range receipts {
		state, next := "pending", now.Add(retryAfter(base, r.attempts)).UnixMilli()
		switch {
		case r.delivered:
			state, next = "delivered", now.UnixMilli()
		case now.Sub(time.UnixMilli(r.createdAt)) > retryFor:
			state = "abandoned"
		}
		_, err := tx.ExecContext(ctx, `UPDATE callbacks SET state = ?, attempts = attempts + 1, next_try_at = ?
			WHERE id = ?`, state, next, r.id)
		if err != nil {
			return fmt.Errorf("record callback: %w", err)
		}
	}
	return nil
}

// retryAfter is the wait after a failure that followed so many earlier ones.
func retryAfter(base time.Duration, earlier int) time.Duration {
	wait := base
	for range earlier {
		if wait *= 2; wait >= retryCap {
			return retryCap
		}
	}
	return wait
}

// hurryPending makes all that is not delivered due at once: whoever was told
// nothing while the bank was down should not wait for an old back-off.
func hurryPending(ctx context.Context, s *store, now time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE callbacks SET next_try_at = ?
			WHERE state = 'pending' AND next_try_at > ?`, now.UnixMilli(), now.UnixMilli())
		return err
	})
}
