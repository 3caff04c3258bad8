package card

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Draft is a form that is being filled in: all but the id number and the
// consents, which are given anew each time.
type Draft struct {
	CardProductID string              `json:"card_product_id"`
	Revision      int                 `json:"revision" doc:"Counts every write; the next write names it"`
	Step          string              `json:"step" doc:"Where the person was"`
	Fields        map[string]pii.Text `json:"-"`
	RoomID        string              `json:"room_id"`
	ShareCode     string              `json:"share_code"`
	UpdatedAt     clock.Stamp         `json:"updated_at"`
	ExpiresAt     clock.Stamp         `json:"expires_at" doc:"When it is deleted unless it is written again"`
}

// draftFields are the names of values that a draft may hold.
var draftFields = append(slices.DeleteFunc(FormFields(), func(f string) bool { return f == "id_no" }), columns...)

func draftPlace(bank, draft string) pii.Place {
	return pii.Place{Bank: bank, Table: "application_draft", Column: "sealed", Row: draft}
}

// stepShape is that of the steps' names: what stands in clear says nothing of a
// person.
var stepShape = regexp.MustCompile(`^[a-z_]{0,20}$`)

// checkDraft wants known names and texts that are not endless; whether they are
// right is asked when the form is sent in.
func checkDraft(d Draft) error {
	bad := fault.New(fault.Invalid, "validation")
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		switch v := d.Fields[name].Reveal(); {
		case !slices.Contains(draftFields, name):
			bad.With("fields."+name, "field.unknown")
		case !plainText(v):
			bad.With("fields."+name, "field.format")
		case utf8.RuneCountInString(v) > maxText:
			bad.With("fields."+name, "field.too_long")
		}
	}
	if !stepShape.MatchString(d.Step) {
		bad.With("step", "field.format")
	}
	if d.ShareCode != "" && !shareShape.MatchString(d.ShareCode) {
		bad.With("share_code", "field.format")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// SaveDraft writes a viewer's draft over the revision that was read, 0 for none.
// Errors: not_found for a card product that is not offered; validation;
// draft.outdated (409) when another device wrote meanwhile: read it, then write
// over what was read.
func (a *Applications) SaveDraft(ctx context.Context, bank tenant.Bank, viewer string, d Draft) (Draft, error) {
	if err := checkDraft(d); err != nil {
		return d, err
	}
	if offered, err := Offers(ctx, a.book.DB, bank.ID, d.CardProductID); err != nil || !offered {
		return d, orElse(err, fault.New(fault.NotFound, "not_found"))
	}
	from, err := Attribute(ctx, a.book.DB, a.rooms, bank.ID, d.RoomID, d.ShareCode)
	if err != nil {
		return d, err
	}
	plain := make(map[string]string, len(d.Fields))
	for name, t := range d.Fields {
		plain[name] = t.Reveal()
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return d, fmt.Errorf("card: draft: %w", err)
	}
	outdated := fault.New(fault.Conflict, "draft.outdated")
	draftID, found, err := db.Value[string](ctx, a.book.DB, "SELECT id FROM application_draft WHERE bank_id = ? AND viewer_id = ? AND card_product_id = ?", bank.ID, viewer, d.CardProductID)
	if err != nil {
		return d, err
	}
	switch {
	case found != (d.Revision > 0):
		return d, outdated
	case !found:
		draftID = id.New(id.Draft)
	}
	sealed, err := a.book.Keys.Seal(ctx, draftPlace(bank.ID, draftID), pii.Clear(string(raw)))
	if err != nil {
		return d, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		// Held: an erasure comes before, or takes the draft along.
		erased, _, err := db.Value[db.Time](ctx, tx, "SELECT erased_at FROM viewer WHERE bank_id = ? AND id = ?"+tx.Dialect().ForShare(), bank.ID, viewer)
		if err != nil || !erased.IsZero() {
			return orElse(err, fault.New(fault.NotFound, "not_found"))
		}
		if !found {
			err = tx.Insert(ctx, "application_draft (id, bank_id, viewer_id, card_product_id, revision, step, sealed, room_id, share_code, created_at, updated_at)",
				[][]any{{draftID, bank.ID, viewer, d.CardProductID, 1, d.Step, sealed, nullable(from.Room), nullable(d.ShareCode), tx.Now, tx.Now}}, "")
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE application_draft SET revision = revision + 1, step = ?, sealed = ?, room_id = COALESCE(?, room_id), share_code = COALESCE(?, share_code),
			updated_at = ? WHERE bank_id = ? AND id = ? AND revision = ?`, d.Step, sealed, nullable(from.Room), nullable(d.ShareCode), tx.Now, bank.ID, draftID, d.Revision)
		if err == nil && n == 0 {
			err = outdated
		}
		return err
	})
	if db.IsDuplicate(err) {
		err = outdated
	}
	if err != nil {
		return d, err
	}
	all, err := a.drafts(ctx, bank, "id = ?", draftID)
	if err != nil || len(all) == 0 {
		return d, orElse(err, outdated)
	}
	return all[0], nil
}

// Drafts gives the viewer's drafts, the newest first.
func (a *Applications) Drafts(ctx context.Context, bank tenant.Bank, viewer string) ([]Draft, error) {
	return a.drafts(ctx, bank, "viewer_id = ?", viewer)
}

func (a *Applications) drafts(ctx context.Context, bank tenant.Bank, where string, args ...any) ([]Draft, error) {
	type row struct {
		Draft
		id, sealed string
	}
	rows, err := db.All(ctx, a.book.DB, func(r db.Row) (v row, err error) {
		var at db.Time
		err = r.Scan(&v.id, &v.CardProductID, &v.Revision, &v.Step, &v.sealed, &v.RoomID, &v.ShareCode, &at)
		v.UpdatedAt = clock.At(at.Time)
		v.ExpiresAt = clock.At(at.AddDate(0, 0, DraftKeeping().DaysAt(bank)))
		return v, err
	}, `SELECT id, card_product_id, revision, step, sealed, COALESCE(room_id, ''), COALESCE(share_code, ''), updated_at
		FROM application_draft WHERE bank_id = ? AND `+where+" ORDER BY updated_at DESC, id", append([]any{bank.ID}, args...)...)
	if err != nil {
		return nil, err
	}
	out := make([]Draft, len(rows))
	for i, r := range rows {
		text, err := a.book.Keys.Open(ctx, draftPlace(bank.ID, r.id), r.sealed)
		if err != nil {
			return nil, err
		}
		out[i] = r.Draft
		if err := json.Unmarshal([]byte(text.Reveal()), &out[i].Fields); err != nil {
			return nil, fmt.Errorf("card: draft %s: %w", r.id, err)
		}
	}
	return out, nil
}

// ForgetDraft deletes a viewer's draft at their wish; none is no error. Errors:
// not_found for what is no card product of the bank.
func (a *Applications) ForgetDraft(ctx context.Context, bank, viewer, product string) error {
	_, known, err := db.Value[string](ctx, a.book.DB, "SELECT id FROM card_product WHERE bank_id = ? AND id = ?", bank, product)
	if err != nil || !known {
		return orElse(err, fault.New(fault.NotFound, "not_found"))
	}
	return a.book.DB.InTx(ctx, func(tx *db.Tx) error { return forgetDraft(ctx, tx, bank, viewer, product) })
}

func forgetDraft(ctx context.Context, tx *db.Tx, bank, viewer, product string) error {
	_, err := tx.Exec(ctx, "DELETE FROM application_draft WHERE bank_id = ? AND viewer_id = ? AND card_product_id = ?", bank, viewer, product)
	return err
}

// DraftKeeping is how long a draft is kept from its last change [own].
func DraftKeeping() keeping.Class {
	return keeping.Class{Name: "drafts", Means: "what people began to tell and did not send in, from its last change", Days: 30,
		Sweep: func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
			ids, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
				"SELECT id FROM application_draft WHERE bank_id = ? AND updated_at < ? AND NOT "+keeping.Held("application_draft.bank_id", "application_draft.viewer_id")+" ORDER BY id LIMIT ?"+tx.Dialect().ForUpdate(),
				s.Bank, s.Before, s.Limit)
			if err != nil || len(ids) == 0 {
				return err
			}
			if len(ids) == s.Limit {
				s.More()
			}
			n, err := tx.Exec(ctx, "DELETE FROM application_draft WHERE bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{s.Bank}, db.Args(ids)...)...)
			s.Took("application_draft", "*", n, ids[0], ids[len(ids)-1])
			return err
		}}
}
