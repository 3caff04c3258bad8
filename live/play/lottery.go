package play

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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
	"yinbo/internal/pii"
	"yinbo/live"
)

// The facts, events and tasks of lotteries; a task's ref is the lottery.
const (
	LotteryOpened    = "lottery.opened"
	LotteryDrawn     = "lottery.drawn"
	LotteryCancelled = "lottery.cancelled"
	LotteryWon       = "lottery.won"
	LotteryState     = "lottery"
	DrawTask         = "lottery.draw"
	GrantTask        = "lottery.grant"
)

// State is where a lottery stands.
type State string

// The states.
const (
	Open      State = "open"
	Drawn     State = "drawn"
	Cancelled State = "cancelled"
)

// EntryRule says who may enter.
type EntryRule string

// The rules.
const (
	Anybody EntryRule = "none"
	Chatted EntryRule = "chatted" // said something in the room since the lottery opened
	Ordered EntryRule = "ordered" // has an order in the room that is not cancelled
)

// Prize is something to win.
type Prize struct {
	Title    string  `json:"title" minLength:"1" maxLength:"100"`
	Quantity int     `json:"quantity" minimum:"1" maximum:"1000"`
	BatchID  *string `json:"batch_id" required:"false" nullable:"true" maxLength:"60" doc:"Coupons of this batch, granted at once; null for goods, which the title names"`
}

// LotteryPlan is what a lottery is opened with.
type LotteryPlan struct {
	Title  string
	Rule   EntryRule
	Prizes []Prize
	For    time.Duration
}

// Bounds of a lottery.
const (
	maxPrizes  = 20
	maxWinners = 1000
)

