package hub

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"yinbo/internal/auth"
	"yinbo/live"
)

// Limits of what a client says; CONTRACT §7.
const (
	maxChat  = 200                   // characters
	maxLikes = 50                    // in a frame
	slack    = 50 * time.Millisecond // what the way may take off the pause between two messages
)

// handle answers one frame.
func (c *conn) handle(raw []byte) {
	if c.room == nil { // only the reader's work sets it, and not while it reads
		c.knock(raw)
		return
	}
	var f clientFrame
	if err := json.Unmarshal(raw, &f); err != nil {
		c.refuse("", "bad_frame")
		return
	}
	if !c.room.frames.Allow() {
		c.answer(f.ID, "chat.too_fast")
		return
	}
	switch f.Type {
	case "ping":
		c.ack(f.ID)
	case "like":
		c.like(f)
	case "chat":
		c.chat(f)
	case "auth":
		c.renew(f)
	default:
		c.refuse(f.ID, "bad_frame")
	}
}

func (c *conn) like(f clientFrame) {
	switch {
	case f.Count < 1 || f.Count > maxLikes:
		c.answer(f.ID, "bad_frame")
	case c.who.kind == auth.Guest:
		c.answer(f.ID, "auth.required")
	default:
		c.room.liked.Add(f.Count)
		c.ack(f.ID)
	}
}

// chat says something. A message that is held back counts as said: else the words
// could be found out by trying.
func (c *conn) chat(f clientFrame) {
	text := strings.TrimSpace(f.Text)
	rules := c.room.rules.Load()
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > maxChat:
		c.answer(f.ID, "bad_frame")
	case c.who.kind == auth.Guest:
		c.answer(f.ID, "auth.required")
	case rules.Muted(c.who.id, c.hub.now()):
		c.answer(f.ID, "chat.muted")
	case !c.room.speaks(c.who.id, rules.Pause()-slack) || !c.room.chats.Allow():
		c.answer(f.ID, "chat.too_fast")
	default:
		verdict := rules.Judge(text)
		if verdict == live.Block {
			c.answer(f.ID, "chat.held")
			return
		}
		if verdict == live.Show && c.room.splits(c.who.id, text, rules) {
			verdict = live.Hold // somebody looks at it
		}
		s := saying{c: c, id: f.ID, Saying: live.Saying{Bank: c.room.bank, Room: c.room.id,
			Who: live.Speaker{ID: c.who.id, Nickname: c.who.name}, Text: text, Held: verdict == live.Hold}}
		if !c.hub.say(s) {
			c.answer(f.ID, "chat.too_fast")
		}
	}
}
