package card

import (
	"context"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
)

// Supplement takes the fields that the reviewer asked for, all of them at once,
// and gives the application back to the review: to the reviewer whose claim still
// holds, else to the queue. Errors: not_found; conflict when nothing is asked
// for; validation with fields.<name>.
func (a *Applications) Supplement(ctx context.Context, bank, viewer, application string, given map[string]pii.Text, by Actor) (Application, error) {
	current, err := a.get(ctx, a.book.DB, bank, viewer, application)
	if err != nil {
		return current, err
	}
	if current.InfoRequest == nil {
		return current, fault.New(fault.Conflict, "conflict")
	}
	if err := checkSupplement(current.InfoRequest.Fields, given); err != nil {
		return current, err
	}
	plain := map[string]string{}
	for _, column := range []string{"city_code", "income_band"} {
		if v, ok := given[column]; ok {
			plain[column] = v.Reveal()
		}
	}
	rows, err := a.book.seal(ctx, bank, application, given)
	if err != nil {
		return current, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		return a.supplement(ctx, tx, Event{Bank: bank, Application: application, Kind: "supplemented", By: by,
			Detail: map[string]any{"fields": current.InfoRequest.Fields}}, given, plain, rows)
	})
	if err != nil {
		return current, err
	}
	return a.Get(ctx, bank, viewer, application)
}

// checkSupplement wants each field that was asked for, and no other.
func checkSupplement(asked []string, given map[string]pii.Text) error {
	bad := fault.New(fault.Invalid, "validation")
	for field := range given {
		if !slices.Contains(asked, field) {
			bad.With("fields."+field, "field.unknown")
		}
	}
	for _, field := range asked {
		if code := checkText(field, given[field].Reveal()); code != "" {
			bad.With("fields."+field, code)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (a *Applications) supplement(ctx context.Context, tx *db.Tx, e Event, given map[string]pii.Text, plain map[string]string, rows [][]any) error {
	set, args := "info_fields = NULL, info_message_sealed = NULL", []any{}
	for _, column := range []string{"city_code", "income_band"} {
		if v, ok := plain[column]; ok {
			set, args = set+", "+column+" = ?", append(args, v)
		}
	}
	if name, ok := given["name"]; ok {
		set, args = set+", name_masked = ?", append(args, Mask("name", name))
	}
	m := Move{Event: e, From: []Status{InfoRequested}, To: InReview, Set: set, Args: args,
		Where: "claimed_until > ?", With: []any{tx.Now}}
	moved, err := a.book.Move(ctx, tx, m)
	if err == nil && !moved {
		m.To, m.Where, m.With = Queued, "", nil
		m.Set += ", claimed_by = NULL, claimed_until = NULL"
		moved, err = a.book.Move(ctx, tx, m)
	}
	if err != nil {
		return err
	}
	if !moved { // withdrawn or decided meanwhile
		return fault.New(fault.Conflict, "conflict")
	}
	return tx.Insert(ctx, fieldColumns, rows, tx.Dialect().OnDuplicate("application_id, field", "sealed = NEW(sealed)"))
}

// Withdraw ends an application at the applicant's wish, as long as it is not
// decided; again is no change. Errors: not_found; conflict once it is decided.
func (a *Applications) Withdraw(ctx context.Context, bank, viewer, application string, by Actor) (Application, error) {
	current, err := a.get(ctx, a.book.DB, bank, viewer, application)
	if err != nil || current.Status == Withdrawn {
		return current, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		moved, err := a.book.Move(ctx, tx, Move{Event: Event{Bank: bank, Application: application, Kind: "withdrawn", By: by}, To: Withdrawn})
		if err == nil && !moved {
			err = fault.New(fault.Conflict, "conflict")
		}
		return err
	})
	if err != nil {
		return current, err
	}
	return a.Get(ctx, bank, viewer, application)
}
