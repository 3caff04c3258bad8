package card_test

import (
	"slices"
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// A code that somebody of a branch makes, or that names somebody of one, is of that
// branch; what its people see is cut by it.
func TestShareCodesOfABranchStayWithinIt(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		ids := map[string]string{}
		for name, prefix := range map[string]string{"west": id.Branch, "outlet": id.Branch, "east": id.Branch, "west-host": id.Staff, "east-host": id.Staff, "head": id.Staff,
			"west-room": id.Room, "east-room": id.Room, "own-room": id.Room, "head-room": id.Room} {
			ids[name] = id.New(prefix)
		}
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			if err := tx.Insert(ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{{ids["west"], d.Bank.ID, nil, "西", tx.Now},
				{ids["outlet"], d.Bank.ID, ids["west"], "西网点", tx.Now}, {ids["east"], d.Bank.ID, nil, "东", tx.Now}}, ""); err != nil {
				return err
			}
			if err := tx.Insert(ctx, "staff (id, bank_id, username, name, password_hash, branch_id, created_at)", [][]any{{ids["west-host"], d.Bank.ID, "w", "西主播", "x", ids["west"], tx.Now},
				{ids["east-host"], d.Bank.ID, "e", "东主播", "x", ids["east"], tx.Now}, {ids["head"], d.Bank.ID, "h", "总行", "x", nil, tx.Now}}, ""); err != nil {
				return err
			}
			var rooms [][]any
			for room, of := range map[string][2]any{"west-room": {"stf_x", ids["outlet"]}, "east-room": {"stf_x", ids["east"]}, "own-room": {ids["west-host"], ids["east"]}, "head-room": {"stf_x", nil}} {
				rooms = append(rooms, []any{ids[room], d.Bank.ID, room, "", "live", of[0], "主播", of[1], "", tx.Now, id.New(id.Event), tx.Now})
			}
			return tx.Insert(ctx, "room (id, bank_id, title, cover_url, status, host_id, host_name, branch_id, playback_url, starts_at, epoch, created_at)", rooms, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		person := func(name, branch string, own bool) card.ShareMaker {
			m := card.ShareMaker{Actor: card.Actor{Kind: "staff", ID: ids[name]}, OwnOnly: own}
			if branch != "" {
				m.Branch, m.Scope = ids[branch], tenant.Within(ids[branch])
			}
			if branch == "west" {
				m.Scope = tenant.Within(ids[branch], ids["outlet"])
			}
			return m
		}
		west, operator, head := person("west-host", "west", true), person("west-host", "west", false), person("head", "", false)
		operator.ID = id.New(id.Staff)
		text := func(name string) *string {
			if name == "" {
				return nil
			}
			v := ids[name]
			return &v
		}
		share := func(by card.ShareMaker, room, manager, outlet string) (card.ShareCode, error) {
			return d.Applications.MakeShareCode(ctx, d.Bank.ID, by, card.Share{Kind: card.ShareRoom, RoomID: text(room), ManagerID: text(manager), OutletID: text(outlet)})
		}
		for _, c := range []struct {
			what                  string
			by                    card.ShareMaker
			room, manager, outlet string
			of                    string // the outlet that it is of
		}{
			{"by a host, without more", west, "west-room", "", "", "west"}, {"at an outlet below", west, "west-room", "west-host", "outlet", "outlet"},
			{"of a room that is theirs to run", west, "own-room", "", "", "west"}, {"of the whole bank's room", west, "head-room", "", "", "west"},
			{"for a host of a branch", head, "head-room", "west-host", "", "west"}, {"by the head office", head, "east-room", "", "", ""},
		} {
			v, err := share(c.by, c.room, c.manager, c.outlet)
			if err != nil || (v.OutletID == nil) != (c.of == "") || c.of != "" && *v.OutletID != ids[c.of] {
				t.Errorf("%s: %+v: %v", c.what, v, err)
			}
		}
		for _, c := range []struct {
			by                           card.ShareMaker
			room, manager, outlet, field string
		}{
			{west, "east-room", "", "", "room_id"}, {west, "west-room", "east-host", "", "manager_id"}, {west, "west-room", "head", "", "manager_id"}, {west, "west-room", "", "east", "outlet_id"},
			{head, "east-room", "west-host", "", "room_id"}, {head, "head-room", "west-host", "east", "outlet_id"}, {operator, "own-room", "", "", "room_id"},
		} {
			_, err := share(c.by, c.room, c.manager, c.outlet)
			names(t, err, c.field)
		}
		seen := func(by card.ShareMaker) (n int) {
			t.Helper()
			all, err := d.Applications.ShareCodes(ctx, d.Bank.ID, by, "", 50)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		forWest, err := share(head, "head-room", "west-host", "outlet")
		if err != nil {
			t.Fatal(err)
		}
		if a, b, c := seen(west), seen(operator), seen(person("east-host", "east", false)); a != 6 || b != 6 || c != 0 || seen(head) != 7 {
			t.Errorf("the host sees %d, the branch %d, another branch %d", a, b, c)
		}
		// A host sees the code that names them, and ends only what they made.
		if _, err := d.Applications.RetireShareCode(ctx, d.Bank.ID, west, forWest.ID); fault.Code(err) != "auth.forbidden" {
			t.Errorf("%v", err)
		}
		if _, err := d.Applications.RetireShareCode(ctx, d.Bank.ID, person("east-host", "east", false), forWest.ID); fault.Code(err) != "not_found" {
			t.Errorf("%v", err)
		}
		if v, err := d.Applications.RetireShareCode(ctx, d.Bank.ID, operator, forWest.ID); err != nil || v.Live {
			t.Errorf("%v", err)
		}
		choices, err := d.Applications.ShareChoices(ctx, d.Bank.ID, west)
		if err != nil {
			t.Fatal(err)
		}
		sorted := func(list []card.Named) (out []string) {
			for _, n := range list {
				out = append(out, n.Name)
			}
			slices.Sort(out)
			return out
		}
		if m, o, r := sorted(choices.Managers), sorted(choices.Outlets), sorted(choices.Rooms); !slices.Equal(m, []string{"西主播"}) || !slices.Equal(o, []string{"西", "西网点"}) || !slices.Equal(r, []string{"head-room", "own-room", "west-room"}) {
			t.Errorf("a host of a branch may name %v, %v, %v", m, o, r)
		}
	})
}
