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
	maxChat   = 200                    // characters
	chatEvery = 950 * time.Millisecond // a second, less what the way may take off
	maxLikes  = 50                     // in a frame
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
		c.ack(f.ID)
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
		c.answer(f.ID, "bad_frame")
	case c.who.Kind == auth.Guest:
		c.answer(f.ID, "auth.required")
	default:
		c.room.like(f.Count)
		c.ack(f.ID)
	}
}

func (c *conn) ack(id string) { c.send(outgoing{own: encode(ackFrame{Type: "ack", ID: id})}) }

// chat says something. A message that is held back counts as said: else the words
// could be found out by trying.
func (c *conn) chat(f clientFrame) {
	text := strings.TrimSpace(f.Text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > maxChat:
		c.answer(f.ID, "bad_frame")
	case c.who.Kind == auth.Guest:
		c.answer(f.ID, "auth.required")
	case c.room.muted(c.who.ID):
		c.answer(f.ID, "chat.muted")
	case !c.room.speaks(c.who.ID, time.Now()):
		c.answer(f.ID, "chat.too_fast")
	case c.room.holdsBack(text):
		c.answer(f.ID, "chat.held")
	default:
		c.say(f.ID, text)
	}
}

func (c *conn) say(id, text string) {
	ctx, cancel := context.WithTimeout(c.hub.ctx, sayTime)
	defer cancel()
	_, err := c.hub.Rooms.Say(ctx, c.room.bank, c.room.id, live.Speaker{ID: c.who.ID, Nickname: c.who.Name}, text)
	if err != nil {
		c.hub.Log.Error("chat not kept", "error", err)
		c.answer(id, "unavailable")
		return
	}
	c.ack(id)
}
