package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// asking is viewers who keep, read and forget addresses all the time, each on all
// nodes in turn: what one node sealed another opens.
type asking struct {
	cancel  context.CancelFunc
	all     sync.WaitGroup
	refused atomic.Int64

	mu    sync.Mutex
	took  []time.Duration
	cause string
}

func (b *bench) ask(ctx context.Context) *asking {
	ctx, cancel := context.WithCancel(ctx)
	a := &asking{cancel: cancel}
	for i, buyer := range b.buyers {
		a.all.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				var kept struct{ ID string }
				a.call(ctx, b.node(n), buyer.Token(), http.MethodPost, "/addresses", map[string]string{"name": "王小明", "phone": "13812345678",
					"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": fmt.Sprintf("文三路 %d 号", n)}, &kept)
				a.call(ctx, b.node(n+1), buyer.Token(), http.MethodGet, "/addresses", nil, nil)
				if kept.ID != "" {
					a.call(context.WithoutCancel(ctx), b.node(n+1), buyer.Token(), http.MethodDelete, "/addresses/"+kept.ID, nil, nil)
				}
			}
		})
	}
	return a
}

func (b *bench) node(n int) string { return b.running[n%len(b.running)].Addr }

func (a *asking) call(ctx context.Context, addr, token, method, path string, in, into any) {
	raw, err := json.Marshal(in)
	if err != nil {
		a.refuse(err.Error())
		return
	}
	if in == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		a.refuse(err.Error())
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	start := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		if ctx.Err() == nil {
			a.refuse(err.Error())
		}
		return
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if ctx.Err() != nil {
		return
	}
	if err != nil || res.StatusCode >= 300 {
		a.refuse(fmt.Sprintf("%s %s: %d %s %v", method, path, res.StatusCode, answer, err))
		return
	}
	a.mu.Lock()
	a.took = append(a.took, time.Since(start))
	a.mu.Unlock()
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			a.refuse(err.Error())
		}
	}
}

func (a *asking) refuse(cause string) {
	a.refused.Add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cause == "" {
		a.cause = cause
	}
}

func (a *asking) first() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cause
}

// stop ends the asking when what is under way is answered.
func (a *asking) stop() {
	a.cancel()
	a.all.Wait()
}

func (a *asking) print(when string) {
	slices.Sort(a.took)
	at := func(share float64) time.Duration {
		if len(a.took) == 0 {
			return 0
		}
		return a.took[int(share*float64(len(a.took)-1))].Round(10 * time.Microsecond)
	}
	fmt.Printf("requests %s the rotation: %d answered, %d refused; p50 %s, p99 %s, most %s\n", when, len(a.took), a.refused.Load(), at(0.5), at(0.99), at(1))
}
