package live

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinbo/internal/audit"
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

func (s *Rooms) recent(ctx context.Context, room string) ([]Said, error) {
	said, err := db.All(ctx, s.DB, func(r db.Row) (m Said, err error) {
		var at db.Time
		err = r.Scan(&m.ID, &at, &m.Viewer.ID, &m.Viewer.Nickname, &m.Text)
		m.At = clock.At(at.Time)
		return m, err
	}, `SELECT id, at, viewer_id, nickname, text FROM chat_message WHERE room_id = ? AND status = 'shown' AND removed_at IS NULL ORDER BY id DESC LIMIT ?`, room, recentChat)
	for i, j := 0, len(said)-1; i < j; i, j = i+1, j-1 {
		said[i], said[j] = said[j], said[i]
	}
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

// Notice is a line from the host to everybody.
func (s *Rooms) Notice(ctx context.Context, bank, room string, by Staff, text string) error {
	return s.run(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.Fact(ctx, tx, bank, room, factNotice, map[string]string{"text": text}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "room.notice", room))
	})
}

// Remove takes a chat message back; again it changes nothing. 404 not_found when
// the room has no such message.
func (s *Rooms) Remove(ctx context.Context, bank, room, eventID string, by Staff) error {
	return s.run(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		removed, found, err := db.Value[db.Time](ctx, tx, "SELECT removed_at FROM chat_message WHERE id = ? AND room_id = ?"+tx.Dialect().ForUpdate(), eventID, room)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if !removed.IsZero() {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE chat_message SET removed_at = ?, removed_by = ? WHERE id = ?", tx.Now, by.ID, eventID); err != nil {
			return err
		}
		if err := s.Fact(ctx, tx, bank, room, factRemoved, map[string]string{"id": eventID}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "chat.removed", eventID))
	})
}

// Mute silences a viewer in the room for a while; 0 lets them speak again.
// 404 not_found when the bank has no such viewer.
func (s *Rooms) Mute(ctx context.Context, bank, room, viewer string, d time.Duration, by Staff) error {
	var until time.Time
	err := s.run(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		if _, found, err := db.Value[string](ctx, tx, "SELECT id FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer); err != nil || !found {
			if err != nil {
				return err
			}
			return fault.New(fault.NotFound, "not_found").With("viewer_id", "field.invalid")
		}
		until = tx.Now.Add(d)
		err := tx.Insert(ctx, "room_mute (room_id, viewer_id, bank_id, until_at, muted_by)", [][]any{{room, viewer, bank, until, by.ID}},
			tx.Dialect().OnDuplicate("room_id, viewer_id", "until_at = NEW(until_at)", "muted_by = NEW(muted_by)"))
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "viewer.muted", viewer))
	})
	if err != nil {
		return err
	}
	s.tellNodes(room, ControlRules)
	s.Private(bank, viewer, "muted", map[string]any{"until_at": clock.At(until)})
	return nil
}

// What nodes are told to read anew.
const (
	ControlRules = "rules"
)

func (s *Rooms) tellNodes(room, what string) {
	s.publish(bus.RoomChannel(room), bus.Message{Class: bus.Control, Kind: what, Event: json.RawMessage("{}")})
}

// Mutes gives who is silenced in a room, and until when.
func (s *Rooms) Mutes(ctx context.Context, room string) (map[string]time.Time, error) {
	type mute struct {
		viewer string
		until  db.Time
	}
	rows, err := db.All(ctx, s.DB, func(r db.Row) (m mute, err error) { return m, r.Scan(&m.viewer, &m.until) },
		"SELECT viewer_id, until_at FROM room_mute WHERE room_id = ? AND until_at > ?", room, s.DB.Clock().Now())
	out := make(map[string]time.Time, len(rows))
	for _, m := range rows {
		out[m.viewer] = m.until.Time
	}
	return out, err
}

// maxWord is how many characters a word has at most.
const maxWord = 60

// SetWords replaces the words that hold a message back; case does not matter.
// 422 names the place of one that is too long.
func (s *Rooms) SetWords(ctx context.Context, bank, room string, by Staff, words []string) ([]string, error) {
	clean, seen := []string{}, map[string]bool{}
	for i, w := range words {
		if utf8.RuneCountInString(w) > maxWord {
			return nil, fault.InvalidField(fmt.Sprintf("words[%d]", i), "field.too_long")
		}
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" && !seen[w] {
			clean, seen[w] = append(clean, w), true
		}
	}
	err := s.run(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		if _, err := tx.Exec(ctx, "DELETE FROM room_word WHERE room_id = ?", room); err != nil {
			return err
		}
		rows := make([][]any, len(clean))
		for i, w := range clean {
			rows[i] = []any{room, w, bank}
		}
		if err := tx.Insert(ctx, "room_word (room_id, word, bank_id)", rows, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "room.words", room))
	})
	if err != nil {
		return nil, err
	}
	s.tellNodes(room, ControlRules)
	return clean, nil
}

// Words gives the words that hold a message back, in lower case.
func (s *Rooms) Words(ctx context.Context, room string) ([]string, error) {
	return db.All(ctx, s.DB, func(r db.Row) (w string, err error) { return w, r.Scan(&w) },
		"SELECT word FROM room_word WHERE room_id = ? ORDER BY word", room)
}
