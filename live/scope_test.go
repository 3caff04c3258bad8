package live_test

import (
	"slices"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/live"
	"yinbo/live/livetest"
)

// An operator of a branch runs the rooms of it and below, and what is theirs or
// shared with them wherever; another branch's room and the head office's are not
// there.
func TestOperatorsOfABranchRunItsRooms(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		s.Rooms.Scopes = tenant.NewDirectory(s.DB, "")
		west, outlet, east := id.New(id.Branch), id.New(id.Branch), id.New(id.Branch)
		s.Tx(t, func(tx *db.Tx) error {
			if err := tx.Insert(s.Ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{{west, s.Bank.ID, nil, "西", tx.Now},
				{outlet, s.Bank.ID, west, "西网点", tx.Now}, {east, s.Bank.ID, nil, "东", tx.Now}}, ""); err != nil {
				return err
			}
			_, err := tx.Exec(s.Ctx, "UPDATE staff SET branch_id = ? WHERE id = ?", west, s.Operator.ID)
			return err
		})
		rooms := map[string]string{}
		for _, branch := range []string{west, outlet, east, ""} {
			v, err := s.Rooms.Create(s.Ctx, s.Bank.ID, s.Host, live.Plan{Title: "专场", CoverURL: "/c.svg", PlaybackURL: "/l.m3u8", Branch: branch, StartsAt: s.DB.Clock().Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			rooms[branch] = v.ID
		}
		may := func(want ...string) {
			t.Helper()
			mine, err := s.Rooms.Mine(s.Ctx, s.Bank.ID, s.Operator, "", "", 20)
			var got []string
			for _, v := range mine {
				got = append(got, v.ID)
			}
			slices.Sort(got)
			slices.Sort(want)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("lists %v, want %v: %v", got, want, err)
			}
			for _, room := range rooms {
				_, err := s.Rooms.Edit(s.Ctx, s.Bank.ID, room, s.Operator, live.Change{})
				if slices.Contains(want, room) {
					wants(t, "one's own branch's", err, "")
				} else {
					wants(t, "another's", err, "not_found")
					wants(t, "another's", s.Rooms.HostMay(s.Ctx, s.Bank.ID, room, s.Operator.ID, true), "not_found")
				}
			}
		}
		may(rooms[west], rooms[outlet])
		s.Tx(t, func(tx *db.Tx) error {
			return tx.Insert(s.Ctx, "room_staff (room_id, staff_id, bank_id, role, added_by, added_at)",
				[][]any{{rooms[east], s.Operator.ID, s.Bank.ID, string(live.PartHost), s.Host.ID, tx.Now}}, "")
		})
		may(rooms[west], rooms[outlet], rooms[east])
		// Who was let in does not let others in, but the branch's operator does.
		if _, err := s.Rooms.Share(s.Ctx, s.Bank.ID, rooms[east], s.Operator, s.Stranger.ID, live.PartHost); err == nil {
			t.Error("shared another branch's room on")
		}
		if _, err := s.Rooms.Share(s.Ctx, s.Bank.ID, rooms[outlet], s.Operator, s.Stranger.ID, live.PartHost); err != nil {
			t.Error(err)
		}
	})
}
