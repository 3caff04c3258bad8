package rundown

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
	"yinbo/live/play"
)

// CardPrompted is the fact of a card cue: {card_product_id}.
const CardPrompted = "card.prompted"

// do does what a cue plans, within the transaction that holds its room.
func (s *Rundowns) do(ctx context.Context, tx *db.Tx, c Cue, by live.Staff) (r Result, err error) {
	bank, room := c.bank, c.room
	switch p := c.Plan; {
	case p.Pin != nil:
		r.Before, err = s.Rooms.PinWithin(ctx, tx, bank, room, by, p.Pin.SKUID)
	case p.Notice != nil:
		err = s.Rooms.NoticeWithin(ctx, tx, bank, room, by, p.Notice.Text, true)
	case p.Flash != nil:
		r.FlashID, err = s.Trade.Flash(ctx, tx, bank, room, by, *p.Flash)
	case p.Coupon != nil:
		r.DropID, err = s.Trade.Drop(ctx, tx, bank, room, by, *p.Coupon)
	case p.RedPacket != nil:
		r.PacketID, err = s.Trade.OpenPacket(ctx, tx, bank, room, by, *p.RedPacket)
	case p.Lottery != nil:
		var l play.Lottery
		l, err = s.Games.OpenLotteryWithin(ctx, tx, bank, room, by, play.LotteryPlan{Title: p.Lottery.Title, Rule: p.Lottery.Rule,
			Prizes: p.Lottery.Prizes, For: time.Duration(p.Lottery.Seconds) * time.Second})
		r.LotteryID = l.ID
	case p.Poll != nil:
		var v play.Poll
		v, err = s.Games.OpenPollWithin(ctx, tx, bank, room, by, play.PollPlan{Question: p.Poll.Question, Options: p.Poll.Options,
			For: time.Duration(p.Poll.Seconds) * time.Second})
		r.PollID = v.ID
	case p.Card != nil:
		err = s.prompt(ctx, tx, bank, room, by, p.Card.ProductID)
	}
	return r, err
}

func (s *Rundowns) prompt(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, product string) error {
	if err := s.Trade.CardProduct(ctx, tx, bank, product); err != nil {
		return err
	}
	return s.Rooms.Fact(ctx, tx, bank, room, CardPrompted, map[string]string{"card_product_id": product})
}

// undo takes back what a cue did, as far as it can be: a sale is cancelled (orders
// stay), a drop ends, a packet, a lottery and a poll close, a pin goes back. What
// was only said stays said: 409 cue.final.
func (s *Rundowns) undo(ctx context.Context, tx *db.Tx, c Cue, by live.Staff) error {
	if c.Result == nil {
		return fault.New(fault.Conflict, "cue.final")
	}
	var err error
	switch r := c.Result; {
	case c.Plan.Pin != nil:
		_, err = s.Rooms.PinWithin(ctx, tx, c.bank, c.room, by, r.Before)
	case r.FlashID != "":
		err = s.Trade.CancelFlash(ctx, tx, c.bank, r.FlashID, by)
	case r.DropID != "":
		err = s.Trade.EndDrop(ctx, tx, c.bank, r.DropID, by)
	case r.PacketID != "":
		err = s.Trade.ClosePacket(ctx, tx, c.bank, r.PacketID, by)
	case r.LotteryID != "":
		_, err = s.Games.CancelLotteryWithin(ctx, tx, c.bank, r.LotteryID, by)
	case r.PollID != "":
		_, err = s.Games.ClosePollWithin(ctx, tx, c.bank, r.PollID, by)
	default:
		err = fault.New(fault.Conflict, "cue.final")
	}
	return err
}
