package hub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// join reads the first frame and lets the client in: who it is, the room, and
// what it has missed. An error means that the socket was told good-bye.
func (c *conn) join() error {
	f, err := c.joinFrame()
	if err != nil {
		return err
	}
	for {
		err := c.tryRoom(f)
		if errors.Is(err, errRetired) { // the room was let go just now: open it anew
			continue
		}
		if err != nil {
			return c.deny(err)
		}
		return nil
	}
}

func (c *conn) tryRoom(f joinFrame) error {
	r, err := c.hub.room(c.ctx, f.Room)
	if err != nil {
		return err
	}
	if err := c.identify(f, r); err != nil {
		return err
	}
	c.room = r
	if err := c.hub.enlist(c); err != nil {
		return err
	}
	if err := r.enter(c, f.Since); err != nil {
		c.hub.strike(c)
		return err
	}
	return nil
}

func (c *conn) joinFrame() (f joinFrame, err error) {
	c.ws.SetReadLimit(hardFrame)
	if err := c.ws.SetReadDeadline(time.Now().Add(c.hub.Join)); err != nil {
		return f, err
	}
	raw, err := c.frame()
	if errors.Is(err, errTooLarge) {
		c.end(errorText(c.lang, "", "too_large"))
		return f, err
	}
	if err != nil {
		return f, err
	}
	head := struct {
		Type string `json:"type"`
		*joinFrame
	}{joinFrame: &f}
	if json.Unmarshal(raw, &head) != nil || head.Type != "join" || f.Room == "" {
		c.end(errorText(c.lang, "", "bad_frame"))
		return f, errors.New("hub: the first frame is not a join")
	}
	return f, nil
}

// identify finds out who comes. A token that is wrong, or another bank's, is
// refused, never taken for a guest.
func (c *conn) identify(f joinFrame, r *room) error {
	c.who = auth.Principal{Kind: auth.Guest}
	c.who.Bank.ID = r.bank
	if f.Token == nil {
		return nil
	}
	p, err := c.hub.Tokens.Authenticate(c.ctx, *f.Token)
	if err != nil {
		return err
	}
	if p.Bank.ID != r.bank {
		return fault.New(fault.Unauthenticated, "auth.required")
	}
	c.who = p
	if p.Kind == auth.Staff {
		c.host = c.hub.Rooms.HostMay(c.ctx, r.bank, r.id, p.ID, p.Has(auth.Operator)) == nil && p.Has(auth.Host, auth.Operator)
	}
	return nil
}

// deny tells why, and closes.
func (c *conn) deny(err error) error {
	f := fault.From(err)
	if errors.Is(err, errClosing) {
		c.bye("draining", comeBack(time.Second))
		return err
	}
	if f.Kind == fault.Internal {
		c.hub.Log.Error("join failed", "error", err)
		f = fault.New(fault.Unavailable, "unavailable")
	}
	c.end(errorText(c.lang, "", f.Code))
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
