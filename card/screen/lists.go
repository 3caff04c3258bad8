package screen

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
)

// ListName is black or white.
type ListName string

// The lists.
const (
	Black ListName = "black"
	White ListName = "white"
)

// Kind is what an entry is about.
type Kind string

// The kinds. Each has its keyed hash, by the purpose of the same meaning.
const (
	PersonKind    Kind = "person"
	Phone         Kind = "phone"
	Device        Kind = "device"
	IP            Kind = "ip"
	EmployerPhone Kind = "employer_phone"
)

// Entry is a line of a list. The value itself is nowhere.
type Entry struct {
	ID        string       `json:"id"`
	List      ListName     `json:"list" enum:"black,white"`
	Kind      Kind         `json:"kind" enum:"person,phone,device,ip,employer_phone"`
	Mark      string       `json:"mark" doc:"The first characters of the keyed hash: the same value has the same mark"`
	Reason    string       `json:"reason"`
	ExpiresAt *clock.Stamp `json:"expires_at" doc:"null for never"`
	InForce   bool         `json:"in_force" doc:"Neither removed nor expired"`
	AddedBy   string       `json:"added_by"`
	AddedAt   clock.Stamp  `json:"added_at"`
	RemovedBy *string      `json:"removed_by"`
	RemovedAt *clock.Stamp `json:"removed_at"`
}

// Line is what is put on a list.
type Line struct {
	List    ListName
	Kind    Kind
	Value   pii.Text // hashed at once, never kept
	Reason  string
	Expires time.Time // zero for never
}

// markLength is how much of a hash is shown: enough to see that two are the same.
const markLength = 8

const selectEntry = "SELECT id, list, kind, hash, reason, expires_at, added_by, added_at, removed_by, removed_at FROM screening_list WHERE "

func (s *Screens) scanEntry(r db.Row) (e Entry, err error) {
	var hash string
	var expires, added, removed db.Time
	err = r.Scan(&e.ID, &e.List, &e.Kind, &hash, &e.Reason, &expires, &e.AddedBy, &added, &e.RemovedBy, &removed)
	e.Mark = hash[:min(len(hash), markLength)]
	e.ExpiresAt, e.AddedAt, e.RemovedAt = clock.AtPtr(expires.Time), clock.At(added.Time), clock.AtPtr(removed.Time)
	e.InForce = removed.IsZero() && (expires.IsZero() || expires.After(s.book.DB.Clock().Now()))
	return e, err
}

// EntryFilter picks entries; empty fields do not filter.
type EntryFilter struct {
	List ListName
	Kind Kind
	All  bool // those that were removed too
}

// Entries gives a bank's entries, the newest first, after the one named: one more
// than limit when there are further ones.
func (s *Screens) Entries(ctx context.Context, bank string, f EntryFilter, after string, limit int) ([]Entry, error) {
	where, args := "bank_id = ?", []any{bank}
	for _, is := range []struct{ cond, value string }{{"list = ?", string(f.List)}, {"kind = ?", string(f.Kind)}, {"id < ?", after}} {
		if is.value != "" {
			where, args = where+" AND "+is.cond, append(args, is.value)
		}
	}
	if !f.All {
		where += " AND live_key IS NOT NULL"
	}
	return db.All(ctx, s.book.DB, s.scanEntry, selectEntry+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

// Find gives the entries of a value, removed ones too. 422 on value.
func (s *Screens) Find(ctx context.Context, bank string, by Person, kind Kind, value pii.Text) (found []Entry, left int, err error) {
	hash, err := s.hash(ctx, bank, kind, value)
	if err != nil {
		return nil, 0, err
	}
	if left, err = s.lookedUp(ctx, bank, by, kind); err != nil {
		return nil, 0, err
	}
	found, err = db.All(ctx, s.book.DB, s.scanEntry, selectEntry+"bank_id = ? AND kind = ? AND hash = ? ORDER BY id DESC LIMIT 100", bank, string(kind), hash)
	return found, left, err
}

// lookedUp counts and audits a look before it is taken: whoever asks for values
// one by one learns who is on the lists.
func (s *Screens) lookedUp(ctx context.Context, bank string, by Person, kind Kind) (left int, err error) {
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		// The chain's head is held until the commit: two looks at once are counted one
		// after the other.
		if err := by.audit(ctx, tx, bank, "looked_up", bank, map[string]any{"kind": kind}); err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM screening_lookup WHERE bank_id = ? AND staff_id = ? AND at > ?", bank, by.ID, tx.Now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= LookupsPerHour {
			return fault.New(fault.RateLimited, "rate_limited").After(10 * time.Minute)
		}
		left = LookupsPerHour - n - 1
		return tx.Insert(ctx, "screening_lookup (id, bank_id, staff_id, kind, at)", [][]any{{id.New(id.Search), bank, by.ID, string(kind), tx.Now}}, "")
	})
	return left, err
}

