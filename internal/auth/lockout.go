package auth

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// Failed sign-ins make wait, ever longer, and never for good [own]: whoever knows
// a name could else keep its person out. An address from which a person signed in
// lately is theirs: there only failures of their own name at it count.
const (
	nameFailures    = 5  // of a name, until the first wait
	addressFailures = 50 // of an address, whatever the names: a branch has one address for all its people
	firstWait       = time.Minute
	longestWait     = 15 * time.Minute
	failuresForget  = time.Hour // without a failure
	addressIsTheirs = 30 * 24 * time.Hour
)

// waitAfter is the wait that so many failures bring; 0 below the limit.
func waitAfter(failures, limit int) time.Duration {
	if failures < limit {
		return 0
	}
	wait := firstWait
	for range failures - limit {
		if wait *= 2; wait >= longestWait {
			return longestWait
		}
	}
	return wait
}

// door is one who wants to come in: a name at an address.
type door struct {
	bank, name, address string // hashed
	theirs              bool   // the person signed in from the address lately
}

// counter is a row in which failures are counted.
type counter struct {
	name, address string
	limit         int
}

func (d door) counters() []counter {
	if d.theirs {
		return []counter{{d.name, d.address, nameFailures}}
	}
	return []counter{{d.name, "", nameFailures}, {"", d.address, addressFailures}}
}

// door finds out who knocks; staffID is "" for a name that is nobody's.
func (s *Service) door(ctx context.Context, bank, username, staffID string) (d door, err error) {
	d.bank = bank
	if d.name, err = s.nameHash(ctx, bank, username); err != nil {
		return d, err
	}
	if d.address, err = s.addressHash(ctx, bank); err != nil || staffID == "" {
		return d, err
	}
	_, d.theirs, err = db.Value[string](ctx, s.db, "SELECT id FROM session WHERE bank_id = ? AND person_id = ? AND address_hash = ? AND created_at > ? LIMIT 1",
		bank, staffID, d.address, s.db.Clock().Now().Add(-addressIsTheirs))
	return d, err
}

func (s *Service) nameHash(ctx context.Context, bank, username string) (string, error) {
	return s.keys.Hash(ctx, bank, "login", username)
}

func (s *Service) addressHash(ctx context.Context, bank string) (string, error) {
	return s.keys.Hash(ctx, bank, "ip", obs.RequestOf(ctx).IP)
}

// wait is how long the door stays shut.
func (s *Service) wait(ctx context.Context, d door) (time.Duration, error) {
	now, longest := s.db.Clock().Now(), time.Duration(0)
	for _, c := range d.counters() {
		until, _, err := db.Value[db.Time](ctx, s.db, "SELECT wait_until FROM login_failure WHERE bank_id = ? AND name_hash = ? AND address_hash = ?", d.bank, c.name, c.address)
		if err != nil {
			return 0, err
		}
		longest = max(longest, until.Sub(now))
	}
	return longest, nil
}

func shut(wait time.Duration) error { return fault.New(fault.RateLimited, "rate_limited").After(wait) }

// count adds a failure within tx and tells whether it shut the name's door.
func (d door) count(ctx context.Context, tx *db.Tx) (locked bool, err error) {
	for _, c := range d.counters() {
		err := tx.Insert(ctx, "login_failure (bank_id, name_hash, address_hash, failures, last_at)",
			[][]any{{d.bank, c.name, c.address, 0, tx.Now}}, tx.Dialect().OnDuplicate("bank_id, name_hash, address_hash", "failures = failures"))
		if err != nil {
			return false, err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT CASE WHEN last_at < ? THEN 1 ELSE failures + 1 END FROM login_failure WHERE bank_id = ? AND name_hash = ? AND address_hash = ?"+tx.Dialect().ForUpdate(),
			tx.Now.Add(-failuresForget), d.bank, c.name, c.address)
		if err != nil {
			return false, err
		}
		var until any
		if wait := waitAfter(n, c.limit); wait > 0 {
			until = tx.Now.Add(wait)
			locked = locked || c.name != ""
		}
		_, err = tx.Exec(ctx, "UPDATE login_failure SET failures = ?, last_at = ?, wait_until = ? WHERE bank_id = ? AND name_hash = ? AND address_hash = ?",
			n, tx.Now, until, d.bank, c.name, c.address)
		if err != nil {
			return false, err
		}
	}
	return locked, nil
}

// forget ends the count of the name, but not of its address: one good name must
// not pay for guesses at others.
func (d door) forget(ctx context.Context, tx *db.Tx) error {
	for _, c := range d.counters() {
		if c.name == "" {
			continue
		}
		if _, err := tx.Exec(ctx, "DELETE FROM login_failure WHERE bank_id = ? AND name_hash = ? AND address_hash = ?", d.bank, c.name, c.address); err != nil {
			return err
		}
	}
	return nil
}

// Unlock lets a person try again at once. 404 not_found.
func (s *Service) Unlock(ctx context.Context, by Principal, staffID string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		username, found, err := db.Value[string](ctx, tx, "SELECT username FROM staff WHERE bank_id = ? AND id = ?", by.Bank.ID, staffID)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		name, err := s.nameHash(ctx, by.Bank.ID, username)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM login_failure WHERE bank_id = ? AND name_hash = ?", by.Bank.ID, name); err != nil {
			return err
		}
		return by.audit(ctx, tx, "staff.unlocked", staffID, nil)
	})
}

// lockedUntil are the times until which names must wait, by their hash.
func lockedUntil(ctx context.Context, q db.Querier, bank string, now time.Time) (map[string]time.Time, error) {
	type row struct {
		name  string
		until db.Time
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) { return v, r.Scan(&v.name, &v.until) },
		"SELECT name_hash, MAX(wait_until) FROM login_failure WHERE bank_id = ? AND name_hash <> '' AND wait_until > ? GROUP BY name_hash", bank, now)
	out := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		out[r.name] = r.until.Time
	}
	return out, err
}

// keepFailures is how long failed sign-ins are remembered beyond their last wait.
const keepFailures = 24 * time.Hour
