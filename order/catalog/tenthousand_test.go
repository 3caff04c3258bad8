package catalog_test

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order/bulk"
)

// rows writes a file of lines as it is read: it is never whole in memory.
type rows struct {
	next, last int
	begun      bool
	left       string
}

func (r *rows) Read(p []byte) (int, error) {
	if r.left == "" {
		switch {
		case !r.begun:
			r.begun = true
			r.left = "code,merchant,category,title,kind,spec,price,list_price,stock,per_person_limit,branch,images,valid_days\n"
		case r.next > r.last:
			return 0, io.EOF
		default:
			r.left = fmt.Sprintf("C-%06d,山野农场,分类%d,好吃的五常稻花香大米第%d号礼盒,实物,重量:%dkg;包装:礼盒,%d.50,%d.00,100,2,西湖支行,/goods/rice.svg,\n",
				r.next, r.next%40, r.next/2, 5+r.next%2, r.next%900+10, r.next%900+20)
			r.next++
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// tenThousand lines; under the race detector, whose time is not the product's,
// a tenth of them.
var tenThousand = map[bool]int{false: 10_000, true: 1_000}[raceEnabled]

// The figure: 10,000 lines in under 10 s on SQLite, best of three, as
// the machine may have other things to do. Memory stays flat: a file three times
// as long takes no more.
func TestTenThousandLinesAreTakenInWithinTenSeconds(t *testing.T) {
	k := newDesk(t, testkit.SQLite(t, clock.System{}))
	best, small := time.Hour, uint64(0)
	try := 0
	for ; try < 3 && best > 10*time.Second; try++ {
		took, heap := k.timed(try*tenThousand, tenThousand)
		best, small = min(best, took), heap
	}
	_, large := k.timed(0, 3*tenThousand) // some there already, some new
	t.Logf("%d new lines in %s; heap at most %d MiB, for three times as many %d MiB", tenThousand, best, small>>20, large>>20)
	if n := k.number("SELECT COUNT(*) FROM sku"); n != int64(3*tenThousand) {
		t.Errorf("%d SKUs", n)
	}
	if best > 10*time.Second {
		t.Errorf("%d lines took %s", tenThousand, best)
	}
	if large > small+48<<20 {
		t.Errorf("heap grew from %d to %d MiB with the file", small>>20, large>>20)
	}
}

// timed imports n lines after the first ones, and gives the time and the largest
// heap.
func (k *desk) timed(after, n int) (time.Duration, uint64) {
	k.t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // the heap is to be the file's, not the collector's
	stop, peak := make(chan struct{}), make(chan uint64)
	go watch(stop, peak)
	start := time.Now()
	jobID, err := k.imports.Upload(k.ctx, bank, staff, "products", "big.csv", &rows{next: after + 1, last: after + n})
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.imports.RunHere(k.ctx, jobID); err != nil {
		k.t.Fatal(err)
	}
	took := time.Since(start)
	close(stop)
	job, err := k.imports.Get(k.ctx, bank, jobID, fault.Chinese)
	if err != nil || job.State != bulk.Done || job.LinesDone != int64(n) || job.LinesFailed != 0 {
		k.t.Fatalf("%+v %v", job, err)
	}
	return took, <-peak
}

// watch gives the largest heap it sees until stop.
func watch(stop <-chan struct{}, peak chan<- uint64) {
	runtime.GC()
	var most uint64
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			peak <- most
			return
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
}
