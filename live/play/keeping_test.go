package play_test

import (
	"context"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/testkit"
	"yinbo/live/play"
)

// Votes and lost draws of an erased person still count, as nobody's; what is to be
// accounted for stays, and so does what a held room has.
func TestAnErasedPersonsVotesAndLostDrawsAreNobodys(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		l, open := s.lottery(play.Anybody), s.lottery(play.Anybody)
		viewers := s.viewers(8)
		p := s.poll("a", "b")
		for _, v := range viewers {
			if err := s.enter(l, v); err != nil {
				t.Fatal(err)
			}
			if err := s.enter(open, v); err != nil {
				t.Fatal(err)
			}
			if err := s.games.Vote(s.Ctx, s.Bank.ID, p.ID, v.ID, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.games.Draw(s.Ctx, s.Bank.ID, l.ID, s.Host); err != nil {
			t.Fatal(err)
		}
		s.run()
		find := func(which string) string {
			v, _, err := db.Value[string](s.Ctx, s.DB, "SELECT MIN(viewer_id) FROM lottery_entry WHERE lottery_id = ? AND "+which, l.ID)
			if err != nil || v == "" {
				t.Fatal(which, err)
			}
			return v
		}
		winner, loser := find("place IS NOT NULL"), find("place IS NULL")
		k := keeping.New(keeping.Deps{DB: s.DB, Parts: []keeping.Part{{Name: "lotteries", Erase: play.Erase},
			{Name: "sign-in", Erase: func(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
				return e.Run(ctx, tx, "viewer", "*", `UPDATE viewer SET erased_at = ?, phone_sealed = 'erased', phone_masked = '',
					phone_hash = CONCAT_WS('', 'erased/', id) WHERE bank_id = ? AND id = ?`, tx.Now, e.Bank, e.Viewer)
			}}}})
		erase := func(viewer string) {
			t.Helper()
			err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
				return tx.InsertIgnore(s.Ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
					[][]any{{viewer, s.Bank.ID, viewer, "erased", "", "甲", tx.Now}})
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Erase(s.Ctx, s.Bank.ID, viewer, "asked for", keeping.Actor{Kind: "system", ID: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		erase(loser)
		erase(winner)
		for _, c := range []struct {
			what, query string
			args        []any
			want        int64
		}{
			{"the loser's drawn entry", "SELECT COUNT(*) FROM lottery_entry WHERE viewer_id = ? AND lottery_id = ?", []any{loser, l.ID}, 0},
			{"the loser's entry that is to be drawn", "SELECT COUNT(*) FROM lottery_entry WHERE viewer_id = ? AND lottery_id = ?", []any{loser, open.ID}, 1},
			{"the winner's entry", "SELECT COUNT(*) FROM lottery_entry WHERE viewer_id = ? AND lottery_id = ?", []any{winner, l.ID}, 1},
			{"their votes", "SELECT COUNT(*) FROM poll_vote WHERE viewer_id IN (?, ?)", []any{loser, winner}, 0},
			{"all votes", "SELECT COUNT(*) FROM poll_vote", nil, 8},
		} {
			if got := s.number(c.query, c.args...); got != c.want {
				t.Errorf("%s: %d, want %d", c.what, got, c.want)
			}
		}
		testkit.Holds(t, s.DB, play.Invariants()...)

		err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
			return tx.Insert(s.Ctx, "legal_hold (id, bank_id, object_kind, object_id, reason, set_by, set_at)",
				[][]any{{id.New(id.Hold), s.Bank.ID, "room", s.room, "x", "stf_x", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		other := viewers[0].ID
		for _, v := range viewers {
			if v.ID != winner && v.ID != loser {
				other = v.ID
			}
		}
		erase(other)
		if n := s.number("SELECT COUNT(*) FROM poll_vote WHERE viewer_id = ?", other); n != 1 {
			t.Error("a held room lost whose vote it was")
		}
	})
}
