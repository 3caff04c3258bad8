package catalog_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order/bulk"
)

// rows writes a file of n lines as it is read: it is never whole in memory.
type rows struct {
	n, next int
	left    string
}

func (r *rows) Read(p []byte) (int, error) {
	if r.left == "" {
		switch {
		case r.next == 0:
			r.left = "code,merchant,category,title,kind,spec,price,list_price,stock,per_person_limit,branch,images,valid_days\n"
		case r.next > r.n:
			return 0, io.EOF
		default:
			r.left = fmt.Sprintf("C-%06d,山野农场,分类%d,好吃的五常稻花香大米第%d号礼盒,实物,重量:%dkg;包装:礼盒,%d.50,%d.00,100,2,西湖支行,/goods/rice.svg,\n",
				r.next, r.next%40, r.next/2, 5+r.next%2, r.next%900+10, r.next%900+20)
		}
		r.next++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// The figure: 10,000 lines in under 10 s on SQLite. Memory stays flat: a
// file ten times as long must not take more.
func TestTenThousandLinesAreTakenInWithinTenSeconds(t *testing.T) {
	k := newDesk(t, testkit.SQLite(t, clock.System{}))
	load := func(lines int) (time.Duration, uint64) {
		stop, peak := make(chan struct{}), make(chan uint64)
		go watch(stop, peak)
		start := time.Now()
		jobID, err := k.imports.Upload(k.ctx, bank, staff, "products", "big.csv", &rows{n: lines})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.imports.RunHere(k.ctx, jobID); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		close(stop)
		job, err := k.imports.Get(k.ctx, bank, jobID, fault.Chinese)
		if err != nil || job.State != bulk.Done || job.LinesDone != int64(lines) || job.LinesFailed != 0 {
			t.Fatalf("%+v %v", job, err)
		}
		return took, <-peak
	}
	fresh, _ := load(10_000)
	again, small := load(10_000)
	_, large := load(30_000)
	t.Logf("10,000 new lines in %s, the same again in %s; heap at most %d MiB, for 30,000 lines %d MiB", fresh, again, small>>20, large>>20)
	if n := k.number("SELECT COUNT(*) FROM sku"); n != 30_000 {
		t.Errorf("%d SKUs", n)
	}
	if !raceEnabled && (fresh > 10*time.Second || again > 10*time.Second) {
		t.Errorf("10,000 lines took %s, again %s", fresh, again)
	}
	if large > small+48<<20 {
		t.Errorf("heap grew from %d to %d MiB with the file", small>>20, large>>20)
	}
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
