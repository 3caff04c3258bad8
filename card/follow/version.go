package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// Version is a journey as it stood, with whose acts made it so.
type Version struct {
	ID           string       `json:"id" doc:"jny_…; empty for the built-in"`
	Key          string       `json:"key"`
	Version      int          `json:"version" doc:"0 is the built-in"`
	Status       string       `json:"status" enum:"draft,submitted,rejected,active,retired"`
	Journey      Journey      `json:"journey"`
	MadeBy       string       `json:"made_by" doc:"Staff id; empty for the built-in"`
	SubmittedBy  *string      `json:"submitted_by" doc:"Staff id"`
	SubmittedAt  *clock.Stamp `json:"submitted_at"`
	DecidedBy    *string      `json:"decided_by" doc:"Staff id"`
	DecidedAt    *clock.Stamp `json:"decided_at"`
	RejectReason *string      `json:"reject_reason"`
	UpdatedAt    *clock.Stamp `json:"updated_at"`
}

// Entry is a journey in the list: what is in use, and what is in the making.
type Entry struct {
	Key    string   `json:"key"`
	Active *Version `json:"active"`
	Draft  *Version `json:"draft"`
}

// Actor is who acts on journeys.
type Actor struct {
	ID        string
	RequestID string
	Checker   bool // may approve
}

const selectVersion = `SELECT id, journey, version, status, body, made_by, submitted_by, submitted_at, decided_by, decided_at, reject_reason, updated_at
	FROM journey_version WHERE bank_id = ?`

func scanVersion(r db.Row) (v Version, err error) {
	var body string
	var submitted, decided, updated db.Time
	err = r.Scan(&v.ID, &v.Key, &v.Version, &v.Status, &body, &v.MadeBy, &v.SubmittedBy, &submitted, &v.DecidedBy, &decided, &v.RejectReason, &updated)
	if err != nil {
		return v, err
	}
	v.SubmittedAt, v.DecidedAt, v.UpdatedAt = clock.AtPtr(submitted.Time), clock.AtPtr(decided.Time), clock.AtPtr(updated.Time)
	if err := json.Unmarshal([]byte(body), &v.Journey); err != nil {
		return v, fmt.Errorf("follow: body of %s: %w", v.ID, err)
	}
	return v, nil
}

// Journeys lists a bank's journeys by key, the built-in ones first.
func (f *FollowUps) Journeys(ctx context.Context, bank tenant.Bank) ([]Entry, error) {
	versions, err := db.All(ctx, f.book.DB, scanVersion, selectVersion+" AND status <> 'retired' ORDER BY journey", bank.ID)
	if err != nil {
		return nil, err
	}
	entries := []Entry{}
	for _, key := range builtInKeys {
		entries = append(entries, Entry{Key: key, Active: builtInVersion(bank, key)})
	}
	for _, v := range versions {
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.Key == v.Key })
		if i < 0 {
			i = len(entries)
			entries = append(entries, Entry{Key: v.Key})
		}
		if v.Status == "active" {
			entries[i].Active = &v
		} else {
			entries[i].Draft = &v
		}
	}
	return entries, nil
}

func builtInVersion(bank tenant.Bank, key string) *Version {
	j, ok := builtIn(bank, key)
	if !ok {
		return nil
	}
	return &Version{Key: key, Status: "active", Journey: j}
}

// Versions lists all versions of a journey, the newest first, the built-in one
// last; not_found for a key that the bank has nothing of.
func (f *FollowUps) Versions(ctx context.Context, bank tenant.Bank, key string) ([]Version, error) {
	versions, err := db.All(ctx, f.book.DB, scanVersion, selectVersion+" AND journey = ? ORDER BY version DESC", bank.ID, key)
	if err != nil {
		return nil, err
	}
	if b := builtInVersion(bank, key); b != nil {
		if slices.ContainsFunc(versions, func(v Version) bool { return v.Status == "active" }) {
			b.Status = "retired"
		}
		versions = append(versions, *b)
	}
	if len(versions) == 0 {
		return nil, notFound()
	}
	return versions, nil
}

func notFound() error { return fault.New(fault.NotFound, "not_found") }

