package live

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/live/bus"
)

// Kinds of facts that rooms themselves make; CONTRACT §7, and in its manner
// room.paused, room.resumed, notice.removed {} and chat.changed {slow_s, review, closed}.
const (
	factStarted = "room.started"
	factPaused  = "room.paused"
	factResumed = "room.resumed"
	factEnded   = "room.ended"
	factPinned  = "product.pinned"
	factShelf   = "shelf.changed"
	factNotice  = "notice"
	factHushed  = "notice.removed"
	factRemoved = "chat.removed"
	factChat    = "chat.changed"
)

// publishTime bounds a publication.
const publishTime = 2 * time.Second

// FactEnded is the last fact of a room.
const FactEnded = factEnded

// Fact numbers a fact and writes it within tx; sockets hear of it after the
// commit. 404 not_found when the bank has no such room.
func (s *Rooms) Fact(ctx context.Context, tx *db.Tx, bank, room, kind string, payload any) error {
	n, err := tx.Exec(ctx, "UPDATE room SET last_seq = last_seq + 1 WHERE bank_id = ? AND id = ?", bank, room)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	seq, _, err := db.Value[int64](ctx, tx, "SELECT last_seq FROM room WHERE id = ?", room)
	if err != nil {
		return err
	}
	eventID := id.New(id.Event)
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("live: payload of %s: %w", kind, err)
	}
	err = tx.Insert(ctx, "room_event (room_id, seq, bank_id, id, kind, payload, at)",
		[][]any{{room, seq, bank, eventID, kind, string(raw), tx.Now}}, "")
	if err != nil {
		return err
	}
	for _, follow := range s.followers {
		if err := follow(ctx, tx, bank, room, kind); err != nil {
			return err
		}
	}
	wire, err := event(seq, "", kind, tx.Now, payload)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.publish(bus.RoomChannel(room), bus.Message{Class: bus.Fact, Kind: kind, Seq: seq, Event: wire})
	})
	return nil
}

// Logged is a fact as the room's log has it.
type Logged struct {
	Seq   int64
	Kind  string
	Event json.RawMessage
}

// FactsSince reads the facts after seq, at most limit, in order.
func (s *Rooms) FactsSince(ctx context.Context, room string, seq int64, limit int) ([]Logged, error) {
	return db.All(ctx, s.DB, func(r db.Row) (l Logged, err error) {
		var at db.Time
		var payload string
		if err := r.Scan(&l.Seq, &l.Kind, &payload, &at); err != nil {
			return l, err
		}
		l.Event, err = event(l.Seq, "", l.Kind, at.Time, json.RawMessage(payload))
		return l, err
	}, "SELECT seq, kind, payload, at FROM room_event WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?", room, seq, limit)
}

// State replaces what a room's sockets know under kind and key.
func (s *Rooms) State(room, kind, key string, payload any) {
	wire, err := event(0, "", kind, s.DB.Clock().Now(), payload)
	if err != nil {
		s.Log.Error("state not told", "kind", kind, "error", err)
		return
	}
	s.publish(bus.RoomChannel(room), bus.Message{Class: bus.State, Kind: kind, Key: key, Event: wire})
}

// Private tells one viewer, wherever they are. It may be lost.
func (s *Rooms) Private(bank, viewer, kind string, payload any) {
	wire, err := event(0, "", kind, s.DB.Clock().Now(), payload)
	if err != nil {
		s.Log.Error("private event not told", "kind", kind, "error", err)
		return
	}
	s.publish(bus.BankChannel(bank), bus.Message{Class: bus.Private, Kind: kind, Viewer: viewer, Event: wire})
}

// publish sends what may be lost: facts are read again from the log.
func (s *Rooms) publish(channel string, m bus.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), publishTime)
	defer cancel()
	if err := s.Bus.Publish(ctx, channel, m); err != nil {
		s.Log.Warn("bus", "kind", m.Kind, "error", err)
	}
}
