package rundown

import (
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/live/play"
)

// State is where a cue stands.
type State string

// The states.
const (
	Planned State = "planned"
	Fired   State = "fired"
	Failed  State = "failed"
	Skipped State = "skipped"
	Missed  State = "missed" // the clock came to it too late
	Undone  State = "undone"
)

// Plan is what a cue does: one of these.
type Plan struct {
	Pin       *Pin       `json:"pin,omitempty"`
	Flash     *Flash     `json:"flash,omitempty"`
	Coupon    *Coupon    `json:"coupon,omitempty"`
	Notice    *Notice    `json:"notice,omitempty"`
	Lottery   *Lottery   `json:"lottery,omitempty"`
	RedPacket *RedPacket `json:"red_packet,omitempty"`
	Poll      *Poll      `json:"poll,omitempty"`
	Card      *Card      `json:"card,omitempty"`
}

// Pin says what is explained.
type Pin struct {
	SKUID *string `json:"sku_id" nullable:"true" maxLength:"60" doc:"null for none"`
}

// Flash schedules a flash sale.
type Flash struct {
	SKUID        string    `json:"sku_id" minLength:"1" maxLength:"60"`
	PriceFen     money.Fen `json:"price_fen" minimum:"1"`
	Total        int64     `json:"total" minimum:"1"`
	PerUserLimit int64     `json:"per_user_limit" minimum:"1"`
	Delay        int64     `json:"delay_seconds" minimum:"0" maximum:"86400" doc:"From the cue to the sale's start"`
	Seconds      int64     `json:"seconds" minimum:"1" maximum:"86400"`
}

// Coupon drops coupons.
type Coupon struct {
	BatchID  string `json:"batch_id" minLength:"1" maxLength:"60"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
	Seconds  int64  `json:"seconds" minimum:"1" maximum:"86400"`
}

// Notice tells the room a line.
type Notice struct {
	Text string `json:"text" minLength:"1" maxLength:"200"`
}

// Lottery opens a lottery.
type Lottery struct {
	Title   string         `json:"title" minLength:"1" maxLength:"100"`
	Rule    play.EntryRule `json:"entry_rule" enum:"none,chatted,ordered"`
	Prizes  []play.Prize   `json:"prizes" minItems:"1" maxItems:"20"`
	Seconds int64          `json:"seconds" minimum:"5" maximum:"86400"`
}

// RedPacket opens a red packet.
type RedPacket struct {
	BatchID  string    `json:"batch_id" minLength:"1" maxLength:"60"`
	Title    string    `json:"title" minLength:"1" maxLength:"100"`
	TotalFen money.Fen `json:"total_fen" minimum:"1"`
	Shares   int64     `json:"shares" minimum:"1" maximum:"10000"`
	Seconds  int64     `json:"seconds" minimum:"1" maximum:"86400"`
}

// Poll asks the room.
type Poll struct {
	Question string   `json:"question" minLength:"1" maxLength:"200"`
	Options  []string `json:"options" minItems:"2" maxItems:"6"`
	Seconds  int64    `json:"seconds" minimum:"5" maximum:"86400"`
}

// Card asks viewers to apply for a card.
type Card struct {
	ProductID string `json:"card_product_id" minLength:"1" maxLength:"60"`
}

// kinds names what is set of a plan.
func (p Plan) kinds() (kinds []string) {
	for _, k := range []struct {
		name string
		set  bool
	}{{"pin", p.Pin != nil}, {"flash", p.Flash != nil}, {"coupon", p.Coupon != nil}, {"notice", p.Notice != nil}, {"lottery", p.Lottery != nil},
		{"red_packet", p.RedPacket != nil}, {"poll", p.Poll != nil}, {"card", p.Card != nil}} {
		if k.set {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}

// overlay is how long a cue's overlay stands in viewers' way; 0 for none.
func (p Plan) overlay() time.Duration {
	seconds := int64(0)
	switch {
	case p.Coupon != nil:
		seconds = p.Coupon.Seconds
	case p.Lottery != nil:
		seconds = p.Lottery.Seconds
	case p.RedPacket != nil:
		seconds = p.RedPacket.Seconds
	case p.Poll != nil:
		seconds = p.Poll.Seconds
	}
	return time.Duration(seconds) * time.Second
}

// Result is what a cue made, by which it is undone.
type Result struct {
	FlashID   string  `json:"flash_id,omitempty"`
	DropID    string  `json:"drop_id,omitempty"`
	LotteryID string  `json:"lottery_id,omitempty"`
	PacketID  string  `json:"packet_id,omitempty"`
	PollID    string  `json:"poll_id,omitempty"`
	Before    *string `json:"pinned_before,omitempty" doc:"What was pinned before"`
}

// Draft is a cue to plan.
type Draft struct {
	ID    string
	After *time.Duration // from the room's start; this or At
	At    *time.Time
	Note  string
	Plan
}

// Cue is a cue with what became of it.
type Cue struct {
	ID    string       `json:"id"`
	Kind  string       `json:"kind" enum:"pin,flash,coupon,notice,lottery,red_packet,poll,card"`
	Note  string       `json:"note"`
	After *int64       `json:"after_seconds" doc:"From the room's start; null where at is set"`
	At    *clock.Stamp `json:"at"`
	Due   *clock.Stamp `json:"due_at" doc:"null while the room has not started and the cue counts from there"`
	Plan
	State     State        `json:"state" enum:"planned,fired,failed,skipped,missed,undone"`
	PlannedAt *clock.Stamp `json:"planned_at" doc:"When it was due, once it happened"`
	FiredAt   *clock.Stamp `json:"fired_at"`
	FiredBy   *string      `json:"fired_by" doc:"A member of staff, or clock"`
	EndedAt   *clock.Stamp `json:"ended_at" doc:"When it was skipped, missed or undone"`
	EndedBy   *string      `json:"ended_by"`
	Result    *Result      `json:"result" doc:"What it made"`
	Error     *string      `json:"error" doc:"The code of why it failed"`

	bank, room string
	after      *time.Duration
	due        time.Time // zero when nobody knows yet
}

// when fills in when a cue is due in a room that started then; zero for not yet.
func (c *Cue) when(started time.Time) {
	switch {
	case c.At != nil:
		c.due = c.At.Time
		if c.due.Before(started) {
			c.due = started
		}
	case !started.IsZero():
		c.due = started.Add(*c.after)
	}
	c.Due = clock.AtPtr(c.due)
}

// open tells whether it may be fired or skipped.
func (c Cue) open() bool { return c.State == Planned || c.State == Failed || c.State == Missed }

// maxCues bounds a rundown, maxAfter how far it reaches.
const (
	maxCues  = 200
	maxAfter = 24 * time.Hour
)

func checkDrafts(drafts []Draft) error {
	e := fault.New(fault.Invalid, "validation")
	if len(drafts) > maxCues {
		return e.With("cues", "field.too_long")
	}
	seen := map[string]bool{}
	for i, d := range drafts {
		field := fmt.Sprintf("cues[%d]", i)
		if (d.After == nil) == (d.At == nil) {
			e = e.With(field+".after_seconds", "cue.time").With(field+".at", "cue.time")
		}
		if d.After != nil && (*d.After < 0 || *d.After > maxAfter) {
			e = e.With(field+".after_seconds", "field.invalid")
		}
		if len(d.kinds()) != 1 {
			e = e.With(field, "cue.kind")
		}
		if d.ID != "" && seen[d.ID] {
			e = e.With(field+".id", "field.duplicate")
		}
		seen[d.ID] = true
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("rundown: %w", err)
	}
	return string(raw), nil
}
