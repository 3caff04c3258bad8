package bankbox

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

const (
	// maxInFlight bounds callbacks on their way at one time.
	maxInFlight = 32
	// postTimeout bounds one try.
	postTimeout = 10 * time.Second
	// holdFor is how long a callback waits for another under the reorder fault.
	holdFor = time.Second
)

// courier delivers callbacks. One goroutine decides, up to maxInFlight others
// post; it sleeps until the next one is due, a new one is queued, or one comes
// back.
type courier struct {
	store  *store
	client *http.Client
	key    string
	base   time.Duration
	now    func() time.Time
	log    *slog.Logger

	wake     chan struct{}
	receipts chan []receipt
	done     chan struct{}

	// Owned by run.
	out       map[int64]struct{}
	held      []parcel
	heldUntil time.Time
	// restUntil keeps a book that can't be written from making a busy loop.
	restUntil time.Time
}

func newCourier(s *store, cfg Config) *courier {
	return &courier{
		store: s,
		client: &http.Client{
			Timeout: postTimeout,
			// A callback goes where it was asked to go, and nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: 30 * time.Second},
		},
		key: cfg.CallbackKey, base: cfg.RetryBase, now: cfg.Now, log: cfg.Logger,
		wake:     make(chan struct{}, 1),
		receipts: make(chan []receipt, maxInFlight),
		done:     make(chan struct{}),
		out:      map[int64]struct{}{},
	}
}

// nudge says that something was queued; it never blocks.
func (c *courier) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run delivers until stop is closed, then waits for what is on its way; ctx cuts
// that short. What was not acknowledged is sent again after the next start.
func (c *courier) run(ctx context.Context, stop <-chan struct{}) {
	defer close(c.done)
	defer c.client.CloseIdleConnections()
	for {
		next, err := c.dispatch(ctx)
		if err != nil {
			c.log.Error("callbacks not readable", "error", err.Error())
			next = time.Now().Add(c.base)
		}
		if !c.await(ctx, stop, next) {
			break
		}
	}
	for len(c.out) > len(c.held) {
		c.settle(ctx, <-c.receipts)
	}
}

// await sleeps until next (zero: without end), a nudge or a receipt; false once
// the courier has to stop.
func (c *courier) await(ctx context.Context, stop <-chan struct{}, next time.Time) bool {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-stop:
		return false
	case <-c.wake:
	case <-due:
	case batch := <-c.receipts:
		c.settle(ctx, batch)
	}
	return true
}

// dispatch sends what is due and says when to look again (on the machine's
// clock; zero: when nudged).
func (c *courier) dispatch(ctx context.Context) (next time.Time, err error) {
	if time.Now().Before(c.restUntil) {
		return c.restUntil, nil
	}
	if free := maxInFlight - len(c.out); free > 0 {
		all, err := pendingCallbacks(ctx, c.store.reader, 2*maxInFlight)
		if err != nil {
			return next, err
		}
		for _, p := range all {
			if _, busy := c.out[p.id]; busy {
				continue
			}
			if wait := time.UnixMilli(p.nextTryAt).Sub(c.now()); wait > 0 {
				next = time.Now().Add(wait)
				break
			}
			if free--; free < 0 {
				break
			}
			c.take(ctx, p)
		}
	}
	if len(c.held) > 1 || len(c.held) == 1 && !time.Now().Before(c.heldUntil) {
		slices.Reverse(c.held)
		go c.carry(ctx, c.held)
		c.held = nil
	}
	if len(c.held) > 0 && (next.IsZero() || c.heldUntil.Before(next)) {
		next = c.heldUntil
	}
	return next, nil
}

// take sends a parcel, or puts it aside when it has to wait for another.
func (c *courier) take(ctx context.Context, p parcel) {
	c.out[p.id] = struct{}{}
	if p.held && p.attempts == 0 {
		if len(c.held) == 0 {
			c.heldUntil = time.Now().Add(holdFor)
		}
		c.held = append(c.held, p)
		return
	}
	go c.carry(ctx, []parcel{p})
}

// carry posts parcels one after the other, so that their order holds.
func (c *courier) carry(ctx context.Context, parcels []parcel) {
	batch := make([]receipt, 0, len(parcels))
	for _, p := range parcels {
		delivered := false
		for range p.copies {
			delivered = c.post(ctx, p) || delivered
		}
		batch = append(batch, receipt{parcel: p, delivered: delivered})
	}
	c.receipts <- batch
}

// post tries once; true means that a 2xx came back.
func (c *courier) post(ctx context.Context, p parcel) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		c.log.Warn("callback address unusable", "callback", p.id, "error", err.Error())
		return false
	}
	requestID := "bank_" + randomHex(8)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bankbox")
	req.Header.Set("X-Request-Id", requestID)
	req.Header.Set(SignatureHeader, Sign(c.key, c.now(), p.body))
	res, err := c.client.Do(req)
	if err != nil {
		c.log.Warn("callback not delivered", "callback", p.id, "attempt", p.attempts+1,
			"request_id", requestID, "error", err.Error())
		return false
	}
	defer res.Body.Close()
	// Read to the end, so that the connection serves the next one too.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 == 2 {
		return true
	}
	c.log.Warn("callback refused", "callback", p.id, "attempt", p.attempts+1,
		"request_id", requestID, "status", res.StatusCode)
	return false
}

// settle writes receipts down, this batch and whatever else has come back, in
// one transaction. Where that fails they stay due: sent twice is allowed, lost
// is not.
func (c *courier) settle(ctx context.Context, batch []receipt) {
	for more := true; more; {
		select {
		case b := <-c.receipts:
			batch = append(batch, b...)
		default:
			more = false
		}
	}
	ctx = context.WithoutCancel(ctx)
	err := c.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return recordReceipts(ctx, tx, c.now(), c.base, batch)
	})
	if err != nil {
		c.log.Error("callbacks not recorded", "error", err.Error())
		c.restUntil = time.Now().Add(c.base)
	}
	for _, r := range batch {
		delete(c.out, r.id)
	}
}
