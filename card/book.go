package card

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
)

// Pusher reaches a viewer's sockets. What it sends may be lost.
type Pusher interface {
	Private(bank, viewer, kind string, payload any)
}

// Journeys learn of every new status in the transaction that makes it true:
// what follows it is planned there, what it ends is cancelled.
type Journeys interface {
	Moved(ctx context.Context, tx *db.Tx, bank, application string, to Status) error
}

// Book is where everything that happens to applications is written: moves, the
// timeline, sealed fields. The department's packages share one.
type Book struct {
	DB   *db.DB
	Keys *pii.Keyring
	Box  *outbox.Box
	Push Pusher

	// Screens decides on new applications; who takes none in may leave it nil.
	Screens  Screener
	Journeys Journeys // nil for none; set before the book is used
}

// Actor is who acts. The zero Actor is the system itself.
type Actor struct {
	Kind      string // staff, viewer, system
	ID        string
	RequestID string
}

// Event is a line on an application's timeline.
type Event struct {
	Bank        string
	Application string
	Kind        string // submitted, screened, claimed, noted, decided ...
	By          Actor
	Detail      map[string]any // no personal data
	Text        pii.Text       // what a person wrote; stored sealed
}

// Move is a change of status.
type Move struct {
	Event
	From  []Status // nil means every status from which To may be reached
	To    Status
	Set   string // further assignments: "decided_by = ?, decided_at = ?"
	Args  []any
	Where string // further conditions, without AND
	With  []any
}

// Move changes the status when the application stands where the move begins, and
// tells whether it did. The applicant learns of it on the socket and, where the
// status has a text and is news to them, by a message. A claim, a proposed decision and an
// escalation end with the review.
func (b *Book) Move(ctx context.Context, tx *db.Tx, m Move) (bool, error) {
	allowed := sources(m.To)
	if m.From == nil {
		m.From = allowed
	}
	for _, from := range m.From {
		if !slices.Contains(allowed, from) {
			return false, fmt.Errorf("card: no way from %s to %s", from, m.To)
		}
	}
	set, args := "status = ?, updated_at = ?", []any{m.To, tx.Now}
	if !m.To.open() {
		set += ", open_key = NULL"
	}
	if !slices.Contains(Reviewable(), m.To) {
		set += ", claimed_by = NULL, claimed_until = NULL, proposal_id = NULL, escalated_at = NULL, escalated_for = NULL"
	}
	if m.Set != "" {
		set, args = set+", "+m.Set, append(args, m.Args...)
	}
	where := "bank_id = ? AND id = ? AND status IN " + db.Marks(len(m.From))
	args = append(append(args, m.Bank, m.Application), db.Args(m.From)...)
	if m.Where != "" {
		where, args = where+" AND ("+m.Where+")", append(args, m.With...)
	}
	n, err := tx.Exec(ctx, "UPDATE application SET "+set+" WHERE "+where, args...)
	if err != nil || n == 0 {
		return false, err
	}
	m.Detail = withStatus(m.Detail, m.To)
	if err := b.Record(ctx, tx, m.Event); err != nil {
		return false, err
	}
	if err := b.tell(ctx, tx, m.Bank, m.Application, m.To, m.news()); err != nil || b.Journeys == nil {
		return true, err
	}
	return true, b.Journeys.Moved(ctx, tx, m.Bank, m.Application, m.To)
}

// enter writes the first lines of an application that begins with a status past
// screening, and lets its applicant know.
func (b *Book) enter(ctx context.Context, tx *db.Tx, viewer string, to Status, first ...Event) error {
	if err := b.Record(ctx, tx, first...); err != nil {
		return err
	}
	bank, application := first[0].Bank, first[0].Application
	if err := b.tellViewer(ctx, tx, bank, viewer, application, to, Move{To: to}.news()); err != nil || b.Journeys == nil {
		return err
	}
	return b.Journeys.Moved(ctx, tx, bank, application, to)
}

// withStatus copies detail, so that a transaction that is tried again does not
// meet its own traces.
func withStatus(detail map[string]any, to Status) map[string]any {
	out := map[string]any{"status": to}
	for k, v := range detail {
		out[k] = v
	}
	return out
}

// news tells whether a move is worth a message: a lead that a reviewer lets go of
// was received once, and is still under review for its applicant.
func (m Move) news() bool {
	_, worthASMS := notices[m.To]
	return worthASMS && !(m.To == Queued && slices.Equal(m.From, []Status{InReview}))
}

// tell lets the applicant know of a new status, by a message as well if it is news.
func (b *Book) tell(ctx context.Context, tx *db.Tx, bank, application string, to Status, news bool) error {
	viewer, _, err := db.Value[string](ctx, tx, "SELECT viewer_id FROM application WHERE bank_id = ? AND id = ?", bank, application)
	if err != nil {
		return err
	}
	return b.tellViewer(ctx, tx, bank, viewer, application, to, news)
}

