package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// The ways in which the card core and we may differ.
const (
	MissingThere = "missing_there" // we handed it over, they do not have it
	UnknownHere  = "unknown_here"  // they have it, nobody here has
	StatusDiffer = "status"        // both have it, as different things
)

// Register tells what the card core took.
type Register interface {
	// TakenOn gives a page of a business date's, after the number named.
	TakenOn(ctx context.Context, day, after string) ([]gateway.Taken, error)
	// TakenAs gives one; found is false when the core does not have it.
	TakenAs(ctx context.Context, application string) (t gateway.Taken, found bool, err error)
}

// Comparer compares our hand-overs with the card core's list.
type Comparer struct {
	Leads *Leads
	Core  Register
}

// Difference is where the card core and we differ.
type Difference struct {
	ID            string       `json:"id"`
	Day           string       `json:"day"`
	ApplicationID string       `json:"application_id"`
	Kind          string       `json:"kind" enum:"missing_there,unknown_here,status"`
	Ours          string       `json:"ours"`
	Theirs        string       `json:"theirs"`
	State         string       `json:"state" enum:"open,resolved"`
	FoundAt       clock.Stamp  `json:"found_at"`
	Reason        *string      `json:"reason"`
	ResolvedAt    *clock.Stamp `json:"resolved_at"`
}

// compareAt is the hour of the night, in the bank's zone.
const compareAt = 2

// ScheduleCompare sees to it that a bank's hand-overs are compared each night,
// within tx.
func (c *Comparer) ScheduleCompare(ctx context.Context, tx *db.Tx, bank tenant.Bank) error {
	return c.Leads.book.Box.Recurring(ctx, tx, "cmp_"+bank.ID, outbox.Task{Bank: bank.ID, Kind: TaskCompare, Ref: bank.ID,
		Payload: struct{}{}, Due: nextNight(bank, tx.Now)})
}

func nextNight(bank tenant.Bank, after time.Time) time.Time {
	y, m, d := after.In(bank.Zone).Date()
	at := time.Date(y, m, d, compareAt, 0, 0, 0, bank.Zone)
	if !at.After(after) {
		at = time.Date(y, m, d+1, compareAt, 0, 0, 0, bank.Zone)
	}
	return at
}

// HandleCompare handles TaskCompare: the day before the night that it was due,
// so that nights on which no node ran are made up for.
func (c *Comparer) HandleCompare(ctx context.Context, t outbox.Task) error {
	bank, known, err := c.Leads.banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !known {
		return &outbox.Dropped{Cause: fmt.Errorf("review: %s is no bank", t.Bank)}
	}
	if _, err := c.Compare(ctx, bank, bank.BusinessDate(t.Due.AddDate(0, 0, -1))); err != nil {
		return err
	}
	return &outbox.Postponed{At: nextNight(bank, t.Due)}
}

// Compare compares a business date and gives how many differences it found. What
// the core misses is handed over again; it takes one number once. Errors:
// validation on day.
func (c *Comparer) Compare(ctx context.Context, bank tenant.Bank, day string) (int, error) {
	from, err := time.ParseInLocation(time.DateOnly, day, bank.Zone)
	if err != nil {
		return 0, fault.InvalidField("day", "field.format")
	}
	if from.After(c.Leads.book.DB.Clock().Now()) {
		return 0, fault.InvalidField("day", "field.too_large")
	}
	theirs, err := c.all(ctx, day)
	if err != nil {
		return 0, err
	}
	found, err := c.differ(ctx, bank.ID, theirs)
	if err != nil {
		return 0, err
	}
	ours, err := db.All(ctx, c.Leads.book.DB, scanText, `SELECT DISTINCT application_id FROM lead_event
		WHERE bank_id = ? AND actor_id = '' AND kind = 'handed_off' AND at >= ? AND at < ? ORDER BY application_id`, bank.ID, from, from.AddDate(0, 0, 1))
	if err != nil {
		return 0, err
	}
	for _, lead := range ours {
		if _, listed := theirs[lead]; listed {
			continue
		}
		// It may stand on the list of the day before or after.
		t, there, err := c.Core.TakenAs(ctx, lead)
		if err != nil {
			return 0, err
		}
		if !there {
			found = append(found, Difference{ApplicationID: lead, Kind: MissingThere, Ours: string(card.HandedOff)})
			continue
		}
		more, err := c.differ(ctx, bank.ID, map[string]string{lead: t.Status})
		if err != nil {
			return 0, err
		}
		found = append(found, more...)
	}
	return len(found), c.keep(ctx, bank.ID, day, found)
}

func (c *Comparer) all(ctx context.Context, day string) (map[string]string, error) {
	theirs := map[string]string{}
	for after := ""; ; {
		page, err := c.Core.TakenOn(ctx, day, after)
		if err != nil || len(page) == 0 {
			return theirs, err
		}
		for _, t := range page {
			theirs[t.ApplicationID] = t.Status
		}
		after = page[len(page)-1].ApplicationID
	}
}

