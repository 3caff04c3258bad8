package hub

import (
	"bytes"
	"errors"
	"io"

	"github.com/gobwas/ws"
)

// Limits of what a client sends.
const (
	maxFrame  = 4 << 10 // of a message; CONTRACT §7
	hardFrame = 1 << 20 // of one that is read away
)

// parser takes a client's bytes apart into messages. It keeps only what is not
// complete.
type parser struct {
	rest    []byte    // of a frame
	message []byte    // of one in fragments
	kind    ws.OpCode // of it; 0 when there is none
	large   bool      // the message is too large and is read away
	skip    int64     // bytes of the frame to be read away
	final   bool      // that frame is the message's last
	skipped int64     // bytes of the message that were
}

// incoming is a message or a control frame. payload is good until the next call.
type incoming struct {
	kind    ws.OpCode
	payload []byte
	large   bool // it is too large; it has no payload
	endless bool // so large that it is not worth reading away
}

var errHalf = errors.New("hub: the frame goes on")

// next takes a message off the front of b and gives what is behind it; errHalf
// when there is none, and then b was kept. Other errors are against the protocol.
func (p *parser) next(b []byte) (in incoming, rest []byte, err error) {
	if len(p.rest) > 0 {
		b = append(p.rest, b...)
		p.rest = nil
	}
	for {
		if p.skip > 0 {
			n := min(p.skip, int64(len(b)))
			b, p.skip, p.skipped = b[n:], p.skip-n, p.skipped+n
			if p.skipped > hardFrame {
				p.skipped = 0
				return incoming{endless: true}, b, nil
			}
			if p.skip > 0 {
				return in, nil, errHalf
			}
			p.ended(p.final)
		}
		h, n, err := header(b, p.kind)
		switch {
		case errors.Is(err, errHalf):
			return in, nil, p.keep(b)
		case err != nil:
			return in, nil, err
		case !h.OpCode.IsControl() && (p.large || int64(len(p.message))+h.Length > maxFrame):
			first := !p.large
			p.large, p.kind, p.message, p.skip, p.final = true, ws.OpText, nil, h.Length, h.Fin
			b = b[n:]
			if p.skip == 0 {
				p.ended(p.final)
			}
			if first {
				return incoming{large: true}, b, nil
			}
			continue
		case int64(len(b)-n) < h.Length:
			return in, nil, p.keep(b)
		}
		payload := b[n : n+int(h.Length)]
		b = b[n+int(h.Length):]
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode.IsControl() || h.Fin && p.kind == 0 {
			return incoming{kind: h.OpCode, payload: payload}, b, nil
		}
		if p.kind == 0 {
			p.kind = h.OpCode
		}
		p.message = append(p.message, payload...)
		if h.Fin {
			in = incoming{kind: p.kind, payload: p.message}
			p.ended(true)
			return in, b, nil
		}
		return incoming{kind: ws.OpContinuation}, b, nil
	}
}

// ended forgets a message after its last frame.
func (p *parser) ended(final bool) {
	if final {
		p.message, p.kind, p.large, p.skipped = nil, 0, false, 0
	}
}

// keep holds on to what is not a frame yet: at most a header and maxFrame.
func (p *parser) keep(b []byte) error {
	p.rest = bytes.Clone(b)
	return errHalf
}

// header reads a frame's header and tells how long it is.
func header(b []byte, message ws.OpCode) (h ws.Header, n int, err error) {
	r := bytes.NewReader(b)
	h, err = ws.ReadHeader(r)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return h, 0, errHalf
	}
	if err != nil {
		return h, 0, err
	}
	state := ws.StateServerSide
	if message != 0 {
		state = state.Set(ws.StateFragmented)
	}
	return h, len(b) - r.Len(), ws.CheckHeader(h, state)
}