// Save writes a journey's draft: a new version, or the one in the making anew.
// Errors: validation (422) naming each field; conflict (409) while a version waits
// for its approval.
func (f *FollowUps) Save(ctx context.Context, bank tenant.Bank, by Actor, key string, j Journey) (Version, error) {
	if !keyShape.MatchString(key) {
		return Version{}, fault.InvalidField("key", "field.format")
	}
	if bad := j.check(); bad != nil {
		return Version{}, bad
	}
	body, err := json.Marshal(j)
	if err != nil {
		return Version{}, fmt.Errorf("follow: %w", err)
	}
	save := func(tx *db.Tx) error {
		if err := knownProducts(ctx, tx, bank.ID, j); err != nil {
			return err
		}
		open, found, err := db.One(ctx, tx, scanVersion, selectVersion+" AND open_key = ?"+tx.Dialect().ForUpdate(), bank.ID, key)
		switch {
		case err != nil:
			return err
		case found && open.Status == "submitted":
			return fault.New(fault.Conflict, "conflict")
		case found:
			_, err = tx.Exec(ctx, "UPDATE journey_version SET status = 'draft', body = ?, made_by = ?, updated_at = ? WHERE bank_id = ? AND id = ?",
				string(body), by.ID, tx.Now, bank.ID, open.ID)
		default:
			open.ID = id.New(id.Journey)
			err = insertVersion(ctx, tx, bank.ID, open.ID, key, string(body), by)
		}
		if err != nil {
			return err
		}
		return write(ctx, tx, bank.ID, by, "journey.saved", open.ID, key)
	}
	err = f.book.DB.InTx(ctx, save)
	if db.IsDuplicate(err) { // another began the same one at this moment
		err = f.book.DB.InTx(ctx, save)
	}
	if err != nil {
		return Version{}, err
	}
	return f.open(ctx, bank.ID, key)
}

func insertVersion(ctx context.Context, tx *db.Tx, bank, versionID, key, body string, by Actor) error {
	last, _, err := db.Value[int](ctx, tx, "SELECT COALESCE(MAX(version), 0) FROM journey_version WHERE bank_id = ? AND journey = ?", bank, key)
	if err != nil {
		return err
	}
	return tx.Insert(ctx, "journey_version (id, bank_id, journey, version, status, body, open_key, made_by, created_at, updated_at)",
		[][]any{{versionID, bank, key, last + 1, "draft", body, key, by.ID, tx.Now, tx.Now}}, "")
}

// knownProducts holds conditions to card products of the bank.
func knownProducts(ctx context.Context, tx *db.Tx, bank string, j Journey) error {
	for i, s := range j.Steps {
		for k, p := range s.When.Products {
			known, err := card.Offers(ctx, tx, bank, p)
			if err != nil {
				return err
			}
			if !known {
				return fault.InvalidField(fmt.Sprintf("steps[%d].when.card_product_ids[%d]", i, k), "card_product.unknown")
			}
		}
	}
	return nil
}

func (f *FollowUps) open(ctx context.Context, bank, key string) (Version, error) {
	v, found, err := db.One(ctx, f.book.DB, scanVersion, selectVersion+" AND open_key = ?", bank, key)
	if err == nil && !found {
		err = notFound()
	}
	return v, err
}

func write(ctx context.Context, tx *db.Tx, bank string, by Actor, action, versionID, key string) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: versionID,
		Detail: map[string]any{"journey": key}, RequestID: by.RequestID})
}

// Submit hands a draft to whoever approves. Errors: not_found; conflict (409) for
// what is no draft.
func (f *FollowUps) Submit(ctx context.Context, bank tenant.Bank, by Actor, key string) (Version, error) {
	return f.move(ctx, bank, by, key, "journey.submitted", func(tx *db.Tx, v Version) (int64, error) {
		return tx.Exec(ctx, `UPDATE journey_version SET status = 'submitted', submitted_by = ?, submitted_at = ?, updated_at = ?,
			decided_by = NULL, decided_at = NULL, reject_reason = NULL WHERE bank_id = ? AND id = ? AND status = 'draft'`,
			by.ID, tx.Now, tx.Now, bank.ID, v.ID)
	})
}

