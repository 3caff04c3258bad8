package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"yinbo/internal/fault"
	"yinbo/internal/obs"
	"yinbo/order/flash"
)

// seats is how many presses of a node are under way on their connections'
// goroutines. Who comes when all are taken is parked: net/http keeps about 24 KiB
// of stacks and buffers for a request under way, a parked press needs a fifth.
const seats = 1024

// parkedWrite bounds how long a parked press's answer may take to be written.
const parkedWrite = 5 * time.Second

// parked is what is kept of a request while its press waits.
type parked struct {
	conn   net.Conn
	header http.Header // that every answer has
	req    obs.Request
	start  time.Time
	end    func(status int)                           // of its span
	press  func(context.Context, func(flash.Outcome)) // gives the outcome once
}

// lot is the parked presses whose turn has not come, in the order of arrival. A
// few goroutines press for all.
type lot struct {
	mu       sync.Mutex
	waiting  []*parked
	pressing int // how many press for them now
	all      sync.WaitGroup
}

// pressers bounds how many press for those who are parked: enough to fill
// admission's pipelines.
const pressers = 256

// park takes the connection from net/http and has it answered when the press has
// an outcome; the connection ends with that answer. It tells whether it could:
// HTTP/2 has no connection to give.
func (s *Server) park(c *gin.Context, press func(context.Context, func(flash.Outcome))) bool {
	conn, _, err := c.Writer.Hijack()
	if err != nil {
		return false
	}
	c.Set(parkedKey, true)
	l := &s.parked
	l.all.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, &parked{conn, c.Writer.Header(), obs.RequestOf(c.Request.Context()), c.GetTime(startKey), spanEnd(c), press})
	if l.pressing < pressers {
		l.pressing++
		go s.pressParked()
	}
	return true
}

// spanEnd is what ends the request's span.
func spanEnd(c *gin.Context) func(status int) { return c.MustGet(endKey).(func(int)) }

// pressParked presses for those who are parked until all have.
func (s *Server) pressParked() {
	for l := &s.parked; ; {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.pressing--
			l.waiting = nil // the array that held them may go
			l.mu.Unlock()
			return
		}
		p := l.waiting[0]
		l.waiting[0], l.waiting = nil, l.waiting[1:]
		l.mu.Unlock()
		s.pressFor(p)
	}
}

func (s *Server) pressFor(p *parked) {
	ctx := obs.WithRequest(context.Background(), p.req)
	var once sync.Once
	answer := func(o flash.Outcome) { once.Do(func() { go s.unpark(ctx, p, o) }) }
	defer func() {
		if v := recover(); v != nil { // else it would end the node
			s.log.ErrorContext(ctx, "panic", "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			answer(flash.Outcome{Err: fault.New(fault.Internal, "internal")})
		}
	}()
	p.press(ctx, answer)
}

// unpark answers a parked press.
func (s *Server) unpark(ctx context.Context, p *parked, o flash.Outcome) {
	defer s.parked.all.Done()
	defer p.conn.Close()
	a := s.pressAnswer(ctx, o)
	p.end(a.status)
	s.served(ctx, http.MethodPost, pressRoute, a.status, p.start)
	err := p.conn.SetWriteDeadline(time.Now().Add(parkedWrite))
	if err == nil {
		_, err = p.conn.Write(p.wire(a))
	}
	if err != nil { // the order is kept all the same, and the key finds it
		s.log.DebugContext(ctx, "answer not taken", "error", err)
	}
}

// wire is the answer as HTTP/1.1 has it.
func (p *parked) wire(a ready) []byte {
	for k, v := range a.header {
		p.header[k] = v
	}
	p.header.Set("Content-Type", a.kind)
	p.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	res := http.Response{StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: p.header, Close: true,
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body))}
	var out bytes.Buffer
	_ = res.Write(&out) // a buffer takes everything
	return out.Bytes()
}

// Finish waits until parked presses have their answers, or ctx ends.
func (s *Server) Finish(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.parked.all.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("server: parked presses left without an answer"), ctx.Err())
	}
}
