package card

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
)

// erasedHash stands where a hash was by which a person was found.
const erasedHash = "erased"

// Unerased is a condition on application: somebody is left to decide on. What an
// erasure or the class applications took is not looked at again.
const Unerased = "phone_hash <> '" + erasedHash + "'"

// Erase is what applications hold of a person. Those under review are withdrawn;
// one that the card core has is waited for: 409 person.applying.
func (b *Book) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	type application struct {
		id     string
		status Status
	}
	all, err := db.All(ctx, tx, func(r db.Row) (a application, err error) { return a, r.Scan(&a.id, &a.status) },
		"SELECT id, status FROM application WHERE bank_id = ? AND viewer_id = ? ORDER BY id"+tx.Dialect().ForUpdate(), e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.id
		if a.status == Approved || a.status == HandedOff {
			return fault.New(fault.Conflict, "person.applying")
		}
		if a.status.open() {
			by := Actor{Kind: e.By.Kind, ID: e.By.ID, RequestID: e.By.RequestID}
			if _, err := b.Move(ctx, tx, Move{Event: Event{Bank: e.Bank, Application: a.id, Kind: "withdrawn", By: by}, To: Withdrawn}); err != nil {
				return err
			}
		}
		if _, err := b.Box.Cancel(ctx, tx, e.Bank, TaskNotice, a.id); err != nil { // nobody is left to be told
			return err
		}
	}
	if err := scrub(ctx, tx, e.Bank, ids, " AND status <> 'rejected'", e.Erased); err != nil {
		return err
	}
	err = e.Run(ctx, tx, "application", "card_last4", "UPDATE application SET card_last4 = NULL WHERE bank_id = ? AND viewer_id = ? AND card_last4 IS NOT NULL", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	waits, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM application WHERE bank_id = ? AND viewer_id = ? AND id_no_hash <> ?", e.Bank, e.Viewer, erasedHash)
	if err != nil {
		return err
	}
	e.Kept("application", "id_no_hash", waits, "a declined person's wait; until the class applications is over")
	given, err := tx.Exec(ctx, "UPDATE consent SET withdrawn_at = ? WHERE bank_id = ? AND viewer_id = ? AND withdrawn_at IS NULL", tx.Now, e.Bank, e.Viewer)
	e.Kept("consent", "*", given, "withdrawn; the records of processing stay three years: PIPL 56")
	if err != nil {
		return err
	}
	return e.Run(ctx, tx, "application_draft", "*", "DELETE FROM application_draft WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer)
}

// scrub takes the applicants out of applications; but is a condition on those
// whose id number's hash may go.
func scrub(ctx context.Context, tx *db.Tx, bank string, ids []string, but string, note func(table, column string, n int64)) error {
	if len(ids) == 0 {
		return nil
	}
	for _, s := range []struct {
		table, column, statement string
		args                     []any
	}{
		{"applicant_field", "*", "DELETE FROM applicant_field WHERE bank_id = ? AND application_id IN ", []any{bank}},
		{"lead_event", "sealed_text", "UPDATE lead_event SET sealed_text = NULL WHERE bank_id = ? AND sealed_text IS NOT NULL AND application_id IN ", []any{bank}},
		{"application", "name_masked, id_no_masked, phone_masked, phone_hash, employer_phone_hash, ip_hash, device_id, delivery_outlet_id, info_message_sealed", `UPDATE application SET name_masked = '', id_no_masked = '',
			phone_masked = '', phone_hash = ?, employer_phone_hash = NULL, ip_hash = ?, device_id = NULL, delivery_outlet_id = NULL, info_fields = NULL, info_message_sealed = NULL, proposal_id = NULL WHERE bank_id = ? AND id IN `, []any{erasedHash, erasedHash, bank}},
		{"screening_decision", "input_sealed", "UPDATE screening_decision SET input_sealed = ? WHERE bank_id = ? AND application_id IN ", []any{pii.Erased, bank}},
		{"screening_earlier", "input_sealed", "UPDATE screening_earlier SET input_sealed = ? WHERE bank_id = ? AND application_id IN ", []any{pii.Erased, bank}},
		{"application", "id_no_hash", "UPDATE application SET id_no_hash = ? WHERE bank_id = ?" + but + " AND id IN ", []any{erasedHash, bank}},
	} {
		n, err := tx.Exec(ctx, s.statement+db.Marks(len(ids)), append(s.args, db.Args(ids)...)...)
		if err != nil {
			return err
		}
		note(s.table, s.column, n)
	}
	return nil
}

// Keeping is how long an applicant's data is kept after the application's last
// word [own]: the bank's card core has what it needs of those who hold a card.
func Keeping() keeping.Class {
	return keeping.Class{Name: "applications", Means: "what applicants told, from the last change of an application that is decided on", Days: 365, Least: 90,
		Sweep: func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
			ids, err := s.IDs(ctx, tx, keeping.Range{Table: "application", Prefix: id.Application,
				OverAt: "CASE WHEN t.status IN ('rejected', 'withdrawn', 'issued', 'activated', 'bound') THEN t.updated_at END",
				Left:   "t.id_no_hash <> '" + erasedHash + "'",
				Held:   keeping.Held("t.bank_id", "t.id", "t.viewer_id")})
			if err != nil || len(ids) == 0 {
				return err
			}
			return scrub(ctx, tx, s.Bank, ids, "", func(table, column string, n int64) { s.Took(table, column, n, ids[0], ids[len(ids)-1]) })
		}}
}
