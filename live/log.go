package live

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Act is what a member of staff did in a room.
type Act struct {
	Bank, Room string
	By         Staff
	Action     string
	Object     string // whom or what it was done to
	Detail     map[string]any
}

// Acted writes what staff did into the room's log and the bank's audit log.
func (s *Rooms) Acted(ctx context.Context, tx *db.Tx, a Act) error {
	raw, err := json.Marshal(a.Detail)
	if err != nil {
		return fmt.Errorf("live: detail of %s: %w", a.Action, err)
	}
	if a.Detail == nil {
		raw = []byte("{}")
	}
	err = tx.Insert(ctx, "room_act (id, bank_id, room_id, staff_id, staff_name, action, object_id, detail, at)",
		[][]any{{id.New(id.Event), a.Bank, a.Room, a.By.ID, a.By.Name, a.Action, a.Object, string(raw), tx.Now}}, "")
	if err != nil {
		return err
	}
	e := a.By.entry(a.Bank, a.Action, a.Object)
	e.Detail = maps.Clone(a.Detail)
	if a.Object != a.Room {
		if e.Detail == nil {
			e.Detail = map[string]any{}
		}
		e.Detail["room_id"] = a.Room
	}
	return audit.Write(ctx, tx, e)
}

// What a line of a room's log is.
const (
	LineFact = "fact"
	LineChat = "chat"
	LineAct  = "act"
)

// Line is a line of a room's log: a fact, a chat message as it stands now, or
// what a member of staff did.
type Line struct {
	ID   string          `json:"id"`
	At   clock.Stamp     `json:"at"`
	What string          `json:"what" enum:"fact,chat,act"`
	Kind string          `json:"kind" doc:"Of a fact or act its kind, of a chat message its status: shown, held, refused, removed"`
	Seq  int64           `json:"seq,omitempty" doc:"A fact's number"`
	Who  *Speaker        `json:"who" doc:"Who spoke or acted; of a fact, the act beside it says"`
	On   string          `json:"object_id,omitempty" doc:"Whom or what an act was done to"`
	Data json.RawMessage `json:"data"`
}

// LogFilter picks lines; zero fields do not filter.
type LogFilter struct {
	What, Kind, Who string
	From, To        time.Time
	After           string // a line's id, for paging
	Limit           int
}

// Lines gives a room's log from the oldest on, one line more than the limit where
// there is more, to those who may run the room or moderate it.
func (s *Rooms) Lines(ctx context.Context, bank, room string, by Staff, f LogFilter) ([]Line, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return s.lines(ctx, room, f)
}

// logPart is one of the three tables that a log is read from.
type logPart struct {
	what, columns, from string
	kind, who           string // the columns that filters look at; who is "" for none
}

const chatKind = "CASE WHEN removed_at IS NOT NULL THEN 'removed' ELSE status END"

var logParts = []logPart{
	{LineFact, "id, at, kind, seq, '', '', '', payload", "room_event", "kind", ""},
	{LineChat, "id, at, " + chatKind + ", 0, viewer_id, nickname, '', text", "chat_message", chatKind, "viewer_id"},
	{LineAct, "id, at, action, 0, staff_id, staff_name, object_id, detail", "room_act", "action", "staff_id"},
}

// lines merges the three tables by id: ids of events are ordered by time.
func (s *Rooms) lines(ctx context.Context, room string, f LogFilter) ([]Line, error) {
	all := []Line{}
	for _, p := range logParts {
		if f.What != "" && f.What != p.what || f.Who != "" && p.who == "" {
			continue
		}
		part, err := p.read(ctx, s.DB, room, f)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	slices.SortFunc(all, func(a, b Line) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(len(all), f.Limit+1)], nil
}

func (p logPart) read(ctx context.Context, q db.Querier, room string, f LogFilter) ([]Line, error) {
	where, args := " WHERE room_id = ? AND id > ?", []any{room, f.After}
	add := func(cond string, v any) { where, args = where+" AND "+cond, append(args, v) }
	if f.Kind != "" {
		add(p.kind+" = ?", f.Kind)
	}
	if f.Who != "" {
		add(p.who+" = ?", f.Who)
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("at < ?", f.To)
	}
	return db.All(ctx, q, func(r db.Row) (l Line, err error) {
		var at db.Time
		var who Speaker
		var data string
		if err := r.Scan(&l.ID, &at, &l.Kind, &l.Seq, &who.ID, &who.Nickname, &l.On, &data); err != nil {
			return l, err
		}
		l.What, l.At, l.Data = p.what, clock.At(at.Time), json.RawMessage(data)
		if p.who != "" {
			l.Who = &who
		}
		if p.what == LineChat {
			l.Data, err = json.Marshal(map[string]string{"text": data})
		}
		return l, err
	}, "SELECT "+p.columns+" FROM "+p.from+where+" ORDER BY id LIMIT ?", append(args, f.Limit+1)...)
}
