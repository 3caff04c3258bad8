package live

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Staff is who runs a room.
type Staff struct {
	ID, Name  string
	Operator  bool // may run every room of the bank
	RequestID string
}

func (by Staff) entry(bank, action, object string) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object, RequestID: by.RequestID}
}

// Part is what a member of staff is in a room.
type Part string

// The parts. A room's owner is a host of it; operators are hosts of all rooms.
const (
	PartHost      Part = "host"
	PartAssistant Part = "assistant" // shelf, notices and moderation; not the room's life, nor money
)

// run does something to a room that by is a host of, in one transaction that
// holds the room: what do decides by cannot change under it.
func (s *Rooms) run(ctx context.Context, bank, room string, by Staff, do func(tx *db.Tx, v row) error) error {
	return s.runAs(ctx, bank, room, by, PartHost, do)
}

// assist is run for what assistants may do as well.
func (s *Rooms) assist(ctx context.Context, bank, room string, by Staff, do func(tx *db.Tx, v row) error) error {
	return s.runAs(ctx, bank, room, by, PartAssistant, do)
}

func (s *Rooms) runAs(ctx context.Context, bank, room string, by Staff, least Part, do func(tx *db.Tx, v row) error) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), bank, room)
		if err != nil {
			return err
		}
		if err := s.may(ctx, tx, v, by.ID, by.Operator, least); err != nil {
			return err
		}
		return do(tx, v)
	})
}

// scopeOf is which rooms a member of staff runs, whosesoever they are: an
// operator all of the bank, one of a branch those of it and below, others none.
func (s *Rooms) scopeOf(ctx context.Context, q db.Querier, bank, staff string, operator bool) (tenant.Scope, error) {
	if !operator {
		return tenant.Within(), nil
	}
	if s.Scopes == nil {
		return tenant.WholeBank, nil
	}
	branch, _, err := db.Value[string](ctx, q, "SELECT COALESCE(branch_id, '') FROM staff WHERE bank_id = ? AND id = ?", bank, staff)
	if err != nil {
		return tenant.Within(), err
	}
	return s.Scopes.ScopeOf(ctx, bank, branch)
}

// may is nil when the member of staff has the part, or more. Another's room is
// not there (404); an assistant knows of it, and is told 403 auth.forbidden.
func (s *Rooms) may(ctx context.Context, q db.Querier, v row, staff string, operator bool, least Part) error {
	if v.Host.ID == staff {
		return nil
	}
	if scope, err := s.scopeOf(ctx, q, v.bank, staff, operator); err != nil || scope.Has(v.branch) {
		return err
	}
	part, shared, err := db.Value[Part](ctx, q, "SELECT role FROM room_staff WHERE room_id = ? AND staff_id = ?", v.ID, staff)
	switch {
	case err != nil:
		return err
	case !shared:
		return fault.New(fault.NotFound, "not_found")
	case part != PartHost && least == PartHost:
		return fault.New(fault.Forbidden, "auth.forbidden")
	}
	return nil
}

// HostMay is nil when the member of staff is a host of the room, else 404
// not_found, or 403 auth.forbidden for an assistant.
func (s *Rooms) HostMay(ctx context.Context, bank, room, staff string, operator bool) error {
	return s.isAtLeast(ctx, bank, room, staff, operator, PartHost)
}

// AssistantMay is HostMay that lets assistants in too.
func (s *Rooms) AssistantMay(ctx context.Context, bank, room, staff string, operator bool) error {
	return s.isAtLeast(ctx, bank, room, staff, operator, PartAssistant)
}

func (s *Rooms) isAtLeast(ctx context.Context, bank, room, staff string, operator bool, least Part) error {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return err
	}
	return s.may(ctx, s.DB, v, staff, operator, least)
}
