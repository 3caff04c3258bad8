package live

import (
	"context"
	"slices"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// ChatMode is how a room lets its viewers talk.
type ChatMode struct {
	SlowS  int  `json:"slow_s" minimum:"0" maximum:"600" doc:"Seconds between a viewer's messages; 0 for the least there is, 1"`
	Review bool `json:"review" doc:"Messages are held until somebody has looked"`
	Closed bool `json:"closed" doc:"Nobody may speak"`
}

// ChatChange is what is changed of it; nil stays as it is.
type ChatChange struct {
	SlowS          *int
	Review, Closed *bool
}

// SetChat changes how a room's viewers may talk. 409 conflict when it has ended.
func (s *Rooms) SetChat(ctx context.Context, bank, room string, by Staff, c ChatChange) (View, error) {
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		m := v.Chat
		if c.SlowS != nil {
			m.SlowS = *c.SlowS
		}
		if c.Review != nil {
			m.Review = *c.Review
		}
		if c.Closed != nil {
			m.Closed = *c.Closed
		}
		if m == v.Chat {
			return nil
		}
		_, err := tx.Exec(ctx, "UPDATE room SET chat_slow_s = ?, chat_review = ?, chat_closed = ? WHERE bank_id = ? AND id = ?", m.SlowS, m.Review, m.Closed, bank, room)
		if err != nil {
			return err
		}
		if err := s.Fact(ctx, tx, bank, room, factChat, m); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, factChat, room, map[string]any{"slow_s": m.SlowS, "review": m.Review, "closed": m.Closed}})
	})
	if err != nil {
		return View{}, err
	}
	s.tellNodes(room, ControlRules)
	return s.Get(ctx, bank, room)
}

// ChatLine is a message as those who moderate see it.
type ChatLine struct {
	Said
	Status  string   `json:"status" enum:"shown,held,refused,removed"`
	Warned  []string `json:"warned" doc:"Words of the lists that it has"`
	Reports int64    `json:"reports" doc:"How many viewers reported it"`
}

// ChatFilter picks messages; zero fields do not filter.
type ChatFilter struct {
	Status   string
	Reported bool
	Before   string // a message's id, for paging from the newest back
	Limit    int
}

const chatColumns = `SELECT m.id, m.at, m.viewer_id, m.nickname, m.text, CASE WHEN m.removed_at IS NOT NULL THEN 'removed' ELSE m.status END,
	(SELECT COUNT(*) FROM chat_report r WHERE r.event_id = m.id) FROM chat_message m WHERE m.bank_id = ? AND m.room_id = ?`

// Chat gives a room's messages, the newest first, with the words that they have
// of the lists as these are now.
func (s *Rooms) Chat(ctx context.Context, bank, room string, by Staff, f ChatFilter) ([]ChatLine, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	rules, err := s.Rules(ctx, room)
	if err != nil {
		return nil, err
	}
	where, args := "", []any{bank, room}
	switch f.Status {
	case "":
	case "removed":
		where += " AND m.removed_at IS NOT NULL"
	default:
		where, args = where+" AND m.status = ? AND m.removed_at IS NULL", append(args, f.Status)
	}
	if f.Reported {
		where, args = where+" AND m.id IN (SELECT event_id FROM chat_report WHERE room_id = ?)", append(args, room)
	}
	if f.Before != "" {
		where, args = where+" AND m.id < ?", append(args, f.Before)
	}
	lines, err := db.All(ctx, s.DB, func(r db.Row) (l ChatLine, err error) {
		var at db.Time
		err = r.Scan(&l.ID, &at, &l.Viewer.ID, &l.Viewer.Nickname, &l.Text, &l.Status, &l.Reports)
		l.At = clock.At(at.Time)
		return l, err
	}, chatColumns+where+" ORDER BY m.id DESC LIMIT ?", append(args, f.Limit+1)...)
	for i := range lines {
		lines[i].Warned = rules.words(lines[i].Text)
	}
	return lines, err
}

// Release shows a held message. 404 not_found when the room has none such, 409
// chat.decided when somebody has released or refused it: of two, one has decided.
func (s *Rooms) Release(ctx context.Context, bank, room, eventID string, by Staff) error {
	var said Said
	err := s.decide(ctx, bank, room, eventID, by, "shown", "chat.released", func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		var err error
		said, _, err = db.One(ctx, tx, scanSaid, saidColumns+" WHERE id = ?", eventID)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE room SET chats = chats + 1 WHERE bank_id = ? AND id = ?", bank, room)
		return err
	})
	if err == nil {
		s.talk(room, "chat", said.ID, said.Viewer.key(), said.At.Time, map[string]any{"viewer": said.Viewer, "text": said.Text})
	}
	return err
}

// Refuse keeps a held message from ever being shown. 404 and 409 as Release.
func (s *Rooms) Refuse(ctx context.Context, bank, room, eventID string, by Staff) error {
	return s.decide(ctx, bank, room, eventID, by, "refused", "chat.refused", func(*db.Tx, row) error { return nil })
}

func (s *Rooms) decide(ctx context.Context, bank, room, eventID string, by Staff, to, action string, also func(tx *db.Tx, v row) error) error {
	return s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		n, err := tx.Exec(ctx, `UPDATE chat_message SET status = ?, decided_by = ?, decided_at = ?
			WHERE bank_id = ? AND room_id = ? AND id = ? AND status = 'held' AND removed_at IS NULL`, to, by.ID, tx.Now, bank, room, eventID)
		if err != nil {
			return err
		}
		if n == 0 {
			_, there, err := db.Value[string](ctx, tx, "SELECT id FROM chat_message WHERE room_id = ? AND id = ?", room, eventID)
			if err == nil && there {
				return fault.New(fault.Conflict, "chat.decided")
			}
			if err == nil {
				err = fault.New(fault.NotFound, "not_found")
			}
			return err
		}
		if err := also(tx, v); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, action, eventID, nil})
	})
}

// ReportReasons are why a viewer may report a message.
var ReportReasons = []string{"spam", "abuse", "fraud", "other"}

// ReportChat notes that a viewer finds a message wrong; again it changes nothing.
// 404 not_found when the room shows no such message.
func (s *Rooms) ReportChat(ctx context.Context, bank, room, eventID, viewer, reason string) error {
	if !slices.Contains(ReportReasons, reason) {
		return fault.InvalidField("reason", "field.not_allowed")
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		_, shown, err := db.Value[string](ctx, tx, `SELECT id FROM chat_message
			WHERE bank_id = ? AND room_id = ? AND id = ? AND status = 'shown' AND removed_at IS NULL`, bank, room, eventID)
		if err != nil {
			return err
		}
		if !shown {
			return fault.New(fault.NotFound, "not_found")
		}
		return tx.InsertIgnore(ctx, "chat_report (event_id, viewer_id, room_id, bank_id, reason, at)", [][]any{{eventID, viewer, room, bank, reason, tx.Now}})
	})
}
