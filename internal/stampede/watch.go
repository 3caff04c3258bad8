package stampede

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Watching says how an audience watches a room.
type Watching struct {
	Room     string
	Viewers  int
	Speakers []Buyer // sessions of the first of them; the others are guests
	Joins    float64 // a second; 0 is all at once
	Chats    float64 // a second, by the speakers in turn
	Likes    float64 // a second, by the speakers in turn, each a frame of its own
	Cuts     float64 // connections a second that break, any of them
	Sources  int     // loopback addresses that they come from, 127.0.1.1 and on; their own when 0
}

// Watched is what an audience saw in a while.
type Watched struct {
	Tally
	Took     time.Duration
	Inside   int   // viewers at its end
	Behind   int   // of them, those who lack the last fact that another knows of
	Greatest int64 // number of that fact
	Frames   int64 // of text
	Bytes    int64 // in them
	Events   int64 // delivered: one to one viewer is one
	Facts    int64 // of these
	Acks     int64

	Cut       int64            // connections that the audience broke
	Dropped   int64            // that the server broke without a bye, or refused
	Byes      map[string]int64 // by reason
	Recovered int64            // joins that were given what was missed
	Pictures  int64            // joins that were given a whole picture
	Errors    map[string]int64 // by code

	joins *hdrhistogram.Histogram // microseconds from connect to joined
	facts *hdrhistogram.Histogram // microseconds from publish to receipt
	talk  *hdrhistogram.Histogram // of one viewer in talkSample
}

// talkSample is the share of viewers by whom the age of talk is measured.
const talkSample = 100

func newWatched() *Watched { return &Watched{Byes: map[string]int64{}, Errors: map[string]int64{}} }

// JoinAt is a percentile of the time from connect to the answer to the join.
func (w *Watched) JoinAt(percentile float64) time.Duration { return at(w.joins, percentile) }

// FactAt is a percentile of the time from a fact's publication to its receipt.
func (w *Watched) FactAt(percentile float64) time.Duration { return at(w.facts, percentile) }

// PerSecond is n over the time that was watched.
func (w *Watched) PerSecond(n int64) float64 { return float64(n) / w.Took.Seconds() }

// count takes in what a frame of events says.
func (w *Watched) count(m *meaning, now time.Time, sampled bool) {
	w.Events += int64(len(m.Events))
	for _, e := range m.Events {
		switch {
		case e.Seq > 0:
			w.Facts++
			record(&w.facts, now.Sub(e.sent()))
		case sampled && e.Kind == "chat":
			record(&w.talk, now.Sub(e.sent()))
		}
	}
}

// Add takes in what was seen after w.
func (w *Watched) Add(o *Watched) {
	w.Lost, w.Doubled, w.Reordered = w.Lost+o.Lost, w.Doubled+o.Doubled, w.Reordered+o.Reordered
	w.Took, w.Inside, w.Behind, w.Greatest = w.Took+o.Took, o.Inside, o.Behind, o.Greatest
	for _, n := range []struct {
		into *int64
		more int64
	}{{&w.Frames, o.Frames}, {&w.Bytes, o.Bytes}, {&w.Events, o.Events}, {&w.Facts, o.Facts}, {&w.Acks, o.Acks},
		{&w.Cut, o.Cut}, {&w.Dropped, o.Dropped}, {&w.Recovered, o.Recovered}, {&w.Pictures, o.Pictures}} {
		*n.into += n.more
	}
	for _, m := range []struct{ into, more map[string]int64 }{{w.Byes, o.Byes}, {w.Errors, o.Errors}} {
		for name, n := range m.more {
			m.into[name] += n
		}
	}
	for _, h := range []struct{ into, more **hdrhistogram.Histogram }{{&w.joins, &o.joins}, {&w.facts, &o.facts}, {&w.talk, &o.talk}} {
		merge(h.into, *h.more)
	}
}

// Print writes it for people.
func (w *Watched) Print(out io.Writer) {
	fmt.Fprintf(out, "watched         %s by %d viewers\n", w.Took.Round(time.Millisecond), w.Inside)
	if w.joins != nil {
		fmt.Fprintf(out, "joins           %d   p50 %s  p99 %s  max %s   (%d with a picture, %d recovered)\n", w.joins.TotalCount(),
			w.JoinAt(50), w.JoinAt(99), w.JoinAt(100), w.Pictures, w.Recovered)
	}
	fmt.Fprintf(out, "deliveries      %d   %.0f/s   in frames %d   %.0f/s   %.1f MB   %.1f MB/s\n", w.Events, w.PerSecond(w.Events),
		w.Frames, w.PerSecond(w.Frames), float64(w.Bytes)/1e6, w.PerSecond(w.Bytes)/1e6)
	for _, age := range []struct {
		of  string
		how *hdrhistogram.Histogram
	}{{"facts", w.facts}, {"chats, 1 in 100", w.talk}} {
		if age.how != nil {
			fmt.Fprintf(out, "age             %s   p50 %s  p99 %s  max %s\n", age.of, at(age.how, 50), at(age.how, 99), at(age.how, 100))
		}
	}
	fmt.Fprintf(out, "acks            %d\ncut             %d by us, %d by the server without a bye\n", w.Acks, w.Cut, w.Dropped)
	list(out, "byes", w.Byes)
	list(out, "errors", w.Errors)
	fmt.Fprintf(out, "facts           %d deliveries: %d lost, %d doubled, %d reordered; %d viewers behind fact %d\n",
		w.Facts, w.Lost, w.Doubled, w.Reordered, w.Behind, w.Greatest)
}

func list(out io.Writer, what string, counts map[string]int64) {
	if len(counts) == 0 {
		return
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s %d", name, counts[name]))
	}
	fmt.Fprintf(out, "%-15s %s\n", what, strings.Join(all, ", "))
}