// differ looks ours up. Another bank's at the same core is that bank's matter.
func (c *Comparer) differ(ctx context.Context, bank string, theirs map[string]string) ([]Difference, error) {
	numbers := make([]string, 0, len(theirs))
	for n := range theirs {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var found []Difference
	for part := range slices.Chunk(numbers, 500) {
		rows, err := db.All(ctx, c.Leads.book.DB, func(r db.Row) (v [3]string, err error) { return v, r.Scan(&v[0], &v[1], &v[2]) },
			"SELECT id, bank_id, status FROM application WHERE id IN "+db.Marks(len(part)), db.Args(part)...)
		if err != nil {
			return nil, err
		}
		known := make(map[string][3]string, len(rows))
		for _, r := range rows {
			known[r[0]] = r
		}
		for _, n := range part {
			switch our, have := known[n]; {
			case !have:
				found = append(found, Difference{ApplicationID: n, Kind: UnknownHere, Theirs: theirs[n]})
			case our[1] == bank && !agree(card.Status(our[2]), theirs[n]):
				found = append(found, Difference{ApplicationID: n, Kind: StatusDiffer, Ours: our[2], Theirs: theirs[n]})
			}
		}
	}
	return found, nil
}

// agree tells whether our status can be what the core calls theirs.
func agree(ours card.Status, theirs string) bool {
	switch theirs {
	case "issued":
		return ours == card.Issued || ours == card.Activated || ours == card.Bound
	case "declined":
		return ours == card.Rejected
	}
	return ours == card.HandedOff
}

func (c *Comparer) keep(ctx context.Context, bank, day string, found []Difference) error {
	return c.Leads.book.DB.InTx(ctx, func(tx *db.Tx) error {
		rows := make([][]any, len(found))
		for i, f := range found {
			rows[i] = []any{id.New(id.Difference), bank, day, f.ApplicationID, f.Kind, f.Ours, f.Theirs, "open", tx.Now}
			if f.Kind != MissingThere {
				continue
			}
			if err := c.again(ctx, tx, bank, f.ApplicationID); err != nil {
				return err
			}
		}
		return tx.InsertIgnore(ctx, "core_difference (id, bank_id, day, application_id, kind, ours, theirs, state, found_at)", rows)
	})
}

// again hands an application over once more, unless that is under way.
func (c *Comparer) again(ctx context.Context, tx *db.Tx, bank, lead string) error {
	_, waits, err := db.Value[string](ctx, tx, "SELECT id FROM outbox WHERE bank_id = ? AND ref = ? AND kind = ? AND state IN ('pending','dead') LIMIT 1",
		bank, lead, TaskHandoff)
	if err != nil || waits {
		return err
	}
	if err := c.Leads.book.Record(ctx, tx, card.Event{Bank: bank, Application: lead, Kind: "handed_off_again"}); err != nil {
		return err
	}
	return c.Leads.book.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: TaskHandoff, Ref: lead, Payload: handoff{Again: true}})
}

// Differences lists a bank's differences in a state, open or resolved, the newest
// first.
func (l *Leads) Differences(ctx context.Context, bank, state, after string, limit int) ([]Difference, error) {
	where, args := "", []any{bank, state}
	if after != "" {
		where, args = " AND id < ?", append(args, after)
	}
	return db.All(ctx, l.book.DB, func(r db.Row) (d Difference, err error) {
		var found, resolved db.Time
		err = r.Scan(&d.ID, &d.Day, &d.ApplicationID, &d.Kind, &d.Ours, &d.Theirs, &d.State, &found, &d.Reason, &resolved)
		d.FoundAt, d.ResolvedAt = clock.At(found.Time), clock.AtPtr(resolved.Time)
		return d, err
	}, `SELECT id, day, application_id, kind, ours, theirs, state, found_at, reason, resolved_at FROM core_difference
		WHERE bank_id = ? AND state = ?`+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

// ResolveDifference ends a difference that a person has seen to. Errors: not_found;
// conflict when it is resolved already.
func (l *Leads) ResolveDifference(ctx context.Context, bank tenant.Bank, p Person, difference, reason string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		lead, found, err := db.Value[string](ctx, tx, "SELECT application_id FROM core_difference WHERE bank_id = ? AND id = ?", bank.ID, difference)
		if err != nil || !found {
			return orElse(err, fault.New(fault.NotFound, "not_found"))
		}
		reason := audit.Reason(reason)
		n, err := tx.Exec(ctx, "UPDATE core_difference SET state = 'resolved', reason = ?, resolved_by = ?, resolved_at = ? WHERE bank_id = ? AND id = ? AND state = 'open'",
			reason, p.ID, tx.Now, bank.ID, difference)
		if err != nil || n == 0 {
			return orElse(err, fault.New(fault.Conflict, "conflict"))
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "staff", Actor: p.ID, Action: "lead.difference_resolved", Object: lead,
			Detail: map[string]any{"difference_id": difference, "reason": reason}, RequestID: p.RequestID})
	})
}
