package bankbox

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// Faults is what goes wrong on purpose. The zero value is a bank in good health.
type Faults struct {
	// DropCallback: callbacks of events from now on are never sent.
	DropCallback bool `json:"drop_callback"`
	// DuplicateCallback: each is sent twice.
	DuplicateCallback bool `json:"duplicate_callback"`
	// Reorder: one is held until another comes, or a second has passed; what was
	// held then leaves newest first.
	Reorder bool `json:"reorder"`
	// StatementMissing: a day's statement lacks its first row.
	StatementMissing bool `json:"statement_missing"`
	// StatementExtra: it has one payment that nobody made.
	StatementExtra bool `json:"statement_extra"`
	// StatementLate: there is no statement yet.
	StatementLate bool `json:"statement_late,omitempty"`
	// StatementCut: it ends in the middle.
	StatementCut bool `json:"statement_cut,omitempty"`
	// StatementTotal: its total line is of other rows.
	StatementTotal bool `json:"statement_total,omitempty"`
	// StatementTwice: its last row is in it twice.
	StatementTwice bool `json:"statement_twice,omitempty"`
	// StatementAmount: its last row is of one fen more.
	StatementAmount bool `json:"statement_amount,omitempty"`
	// PayoutPending: payouts stay under way; PayoutFail: they fail.
	PayoutPending bool `json:"payout_pending,omitempty"`
	PayoutFail    bool `json:"payout_fail,omitempty"`
	// DelayMS holds each API answer for so many milliseconds after the act.
	DelayMS int64 `json:"delay_ms"`
	// FailRate is the share of API calls answered 500, half of them before
	// acting and half after it, so that a caller can't know.
	FailRate float64 `json:"fail_rate"`
}

const maxDelayMS = 10 * 60 * 1000

func (f Faults) validate() error {
	if f.DelayMS < 0 || f.DelayMS > maxDelayMS {
		return invalid("delay_ms: must be 0 to %d", maxDelayMS)
	}
	if f.FailRate < 0 || f.FailRate > 1 {
		return invalid("fail_rate: must be 0 to 1")
	}
	return nil
}

// faultBoard holds the faults that are on.
type faultBoard struct {
	set atomic.Pointer[Faults]
	// closing ends waits when the server stops.
	closing <-chan struct{}
}

func newFaultBoard(closing <-chan struct{}) *faultBoard {
	b := &faultBoard{closing: closing}
	b.set.Store(&Faults{})
	return b
}

func (b *faultBoard) now() Faults { return *b.set.Load() }

func (b *faultBoard) get(*gin.Context) (int, any, error) {
	return http.StatusOK, b.now(), nil
}

func (b *faultBoard) put(c *gin.Context) (int, any, error) {
	var f Faults
	if err := readJSON(c, maxBody, true, &f); err != nil {
		return 0, nil, err
	}
	if err := f.validate(); err != nil {
		return 0, nil, err
	}
	b.set.Store(&f)
	return http.StatusOK, f, nil
}

func readStrict(raw []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return decodeProblem(dec.Decode(dst))
}

// middleware makes API calls slow or failing while such a fault is on.
func (b *faultBoard) middleware(c *gin.Context) {
	f := b.now()
	if f.DelayMS == 0 && f.FailRate == 0 {
		c.Next()
		return
	}
	failing := rand.Float64() < f.FailRate
	failBefore := failing && rand.IntN(2) == 0

	held := &heldWriter{ResponseWriter: c.Writer, header: http.Header{}, status: http.StatusOK}
	c.Writer = held
	// Also when the call panics: the recovery answers the caller, not the copy.
	defer func() { c.Writer = held.ResponseWriter }()
	if failBefore {
		c.Abort()
	} else {
		c.Next()
	}
	b.wait(c, time.Duration(f.DelayMS)*time.Millisecond)
	c.Writer = held.ResponseWriter
	if failing {
		writeProblem(c, problem(http.StatusInternalServerError, "internal", "fault switched on: outcome unknown"))
		return
	}
	held.release()
}

// wait returns after d, or when the caller leaves or the server stops.
func (b *faultBoard) wait(c *gin.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Request.Context().Done():
	case <-b.closing:
	}
}

// heldWriter keeps an answer back until it is released, or for good.
type heldWriter struct {
	gin.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *heldWriter) Header() http.Header               { return w.header }
func (w *heldWriter) WriteHeader(status int)            { w.status = status }
func (w *heldWriter) WriteHeaderNow()                   {}
func (w *heldWriter) Write(p []byte) (int, error)       { return w.body.Write(p) }
func (w *heldWriter) WriteString(s string) (int, error) { return w.body.WriteString(s) }
func (w *heldWriter) Status() int                       { return w.status }
func (w *heldWriter) Size() int                         { return w.body.Len() }
func (w *heldWriter) Written() bool                     { return false }

func (w *heldWriter) release() {
	for name, values := range w.header {
		w.ResponseWriter.Header()[name] = values
	}
	w.ResponseWriter.WriteHeader(w.status)
	w.ResponseWriter.WriteHeaderNow()
	// A caller that left gets nothing; there is no one to tell.
	_, _ = w.ResponseWriter.Write(w.body.Bytes())
}
