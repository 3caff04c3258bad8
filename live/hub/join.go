package hub

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// enterTime bounds what the database is asked for one who joins.
const enterTime = 10 * time.Second

// join reads frames until one is a join and lets the client in: who it is, the
// room, and what it has missed. An error means that the socket was told why.
func (c *conn) join() error {
	f, err := c.joinFrame(time.Now().Add(c.hub.Join))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.hub.ctx, enterTime)
	defer cancel()
	err = c.tryRoom(ctx, f)
	for errors.Is(err, errRetired) { // the room was let go just now: open it anew
		err = c.tryRoom(ctx, f)
	}
	if err != nil {
		return c.refused(err)
	}
	return nil
}

func (c *conn) tryRoom(ctx context.Context, f joinFrame) error {
	r, err := c.hub.room(ctx, f.Room)
	if err != nil {
		return err
	}
	if err := c.identify(ctx, f, r); err != nil {
		return err
	}
	c.room = r
	c.in.Store(r)
	err = c.hub.enlist(c)
	if err == nil {
		err = r.enter(ctx, c, f.Since)
	}
	if err != nil {
		c.hub.strike(c)
	}
	return err
}

// joinFrame reads until a join comes; what comes instead is a bad frame.
func (c *conn) joinFrame(until time.Time) (joinFrame, error) {
	for {
		raw, err := c.next(until)
		if err != nil {
			return joinFrame{}, err
		}
		if raw != nil {
			var f joinFrame
			if json.Unmarshal(raw, &f) == nil && f.Type == "join" && f.Room != "" {
				return f, nil
			}
			c.refuse("", "bad_frame")
		}
		if c.struckOut() {
			return joinFrame{}, errOver
		}
	}
}

// identify finds out who comes. A token that is wrong, or another bank's, is
// refused, never taken for a guest.
func (c *conn) identify(ctx context.Context, f joinFrame, r *room) error {
	c.who, c.host = auth.Principal{Kind: auth.Guest}, false
	c.who.Bank.ID = r.bank
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
	c.who = p
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
func (c *conn) refused(err error) error {
	f := fault.From(err)
	if errors.Is(err, errClosing) {
		c.bye("draining", comeBack(leastBack))
		return err
	}
	if f.Kind == fault.Internal {
		c.hub.Log.Error("join failed", "error", err)
		f = fault.New(fault.Unavailable, "unavailable")
	}
	c.deny(errorText(c.lang, "", f.Code))
	return err
}

// visitor is who comes, for the count of unique viewers: a viewer's id, or for a
// guest a hash of where they come from that means nothing outside of this node.
func (c *conn) visitor() string {
	if c.who.Kind == auth.Viewer {
		return c.who.ID
	}
	mac := hmac.New(sha256.New, c.hub.salt)
	mac.Write([]byte(c.ip + "|" + c.ua))
	return "guest_" + hex.EncodeToString(mac.Sum(nil)[:12])
}
