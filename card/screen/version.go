package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// State is where a version stands.
type State string

// The states.
const (
	Draft     State = "draft"
	Submitted State = "submitted"
	Active    State = "active"
	Retired   State = "retired"
)

// Version is a bank's rules as they were written at some time.
type Version struct {
	ID            string       `json:"id"`
	No            int64        `json:"no" doc:"1, 2, 3 … within the bank"`
	State         State        `json:"state" enum:"draft,submitted,active,retired"`
	Revision      int64        `json:"revision" doc:"Counts every write; acts name the one that was read"`
	Name          string       `json:"name"`
	Note          string       `json:"note"`
	Rules         []Rule       `json:"rules"`
	Cases         []Case       `json:"cases"`
	BaseID        *string      `json:"base_id" doc:"The version that was active when this one was submitted"`
	CreatedBy     *string      `json:"created_by" doc:"null for the built-in first version"`
	CreatedAt     clock.Stamp  `json:"created_at"`
	UpdatedAt     clock.Stamp  `json:"updated_at"`
	CreatedName   *string      `json:"created_name"`
	SubmittedBy   *string      `json:"submitted_by"`
	SubmittedName *string      `json:"submitted_name"`
	SubmittedAt   *clock.Stamp `json:"submitted_at"`
	ApprovedBy    *string      `json:"approved_by"`
	ApprovedName  *string      `json:"approved_name"`
	ApprovedAt    *clock.Stamp `json:"approved_at"`
	ActivatedAt   *clock.Stamp `json:"activated_at" doc:"The first time"`
	RetiredAt     *clock.Stamp `json:"retired_at"`
	RejectReason  string       `json:"reject_reason" doc:"Of the last time that it was sent back"`
}

// Text is what people write in a draft.
type Text struct {
	Name  string `json:"name" minLength:"1" maxLength:"100"`
	Note  string `json:"note" maxLength:"500"`
	Rules []Rule `json:"rules" nullable:"false" maxItems:"200"`
	Cases []Case `json:"cases" nullable:"false" maxItems:"200"`
}

const selectVersion = `SELECT id, no, state, revision, name, note, rules, cases, base_id, created_by, created_at, updated_at,
	submitted_by, submitted_at, approved_by, approved_at, activated_at, retired_at, reject_reason,
	(SELECT name FROM staff s WHERE s.id = created_by), (SELECT name FROM staff s WHERE s.id = submitted_by), (SELECT name FROM staff s WHERE s.id = approved_by)
	FROM screening_set WHERE `

func scanVersion(r db.Row) (v Version, err error) {
	var rules, cases string
	var created, updated, submitted, approved, activated, retired db.Time
	err = r.Scan(&v.ID, &v.No, &v.State, &v.Revision, &v.Name, &v.Note, &rules, &cases, &v.BaseID, &v.CreatedBy, &created, &updated,
		&v.SubmittedBy, &submitted, &v.ApprovedBy, &approved, &activated, &retired, &v.RejectReason,
		&v.CreatedName, &v.SubmittedName, &v.ApprovedName)
	if err != nil {
		return v, err
	}
	v.CreatedAt, v.UpdatedAt = clock.At(created.Time), clock.At(updated.Time)
	v.SubmittedAt, v.ApprovedAt = clock.AtPtr(submitted.Time), clock.AtPtr(approved.Time)
	v.ActivatedAt, v.RetiredAt = clock.AtPtr(activated.Time), clock.AtPtr(retired.Time)
	if err := json.Unmarshal([]byte(rules), &v.Rules); err != nil {
		return v, fmt.Errorf("screen: rules of %s: %w", v.ID, err)
	}
	if err := json.Unmarshal([]byte(cases), &v.Cases); err != nil {
		return v, fmt.Errorf("screen: cases of %s: %w", v.ID, err)
	}
	return v, nil
}

func readVersion(ctx context.Context, q db.Querier, bank, version string) (Version, error) {
	return oneVersion(ctx, q, "bank_id = ? AND id = ?", bank, version)
}

