package stampede

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is what the crowd was told. A press that ended without a definite
// answer (no answer, 503 or in flight to the last try) may have bought: Unsure
// counts those.
type Report struct {
	Took     time.Duration // until the last had an answer
	InTime   int64         // orders that were accepted while presses were begun
	For      time.Duration // how long that was
	Accepted []Accepted
	Refused  map[string]int64 // by code
	Retried  int64
	Unsure   int64

	mu       sync.Mutex
	answers  []answer
	accepted *hdrhistogram.Histogram // microseconds
	refused  *hdrhistogram.Histogram
}

func newReport() *Report { return &Report{Refused: map[string]int64{}} }

// histogram is made when it is needed: most of a crowd only hear "sold out".
func histogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 2)
}

func record(h **hdrhistogram.Histogram, took time.Duration) {
	if *h == nil {
		*h = histogram()
	}
	_ = (*h).RecordValue(min(max(took.Microseconds(), 1), (*h).HighestTrackableValue()))
}

func (r *Report) accept(b Buyer, quantity int64, body []byte, took time.Duration, inTime bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if inTime {
		r.InTime++
	}
	r.answers = append(r.answers, answer{b.Viewer, quantity, bytes.Clone(body)})
	record(&r.accepted, took)
}

// answer is a 201 as it came: the crowd shares the machine with the server, and
// reads its answers when the run is over.
type answer struct {
	viewer   string
	quantity int64
	body     []byte
}

// read turns answers into orders.
func (r *Report) read() {
	for _, a := range r.answers {
		var o struct {
			ID      string `json:"id"`
			Payable int64  `json:"payable_fen"`
		}
		if err := json.Unmarshal(a.body, &o); err != nil || o.ID == "" {
			r.Refused["unreadable_answer"]++
			r.Unsure++
			continue
		}
		r.Accepted = append(r.Accepted, Accepted{o.ID, a.viewer, a.quantity, o.Payable})
	}
	r.answers = nil
}

func (r *Report) refuse(code string, unsure bool, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Refused[code]++
	if unsure {
		r.Unsure++
	}
	record(&r.refused, took)
}

func (r *Report) retry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Retried++
}

func (r *Report) merge(o *Report) {
	r.answers = append(r.answers, o.answers...)
	for code, n := range o.Refused {
		r.Refused[code] += n
	}
	r.InTime += o.InTime
	r.Retried += o.Retried
	r.Unsure += o.Unsure
	merge(&r.accepted, o.accepted)
	merge(&r.refused, o.refused)
}

func merge(into **hdrhistogram.Histogram, more *hdrhistogram.Histogram) {
	switch {
	case more == nil:
	case *into == nil:
		*into = more
	default:
		(*into).Merge(more)
	}
}

// PerSecond is n over the time that the run took.
func (r *Report) PerSecond(n int64) float64 { return float64(n) / r.Took.Seconds() }

// Orders is how many durable orders were accepted a second while people pressed.
func (r *Report) Orders() float64 { return float64(r.InTime) / min(r.For, r.Took).Seconds() }

// AcceptedAt is a percentile of the time from a press to its order.
func (r *Report) AcceptedAt(percentile float64) time.Duration { return at(r.accepted, percentile) }

// RefusedAt is a percentile of the time from a press to its refusal.
func (r *Report) RefusedAt(percentile float64) time.Duration { return at(r.refused, percentile) }

func at(h *hdrhistogram.Histogram, percentile float64) time.Duration {
	if h == nil {
		return 0
	}
	return time.Duration(h.ValueAtPercentile(percentile)) * time.Microsecond
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "took            %s\n", r.Took.Round(time.Millisecond))
	fmt.Fprintf(w, "accepted        %d   %.0f/s   p50 %s  p95 %s  p99 %s\n", len(r.Accepted), r.Orders(),
		r.AcceptedAt(50), r.AcceptedAt(95), r.AcceptedAt(99))
	var refused int64
	for _, n := range r.Refused {
		refused += n
	}
	fmt.Fprintf(w, "refused         %d   %.0f/s   p50 %s  p95 %s  p99 %s\n", refused, r.PerSecond(refused),
		r.RefusedAt(50), r.RefusedAt(95), r.RefusedAt(99))
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(w, "  %-22s %d   %.0f/s\n", code, r.Refused[code], r.PerSecond(r.Refused[code]))
	}
	fmt.Fprintf(w, "tried again     %d\nunsure          %d\n", r.Retried, r.Unsure)
}
