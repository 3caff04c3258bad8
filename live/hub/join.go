package hub

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// enterTime bounds what the database is asked for one who joins.
const enterTime = 10 * time.Second

var (
	errClosing = errors.New("hub: closing")
	errRetired = errors.New("hub: room retired meanwhile")
	errBusy    = fault.New(fault.Unavailable, "unavailable")
	errBanned  = errors.New("hub: banned")
	errGone    = errors.New("hub: left while joining")
)

// knock takes a frame of one who has not joined: a join, or a bad frame.
func (c *conn) knock(raw []byte) {
	var f joinFrame
	if json.Unmarshal(raw, &f) != nil || f.Type != "join" || f.Room == "" {
		c.refuse("", "bad_frame")
		return
	}
	c.mu.Lock()
	c.joining = true
	c.mu.Unlock()
	c.link.aside(func() { c.join(f) })
}

// join lets the client in: who it is, the room, and what it has missed; or tells
// it why not.
func (c *conn) join(f joinFrame) {
	ctx, cancel := context.WithTimeout(c.hub.ctx, enterTime)
	defer cancel()
	err := c.tryRoom(ctx, f)
	for errors.Is(err, errRetired) { // the room was let go just now: open it anew
		err = c.tryRoom(ctx, f)
	}
	c.mu.Lock()
	c.joining = false
	c.mu.Unlock()
	if err != nil {
		c.refused(err)
	}
}

func (c *conn) tryRoom(ctx context.Context, f joinFrame) error {
	r, err := c.hub.room(ctx, f.Room)
	if err != nil {
		return err
	}
	if err := c.identify(ctx, f, r); err != nil {
		return err
	}
	if c.who.kind == auth.Viewer && r.rules.Load().Banned(c.who.id, c.hub.now()) {
		return errBanned
	}
	if err = c.hub.enlist(c, r); err == nil {
		err = r.enter(ctx, c, f)
	}
	if err != nil {
		c.hub.strike(c, r)
	}
	return err
}

// identify finds out who comes. A token that is wrong, or another bank's, is
// refused, never taken for a guest.
func (c *conn) identify(ctx context.Context, f joinFrame, r *room) error {
	c.who, c.host = person{kind: auth.Guest}, false
	if f.Token == nil {
		return nil
	}
	p, err := c.hub.Tokens.Authenticate(ctx, *f.Token)
	if err != nil {
		return err
	}
	if p.Bank.ID != r.bank {
		return fault.New(fault.Unauthenticated, "auth.required")
	}
	c.who = person{kind: p.Kind, id: p.ID, name: p.Name}
	c.mu.Lock()
	c.expires = p.Until
	c.mu.Unlock()
	if !p.Has(auth.Host, auth.Operator) {
		return nil
	}
	err = c.hub.Rooms.AssistantMay(ctx, r.bank, r.id, p.ID, p.Has(auth.Operator))
	c.host = err == nil
	if fault.From(err).Kind == fault.NotFound { // another's room: to be watched like by anybody
		return nil
	}
	return err
}

// refused tells why, and closes.
func (c *conn) refused(err error) {
	switch {
	case errors.Is(err, errGone):
		return
	case errors.Is(err, errClosing):
		c.bye("draining", comeBack(leastBack))
		return
	case errors.Is(err, errBanned):
		c.bye("banned", nil)
		return
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		c.hub.Log.Error("join failed", "error", err)
		f = errBusy
	}
	c.end(errorText(c.lang, "", f.Code))
}

// sources are the names that a client may give to where it came from.
var sources = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

// source is where a viewer came from, as far as it is worth noting.
func (f joinFrame) source() string {
	if !sources.MatchString(f.Source) {
		return ""
	}
	return f.Source
}
