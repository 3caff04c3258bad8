package play

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/live"
)

// The facts, state and task of polls; the task's ref is the poll.
const (
	PollOpened = "poll.opened"
	PollClosed = "poll.closed"
	PollState  = "poll"
	PollTask   = "poll.close"
)

// PollPlan is what a poll is opened with.
type PollPlan struct {
	Question string
	Options  []string
	For      time.Duration
}

// Bounds of a poll.
const (
	minOptions, maxOptions = 2, 6
	maxQuestion, maxOption = 200, 60
)

func (p PollPlan) check() error {
	e := lasts(fault.New(fault.Invalid, "validation"), p.For)
	if n := utf8.RuneCountInString(p.Question); n == 0 || n > maxQuestion {
		e = e.With("question", "field.invalid")
	}
	if len(p.Options) < minOptions || len(p.Options) > maxOptions {
		e = e.With("options", "field.invalid")
	}
	seen := map[string]bool{}
	for i, o := range p.Options {
		switch n := utf8.RuneCountInString(o); {
		case n == 0 || n > maxOption:
			e = e.With(fmt.Sprintf("options[%d]", i), "field.invalid")
		case seen[o]:
			e = e.With(fmt.Sprintf("options[%d]", i), "field.duplicate")
		}
		seen[o] = true
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Poll is a poll as the room sees it; the payload of its facts too.
type Poll struct {
	ID       string      `json:"poll_id"`
	RoomID   string      `json:"room_id"`
	Question string      `json:"question"`
	Options  []string    `json:"options"`
	Counts   []int64     `json:"counts" doc:"Votes by option"`
	Open     bool        `json:"open"`
	EndsAt   clock.Stamp `json:"ends_at"`

	bank string
}

// OpenPoll asks a room. Refusals: 404 not_found, 409 conflict, 422 validation.
func (g *Games) OpenPoll(ctx context.Context, req idem.Request, bank, room string, by live.Staff, p PollPlan) (Poll, bool, error) {
	return idem.Do(ctx, g.Keeper, req, func(tx *db.Tx) (Poll, error) {
		if _, err := g.Rooms.Hold(ctx, tx, bank, room, by); err != nil {
			return Poll{}, err
		}
		return g.OpenPollWithin(ctx, tx, bank, room, by, p)
	})
}

// OpenPollWithin is OpenPoll within the transaction of who holds the room.
func (g *Games) OpenPollWithin(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, p PollPlan) (Poll, error) {
	if err := p.check(); err != nil {
		return Poll{}, err
	}
	v := Poll{ID: id.New(id.Poll), RoomID: room, Question: p.Question, Options: p.Options, Counts: make([]int64, len(p.Options)), Open: true,
		EndsAt: clock.At(tx.Now.Add(p.For)), bank: bank}
	options, err := json.Marshal(p.Options)
	if err != nil {
		return v, fmt.Errorf("play: options: %w", err)
	}
	err = tx.Insert(ctx, "poll (id, bank_id, room_id, question, options, state, ends_at, created_by, created_at)",
		[][]any{{v.ID, bank, room, v.Question, string(options), "open", v.EndsAt.Time, by.ID, tx.Now}}, "")
	if err != nil {
		return v, err
	}
	if err := g.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: PollTask, Ref: v.ID, Payload: struct{}{}, Due: v.EndsAt.Time}); err != nil {
		return v, err
	}
	if err := g.Rooms.Fact(ctx, tx, bank, room, PollOpened, v); err != nil {
		return v, err
	}
	return v, audit.Write(ctx, tx, entry(by, bank, PollOpened, v.ID, map[string]any{"room_id": room}))
}

// Vote is a viewer's vote; option counts from 0. The same vote again changes
// nothing. Refusals: 404 not_found, 410 poll.ended, 409 poll.voted for another
// option, 422 option.
func (g *Games) Vote(ctx context.Context, bank, poll, viewer string, option int) error {
	return g.DB.InTx(ctx, func(tx *db.Tx) error {
		p, err := readPoll(ctx, tx, bank, poll, tx.Dialect().ForShare())
		if err != nil {
			return err
		}
		if option < 0 || option >= len(p.Options) {
			return fault.InvalidField("option", "field.invalid")
		}
		first, voted, err := db.Value[int](ctx, tx, "SELECT option_no FROM poll_vote WHERE poll_id = ? AND viewer_id = ?", poll, viewer)
		switch {
		case err != nil:
			return err
		case voted && first == option:
			return nil
		case voted:
			return fault.New(fault.Conflict, "poll.voted")
		case !p.Open || !tx.Now.Before(p.EndsAt.Time):
			return fault.New(fault.Gone, "poll.ended")
		}
		if err := g.Rooms.LetsIn(ctx, tx, bank, p.RoomID, viewer); err != nil {
			return err
		}
		err = tx.Insert(ctx, "poll_vote (poll_id, viewer_id, bank_id, option_no, at)", [][]any{{poll, viewer, bank, option, tx.Now}}, "")
		if db.IsDuplicate(err) { // the same viewer at the same moment
			return fault.New(fault.Conflict, "poll.voted").Because(err)
		}
		tx.AfterCommit(func() { g.tally(poll, func(ctx context.Context) error { return g.tellVotes(ctx, p) }) })
		return err
	})
}

func (g *Games) tellVotes(ctx context.Context, p Poll) error {
	counts, err := countVotes(ctx, g.DB, p)
	if err != nil {
		return err
	}
	g.Rooms.State(p.RoomID, PollState, p.ID, map[string]any{"poll_id": p.ID, "counts": counts})
	return nil
}

