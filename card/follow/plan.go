package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// FollowUps plans and cancels; a Sender sends.
type FollowUps struct{ book *card.Book }

var _ card.Journeys = (*FollowUps)(nil)

// New makes the service.
func New(book *card.Book) *FollowUps { return &FollowUps{book: book} }

// rule is what a follow-up is judged by: its step as it stood when it was
// planned. Text and waits have columns of their own.
type rule struct {
	Promotion bool      `json:"promotion"`
	Stop      []string  `json:"stop"`
	After     string    `json:"after"`
	Wait      int64     `json:"wait_s"`
	When      Condition `json:"when"`
	Channel   string    `json:"channel"`
	Trigger   time.Time `json:"trigger_at"`
}

// readRule reads a row's; rows of earlier makes ask to bind.
func readRule(raw *string, issued time.Time) (r rule, err error) {
	if raw == nil {
		return rule{Promotion: true, Stop: []string{string(card.Bound)}, After: afterTrigger, Channel: bySMS, Trigger: issued}, nil
	}
	if err := json.Unmarshal([]byte(*raw), &r); err != nil {
		return r, fmt.Errorf("follow: rule: %w", err)
	}
	return r, nil
}

// running is a journey in use.
type running struct {
	key     string
	version int // 0 is the built-in
	Journey
}

// inUse are a bank's journeys: its own, and the built-in ones that it has none in
// the place of.
func inUse(ctx context.Context, q db.Querier, bank tenant.Bank) ([]running, error) {
	own, err := db.All(ctx, q, func(r db.Row) (j running, err error) {
		var body string
		if err := r.Scan(&j.key, &j.version, &body); err != nil {
			return j, err
		}
		return j, json.Unmarshal([]byte(body), &j.Journey)
	}, "SELECT journey, version, body FROM journey_version WHERE bank_id = ? AND active_key IS NOT NULL ORDER BY journey", bank.ID)
	if err != nil {
		return nil, err
	}
	for _, key := range builtInKeys {
		if !slices.ContainsFunc(own, func(j running) bool { return j.key == key }) {
			j, _ := builtIn(bank, key)
			own = append(own, running{key: key, Journey: j})
		}
	}
	return own, nil
}

// subject is an application whose status has just changed.
type subject struct {
	viewer                 string
	decided, issued, bound db.Time
}

