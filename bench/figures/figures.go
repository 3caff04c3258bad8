// Package figures keeps what a benchmark measured over several runs, and prints
// medians, ratios and the share of the machine that neighbours took.
package figures

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Series is one figure over several runs.
type Series struct {
	Name string
	Unit string
	Runs []float64
}

// Add notes a run's.
func (s *Series) Add(v float64) { s.Runs = append(s.Runs, v) }

// Median is the middle one, 0 of none.
func (s *Series) Median() float64 {
	if len(s.Runs) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(s.Runs))[len(s.Runs)/2]
}

// Print writes it for people.
func (s *Series) Print() { s.print("") }

// PrintWanted writes it beside what it should be.
func (s *Series) PrintWanted(w Want) { s.print("   wanted: " + w.String() + " " + s.Unit) }

func (s *Series) print(tail string) {
	if len(s.Runs) == 0 {
		return
	}
	fmt.Printf("%-58s %10s %-9s min %s  max %s  (%d runs)%s\n", s.Name, short(s.Median()), s.Unit,
		short(slices.Min(s.Runs)), short(slices.Max(s.Runs)), len(s.Runs), tail)
}

// short writes large figures whole, small ones by what is worth reading.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v == 0:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// Want is what a figure should be.
type Want struct {
	bound string
	v     float64
}

// AtLeast wants v or more.
func AtLeast(v float64) Want { return Want{"at least", v} }

// AtMost wants v or less.
func AtMost(v float64) Want { return Want{"at most", v} }

// String says it.
func (w Want) String() string { return w.bound + " " + short(w.v) }

// Ratio prints a/b, pair by pair, since a machine's speed drifts.
func Ratio(what string, a, b *Series, want Want) {
	r := make([]float64, min(len(a.Runs), len(b.Runs)))
	for i := range r {
		r[i] = a.Runs[i] / b.Runs[i]
	}
	if len(r) == 0 {
		return
	}
	slices.Sort(r)
	fmt.Printf("%-58s %10.2f ×         min %.2f  max %.2f   wanted: %s ×\n", what, r[len(r)/2], r[0], r[len(r)-1], want)
}

// Machine says when it is measured, and how the machine has fared since it began.
func Machine() {
	fmt.Printf("%s, steal %s\n", time.Now().UTC().Format(time.RFC3339), Steal{}.Since())
}

// Steal is the machine's time as it was counted at a moment; zero is its beginning.
type Steal struct{ stolen, all float64 }

// Now counts.
func Now() (s Steal) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return s
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	var n [8]float64
	fmt.Sscanf(strings.TrimPrefix(line, "cpu"), "%f %f %f %f %f %f %f %f", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7])
	for _, v := range n {
		s.all += v
	}
	s.stolen = n[7]
	return s
}

// Since is the share of the machine that its neighbours took since then.
func (s Steal) Since() string {
	now := Now()
	if now.all == s.all {
		return "unknown"
	}
	return fmt.Sprintf("%.1f %%", 100*(now.stolen-s.stolen)/(now.all-s.all))
}
