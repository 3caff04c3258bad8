package card

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Branches knows what is below a branch.
type Branches interface {
	ScopeOf(ctx context.Context, bank, branch string) (tenant.Scope, error)
}

// side is who stands behind a share code: who makes it, or whom it names.
type side struct {
	staff  string
	branch string
	scope  tenant.Scope
}

// keepWithin fills the outlet in and keeps a code within the branch of who makes it
// and of whom it names: its outlet is of the branch or below it, and so is its
// manager; its room is of there too, or the whole bank's, or theirs to run.
func (a *Applications) keepWithin(ctx context.Context, tx *db.Tx, bank string, by ShareMaker, s *Share) error {
	sides := []side{{by.ID, by.Branch, by.Scope}}
	if s.ManagerID != nil {
		named := side{staff: *s.ManagerID}
		branch, _, err := db.Value[*string](ctx, tx, "SELECT branch_id FROM staff WHERE bank_id = ? AND id = ?", bank, named.staff)
		if err != nil {
			return err
		}
		if branch != nil {
			named.branch = *branch
		}
		if named.scope, err = a.branches.ScopeOf(ctx, bank, named.branch); err != nil {
			return err
		}
		if !by.Scope.Has(named.branch) {
			return fault.InvalidField("manager_id", "share.other_branch")
		}
		sides = append([]side{named}, sides...)
	}
	for _, who := range sides {
		if s.OutletID == nil && who.branch != "" {
			s.OutletID = &who.branch
		}
	}
	for _, who := range sides {
		if who.scope.Bounded() && !who.scope.Has(*s.OutletID) {
			return fault.InvalidField("outlet_id", "share.other_branch")
		}
		ok, err := who.mayShare(ctx, tx, bank, s.RoomID)
		if err != nil {
			return err
		}
		if !ok {
			return fault.InvalidField("room_id", "share.other_branch")
		}
	}
	return nil
}

func (who side) mayShare(ctx context.Context, q db.Querier, bank string, room *string) (bool, error) {
	if room == nil || !who.scope.Bounded() {
		return true, nil
	}
	cond, args := who.roomCond()
	_, found, err := db.Value[string](ctx, q, "SELECT r.id FROM room r WHERE r.bank_id = ? AND r.id = ?"+cond, append([]any{bank, *room}, args...)...)
	return found, err
}

// roomCond is the condition that somebody may pass a room r on, behind others.
func (who side) roomCond() (string, []any) {
	cond, args := who.scope.SQL("r.branch_id")
	if cond == "" {
		return "", nil
	}
	return " AND (r.branch_id IS NULL OR r.host_id = ? OR EXISTS (SELECT 1 FROM room_staff c WHERE c.room_id = r.id AND c.staff_id = ?) OR " + cond + ")",
		append([]any{who.staff, who.staff}, args...)
}

// ShareChoices are what a code may name.
type ShareChoices struct {
	Managers []Named `json:"managers"`
	Outlets  []Named `json:"outlets"`
	Rooms    []Named `json:"rooms" doc:"The newest"`
}

// ShareChoices gives what a maker's code may name.
func (a *Applications) ShareChoices(ctx context.Context, bank string, by ShareMaker) (c ShareChoices, err error) {
	read := func(into *[]Named, query, cond string, args []any, tail string) {
		if err == nil {
			*into, err = db.All(ctx, a.book.DB, func(r db.Row) (n Named, err error) { return n, r.Scan(&n.ID, &n.Name) }, query+cond+tail, append([]any{bank}, args...)...)
		}
	}
	cond, args := by.Scope.And("branch_id")
	read(&c.Managers, "SELECT id, name FROM staff WHERE bank_id = ? AND disabled_at IS NULL AND merchant_id IS NULL", cond, args, " ORDER BY name, id LIMIT 500")
	cond, args = by.Scope.And("id")
	read(&c.Outlets, "SELECT id, name FROM branch WHERE bank_id = ?", cond, args, " ORDER BY id LIMIT 500")
	cond, args = side{staff: by.ID, scope: by.Scope}.roomCond()
	read(&c.Rooms, "SELECT r.id, r.title FROM room r WHERE r.bank_id = ?", cond, args, " ORDER BY r.id DESC LIMIT 100")
	return c, err
}
