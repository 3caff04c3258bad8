package hub

import (
	"context"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// renew takes a new token on a socket that has joined, so that it goes on when
// the old one expires. Another person's is refused.
func (c *conn) renew(f clientFrame) {
	if c.who.kind == auth.Guest || f.Token == "" {
		c.answer(f.ID, "bad_frame")
		return
	}
	c.link.aside(func() {
		ctx, cancel := context.WithTimeout(c.hub.ctx, enterTime)
		defer cancel()
		p, err := c.hub.Tokens.Authenticate(ctx, f.Token)
		switch {
		case err != nil && fault.From(err).Kind == fault.Unauthenticated:
			c.answer(f.ID, "auth.required")
		case err != nil:
			c.answer(f.ID, "unavailable")
		case p.Kind != c.who.kind || p.ID != c.who.id || p.Bank.ID != c.room.bank:
			c.answer(f.ID, "auth.forbidden")
		default:
			c.mu.Lock()
			c.expires = p.Until
			c.mu.Unlock()
			c.ack(f.ID)
		}
	})
}

// expire ends a socket whose token has, with the lock held.
func (c *conn) expire() {
	c.hub.stats.cut("expired")
	c.write(errorText(c.lang, "", "auth.required"))
	c.last(encode(byeFrame{Type: "bye", Reason: "draining", ReconnectMS: comeBack(time.Second)}), normal)
}
