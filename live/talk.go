package live

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/live/bus"
)

// Said is a chat message.
type Said struct {
	ID     string      `json:"id"`
	At     clock.Stamp `json:"at"`
	Viewer Speaker     `json:"viewer"`
	Text   string      `json:"text"`
}

// Speaker is who said it.
type Speaker struct {
	ID       string `json:"id"`
	Nickname string `json:"nickname"`
}

// Saying is a message to keep.
type Saying struct {
	Bank, Room string
	Who        Speaker
	Text       string
	Held       bool // for the host to look at first
}

// Say keeps a chat message and tells the room.
func (s *Rooms) Say(ctx context.Context, bank, room string, who Speaker, text string) (Said, error) {
	said, err := s.SayAll(ctx, []Saying{{Bank: bank, Room: room, Who: who, Text: text}})
	if err != nil {
		return Said{}, err
	}
	return said[0], nil
}

// SayAll keeps chat messages in one transaction, in their order, and then tells
// their rooms of those that are not held.
func (s *Rooms) SayAll(ctx context.Context, all []Saying) ([]Said, error) {
	said := make([]Said, len(all))
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		rows, shown := make([][]any, len(all)), map[string]int64{}
		for i, m := range all {
			said[i] = Said{ID: id.New(id.Event), At: clock.At(tx.Now), Viewer: m.Who, Text: m.Text}
			status := "shown"
			if m.Held {
				status = "held"
			} else {
				shown[m.Room]++
			}
			rows[i] = []any{said[i].ID, m.Bank, m.Room, m.Who.ID, m.Who.Nickname, m.Text, tx.Now, status}
		}
		for _, room := range slices.Sorted(maps.Keys(shown)) {
			if _, err := tx.Exec(ctx, "UPDATE room SET chats = chats + ? WHERE id = ?", shown[room], room); err != nil {
				return err
			}
		}
		return tx.Insert(ctx, "chat_message (id, bank_id, room_id, viewer_id, nickname, text, at, status)", rows, "")
	})
	if err != nil {
		return nil, err
	}
	for i, m := range all {
		if !m.Held {
			s.talk(m.Room, "chat", said[i].ID, m.Who.key(), said[i].At.Time, map[string]any{"viewer": m.Who, "text": m.Text})
		}
	}
	return said, nil
}

// recentChat is how many messages a picture of the room shows.
const recentChat = 50

const saidColumns = "SELECT id, at, viewer_id, nickname, text FROM chat_message"

func scanSaid(r db.Row) (m Said, err error) {
	var at db.Time
	err = r.Scan(&m.ID, &at, &m.Viewer.ID, &m.Viewer.Nickname, &m.Text)
	m.At = clock.At(at.Time)
	return m, err
}

func (s *Rooms) recent(ctx context.Context, room string) ([]Said, error) {
	said, err := db.All(ctx, s.DB, scanSaid, saidColumns+" WHERE room_id = ? AND status = 'shown' AND removed_at IS NULL ORDER BY id DESC LIMIT ?", room, recentChat)
	slices.Reverse(said)
	return said, err
}

// Ticker shows a purchase; the nickname is masked.
func (s *Rooms) Ticker(room, nickname, title string) {
	_, n := utf8.DecodeRuneInString(nickname)
	s.talk(room, TalkTicker, "", "", s.DB.Clock().Now(), map[string]any{"nickname_masked": nickname[:n] + "***", "title": title})
}

// What nodes tell talk apart by.
const (
	TalkTicker = "order.ticker" // a kind
	TalkStaff  = "staff"        // the key of what those who run rooms say
)

// key tells those who run rooms from the crowd.
func (s Speaker) key() string {
	if strings.HasPrefix(s.ID, id.Staff+"_") {
		return TalkStaff
	}
	return ""
}

func (s *Rooms) talk(room, kind, eventID, key string, at time.Time, payload any) {
	wire, err := event(0, eventID, kind, at, payload)
	if err != nil {
		s.Log.Error("talk not told", "kind", kind, "error", err)
		return
	}
	s.publish(bus.RoomChannel(room), bus.Message{Class: bus.Talk, Kind: kind, Key: key, Event: wire})
}

// Notice is a line from the host to everybody. 409 words.warned names words to
// think over first, 422 words.blocked those that may not be said.
func (s *Rooms) Notice(ctx context.Context, bank, room string, by Staff, text string) error {
	return s.notice(ctx, bank, room, by, text, false)
}

// NoticeConfirmed is Notice by one who has thought over the words.
func (s *Rooms) NoticeConfirmed(ctx context.Context, bank, room string, by Staff, text string) error {
	return s.notice(ctx, bank, room, by, text, true)
}

func (s *Rooms) notice(ctx context.Context, bank, room string, by Staff, text string, confirmed bool) error {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return err
	}
	if err := s.MayTell(ctx, bank, room, "text", text, confirmed); err != nil {
		return err
	}
	return s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		return s.NoticeWithin(ctx, tx, bank, room, by, text, confirmed)
	})
}

// RemoveNotice takes the notice off the room's picture; again it changes nothing.
// 409 conflict when the room has ended.
func (s *Rooms) RemoveNotice(ctx context.Context, bank, room string, by Staff) error {
	return s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		if v.notice == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE room SET notice_seq = 0 WHERE bank_id = ? AND id = ?", bank, room); err != nil {
			return err
		}
		if err := s.Fact(ctx, tx, bank, room, factHushed, struct{}{}); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "room.notice_removed", room, nil})
	})
}

// noticeOf is what the room shows; nil for none.
func (s *Rooms) noticeOf(ctx context.Context, v row) (*Told, error) {
	if v.notice == 0 {
		return nil, nil
	}
	var at db.Time
	payload, found, err := db.One(ctx, s.DB, func(r db.Row) (p string, err error) { return p, r.Scan(&p, &at) },
		"SELECT payload, at FROM room_event WHERE room_id = ? AND seq = ?", v.ID, v.notice)
	if err != nil || !found {
		return nil, err
	}
	told := &Told{At: clock.At(at.Time)}
	return told, json.Unmarshal([]byte(payload), told)
}

// What nodes are told to read anew.
const (
	ControlRules = "rules"
)

func (s *Rooms) tellNodes(room, what string) {
	s.publish(bus.RoomChannel(room), bus.Message{Class: bus.Control, Kind: what, Event: json.RawMessage("{}")})
}
