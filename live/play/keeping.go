package play

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
)

// erasedName is how a person who was erased is shown among a lottery's entrants.
// The draw is by tickets, so that its proof holds.
const erasedName = "已注销用户"

// Erase takes a person out of what rooms played: their name out of lotteries, and
// themselves out of votes and of entries that won nothing and are drawn. Both
// still count, as nobody's. Who won stays for the books, as does whose a red
// packet's share was; what a held room has stays whole.
func Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	err := e.Run(ctx, tx, "lottery_entry", "nickname", "UPDATE lottery_entry SET nickname = ? WHERE bank_id = ? AND viewer_id = ?", erasedName, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	nobody := id.New(id.Viewer)
	err = e.Run(ctx, tx, "lottery_entry", "viewer_id", `UPDATE lottery_entry SET viewer_id = ? WHERE bank_id = ? AND viewer_id = ? AND place IS NULL
		AND EXISTS (SELECT 1 FROM lottery l WHERE l.id = lottery_entry.lottery_id AND l.state <> 'open' AND NOT `+keeping.Held("l.bank_id", "l.room_id")+")",
		nobody, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	err = e.Run(ctx, tx, "poll_vote", "viewer_id", `UPDATE poll_vote SET viewer_id = ? WHERE bank_id = ? AND viewer_id = ?
		AND EXISTS (SELECT 1 FROM poll p WHERE p.id = poll_vote.poll_id AND NOT `+keeping.Held("p.bank_id", "p.room_id")+")", nobody, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	for _, of := range []struct{ table, why string }{
		{"lottery_entry", "won something, or is to be drawn, or the room is held: the draw and its prizes are accounted for"},
		{"poll_vote", "the room is held"},
	} {
		left, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM "+of.table+" WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer)
		if err != nil {
			return err
		}
		e.Kept(of.table, "viewer_id", left, of.why)
	}
	return nil
}
