package rundown

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/live"
	"yinbo/live/play"
)

// Trade is what cues set going beyond the room itself, each within the cue's
// transaction; cmd/yinbo wires it.
type Trade interface {
	Flash(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, f Flash) (id string, err error)
	CancelFlash(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error
	Drop(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, c Coupon) (id string, err error)
	EndDrop(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error
	OpenPacket(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, p RedPacket) (id string, err error)
	ClosePacket(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error
	// CardProduct is nil when the bank offers the card, else 404 not_found.
	CardProduct(ctx context.Context, q db.Querier, bank, product string) error
}

// Deps is what Rundowns stands on.
type Deps struct {
	DB    *db.DB
	Box   *outbox.Box
	Rooms *live.Rooms
	Games *play.Games
	Trade Trade
}

// Rundowns keeps rundowns and runs them.
type Rundowns struct{ Deps }

// New makes the service and lets it follow the rooms' facts.
func New(d Deps) *Rundowns {
	s := &Rundowns{Deps: d}
	d.Rooms.Follow(s.follow)
	return s
}

// Mode says who runs a rundown.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"
	Manual Mode = "manual"
)

// View is a rundown as its host sees it.
type View struct {
	RoomID     string      `json:"room_id"`
	Mode       Mode        `json:"mode" enum:"auto,manual"`
	ActsFor    *string     `json:"acts_for" doc:"For whom the clock acts: who set the mode"`
	Cues       []Cue       `json:"cues" doc:"By when they are due"`
	Next       *string     `json:"next_cue_id"`
	ServerTime clock.Stamp `json:"server_time"`
}

// Get shows a room's rundown to who may run it; 404 not_found.
func (s *Rundowns) Get(ctx context.Context, bank, room string, by live.Staff) (View, error) {
	if err := s.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return View{}, err
	}
	return s.view(ctx, bank, room)
}

func (s *Rundowns) view(ctx context.Context, bank, room string) (View, error) {
	v := View{RoomID: room, Mode: Manual, ServerTime: clock.At(s.DB.Clock().Now())}
	r, found, err := readRundown(ctx, s.DB, bank, room)
	if err != nil {
		return v, err
	}
	if found {
		v.Mode = r.mode
		v.ActsFor = &r.by.Name
	}
	where, err := s.Rooms.ViewIn(ctx, s.DB, bank, room)
	if err != nil {
		return v, err
	}
	v.Cues, err = readCues(ctx, s.DB, bank, room, startOf(where))
	for _, c := range v.Cues {
		if c.State == Planned {
			v.Next = &c.ID
			break
		}
	}
	return v, err
}

func startOf(v live.View) time.Time {
	if v.StartedAt == nil {
		return time.Time{}
	}
	return v.StartedAt.Time
}

// Set replaces the cues that have not happened; those that have stay as they
// are, whether they are named or not. 404 not_found, 409 conflict in a room that
// has ended, 422 validation; as for notices, 409 words.warned unless confirmed and
// 422 words.blocked.
func (s *Rundowns) Set(ctx context.Context, bank, room string, by live.Staff, drafts []Draft, confirmed bool) (View, error) {
	if err := checkDrafts(drafts); err != nil {
		return View{}, err
	}
	if err := s.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return View{}, err
	}
	for i, d := range drafts {
		if d.Notice == nil {
			continue
		}
		if err := s.Rooms.MayTell(ctx, bank, room, fmt.Sprintf("cues[%d].notice.text", i), d.Notice.Text, confirmed); err != nil {
			return View{}, err
		}
	}
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := s.Rooms.Hold(ctx, tx, bank, room, by)
		if err != nil {
			return err
		}
		before, err := readCues(ctx, tx, bank, room, startOf(v))
		if err != nil {
			return err
		}
		done, known := map[string]bool{}, map[string]bool{}
		for _, c := range before {
			known[c.ID] = true
			done[c.ID] = c.State != Planned
		}
		if _, err := tx.Exec(ctx, "DELETE FROM rundown_cue WHERE bank_id = ? AND room_id = ? AND state = 'planned'", bank, room); err != nil {
			return err
		}
		var rows [][]any
		for i, d := range drafts {
			if done[d.ID] {
				continue
			}
			if !known[d.ID] {
				d.ID = id.New(id.Cue)
			}
			row, err := d.row(bank, room, i)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		if err := tx.Insert(ctx, cueInto, rows, ""); err != nil {
			return err
		}
		if err := s.arm(ctx, tx, bank, room); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, "rundown.set", room, map[string]any{"cues": len(rows)}))
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, bank, room)
}

// SetMode lets the clock run the rundown for by, or leaves it to people. 404
// not_found, 409 conflict in a room that has ended.
func (s *Rundowns) SetMode(ctx context.Context, bank, room string, by live.Staff, mode Mode) (View, error) {
	if mode != Auto && mode != Manual {
		return View{}, fault.InvalidField("mode", "field.not_allowed")
	}
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if _, err := s.Rooms.Hold(ctx, tx, bank, room, by); err != nil {
			return err
		}
		err := tx.Insert(ctx, "rundown (room_id, bank_id, mode, acts_for, acts_name, operator, changed_at)",
			[][]any{{room, bank, string(mode), by.ID, by.Name, by.Operator, tx.Now}},
			tx.Dialect().OnDuplicate("room_id", "mode = NEW(mode)", "acts_for = NEW(acts_for)", "acts_name = NEW(acts_name)",
				"operator = NEW(operator)", "changed_at = NEW(changed_at)"))
		if err != nil {
			return err
		}
		if err := s.arm(ctx, tx, bank, room); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, "rundown.mode", room, map[string]any{"mode": mode}))
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, bank, room)
}

func entry(by live.Staff, bank, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object, RequestID: by.RequestID, Detail: detail}
}
