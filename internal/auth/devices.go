package auth

import (
	"context"
	"strings"
	"unicode/utf8"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// Device is where a member of staff is signed in.
type Device struct {
	ID        string      `json:"id"`
	Agent     string      `json:"agent" doc:"As the browser names itself"`
	Address   string      `json:"address" doc:"The first letters of the address's keyed hash: the same for the same address"`
	CreatedAt clock.Stamp `json:"created_at"`
	UsedAt    clock.Stamp `json:"used_at" doc:"When tokens were last renewed"`
	ExpiresAt clock.Stamp `json:"expires_at"`
	Current   bool        `json:"current" doc:"The one that asks"`
}

// longestAgent is how much of a browser's name is kept.
const longestAgent = 200

// usedFrom is what is kept of where p's session is used from: nothing of viewers.
func (s *Service) usedFrom(ctx context.Context, p Principal) (agent, address any, err error) {
	if p.Kind != Staff {
		return nil, nil, nil
	}
	name := strings.ToValidUTF8(obs.RequestOf(ctx).Agent, "")
	if utf8.RuneCountInString(name) > longestAgent {
		name = string([]rune(name)[:longestAgent])
	}
	hash, err := s.addressHash(ctx, p.Bank.ID)
	return name, hash, err
}

// touch notes that p's session is used, and from where.
func (s *Service) touch(ctx context.Context, tx *db.Tx, p Principal) error {
	if p.Kind != Staff {
		return nil
	}
	agent, address, err := s.usedFrom(ctx, p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE session SET agent = ?, address_hash = ?, used_at = ? WHERE id = ?", agent, address, tx.Now, p.Session)
	return err
}

// Devices are where a member of staff is signed in, the last used first.
func (s *Service) Devices(ctx context.Context, bank, staffID, current string) ([]Device, error) {
	return db.All(ctx, s.db, func(r db.Row) (v Device, err error) {
		var created, used, expires db.Time
		err = r.Scan(&v.ID, &v.Agent, &v.Address, &created, &used, &expires)
		v.CreatedAt, v.UsedAt, v.ExpiresAt = clock.At(created.Time), clock.At(used.Time), clock.At(expires.Time)
		v.Address, v.Current = v.Address[:min(8, len(v.Address))], v.ID == current
		return v, err
	}, `SELECT id, COALESCE(agent, ''), COALESCE(address_hash, ''), created_at, COALESCE(used_at, created_at), expires_at FROM session
		WHERE bank_id = ? AND person_id = ? AND kind = 'staff' AND revoked_at IS NULL AND expires_at > ?
		ORDER BY COALESCE(used_at, created_at) DESC, id DESC LIMIT 100`, bank, staffID, s.db.Clock().Now())
}

// EndDevice ends a session of a member of staff, by themself or an admin, on this
// node at once and on others within two seconds. 404 not_found.
func (s *Service) EndDevice(ctx context.Context, by Principal, staffID, session string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM session WHERE bank_id = ? AND person_id = ? AND kind = 'staff' AND id = ? AND revoked_at IS NULL",
			by.Bank.ID, staffID, session)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := s.end(ctx, tx, session); err != nil {
			return err
		}
		return by.audit(ctx, tx, "staff.session_ended", staffID, map[string]any{"session": session})
	})
}

// EndDevices ends all sessions of a member of staff but the one that asks, and
// tells how many. 404 not_found.
func (s *Service) EndDevices(ctx context.Context, by Principal, staffID string) (n int, err error) {
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := exists(ctx, tx, by.Bank.ID, staffID); err != nil {
			return err
		}
		if n, err = s.endAll(ctx, tx, by.Bank.ID, staffID, by.Session); err != nil {
			return err
		}
		return by.audit(ctx, tx, "staff.sessions_ended", staffID, map[string]any{"sessions": n})
	})
	return n, err
}

func exists(ctx context.Context, q db.Querier, bank, staffID string) error {
	_, found, err := db.Value[string](ctx, q, "SELECT id FROM staff WHERE bank_id = ? AND id = ?", bank, staffID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// endAll ends a member of staff's sessions, but for one, "" for none.
func (s *Service) endAll(ctx context.Context, tx *db.Tx, bank, staffID, but string) (int, error) {
	sessions, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM session WHERE bank_id = ? AND person_id = ? AND revoked_at IS NULL AND id <> ?"+tx.Dialect().ForUpdate(), bank, staffID, but)
	for _, session := range sessions {
		if err := s.end(ctx, tx, session); err != nil {
			return 0, err
		}
	}
	return len(sessions), err
}