func lockVersion(ctx context.Context, tx *db.Tx, bank, version string) (Version, error) {
	return oneVersion(ctx, tx, "bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, version)
}

func oneVersion(ctx context.Context, q db.Querier, where string, args ...any) (Version, error) {
	v, found, err := db.One(ctx, q, scanVersion, selectVersion+where, args...)
	if err == nil && !found {
		err = notFound()
	}
	return v, err
}

// Versions gives the bank's versions, the newest first, after the one named: one
// more than limit when there are further ones.
func (s *Screens) Versions(ctx context.Context, bank, after string, limit int) ([]Version, error) {
	if err := s.ensure(ctx, bank); err != nil {
		return nil, err
	}
	where, args := "bank_id = ?", []any{bank}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	return db.All(ctx, s.book.DB, scanVersion, selectVersion+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

// Version gives one; 404 not_found.
func (s *Screens) Version(ctx context.Context, bank, version string) (Version, error) {
	return readVersion(ctx, s.book.DB, bank, version)
}

// Create begins a draft with the rules and cases of another version; from is ""
// for the active one. 404 not_found.
func (s *Screens) Create(ctx context.Context, bank string, by Person, from, name string) (Version, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return Version{}, fault.InvalidField("name", "field.required")
	}
	if err := s.ensure(ctx, bank); err != nil {
		return Version{}, err
	}
	var made Version
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		// The active row is held: numbers are given one after the other.
		active, err := oneVersion(ctx, tx, "active_key = ?"+tx.Dialect().ForUpdate(), bank)
		if err != nil {
			return err
		}
		source := active
		if from != "" {
			if source, err = readVersion(ctx, tx, bank, from); err != nil {
				return err
			}
		}
		no, _, err := db.Value[int64](ctx, tx, "SELECT MAX(no) FROM screening_set WHERE bank_id = ?", bank)
		if err != nil {
			return err
		}
		draft := id.New(id.RuleSet)
		err = tx.Insert(ctx, "screening_set (id, bank_id, no, state, revision, name, note, rules, cases, created_by, created_at, updated_at, reject_reason)",
			[][]any{{draft, bank, no + 1, string(Draft), 1, name, "", mustJSON(source.Rules), mustJSON(source.Cases), by.ID, tx.Now, tx.Now, ""}}, "")
		if err != nil {
			return err
		}
		if err := by.audit(ctx, tx, bank, "created", draft, map[string]any{"no": no + 1, "from": source.No}); err != nil {
			return err
		}
		made, err = readVersion(ctx, tx, bank, draft)
		return err
	})
	return made, err
}

// Save writes a draft anew. Errors: 404 not_found; 409 conflict when it is no
// draft or revision is not the newest; 422 with the fields named, such as
// rules[2].when.
func (s *Screens) Save(ctx context.Context, bank string, by Person, version string, revision int64, t Text) (Version, error) {
	if _, err := compile(t.Rules); err != nil {
		return Version{}, err
	}
	return s.move(ctx, bank, version, revision, func(tx *db.Tx, v Version) error {
		n, err := tx.Exec(ctx, "UPDATE screening_set SET name = ?, note = ?, rules = ?, cases = ?, revision = revision + 1, updated_at = ? WHERE id = ? AND state = ?",
			t.Name, audit.Reason(t.Note), mustJSON(t.Rules), mustJSON(t.Cases), tx.Now, v.ID, string(Draft))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "screening.not_draft")
		}
		return by.audit(ctx, tx, bank, "saved", v.ID, map[string]any{"no": v.No, "revision": v.Revision + 1, "rules": len(t.Rules), "cases": len(t.Cases)})
	})
}

// Test gives what a version says to its test cases.
func (s *Screens) Test(ctx context.Context, bank, version string) ([]CaseResult, error) {
	v, err := s.Version(ctx, bank, version)
	if err != nil {
		return nil, err
	}
	p, err := s.compiled(v)
	if err != nil {
		return nil, err
	}
	return p.test(v.Cases), nil
}

// Discard deletes a draft. 404 not_found, 409 screening.not_draft.
func (s *Screens) Discard(ctx context.Context, bank string, by Person, version string) error {
	return s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := lockVersion(ctx, tx, bank, version)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "DELETE FROM screening_set WHERE id = ? AND state = ?", v.ID, string(Draft))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "screening.not_draft")
		}
		return by.audit(ctx, tx, bank, "discarded", v.ID, map[string]any{"no": v.No})
	})
}

// move holds a version's row while act runs, and shows it as it then is. 404
// not_found; 409 screening.outdated when revision is not the newest.
func (s *Screens) move(ctx context.Context, bank, version string, revision int64, act func(tx *db.Tx, v Version) error) (Version, error) {
	var after Version
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := lockVersion(ctx, tx, bank, version)
		if err != nil {
			return err
		}
		if v.Revision != revision {
			return fault.New(fault.Conflict, "screening.outdated")
		}
		if err := act(tx, v); err != nil {
			return err
		}
		after, err = readVersion(ctx, tx, bank, version)
		return err
	})
	return after, err
}