// Approve puts a version in use that others made and submitted; the one before it
// retires. Errors: not_found; journey.same_person, auth.forbidden (403); conflict
// (409) for what is not submitted.
func (f *FollowUps) Approve(ctx context.Context, bank tenant.Bank, by Actor, key string) (Version, error) {
	return f.move(ctx, bank, by, key, "journey.approved", func(tx *db.Tx, v Version) (int64, error) {
		if err := v.mayDecide(ctx, tx, bank.ID, by); err != nil || v.Status != "submitted" {
			return 0, err
		}
		if _, err := tx.Exec(ctx, "UPDATE journey_version SET status = 'retired', active_key = NULL, updated_at = ? WHERE bank_id = ? AND active_key = ?",
			tx.Now, bank.ID, key); err != nil {
			return 0, err
		}
		return tx.Exec(ctx, `UPDATE journey_version SET status = 'active', active_key = open_key, open_key = NULL, decided_by = ?, decided_at = ?, updated_at = ?
			WHERE bank_id = ? AND id = ? AND status = 'submitted'`, by.ID, tx.Now, tx.Now, bank.ID, v.ID)
	})
}

// Reject gives a submitted version back with a reason; errors as of Approve.
func (f *FollowUps) Reject(ctx context.Context, bank tenant.Bank, by Actor, key, reason string) (Version, error) {
	return f.move(ctx, bank, by, key, "journey.rejected", func(tx *db.Tx, v Version) (int64, error) {
		if err := v.mayDecide(ctx, tx, bank.ID, by); err != nil {
			return 0, err
		}
		return tx.Exec(ctx, `UPDATE journey_version SET status = 'rejected', decided_by = ?, decided_at = ?, reject_reason = ?, updated_at = ?
			WHERE bank_id = ? AND id = ? AND status = 'submitted'`, by.ID, tx.Now, audit.Reason(reason), tx.Now, bank.ID, v.ID)
	})
}

// mayDecide refuses whoever wrote any of the version or submitted it, and who is no
// checker.
func (v Version) mayDecide(ctx context.Context, tx *db.Tx, bank string, by Actor) error {
	own := v.Status == "submitted" && (*v.SubmittedBy == by.ID || v.MadeBy == by.ID)
	if v.Status == "submitted" && !own {
		var err error
		// Who wrote it last stands in its row; the chain is the record of every writer.
		if _, own, err = db.Value[string](ctx, tx, "SELECT id FROM audit WHERE bank_id = ? AND object_id = ? AND actor_id = ? AND action = 'journey.saved' LIMIT 1",
			bank, v.ID, by.ID); err != nil {
			return err
		}
	}
	if own {
		return fault.New(fault.Forbidden, "journey.same_person")
	}
	if !by.Checker {
		return fault.New(fault.Forbidden, "auth.forbidden")
	}
	return nil
}

// move makes one transition of the version in the making, with its audit entry.
// step gives the number of rows that it moved: none is a conflict.
func (f *FollowUps) move(ctx context.Context, bank tenant.Bank, by Actor, key, action string,
	step func(tx *db.Tx, v Version) (int64, error),
) (moved Version, err error) {
	err = f.book.DB.InTx(ctx, func(tx *db.Tx) error {
		v, found, err := db.One(ctx, tx, scanVersion, selectVersion+" AND open_key = ?"+tx.Dialect().ForUpdate(), bank.ID, key)
		if err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		n, err := step(tx, v)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := write(ctx, tx, bank.ID, by, action, v.ID, key); err != nil {
			return err
		}
		moved, _, err = db.One(ctx, tx, scanVersion, selectVersion+" AND id = ?", bank.ID, v.ID)
		return err
	})
	return moved, err
}

// Preview is a text as it would reach somebody, with sample values. Errors:
// validation naming text.
func Preview(bank tenant.Bank, text, channel string, promotion bool) (string, error) {
	if name, code := checkText(text, channel, promotion); code == "journey.variable" {
		return "", fault.InvalidField("text", "journey.variable", name)
	} else if code != "" {
		return "", fault.InvalidField("text", code)
	}
	values := map[string]string{}
	for _, v := range Variables {
		values[v.Name] = v.Sample
	}
	values["bank"] = bank.Name
	shown := fill(text, values)
	if channel == bySMS {
		shown = "【" + bank.Name + "】" + shown
	}
	return shown, nil
}