// Moved plans what a new status triggers and cancels what it ends.
func (f *FollowUps) Moved(ctx context.Context, tx *db.Tx, bankID, application string, to card.Status) error {
	var events []string
	switch to {
	case card.Approved, card.Issued, card.Bound:
		events = []string{string(to)}
	case card.Activated: // a card that works was issued, though nobody told
		events = []string{string(card.Issued), string(to)}
	case card.Rejected, card.Withdrawn:
		return f.cancel(ctx, tx, bankID, application, string(to), func(rule) bool { return true })
	default:
		return nil
	}
	err := f.cancel(ctx, tx, bankID, application, string(to), func(r rule) bool {
		return slices.ContainsFunc(events, func(e string) bool { return slices.Contains(r.Stop, e) })
	})
	if err != nil {
		return err
	}
	bank, found, err := tenant.Read(ctx, tx, bankID)
	if err != nil || !found {
		return err
	}
	journeys, err := inUse(ctx, tx, bank)
	if err != nil {
		return err
	}
	s, found, err := db.One(ctx, tx, func(r db.Row) (s subject, err error) {
		return s, r.Scan(&s.viewer, &s.decided, &s.issued, &s.bound)
	}, `SELECT viewer_id, decided_at, issued_at, bound_at FROM application a WHERE bank_id = ? AND id = ?
		AND NOT EXISTS (SELECT 1 FROM viewer v WHERE v.bank_id = a.bank_id AND v.id = a.viewer_id AND v.erased_at IS NOT NULL)`, bankID, application)
	if err != nil || !found { // of an erased person nobody is left to be told
		return err
	}
	for _, j := range journeys {
		if j.Enabled && slices.Contains(events, j.Trigger) {
			if err := f.plan(ctx, tx, bankID, application, s, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// since is when a journey's trigger happened.
func (s subject) since(trigger string, now time.Time) time.Time {
	at := map[string]time.Time{string(card.Approved): s.decided.Time, string(card.Issued): s.issued.Time, string(card.Bound): s.bound.Time}[trigger]
	if at.IsZero() {
		return now
	}
	return at
}

// plan writes a journey's rows and tasks; what is planned already stays.
func (f *FollowUps) plan(ctx context.Context, tx *db.Tx, bank, application string, s subject, j running) error {
	planned, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM follow_up WHERE bank_id = ? AND application_id = ? AND journey = ?",
		bank, application, j.key)
	if err != nil || planned > 0 {
		return err
	}
	since := s.since(j.Trigger, tx.Now)
	var rows [][]any
	var tasks []outbox.Task
	before := since
	for i, step := range j.Steps {
		from := since
		if step.After == afterStep {
			from = before
		}
		due := from.Add(step.wait())
		before = due
		raw, err := json.Marshal(rule{Promotion: j.Promotion, Stop: j.Stop, After: step.After, Wait: step.Wait, When: step.When,
			Channel: step.Channel, Trigger: since})
		if err != nil {
			return fmt.Errorf("follow: rule: %w", err)
		}
		followUp := id.New(id.FollowUp)
		rows = append(rows, []any{followUp, bank, application, s.viewer, j.key, j.version, i + 1, string(raw), step.Text, due, "waiting", "", tx.Now})
		tasks = append(tasks, outbox.Task{Bank: bank, Kind: TaskSend, Ref: followUp, Payload: struct{}{}, Due: due})
	}
	const into = "follow_up (id, bank_id, application_id, viewer_id, journey, version, step, rule, text, due_at, status, reason, created_at)"
	if err := tx.Insert(ctx, into, rows, ""); err != nil {
		return err
	}
	return f.book.Box.Add(ctx, tx, tasks...)
}

// cancel ends what is still waiting for an application and is meant, with its
// tasks. One that is being sent at this moment ends by itself.
func (f *FollowUps) cancel(ctx context.Context, tx *db.Tx, bank, application, reason string, meant func(rule) bool) error {
	waiting, err := readWaiting(ctx, tx, "application_id = ?", bank, application)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if meant(w.rule) {
			if err := cancelOne(ctx, tx, f.book.Box, bank, w.id, reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// cancelOne ends a waiting follow-up and its task.
func cancelOne(ctx context.Context, tx *db.Tx, box *outbox.Box, bank, followUp, reason string) error {
	if _, err := end(ctx, tx, bank, followUp, "waiting", "cancelled", reason); err != nil {
		return err
	}
	_, err := box.Cancel(ctx, tx, bank, TaskSend, followUp)
	return err
}

type waitingRow struct {
	id string
	rule
}

// readWaiting reads and locks what waits.
func readWaiting(ctx context.Context, tx *db.Tx, where, bank, whose string) ([]waitingRow, error) {
	return db.All(ctx, tx, func(r db.Row) (w waitingRow, err error) {
		var raw *string
		if err := r.Scan(&w.id, &raw); err != nil {
			return w, err
		}
		w.rule, err = readRule(raw, time.Time{})
		return w, err
	}, "SELECT id, rule FROM follow_up WHERE bank_id = ? AND "+where+" AND status = 'waiting' ORDER BY id"+tx.Dialect().ForUpdate(), bank, whose)
}

// end closes a row that stands at from, and tells whether it did.
func end(ctx context.Context, tx *db.Tx, bank, followUp, from, to, reason string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE follow_up SET status = ?, reason = ?, next_at = NULL, ended_at = ? WHERE bank_id = ? AND id = ? AND status = ?",
		to, reason, tx.Now, bank, followUp, from)
	return n == 1, err
}
