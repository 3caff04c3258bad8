package play

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/live"
)

// Winner is a winner as the room sees them.
type Winner struct {
	Place
	Prize          string `json:"prize"`
	NicknameMasked string `json:"nickname_masked"`
}

// Drawing is the payload of LotteryDrawn.
type Drawing struct {
	LotteryID  string   `json:"lottery_id"`
	Commitment string   `json:"commitment"`
	Seed       string   `json:"seed"`
	Entrants   int      `json:"entrants"`
	Digest     string   `json:"digest"`
	Winners    []Winner `json:"winners"`
}

// Draw draws a lottery now, before its time or at it; once. 404 not_found, 409
// conflict when it is over.
func (g *Games) Draw(ctx context.Context, bank, lottery string, by live.Staff) (d Drawing, err error) {
	err = g.hold(ctx, bank, lottery, by, func(tx *db.Tx, _ Lottery) error {
		var drawn bool
		if d, drawn, err = g.draw(ctx, tx, bank, lottery); err != nil {
			return err
		}
		if !drawn {
			return fault.New(fault.Conflict, "conflict")
		}
		if _, err := g.Box.Cancel(ctx, tx, bank, DrawTask, lottery); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, LotteryDrawn, lottery, map[string]any{"entrants": d.Entrants, "digest": d.Digest}))
	})
	return d, err
}

// HandleDraw draws a lottery whose time is over, if nobody did. Of a room that
// ended meanwhile too: who entered is owed a draw.
func (g *Games) HandleDraw(ctx context.Context, t outbox.Task) error {
	return g.DB.InTx(ctx, func(tx *db.Tx) error {
		l, err := readLottery(ctx, tx, t.Bank, t.Ref, "")
		if err != nil {
			return gone(err)
		}
		if l.State == Open && tx.Now.Before(l.EndsAt.Time) {
			return &outbox.Postponed{At: l.EndsAt.Time}
		}
		_, _, err = g.draw(ctx, tx, t.Bank, t.Ref)
		return err
	})
}

// draw is the one draw: the row is held, so that nobody enters or draws beside.
func (g *Games) draw(ctx context.Context, tx *db.Tx, bank, lottery string) (d Drawing, drawn bool, err error) {
	l, err := readLottery(ctx, tx, bank, lottery, tx.Dialect().ForUpdate())
	if err != nil || l.State != Open {
		return d, false, err
	}
	clear, err := g.Keys.Open(ctx, l.place(), l.sealed)
	if err != nil {
		return d, false, err
	}
	seed, err := hex.DecodeString(clear.Reveal())
	if err != nil {
		return d, false, fmt.Errorf("play: seed of %s: %w", lottery, err)
	}
	entrants, err := readEntrants(ctx, tx, lottery)
	if err != nil {
		return d, false, err
	}
	tickets := make([]string, 0, len(entrants))
	for t := range entrants {
		tickets = append(tickets, t)
	}
	d = Drawing{LotteryID: lottery, Commitment: l.Commitment, Seed: clear.Reveal(), Entrants: len(entrants), Digest: Digest(tickets), Winners: []Winner{}}
	n, err := tx.Exec(ctx, `UPDATE lottery SET state = 'drawn', closed_at = ?, seed = ?, entrants = ?, digest = ?
		WHERE bank_id = ? AND id = ? AND state = 'open'`, tx.Now, d.Seed, d.Entrants, d.Digest, bank, lottery)
	if err != nil || n == 0 {
		return d, false, err
	}
	for _, p := range Winners(seed, tickets, l.Prizes) {
		who := entrants[p.Ticket]
		_, err := tx.Exec(ctx, "UPDATE lottery_entry SET place = ?, prize_no = ? WHERE lottery_id = ? AND viewer_id = ?", p.Place, p.PrizeNo, lottery, who.ID)
		if err != nil {
			return d, false, err
		}
		prize := l.Prizes[p.PrizeNo-1].Title
		d.Winners = append(d.Winners, Winner{Place: p, Prize: prize, NicknameMasked: mask(who.Nickname)})
		tx.AfterCommit(func() {
			g.Rooms.Private(bank, who.ID, LotteryWon, map[string]any{"lottery_id": lottery, "title": l.Title, "prize_no": p.PrizeNo, "prize": prize})
		})
	}
	if err := g.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: GrantTask, Ref: lottery, Payload: struct{}{}}); err != nil {
		return d, false, err
	}
	return d, true, g.Rooms.Fact(ctx, tx, bank, l.RoomID, LotteryDrawn, d)
}

// mask shows the first character of a nickname.
func mask(nickname string) string {
	_, n := utf8.DecodeRuneInString(nickname)
	return nickname[:n] + "***"
}

// HandleGrant grants the winners' coupons: each once, with its note in one
// transaction. What a batch refuses is noted, for the host to see.
func (g *Games) HandleGrant(ctx context.Context, t outbox.Task) error {
	bank, found, err := g.Banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !found {
		return &outbox.Dropped{Cause: fmt.Errorf("play: task %s is of no bank", t.ID)}
	}
	owed, err := readOwed(ctx, g.DB, t.Bank, t.Ref)
	if err != nil {
		return err
	}
	for _, o := range owed {
		err := g.DB.InTx(ctx, func(tx *db.Tx) error {
			coupon, err := g.Coupons.Prize(ctx, tx, bank, o.batch, t.Ref, o.viewer)
			if err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "UPDATE lottery_entry SET coupon_id = ? WHERE lottery_id = ? AND viewer_id = ? AND coupon_id IS NULL AND grant_error IS NULL",
				coupon, t.Ref, o.viewer)
			if err == nil && n == 0 {
				err = errSeen
			}
			return err
		})
		var refusal *fault.Error
		if errors.As(err, &refusal) && refusal.Kind != fault.Internal && refusal.Kind != fault.Unavailable {
			err = g.note(ctx, t.Ref, o.viewer, refusal.Code)
		}
		if err != nil && !errors.Is(err, errSeen) {
			return err
		}
	}
	return nil
}

// errSeen undoes a grant that another worker made.
var errSeen = errors.New("play: seen to already")

// note writes down why a winner got no coupon. One who got it from another
// worker has it: then there is nothing to note.
func (g *Games) note(ctx context.Context, lottery, viewer, code string) error {
	return g.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE lottery_entry SET grant_error = ? WHERE lottery_id = ? AND viewer_id = ? AND coupon_id IS NULL", code, lottery, viewer)
		return err
	})
}
