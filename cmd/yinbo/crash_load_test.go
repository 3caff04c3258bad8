package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"yinbo/internal/id"
)

// act is one thing that a person wants, under one idempotency key, however often
// it is asked for.
type act struct {
	who    person
	kind   string // flash, order, pay, refund
	path   string
	body   map[string]any
	key    string
	order  string // that is paid or refunded
	pieces map[string]int64
	amount int64

	// What was told. doubt says that some attempt was not answered, and nobody
	// asked since all was well again; shaky, that there ever was such an attempt:
	// it may still be decided, so a refusal of another is not the last word.
	doubt   bool
	shaky   bool
	decided bool
	id      string // of what was made, "" for a refusal
	code    string // of a refusal
}

// crowd is everybody who buys, with all that they were told.
type crowd struct {
	w      *world
	client *http.Client

	mu        sync.Mutex
	acts      []*act
	cancelled map[string]bool   // orders whose cancel was answered with 200
	handed    map[string]string // payment → order, of money that the bank took
	faults    []string          // contradictions seen on the way
	replays   int
}

func newCrowd(w *world) *crowd {
	return &crowd{w: w, client: &http.Client{Timeout: 2500 * time.Millisecond, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
		cancelled: map[string]bool{}, handed: map[string]string{}}
}

// rush has everybody buy for a while.
func (c *crowd) rush(seed uint64, length time.Duration) {
	end := time.Now().Add(length)
	var all sync.WaitGroup
	for i := range buyers {
		all.Go(func() {
			b := &buyer{crowd: c, who: c.w.people[i], r: rand.New(rand.NewPCG(seed, uint64(i)+1)), end: end}
			for time.Now().Before(end) {
				b.step()
				<-time.After(between(b.r, 0, 40*time.Millisecond))
			}
		})
	}
	all.Wait()
}

// buyer is one of the crowd.
type buyer struct {
	*crowd
	who    person
	r      *rand.Rand
	end    time.Time
	orders []*act // of mine, that were answered
}

func (b *buyer) step() {
	if len(b.orders) > 0 && b.r.IntN(100) < 45 {
		b.goOn(b.orders[b.r.IntN(len(b.orders))])
		return
	}
	a := &act{who: b.who, kind: "order", path: "/orders", pieces: map[string]int64{}}
	if b.r.IntN(3) > 0 {
		n := 1 + b.r.Int64N(saleLimit)
		a.kind, a.path, a.body = "flash", "/flash/"+b.w.sale+"/orders", map[string]any{"quantity": n}
		a.pieces[b.w.goods[0]] = n
	} else {
		var items []map[string]any
		for range 1 + b.r.IntN(3) {
			sku, n := b.w.goods[b.r.IntN(len(b.w.goods))], 1+b.r.Int64N(2)
			items = append(items, map[string]any{"sku_id": sku, "quantity": n})
			a.pieces[sku] += n
		}
		a.body = map[string]any{"items": items, "room_id": b.w.room}
	}
	if b.insist(a); a.id != "" {
		b.orders = append(b.orders, a)
	}
}

// goOn pays, cancels or asks money back.
func (b *buyer) goOn(o *act) {
	switch b.r.IntN(10) {
	case 0, 1:
		b.cancel(o)
	case 2, 3:
		a := &act{who: b.who, kind: "refund", order: o.id, path: "/orders/" + o.id + "/refunds", amount: pick(b.r, 1, o.amount/2+1, o.amount)}
		a.body = map[string]any{"amount_fen": a.amount, "reason": "不想要了"}
		b.insist(a)
	default:
		a := &act{who: b.who, kind: "pay", order: o.id, path: "/orders/" + o.id + "/pay", body: map[string]any{"method": "cashier"}}
		if b.insist(a); a.id != "" && b.r.IntN(4) > 0 {
			if b.r.IntN(4) == 0 { // pays late, or after the cancel
				<-time.After(between(b.r, 0, 2*orderTTL))
			}
			b.handOver(a)
		}
	}
}

// insist asks until there is an answer, as a person does who was told nothing;
// sometimes once more, to be told the same.
func (b *buyer) insist(a *act) {
	a.key = id.New(id.Event)
	b.mu.Lock()
	b.acts = append(b.acts, a)
	b.mu.Unlock()
	for !b.ask(a, b.w.anyShop(b.r)) && time.Now().Before(b.end) {
		<-time.After(between(b.r, 5*time.Millisecond, 80*time.Millisecond))
	}
	if a.id != "" && b.r.IntN(5) == 0 {
		b.ask(a, b.w.anyShop(b.r))
	}
}

// ask makes one attempt; it tells whether the act is decided.
func (c *crowd) ask(a *act, s *shop) bool {
	status, raw, err := c.send(a.who, s, a.path, a.key, a.body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		a.doubt, a.shaky = true, true
		return a.decided
	}
	var told struct {
		ID      string `json:"id"`
		Payable int64  `json:"payable_fen"`
		Code    string `json:"code"`
		Payment struct {
			ID  string `json:"id"`
			URL string `json:"cashier_url"`
		} `json:"payment"`
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		c.faults = append(c.faults, fmt.Sprintf("%s answered %d %s", a.path, status, raw))
	}
	switch made := told.ID + told.Payment.ID; {
	case status < 300 && a.id != "" && a.id != made:
		c.faults = append(c.faults, fmt.Sprintf("key %s was told %s, then %s", a.key, a.id, made))
	case status < 300:
		if a.id != "" {
			c.replays++
		}
		a.decided, a.id, a.code = true, made, ""
		if a.kind != "refund" {
			a.amount = told.Payable
		}
		if told.Payment.URL != "" {
			a.code = told.Payment.URL[strings.LastIndex(told.Payment.URL, "/")+1:]
		}
	case status == http.StatusServiceUnavailable:
		a.doubt, a.shaky = true, true
	case status >= 500:
		a.doubt, a.shaky = true, true
		c.faults = append(c.faults, fmt.Sprintf("%s answered %d %s", a.path, status, told.Code))
	case told.Code == "idempotency.in_flight" || status == http.StatusTooManyRequests:
	case a.id != "":
		c.faults = append(c.faults, fmt.Sprintf("key %s was told %s, then %d %s", a.key, a.id, status, told.Code))
	default:
		a.decided, a.code = true, told.Code
	}
	return a.decided
}

func (c *crowd) send(who person, s *shop, path, key string, body any) (int, []byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequest(http.MethodPost, s.base+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+who.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := c.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err = io.ReadAll(res.Body)
	return res.StatusCode, raw, err
}

func (b *buyer) cancel(o *act) {
	status, _, err := b.send(b.who, b.w.anyShop(b.r), "/orders/"+o.id+"/cancel", id.New(id.Event), nil)
	if err == nil && status == http.StatusOK {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.cancelled[o.id] = true
	}
}

// handOver pays at the bank's cashier; what the bank took must arrive.
func (b *buyer) handOver(a *act) {
	res, err := b.client.Post(b.w.bank.URL()+"/pay/cashier/"+a.code+"/pay", "application/json", nil)
	if err != nil {
		return
	}
	res.Body.Close()
	if res.StatusCode < 300 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.handed[a.id] = a.order
	}
}