func (p LotteryPlan) check() error {
	e := lasts(fault.New(fault.Invalid, "validation"), p.For)
	if n := utf8.RuneCountInString(p.Title); n == 0 || n > 100 {
		e = e.With("title", "field.invalid")
	}
	if p.Rule != Anybody && p.Rule != Chatted && p.Rule != Ordered {
		e = e.With("entry_rule", "field.not_allowed")
	}
	if len(p.Prizes) == 0 || len(p.Prizes) > maxPrizes {
		e = e.With("prizes", "field.invalid")
	}
	all := 0
	for i, prize := range p.Prizes {
		if n := utf8.RuneCountInString(prize.Title); n == 0 || n > 100 {
			e = e.With(fmt.Sprintf("prizes[%d].title", i), "field.invalid")
		}
		if all += prize.Quantity; prize.Quantity < 1 || all > maxWinners {
			e = e.With(fmt.Sprintf("prizes[%d].quantity", i), "field.invalid")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Lottery is a lottery as the room sees it; the payload of LotteryOpened too.
type Lottery struct {
	ID         string      `json:"lottery_id"`
	RoomID     string      `json:"room_id"`
	Title      string      `json:"title"`
	Rule       EntryRule   `json:"entry_rule" enum:"none,chatted,ordered"`
	Prizes     []Prize     `json:"prizes"`
	Commitment string      `json:"commitment" doc:"SHA-256 of the seed that the draw will follow from"`
	State      State       `json:"state" enum:"open,drawn,cancelled"`
	Entrants   int64       `json:"entrants"`
	Seed       string      `json:"seed" doc:"Empty until the draw"`
	EndsAt     clock.Stamp `json:"ends_at"`
	ServerTime clock.Stamp `json:"server_time"`

	bank, sealed string
	created      time.Time
}

// OpenLottery opens a lottery in a room. Refusals: 404 not_found (room, batch),
// 409 conflict, 409 coupon.sold_out where a batch has too little, 422 validation.
func (g *Games) OpenLottery(ctx context.Context, req idem.Request, bank, room string, by live.Staff, p LotteryPlan) (Lottery, bool, error) {
	return idem.Do(ctx, g.Keeper, req, func(tx *db.Tx) (Lottery, error) {
		if _, err := g.Rooms.Hold(ctx, tx, bank, room, by); err != nil {
			return Lottery{}, err
		}
		return g.OpenLotteryWithin(ctx, tx, bank, room, by, p)
	})
}

// OpenLotteryWithin is OpenLottery within the transaction of who holds the room.
func (g *Games) OpenLotteryWithin(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, p LotteryPlan) (Lottery, error) {
	if err := p.check(); err != nil {
		return Lottery{}, err
	}
	need := map[string]int64{}
	for i, prize := range p.Prizes {
		if prize.BatchID == nil {
			continue
		}
		need[*prize.BatchID] += int64(prize.Quantity)
		if err := g.Coupons.Covers(ctx, tx, bank, *prize.BatchID, need[*prize.BatchID]); err != nil {
			return Lottery{}, fault.From(err).With(fmt.Sprintf("prizes[%d].batch_id", i), fault.Code(err))
		}
	}
	seed := make([]byte, seedBytes)
	rand.Read(seed)
	l := Lottery{ID: id.New(id.Lottery), RoomID: room, Title: p.Title, Rule: p.Rule, Prizes: p.Prizes, Commitment: Commitment(seed), State: Open,
		EndsAt: clock.At(tx.Now.Add(p.For)), ServerTime: clock.At(tx.Now), bank: bank}
	sealed, err := g.Keys.Seal(ctx, l.place(), pii.Clear(hex.EncodeToString(seed)))
	if err != nil {
		return l, err
	}
	if err := insertLottery(ctx, tx, l, sealed, by.ID); err != nil {
		return l, err
	}
	if err := g.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: DrawTask, Ref: l.ID, Payload: struct{}{}, Due: l.EndsAt.Time}); err != nil {
		return l, err
	}
	if err := g.Rooms.Fact(ctx, tx, bank, room, LotteryOpened, l); err != nil {
		return l, err
	}
	return l, audit.Write(ctx, tx, entry(by, bank, LotteryOpened, l.ID, map[string]any{"room_id": room, "commitment": l.Commitment}))
}

func (l Lottery) place() pii.Place {
	return pii.Place{Bank: l.bank, Table: "lottery", Column: "seed_sealed", Row: l.ID}
}

// Entry is a viewer's entry in a lottery.
type Entry struct {
	LotteryID string  `json:"lottery_id"`
	Ticket    string  `json:"ticket" doc:"By this the viewer is found in the proof"`
	Place     *int    `json:"place" doc:"A winner's, from 1; null for others and until the draw"`
	PrizeNo   *int    `json:"prize_no"`
	CouponID  *string `json:"coupon_id" doc:"What was granted, where the prize is a coupon"`
}

// Enter lets a viewer take part; again it changes nothing. Refusals: 404
// not_found, 410 lottery.ended, 409 lottery.needs_chat, lottery.needs_order.
func (g *Games) Enter(ctx context.Context, bank, lottery string, who Viewer) (e Entry, err error) {
	err = g.DB.InTx(ctx, func(tx *db.Tx) error {
		l, err := readLottery(ctx, tx, bank, lottery, tx.Dialect().ForShare())
		if err != nil {
			return err
		}
		var entered bool
		if e, entered, err = readEntry(ctx, tx, bank, lottery, who.ID); err != nil || entered {
			return err
		}
		if l.State != Open || !tx.Now.Before(l.EndsAt.Time) {
			return fault.New(fault.Gone, "lottery.ended")
		}
		if err := g.Rooms.LetsIn(ctx, tx, bank, l.RoomID, who.ID); err != nil {
			return err
		}
		if err := g.mayEnter(ctx, tx, l, who.ID); err != nil {
			return err
		}
		e = Entry{LotteryID: lottery, Ticket: Ticket(lottery, who.ID)}
		err = tx.Insert(ctx, "lottery_entry (lottery_id, viewer_id, bank_id, ticket, nickname, entered_at)",
			[][]any{{lottery, who.ID, bank, e.Ticket, who.Nickname, tx.Now}}, "")
		if db.IsDuplicate(err) { // the same viewer at the same moment
			return nil
		}
		tx.AfterCommit(func() { g.tally(lottery, func(ctx context.Context) error { return g.tellEntrants(ctx, l) }) })
		return err
	})
	return e, err
}

func (g *Games) mayEnter(ctx context.Context, tx *db.Tx, l Lottery, viewer string) error {
	code, ok, err := "", true, error(nil)
	switch l.Rule {
	case Chatted:
		code = "lottery.needs_chat"
		_, ok, err = db.Value[string](ctx, tx, "SELECT id FROM chat_message WHERE room_id = ? AND id >= ? AND at >= ? AND viewer_id = ? AND status = 'shown' AND removed_at IS NULL LIMIT 1",
			l.RoomID, id.First(id.Event, l.created.Add(-time.Minute)), l.created, viewer) // ids are in the order of time, within a minute
	case Ordered:
		code = "lottery.needs_order"
		ok, err = g.Buyers.OrderedIn(ctx, tx, l.bank, l.RoomID, viewer)
	}
	if err == nil && !ok {
		err = fault.New(fault.Conflict, code)
	}
	return err
}

// CancelLottery ends a lottery without a draw. 404 not_found, 409 conflict when
// it is over.
func (g *Games) CancelLottery(ctx context.Context, bank, lottery string, by live.Staff) (l Lottery, err error) {
	err = g.hold(ctx, bank, lottery, by, func(tx *db.Tx, found Lottery) error {
		l, err = g.CancelLotteryWithin(ctx, tx, bank, lottery, by)
		return err
	})
	return l, err
}

// CancelLotteryWithin is CancelLottery within the transaction of who holds the room.
func (g *Games) CancelLotteryWithin(ctx context.Context, tx *db.Tx, bank, lottery string, by live.Staff) (Lottery, error) {
	l, err := readLottery(ctx, tx, bank, lottery, tx.Dialect().ForUpdate())
	if err != nil {
		return l, err
	}
	n, err := tx.Exec(ctx, "UPDATE lottery SET state = 'cancelled', closed_at = ? WHERE bank_id = ? AND id = ? AND state = 'open'", tx.Now, bank, lottery)
	if err != nil {
		return l, err
	}
	if n == 0 {
		return l, fault.New(fault.Conflict, "conflict")
	}
	l.State = Cancelled
	if _, err := g.Box.Cancel(ctx, tx, bank, DrawTask, lottery); err != nil {
		return l, err
	}
	if err := g.Rooms.Fact(ctx, tx, bank, l.RoomID, LotteryCancelled, map[string]string{"lottery_id": lottery}); err != nil {
		return l, err
	}
	return l, audit.Write(ctx, tx, entry(by, bank, LotteryCancelled, lottery, nil))
}

// hold finds a lottery and holds its room for who may run it.
func (g *Games) hold(ctx context.Context, bank, lottery string, by live.Staff, do func(tx *db.Tx, l Lottery) error) error {
	return g.DB.InTx(ctx, func(tx *db.Tx) error {
		l, err := readLottery(ctx, tx, bank, lottery, "")
		if err != nil {
			return err
		}
		if _, err := g.Rooms.Hold(ctx, tx, bank, l.RoomID, by); err != nil {
			return err
		}
		return do(tx, l)
	})
}
