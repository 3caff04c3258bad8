package hub

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"yinbo/internal/auth"
	"yinbo/live"
)

// Limits of what a client says; CONTRACT §7.
const (
	maxChat   = 200 // characters
	chatEvery = time.Second
	maxLikes  = 50 // in a frame
	sayTime   = 5 * time.Second
)

// handle answers one frame.
func (c *conn) handle(raw []byte) {
	var f clientFrame
	if err := json.Unmarshal(raw, &f); err != nil {
		c.refuse("", "bad_frame")
		return
	}
	switch f.Type {
	case "ping":
		c.send(outgoing{own: encode(ackFrame{Type: "ack", ID: f.ID})})
	case "like":
		c.like(f)
	case "chat":
		c.chat(f)
	default:
		c.refuse(f.ID, "bad_frame")
	}
}

func (c *conn) like(f clientFrame) {
	switch {
	case f.Count < 1 || f.Count > maxLikes:
		c.refuse(f.ID, "bad_frame")
	case c.who.Kind == auth.Guest:
		c.answer(f.ID, "auth.required")
	default:
		c.room.like(f.Count)
		c.send(outgoing{own: encode(ackFrame{Type: "ack", ID: f.ID})})
	}
}

// answer refuses what was well formed.
func (c *conn) answer(id, code string) { c.send(outgoing{own: errorText(c.lang, id, code)}) }

func (c *conn) chat(f clientFrame) {
	text := strings.TrimSpace(f.Text)
	now := time.Now()
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > maxChat || !utf8.ValidString(text):
		c.refuse(f.ID, "bad_frame")
		return
	case c.who.Kind == auth.Guest:
		c.answer(f.ID, "auth.required")
		return
	case now.Sub(c.lastChat) < chatEvery:
		c.answer(f.ID, "chat.too_fast")
		return
	case c.room.muted(c.who.ID):
		c.answer(f.ID, "chat.muted")
		return
	}
	c.lastChat = now
	if c.room.holdsBack(text) {
		c.answer(f.ID, "chat.held")
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, sayTime)
	defer cancel()
	_, err := c.hub.Rooms.Say(ctx, c.room.bank, c.room.id, live.Speaker{ID: c.who.ID, Nickname: c.who.Name}, text)
	if err != nil {
		c.hub.Log.Error("chat not kept", "error", err)
		c.answer(f.ID, "unavailable")
		return
	}
	c.send(outgoing{own: encode(ackFrame{Type: "ack", ID: f.ID})})
}
