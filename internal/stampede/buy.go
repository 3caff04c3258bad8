package stampede

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"yinbo/internal/id"
)

// Buying says how the crowd buys.
type Buying struct {
	Flash    string // the sale; empty for the same requests to a handler that does nothing
	Buyers   []Buyer
	AtOnce   int // buyers who press at the same time, the others wait for their turn; all when 0
	Quantity int64
	Address  bool          // send an address, as physical goods need
	Think    time.Duration // mean pause between the presses of a buyer, none when 0
	Retries  int           // of one press that got no answer, 429 or 503
	Presses  int           // of one buyer, as many as time allows when 0
	For      time.Duration // no press begins later
	Rate     float64       // presses a second over all buyers, paced; 0 is as fast as answers come
}

// Accepted is an order that a buyer was told of.
type Accepted struct {
	ID, Viewer string
	Quantity   int64
	PayableFen int64
}

const addressJSON = `,"address":{"name":"测试","phone":"13900000000","province":"浙江省","city":"杭州市","district":"西湖区","street":"文三路1号"}`

// Buy lets the crowd loose and reports what it was told.
func (t Target) Buy(ctx context.Context, b Buying) *Report {
	if b.AtOnce == 0 {
		b.AtOnce = len(b.Buyers)
	}
	client := t.client(b.AtOnce)
	defer client.CloseIdleConnections()
	body := []byte(`{"quantity":` + strconv.FormatInt(b.Quantity, 10) + `}`)
	if b.Address {
		body = append(body[:len(body)-1], addressJSON+"}"...)
	}
	start := time.Now()
	c := crowd{Buying: b, target: t, client: client, body: body, start: start, until: start.Add(b.For)}
	reports := make([]*Report, 16) // shared, so that a large crowd's own memory stays small
	for i := range reports {
		reports[i] = newReport()
	}
	var all sync.WaitGroup
	for i := range b.AtOnce {
		all.Go(func() { c.press(ctx, i, reports[i%len(reports)]) })
	}
	all.Wait()
	out := newReport()
	for _, r := range reports {
		out.merge(r)
	}
	out.Took, out.For = time.Since(start), b.For
	out.read()
	return out
}

type crowd struct {
	Buying
	target       Target
	client       *fasthttp.HostClient
	body         []byte
	start, until time.Time
	paced        atomic.Int64 // presses that were given a time
}

// next waits for a buyer's next press and gives the time that it counts from;
// ok is false when there is none.
func (c *crowd) next(ctx context.Context, first bool) (at time.Time, ok bool) {
	at = time.Now()
	switch {
	case c.Rate > 0: // a press that begins late counts from when it should have begun
		n := c.paced.Add(1) - 1
		at = c.start.Add(time.Duration(float64(n) / c.Rate * float64(time.Second)))
	case c.Think > 0:
		pause := time.Duration(rand.ExpFloat64() * float64(c.Think))
		if first { // not all in the same instant: people are no machines
			pause = time.Duration(rand.Float64() * float64(c.Think))
		}
		at = at.Add(pause)
	}
	if at.After(c.until) {
		return at, false
	}
	select {
	case <-ctx.Done():
		return at, false
	case <-time.After(time.Until(at)):
		return at, true
	}
}

// press is the evening of one in AtOnce: a buyer presses, then the next one whose
// turn it is.
func (c *crowd) press(ctx context.Context, first int, r *Report) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	c.target.head(req, "/flash/"+c.Flash+"/orders")
	if c.Flash == "" {
		req.SetRequestURI("http://" + c.target.Addr + "/healthz")
		req.Header.SetMethod(fasthttp.MethodGet)
	}
	req.SetBodyRaw(c.body)
	turns := 0
	for n := first; c.Presses == 0 || n < c.Presses*len(c.Buyers); n += c.AtOnce {
		at, ok := c.next(ctx, turns == 0)
		if !ok {
			break
		}
		turns++
		b := c.Buyers[n%len(c.Buyers)]
		req.Header.Set("Authorization", b.bearer)
		req.Header.Set("Idempotency-Key", id.New(id.Event))
		if c.decide(ctx, b, req, res, at, r) {
			break
		}
	}
}

// decide presses until the answer is definite, with one key. over tells that
// there is nothing left to press for.
func (c *crowd) decide(ctx context.Context, b Buyer, req *fasthttp.Request, res *fasthttp.Response, at time.Time, r *Report) (over bool) {
	for try := 0; ; try++ {
		err := c.client.Do(req, res)
		code, wait := "no_answer", 200*time.Millisecond
		if err == nil {
			if res.StatusCode() == fasthttp.StatusCreated {
				r.accept(b, c.Quantity, res.Body(), time.Since(at), time.Now().Before(c.until))
				return false
			}
			code, wait = refusal(res)
		}
		again := code == "no_answer" || code == "idempotency.in_flight" || res.StatusCode() == 429 || res.StatusCode() == 503
		if !again || try >= c.Retries || ctx.Err() != nil {
			r.refuse(code, again && code != "rate_limited", time.Since(at))
			return code == "flash.ended"
		}
		r.retry()
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

func refusal(res *fasthttp.Response) (code string, wait time.Duration) {
	wait = 100 * time.Millisecond
	if s, err := strconv.Atoi(string(res.Header.Peek("Retry-After"))); err == nil {
		wait = time.Duration(s) * time.Second
	}
	// The crowd shares the machine with the server: it does not parse what it need not.
	_, rest, found := bytes.Cut(res.Body(), []byte(`"code":"`))
	if name, _, ended := bytes.Cut(rest, []byte{'"'}); found && ended {
		return string(name), wait
	}
	return strconv.Itoa(res.StatusCode()), wait
}
