package auth

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
)

// erasedName is how a person who was erased is shown.
const erasedName = "已注销用户"

// FindViewer gives the id of the viewer with a phone number; 404 not_found.
func (s *Service) FindViewer(ctx context.Context, bank string, phone pii.Text) (string, error) {
	hash, err := s.keys.Hash(ctx, bank, "phone", phone.Reveal())
	if err != nil {
		return "", err
	}
	viewer, found, err := db.Value[string](ctx, s.db, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?", bank, hash)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return viewer, err
}

// Erase is what signing in holds of a person: it ends the sessions and takes the
// phone away. Whoever signs in with it from now on is somebody new.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	sessions, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM session WHERE bank_id = ? AND person_id = ? AND revoked_at IS NULL", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if err := s.end(ctx, tx, session); err != nil {
			return err
		}
	}
	err = e.Run(ctx, tx, "refresh_token", "*", `DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM session WHERE bank_id = ? AND person_id = ?)`, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	err = e.Run(ctx, tx, "session", "device_id", "UPDATE session SET device_id = NULL WHERE bank_id = ? AND person_id = ? AND device_id IS NOT NULL", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	hash, _, err := db.Value[string](ctx, tx, "SELECT phone_hash FROM viewer WHERE bank_id = ? AND id = ?", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	if err := e.Run(ctx, tx, "otp", "*", "DELETE FROM otp WHERE bank_id = ? AND phone_hash = ?", e.Bank, hash); err != nil {
		return err
	}
	return e.Run(ctx, tx, "viewer", "phone_sealed, phone_hash, phone_masked, nickname, branch_id", `UPDATE viewer SET phone_sealed = ?, phone_hash = ?, phone_masked = '',
		nickname = ?, branch_id = NULL, erased_at = ? WHERE bank_id = ? AND id = ?`, pii.Erased, "erased/"+e.Viewer, erasedName, tx.Now, e.Bank, e.Viewer)
}

// Keeping is how long ended sessions are kept [own].
func Keeping() keeping.Class {
	return keeping.Class{Name: "sessions", Means: "who was signed in, from the session's end on", Days: 180,
		Sweep: func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
			ids, err := s.IDs(ctx, tx, keeping.Range{Table: "session", Prefix: id.Session, OverAt: "t.expires_at", Left: "1 = 1",
				Held: keeping.Held("t.bank_id", "t.person_id")})
			if err != nil || len(ids) == 0 {
				return err
			}
			for _, t := range []struct{ table, column string }{{"refresh_token", "session_id"}, {"session", "id"}} {
				n, err := tx.Exec(ctx, "DELETE FROM "+t.table+" WHERE bank_id = ? AND "+t.column+" IN "+db.Marks(len(ids)), append([]any{s.Bank}, db.Args(ids)...)...)
				if err != nil {
					return err
				}
				s.Took(t.table, "*", n, ids[0], ids[len(ids)-1])
			}
			return nil
		}}
}
