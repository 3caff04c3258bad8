package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Real processes under load, killed, stopped, cut off, emptied and with clocks
// that step, at points that a seed chooses. After each run everything accepted
// has ended, `yinbo check` passes, what anybody was told with 2xx is in the
// database, what was refused is not, and goods and money are whole. Every other
// run is embedded: one process and its files; the others are two nodes on
// MariaDB and Redis.
//
// CRASH_SEED and CRASH_RUNS name the runs; without, the seed is new each time.
// `make crash` makes 300 of them.
func TestCrash(t *testing.T) {
	m := newMould(t)
	seed, runs := uint64(time.Now().UnixNano()/int64(time.Millisecond)), uint64(crashRuns)
	for name, into := range map[string]*uint64{"CRASH_SEED": &seed, "CRASH_RUNS": &runs} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			*into = n
		}
	}
	t.Logf("seeds %d to %d", seed, seed+runs-1)
	for i := range runs {
		t.Run(fmt.Sprint("seed ", seed+i), func(t *testing.T) {
			t.Parallel()
			if end, ok := t.Deadline(); ok && time.Until(end) < time.Minute {
				t.Fatal("no time is left for this run: give more, -timeout 1h")
			}
			crash(t, m, seed+i)
		})
	}
}

// crash is one run.
func crash(t *testing.T, m *mould, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t, m, seed%2 == 1)
	defer func() {
		if t.Failed() {
			w.tell(seed)
		}
	}()
	length := between(r, crashLoad/2, crashLoad)
	faults := w.plan(r, length)
	c := newCrowd(w)
	struck := make(chan struct{})
	go func() { defer close(struck); w.strike(faults) }()
	c.rush(seed, length)
	<-struck
	w.heal()
	c.settleDown()
	c.verify(m.bin(t))
	made := map[string]int{}
	for _, a := range c.acts {
		if a.id != "" {
			made[a.kind]++
		}
	}
	w.note("verified")
	t.Logf("servers %t: %d acts, made %v, %d replays, %d handed over, %d cancelled\n%s", w.servers,
		len(c.acts), made, c.replays, len(c.handed), len(c.cancelled), w.story())
}