func (b *Book) tellViewer(ctx context.Context, tx *db.Tx, bank, viewer, application string, to Status, news bool) error {
	tx.AfterCommit(func() {
		b.Push.Private(bank, viewer, "application.updated", map[string]any{"application_id": application, "status": to})
	})
	if !news {
		return nil
	}
	return b.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: TaskNotice, Ref: application,
		Payload: notice{Application: application, Status: to}})
}

// Record puts lines on timelines.
func (b *Book) Record(ctx context.Context, tx *db.Tx, events ...Event) error {
	rows := make([][]any, len(events))
	for i, e := range events {
		eventID := id.New(id.Event)
		if e.Detail == nil {
			e.Detail = map[string]any{}
		}
		detail, err := json.Marshal(e.Detail)
		if err != nil {
			return fmt.Errorf("card: detail of %s: %w", e.Kind, err)
		}
		var sealed any
		if !e.Text.Empty() {
			if sealed, err = b.Keys.Seal(ctx, eventPlace(e.Bank, eventID), e.Text); err != nil {
				return err
			}
		}
		rows[i] = []any{eventID, e.Bank, e.Application, e.Kind, e.By.ID, string(detail), sealed, tx.Now}
	}
	return tx.Insert(ctx, "lead_event (id, bank_id, application_id, kind, actor_id, detail, sealed_text, at)", rows, "")
}

func eventPlace(bank, eventID string) pii.Place {
	return pii.Place{Bank: bank, Table: "lead_event", Column: "sealed_text", Row: eventID}
}

// Audit writes an act of e.By into the bank's chain, as action "lead.<kind>".
func Audit(ctx context.Context, tx *db.Tx, e Event) error {
	kind := e.By.Kind
	if kind == "" {
		kind = "system"
	}
	return audit.Write(ctx, tx, audit.Entry{Bank: e.Bank, ActorKind: kind, Actor: e.By.ID, Action: "lead." + e.Kind,
		Object: e.Application, Detail: e.Detail, RequestID: e.By.RequestID})
}

// fieldPlace is where a field of an application is sealed.
func fieldPlace(bank, application, field string) pii.Place {
	return pii.Place{Bank: bank, Table: "applicant_field", Column: field, Row: application}
}

// seal prepares the rows of applicant_field, in a steady order.
func (b *Book) seal(ctx context.Context, bank, application string, fields map[string]pii.Text) ([][]any, error) {
	names := make([]string, 0, len(fields))
	for name, v := range fields {
		if !v.Empty() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rows := make([][]any, 0, len(names))
	for _, name := range names {
		sealed, err := b.Keys.Seal(ctx, fieldPlace(bank, application, name), fields[name])
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{application, name, bank, sealed})
	}
	return rows, nil
}

const fieldColumns = "applicant_field (application_id, field, bank_id, sealed)"

// Open unseals fields of an application: all of them when none is named. The
// caller answers for what it does with them.
func (b *Book) Open(ctx context.Context, q db.Querier, bank, application string, names ...string) (map[string]pii.Text, error) {
	query, args := "SELECT field, sealed FROM applicant_field WHERE bank_id = ? AND application_id = ?", []any{bank, application}
	if len(names) > 0 {
		query, args = query+" AND field IN "+db.Marks(len(names)), append(args, db.Args(names)...)
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) }, query, args...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]pii.Text, len(rows))
	for _, row := range rows {
		if out[row[0]], err = b.Keys.Open(ctx, fieldPlace(bank, application, row[0]), row[1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// messagePlace is where the reviewer's request for more information is sealed.
func messagePlace(bank, application string) pii.Place {
	return pii.Place{Bank: bank, Table: "application", Column: "info_message_sealed", Row: application}
}

// SealMessage seals what a reviewer asks an applicant for.
func (b *Book) SealMessage(ctx context.Context, bank, application string, t pii.Text) (string, error) {
	return b.Keys.Seal(ctx, messagePlace(bank, application), t)
}

// InfoRequest is what a reviewer asked an applicant for.
type InfoRequest struct {
	Fields  []string `json:"fields"`
	Message string   `json:"message"`
}

// ReadRequest opens the stored form of a request; nil when there is none.
func (b *Book) ReadRequest(ctx context.Context, bank, application, fields, sealed string) (*InfoRequest, error) {
	if fields == "" {
		return nil, nil
	}
	r := &InfoRequest{}
	if err := json.Unmarshal([]byte(fields), &r.Fields); err != nil {
		return nil, fmt.Errorf("card: info_fields of %s: %w", application, err)
	}
	text, err := b.Keys.Open(ctx, messagePlace(bank, application), sealed)
	r.Message = text.Reveal()
	return r, err
}

// Named is an id with the name that people know it by.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// nullable is nil for "", for optional columns.
func nullable(s string) any {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return s
}

// positive is nil for 0, for optional columns.
func positive(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
