package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yinbo/internal/obs"
	"yinbo/order/flash"
)

// patience is how long a press waits on its connection's goroutine. Longer than
// that it is parked: net/http keeps about 24 KiB of stacks and buffers for a
// request under way, what a parked press needs is a tenth of it.
const patience = 100 * time.Millisecond

// parkedWrite bounds how long a parked press's answer may take to be written.
const parkedWrite = 5 * time.Second

// park takes the connection from net/http and answers on it when the outcome is
// there; the connection ends with that answer. What cannot be taken (HTTP/2)
// waits where it is.
func (s *Server) park(c *gin.Context, outcome <-chan flash.Outcome) {
	s.parked.Add(1)
	conn, _, err := c.Writer.Hijack()
	if err != nil {
		s.parked.Done()
		select {
		case o := <-outcome:
			s.pressAnswer(c.Request.Context(), o).give(c)
		case <-c.Request.Context().Done():
		}
		return
	}
	c.Set(parkedKey, true)
	p := &parked{conn: conn, header: c.Writer.Header(), req: obs.RequestOf(c.Request.Context()), start: c.GetTime(startKey)}
	go func() {
		defer s.parked.Done()
		s.unpark(p, <-outcome)
	}()
}

// parked is what is kept of a request while its press waits.
type parked struct {
	conn   net.Conn
	header http.Header // that every answer has
	req    obs.Request
	start  time.Time
}

func (s *Server) unpark(p *parked, o flash.Outcome) {
	defer p.conn.Close()
	ctx := obs.WithRequest(context.Background(), p.req)
	a := s.pressAnswer(ctx, o)
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
	go func() { s.parked.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("server: parked presses left without an answer"), ctx.Err())
	}
}