// LookupsPerHour is how often one person may ask whether a value is on a list.
const LookupsPerHour = 120

// Add puts a value on a list. Errors: 422 with the field named; 409
// screening.listed when it stands there already.
func (s *Screens) Add(ctx context.Context, bank string, by Person, l Line) (Entry, error) {
	if err := s.checkLine(&l); err != nil {
		return Entry{}, err
	}
	hash, err := s.hash(ctx, bank, l.Kind, l.Value)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		added, err := addEntry(ctx, tx, bank, by, l, hash)
		if err != nil {
			return err
		}
		if added == "" {
			return fault.New(fault.Conflict, "screening.listed")
		}
		err = by.audit(ctx, tx, bank, "listed", added, map[string]any{"list": l.List, "kind": l.Kind, "reason": l.Reason})
		if err != nil {
			return err
		}
		e, _, err = db.One(ctx, tx, s.scanEntry, selectEntry+"id = ?", added)
		return err
	})
	return e, err
}

// addEntry gives the new entry's id, "" when one is in force. One that expired
// makes room.
func addEntry(ctx context.Context, tx *db.Tx, bank string, by Person, l Line, hash string) (string, error) {
	key := liveKey(l.List, l.Kind, hash)
	_, err := tx.Exec(ctx, "UPDATE screening_list SET live_key = NULL, removed_at = expires_at WHERE bank_id = ? AND live_key = ? AND expires_at <= ?", bank, key, tx.Now)
	if err != nil {
		return "", err
	}
	entry := id.New(id.ListEntry)
	var expires any
	if !l.Expires.IsZero() {
		expires = l.Expires
	}
	err = tx.InsertIgnore(ctx, "screening_list (id, bank_id, list, kind, hash, live_key, reason, expires_at, added_by, added_at)",
		[][]any{{entry, bank, string(l.List), string(l.Kind), hash, key, l.Reason, expires, by.ID, tx.Now}})
	if err != nil {
		return "", err
	}
	got, _, err := db.Value[string](ctx, tx, "SELECT id FROM screening_list WHERE bank_id = ? AND live_key = ?", bank, key)
	if got != entry {
		return "", err
	}
	return entry, err
}

// Remove takes an entry off its list, with a reason. A repeat changes nothing.
// 404 not_found.
func (s *Screens) Remove(ctx context.Context, bank string, by Person, entry, reason string) (Entry, error) {
	var e Entry
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE screening_list SET live_key = NULL, removed_by = ?, removed_at = ? WHERE bank_id = ? AND id = ? AND live_key IS NOT NULL",
			by.ID, tx.Now, bank, entry)
		if err != nil {
			return err
		}
		var found bool
		if e, found, err = db.One(ctx, tx, s.scanEntry, selectEntry+"bank_id = ? AND id = ?", bank, entry); err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		if n == 0 {
			return nil
		}
		return by.audit(ctx, tx, bank, "unlisted", entry, map[string]any{"list": e.List, "kind": e.Kind, "reason": audit.Reason(reason)})
	})
	return e, err
}

// checkLine wants a reason without personal data and a time to come.
func (s *Screens) checkLine(l *Line) error {
	l.Reason = audit.Reason(strings.TrimSpace(l.Reason))
	switch {
	case l.Reason == "":
		return fault.InvalidField("reason", "field.required")
	case !l.Expires.IsZero() && !l.Expires.After(s.book.DB.Clock().Now()):
		return fault.InvalidField("expires_at", "screening.expired")
	}
	return nil
}

var (
	deviceShape = regexp.MustCompile(`^[\x21-\x7e]{1,100}$`)
	officeShape = regexp.MustCompile(`^\+?[0-9][0-9-]{4,24}$`)
)

// hash is the keyed hash by which an application's value is found: the value as
// the form would store it. 422 on field value when it can be none of the kind.
func (s *Screens) hash(ctx context.Context, bank string, kind Kind, t pii.Text) (string, error) {
	v, purpose, good := strings.TrimSpace(t.Reveal()), string(kind), false
	switch kind {
	case PersonKind:
		who, code := card.ParseIDNo(v)
		v, purpose, good = who.No, "id_no", code == ""
	case Phone:
		good = card.ValidMobile(v)
	case Device:
		good = deviceShape.MatchString(v)
	case IP:
		a, err := netip.ParseAddr(v)
		v, good = a.Unmap().String(), err == nil
	case EmployerPhone:
		good = officeShape.MatchString(v)
	}
	if !good {
		return "", fault.InvalidField("value", "screening.value")
	}
	return s.book.Keys.Hash(ctx, bank, purpose, v)
}