// ClosePoll ends a poll before its time. 404 not_found, 409 conflict when it is
// closed.
func (g *Games) ClosePoll(ctx context.Context, bank, poll string, by live.Staff) (p Poll, err error) {
	err = g.DB.InTx(ctx, func(tx *db.Tx) error {
		known, err := readPoll(ctx, tx, bank, poll, "")
		if err != nil {
			return err
		}
		if _, err := g.Rooms.Hold(ctx, tx, bank, known.RoomID, by); err != nil {
			return err
		}
		p, err = g.ClosePollWithin(ctx, tx, bank, poll, by)
		return err
	})
	return p, err
}

// ClosePollWithin is ClosePoll within the transaction of who holds the room.
func (g *Games) ClosePollWithin(ctx context.Context, tx *db.Tx, bank, poll string, by live.Staff) (Poll, error) {
	p, err := readPoll(ctx, tx, bank, poll, tx.Dialect().ForUpdate())
	if err != nil {
		return p, err
	}
	if !p.Open {
		return p, fault.New(fault.Conflict, "conflict")
	}
	if err := g.closePoll(ctx, tx, &p); err != nil {
		return p, err
	}
	if _, err := g.Box.Cancel(ctx, tx, bank, PollTask, poll); err != nil {
		return p, err
	}
	return p, audit.Write(ctx, tx, entry(by, bank, PollClosed, poll, nil))
}

// HandlePoll closes a poll whose time is over, once.
func (g *Games) HandlePoll(ctx context.Context, t outbox.Task) error {
	return g.DB.InTx(ctx, func(tx *db.Tx) error {
		p, err := readPoll(ctx, tx, t.Bank, t.Ref, tx.Dialect().ForUpdate())
		if err != nil || !p.Open {
			return gone(err)
		}
		if tx.Now.Before(p.EndsAt.Time) {
			return &outbox.Postponed{At: p.EndsAt.Time}
		}
		return g.closePoll(ctx, tx, &p)
	})
}

// closePoll counts p, whose row tx holds, for good and tells the room.
func (g *Games) closePoll(ctx context.Context, tx *db.Tx, p *Poll) (err error) {
	if p.Counts, err = countVotes(ctx, tx, *p); err != nil {
		return err
	}
	counts, err := json.Marshal(p.Counts)
	if err != nil {
		return fmt.Errorf("play: counts: %w", err)
	}
	p.Open = false
	_, err = tx.Exec(ctx, "UPDATE poll SET state = 'closed', closed_at = ?, counts = ? WHERE bank_id = ? AND id = ? AND state = 'open'",
		tx.Now, string(counts), p.bank, p.ID)
	if err != nil {
		return err
	}
	return g.Rooms.Fact(ctx, tx, p.bank, p.RoomID, PollClosed, *p)
}

const pollColumns = "SELECT id, bank_id, room_id, question, options, COALESCE(counts, ''), state, ends_at FROM poll WHERE "

func scanPoll(r db.Row) (p Poll, err error) {
	var options, counts, state string
	var ends db.Time
	if err := r.Scan(&p.ID, &p.bank, &p.RoomID, &p.Question, &options, &counts, &state, &ends); err != nil {
		return p, err
	}
	p.Open, p.EndsAt = state == "open", clock.At(ends.Time)
	if err := json.Unmarshal([]byte(options), &p.Options); err != nil {
		return p, fmt.Errorf("play: options of %s: %w", p.ID, err)
	}
	p.Counts = make([]int64, len(p.Options))
	if counts != "" {
		err = json.Unmarshal([]byte(counts), &p.Counts)
	}
	return p, err
}

func readPoll(ctx context.Context, q db.Querier, bank, poll, lock string) (Poll, error) {
	p, found, err := db.One(ctx, q, scanPoll, pollColumns+"bank_id = ? AND id = ?"+lock, bank, poll)
	return p, missing(found, err)
}

// countVotes gives the votes by option, those without any too.
func countVotes(ctx context.Context, q db.Querier, p Poll) ([]int64, error) {
	type count struct {
		option int
		n      int64
	}
	rows, err := db.All(ctx, q, func(r db.Row) (c count, err error) { return c, r.Scan(&c.option, &c.n) },
		"SELECT option_no, COUNT(*) FROM poll_vote WHERE poll_id = ? GROUP BY option_no", p.ID)
	counts := make([]int64, len(p.Options))
	for _, c := range rows {
		counts[c.option] = c.n
	}
	return counts, err
}

// Poll shows a poll with its votes as they are; 404 not_found.
func (g *Games) Poll(ctx context.Context, bank, poll string) (Poll, error) {
	p, err := readPoll(ctx, g.DB, bank, poll, "")
	if err == nil && p.Open {
		p.Counts, err = countVotes(ctx, g.DB, p)
	}
	return p, err
}

// RoomPolls shows a room's polls, the newest first.
func (g *Games) RoomPolls(ctx context.Context, bank, room string) ([]Poll, error) {
	all, err := db.All(ctx, g.DB, scanPoll, pollColumns+"bank_id = ? AND room_id = ? ORDER BY id DESC LIMIT 20", bank, room)
	for i := range all {
		if err == nil && all[i].Open {
			all[i].Counts, err = countVotes(ctx, g.DB, all[i])
		}
	}
	return all, err
}

// Playing is what a room plays; lists are newest first.
type Playing struct {
	Lotteries []Lottery `json:"lotteries"`
	Polls     []Poll    `json:"polls"`
}

// Playing shows it, for those who come in later; 404 not_found.
func (g *Games) Playing(ctx context.Context, bank, room string) (p Playing, err error) {
	if err := g.roomIs(ctx, bank, room); err != nil {
		return p, err
	}
	if p.Lotteries, err = g.RoomLotteries(ctx, bank, room); err != nil {
		return p, err
	}
	p.Polls, err = g.RoomPolls(ctx, bank, room)
	return p, err
}
