package keeping

import (
	"context"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Hold keeps a thing, and a person with it whose thing it is, from being erased
// and deleted.
type Hold struct {
	ID         string       `json:"id"`
	ObjectKind string       `json:"object_kind" enum:"person,order,application,room"`
	ObjectID   string       `json:"object_id"`
	Reason     string       `json:"reason"`
	SetBy      string       `json:"set_by"`
	SetByName  string       `json:"set_by_name"`
	SetAt      clock.Stamp  `json:"set_at"`
	LiftedBy   *string      `json:"lifted_by" doc:"null while it stands"`
	LiftedAt   *clock.Stamp `json:"lifted_at"`
	LiftReason *string      `json:"lift_reason"`
}

// holdable is what a hold can be set on, by the prefix of its id. person is the
// column of whose it is.
var holdable = map[string]struct{ kind, table, person string }{
	id.Viewer:      {"person", "viewer", "id"},
	id.Order:       {"order", "orders", "viewer_id"},
	id.Application: {"application", "application", "viewer_id"},
	id.Room:        {"room", "room", ""},
}

// Held is the condition that a standing hold names one of the columns, each with
// its table's name or alias; bank is the column of the row's bank.
func Held(bank string, columns ...string) string {
	return "EXISTS (SELECT 1 FROM legal_hold h WHERE h.bank_id = " + bank +
		" AND h.lifted_at IS NULL AND h.object_id IN (" + strings.Join(columns, ", ") + "))"
}

// SetHold sets a hold; 404 not_found for what the bank does not have.
func (k *Keeper) SetHold(ctx context.Context, bank, object, reason string, by Actor) (Hold, error) {
	prefix, _, err := id.Parse(object)
	what, known := holdable[prefix]
	if err != nil || !known {
		return Hold{}, fault.New(fault.NotFound, "not_found").With("object_id", "not_found")
	}
	holdID := id.New(id.Hold)
	err = k.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := gate(ctx, tx, bank); err != nil {
			return err
		}
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM "+what.table+" WHERE bank_id = ? AND id = ?", bank, object)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found").With("object_id", "not_found")
		}
		err = tx.Insert(ctx, "legal_hold (id, bank_id, object_kind, object_id, reason, set_by, set_at)",
			[][]any{{holdID, bank, what.kind, object, audit.Reason(reason), by.ID, tx.Now}}, "")
		if err != nil {
			return err
		}
		return write(ctx, tx, bank, "hold.set", object, by, map[string]any{"hold": holdID, "reason": audit.Reason(reason)})
	})
	if err != nil {
		return Hold{}, err
	}
	return k.GetHold(ctx, bank, holdID)
}

// LiftHold ends a hold; 404 not_found, 409 hold.lifted when it is over already.
// What it kept is looked at anew.
func (k *Keeper) LiftHold(ctx context.Context, bank, hold, reason string, by Actor) (Hold, error) {
	err := k.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := gate(ctx, tx, bank); err != nil {
			return err
		}
		object, found, err := db.Value[string](ctx, tx, "SELECT object_id FROM legal_hold WHERE bank_id = ? AND id = ?", bank, hold)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		n, err := tx.Exec(ctx, "UPDATE legal_hold SET lifted_by = ?, lifted_at = ?, lift_reason = ? WHERE bank_id = ? AND id = ? AND lifted_at IS NULL",
			by.ID, tx.Now, audit.Reason(reason), bank, hold)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "hold.lifted")
		}
		if err := k.again(ctx, tx, bank); err != nil {
			return err
		}
		return write(ctx, tx, bank, "hold.lifted", object, by, map[string]any{"hold": hold, "reason": audit.Reason(reason)})
	})
	if err != nil {
		return Hold{}, err
	}
	return k.GetHold(ctx, bank, hold)
}

// HoldFilter picks holds; zero fields do not filter.
type HoldFilter struct {
	Object   string
	Standing bool
	Before   string // an id, for paging from the newest back
	Limit    int
}

// Holds lists a bank's holds, the newest first, one more than the limit when
// there are further ones.
func (k *Keeper) Holds(ctx context.Context, bank string, f HoldFilter) ([]Hold, error) {
	where, args := "bank_id = ?", []any{bank}
	if f.Object != "" {
		where, args = where+" AND object_id = ?", append(args, f.Object)
	}
	if f.Standing {
		where += " AND lifted_at IS NULL"
	}
	if f.Before != "" {
		where, args = where+" AND id < ?", append(args, f.Before)
	}
	return k.readHolds(ctx, where+" ORDER BY id DESC LIMIT ?", append(args, f.Limit+1)...)
}

// GetHold gives one; 404 not_found.
func (k *Keeper) GetHold(ctx context.Context, bank, hold string) (Hold, error) {
	all, err := k.readHolds(ctx, "bank_id = ? AND id = ?", bank, hold)
	if err != nil {
		return Hold{}, err
	}
	if len(all) == 0 {
		return Hold{}, fault.New(fault.NotFound, "not_found")
	}
	return all[0], nil
}

func (k *Keeper) readHolds(ctx context.Context, where string, args ...any) ([]Hold, error) {
	return db.All(ctx, k.DB, func(r db.Row) (h Hold, err error) {
		var set, lifted db.Time
		err = r.Scan(&h.ID, &h.ObjectKind, &h.ObjectID, &h.Reason, &h.SetBy, &h.SetByName, &set, &h.LiftedBy, &lifted, &h.LiftReason)
		h.SetAt = clock.At(set.Time)
		if !lifted.IsZero() {
			at := clock.At(lifted.Time)
			h.LiftedAt = &at
		}
		return h, err
	}, "SELECT id, object_kind, object_id, reason, set_by, COALESCE((SELECT s.name FROM staff s WHERE s.id = legal_hold.set_by), ''), set_at, lifted_by, lifted_at, lift_reason FROM legal_hold WHERE "+where, args...)
}

// heldFor is why a person may not be erased: the reason of a standing hold on
// the person or on something of theirs.
func heldFor(ctx context.Context, q db.Querier, bank, viewer string) (reason string, held bool, err error) {
	for _, what := range holdable {
		if what.person == "" {
			continue
		}
		reason, held, err = db.Value[string](ctx, q, `SELECT h.reason FROM legal_hold h JOIN `+what.table+` t ON t.id = h.object_id AND t.bank_id = h.bank_id
			WHERE h.bank_id = ? AND h.lifted_at IS NULL AND t.`+what.person+` = ? ORDER BY h.id LIMIT 1`, bank, viewer)
		if err != nil || held {
			return reason, held, err
		}
	}
	return "", false, nil
}

func write(ctx context.Context, tx *db.Tx, bank, action, object string, by Actor, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: by.Kind, Actor: by.ID, Action: action, Object: object,
		Detail: detail, RequestID: by.RequestID})
}
