package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
)

// Outcome is what the card core made of an application.
type Outcome struct {
	ApplicationID string      `json:"application_id"`
	Outcome       string      `json:"outcome" enum:"issued,declined,activated"`
	CardLast4     string      `json:"card_last4,omitempty" pattern:"^[0-9]{4}$"`
	At            clock.Stamp `json:"at"`
}

// The outcomes.
const (
	issued    = "issued"
	declined  = "declined"
	activated = "activated"
)

// The results of an outcome.
const (
	Applied   = "applied"   // it changed something
	Unchanged = "unchanged" // it was known, or overtaken
	Refused   = "rejected"  // it can't be; Code says why
)

// Report tells what became of each outcome.
type Report struct {
	Items []ReportItem `json:"items"`
}

// ReportItem is what became of one outcome.
type ReportItem struct {
	Line          int    `json:"line,omitempty" doc:"Of a CSV file, from 1"`
	ApplicationID string `json:"application_id"`
	Result        string `json:"result" enum:"applied,unchanged,rejected"`
	Field         string `json:"field,omitempty" doc:"The column concerned, of a line that can't be read"`
	Code          string `json:"code,omitempty" doc:"outcome.application_unknown, outcome.not_approved, outcome.contradicts; of a CSV file's line also field.required, field.not_allowed, field.format, csv.format"`
}

// Line is an outcome of a file, or why it can't be read.
type Line struct {
	Outcome
	No          int
	Field, Code string // Code is "" for one that was read
}

// Banks finds a bank.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Bindings tells whether a viewer has bound a card that was issued at a time.
type Bindings interface {
	HasBound(ctx context.Context, q db.Querier, bank, viewer, last4 string, since time.Time) (bool, error)
}

// Outcomes takes in what the card core made of applications.
type Outcomes struct {
	book     *card.Book
	keeper   *idem.Keeper
	banks    Banks
	bindings Bindings
	key      string // signs the core's callbacks
}

// NewOutcomes makes the service; key is the one that the bank signs with.
func NewOutcomes(book *card.Book, keeper *idem.Keeper, banks Banks, bindings Bindings, key string) *Outcomes {
	return &Outcomes{book: book, keeper: keeper, banks: banks, bindings: bindings, key: key}
}

// pieceSize is how many outcomes are one transaction: while it runs, nothing else of
// the bank gets into its audit log.
const pieceSize = 100

// Record takes outcomes that a supervisor hands in. What can't be is reported, not
// refused as a whole. They take effect piece by piece: where that was broken off,
// the same again finds what was done unchanged.
func (u *Outcomes) Record(ctx context.Context, bank tenant.Bank, p Person, items []Outcome, req idem.Request) (Report, bool, error) {
	lines := make([]Line, len(items))
	for i, o := range items {
		lines[i].Outcome = o
	}
	return u.RecordFile(ctx, bank, p, lines, req)
}

// RecordFile is Record of a file, whose lines are reported one by one.
func (u *Outcomes) RecordFile(ctx context.Context, bank tenant.Bank, p Person, lines []Line, req idem.Request) (report Report, replayed bool, err error) {
	leave, err := u.keeper.Enter(req)
	if err != nil {
		return report, false, err
	}
	defer leave()
	if report, replayed, err = idem.Lookup[Report](ctx, u.book.DB, req); err != nil || replayed {
		return report, replayed, err
	}
	report.Items = make([]ReportItem, 0, len(lines))
	for some := range slices.Chunk(lines, pieceSize) {
		items, err := u.piece(ctx, bank, some, p.actor())
		if err != nil {
			return report, false, err
		}
		report.Items = append(report.Items, items...)
	}
	return report, false, u.book.DB.InTx(ctx, func(tx *db.Tx) error { return idem.Save(ctx, tx, req, report) })
}

func (u *Outcomes) piece(ctx context.Context, bank tenant.Bank, lines []Line, by card.Actor) (items []ReportItem, err error) {
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.ApplicationID
	}
	err = u.book.DB.InTx(ctx, func(tx *db.Tx) error {
		held, err := holdAll(ctx, tx, bank.ID, ids)
		if err != nil {
			return err
		}
		items = make([]ReportItem, len(lines))
		for i, l := range lines {
			items[i] = ReportItem{ApplicationID: l.ApplicationID, Result: Refused, Field: l.Field, Code: l.Code}
			if l.Code == "" {
				if items[i], err = u.apply(ctx, tx, bank, l.Outcome, held[l.ApplicationID], by); err != nil {
					return err
				}
			}
			items[i].Line = l.No
		}
		return nil
	})
	return items, err
}

// cardCore is who acted where the core itself answers.
const cardCore = "card-core"

// Callback takes outcomes that the card core sends, signed; each application
// names its bank. Errors: callback.signature (401); bad_request, validation; and
// not_found for an application that is nobody's, after all the others were taken:
// the core's repeat finds them unchanged.
func (u *Outcomes) Callback(ctx context.Context, signature string, raw []byte, requestID string) (Report, error) {
	if err := gateway.CheckSignature(u.key, signature, raw, u.book.DB.Clock().Now()); err != nil {
		return Report{}, err
	}
	items, err := ReadJSON(raw)
	if err != nil {
		return Report{}, err
	}
	report := Report{Items: make([]ReportItem, len(items))}
	var unknown error
	for i, o := range items {
		item, err := u.callback(ctx, o, card.Actor{Kind: "system", ID: cardCore, RequestID: requestID})
		switch {
		case err == nil:
			report.Items[i] = item
		case errors.Is(err, notOurs):
			unknown = err
		default:
			return report, err
		}
	}
	return report, unknown
}

var notOurs = fault.New(fault.NotFound, "not_found")

func (u *Outcomes) callback(ctx context.Context, o Outcome, by card.Actor) (item ReportItem, err error) {
	bankID, found, err := db.Value[string](ctx, u.book.DB, "SELECT bank_id FROM application WHERE id = ?", o.ApplicationID)
	if err != nil {
		return item, err
	}
	bank, known, err := u.banks.ByID(ctx, bankID)
	if err != nil {
		return item, err
	}
	if !found || !known {
		return item, notOurs
	}
	err = u.book.DB.InTx(ctx, func(tx *db.Tx) error {
		held, err := holdAll(ctx, tx, bank.ID, []string{o.ApplicationID})
		if err == nil {
			item, err = u.apply(ctx, tx, bank, o, held[o.ApplicationID], by)
		}
		return err
	})
	return item, err
}

// state is where an application stands when its outcome arrives.
type state struct {
	id     string
	status card.Status
	viewer string
	last4  string
	since  db.Time // when it was sent in
}

// holdAll reads applications and keeps them from changing until the commit: in one
// order and before anything is written, so that two files at once wait for each
// other.
func holdAll(ctx context.Context, tx *db.Tx, bank string, ids []string) (map[string]*state, error) {
	all, err := db.All(ctx, tx, func(r db.Row) (s state, err error) {
		return s, r.Scan(&s.id, &s.status, &s.viewer, &s.last4, &s.since)
	}, "SELECT id, status, viewer_id, COALESCE(card_last4, ''), created_at FROM application WHERE bank_id = ? AND id IN "+db.Marks(len(ids))+" ORDER BY id"+tx.Dialect().ForUpdate(),
		append([]any{bank}, db.Args(ids)...)...)
	held := make(map[string]*state, len(all))
	for i := range all {
		held[all[i].id] = &all[i]
	}
	return held, err
}

// apply makes one outcome true, as far as it is not already or cannot be; s is nil
// for an application that is not the bank's.
func (u *Outcomes) apply(ctx context.Context, tx *db.Tx, bank tenant.Bank, o Outcome, s *state, by card.Actor) (ReportItem, error) {
	item := ReportItem{ApplicationID: o.ApplicationID, Result: Unchanged}
	if s == nil {
		item.Result, item.Code = Refused, "outcome.application_unknown"
		return item, nil
	}
	to, code := target(s.status, o.Outcome)
	if code != "" {
		item.Result, item.Code = Refused, code
		return item, nil
	}
	if s.last4 == "" && o.CardLast4 != "" && o.Outcome != declined {
		n, err := tx.Exec(ctx, "UPDATE application SET card_last4 = ? WHERE bank_id = ? AND id = ? AND "+card.Unerased, o.CardLast4, bank.ID, o.ApplicationID)
		if err != nil {
			return item, err
		}
		if n > 0 { // none for a person who was erased
			s.last4, item.Result = o.CardLast4, Applied
		}
	}
	if to == "" {
		if o.Outcome != issued {
			return item, nil
		}
		sooner, err := u.sooner(ctx, tx, bank, o, s, by)
		if sooner {
			item.Result = Applied
		}
		return item, err
	}
	item.Result = Applied
	return item, u.move(ctx, tx, bank, o, s, to, by)
}

// sooner takes the time of an issue that is told after the activation, by whose
// time the card seemed to be issued.
func (u *Outcomes) sooner(ctx context.Context, tx *db.Tx, bank tenant.Bank, o Outcome, s *state, by card.Actor) (bool, error) {
	at := s.took(o, tx.Now)
	n, err := tx.Exec(ctx, "UPDATE application SET issued_at = ? WHERE bank_id = ? AND id = ? AND issued_at > ?", at, bank.ID, s.id, at)
	if err != nil || n == 0 {
		return false, err
	}
	e := outcomeEvent(bank, o, at, by)
	if err := u.book.Record(ctx, tx, e); err != nil {
		return false, err
	}
	if err := card.Audit(ctx, tx, e); err != nil || s.status == card.Bound {
		return true, err
	}
	return true, u.ifBound(ctx, tx, bank, s, at)
}

// took is when an outcome took place: not before the application was sent in, and
// not after now, since a clock that runs ahead must not put off what follows.
func (s *state) took(o Outcome, now time.Time) time.Time {
	switch at := o.At.Time; {
	case at.After(now):
		return now
	case at.Before(s.since.Time):
		return s.since.Time
	default:
		return at
	}
}

func outcomeEvent(bank tenant.Bank, o Outcome, at time.Time, by card.Actor) card.Event {
	return card.Event{Bank: bank.ID, Application: o.ApplicationID, Kind: "outcome", By: by, Detail: map[string]any{"outcome": o.Outcome, "at": at}}
}

// target is where an outcome leads from a status: "" when there is nothing to
// do, or the code of why it can't be.
func target(from card.Status, outcome string) (to card.Status, code string) {
	switch from {
	case card.Approved, card.HandedOff:
		return map[string]card.Status{issued: card.Issued, activated: card.Activated, declined: card.Rejected}[outcome], ""
	case card.Issued:
		if outcome == activated {
			return card.Activated, ""
		}
	case card.Activated, card.Bound:
	case card.Rejected:
		if outcome == declined {
			return "", ""
		}
		return "", "outcome.contradicts"
	default:
		return "", "outcome.not_approved"
	}
	if outcome == declined {
		return "", "outcome.contradicts"
	}
	return "", ""
}

// move writes the outcome's status. A card that the viewer has bound already,
// at its first word, is bound at once.
func (u *Outcomes) move(ctx context.Context, tx *db.Tx, bank tenant.Bank, o Outcome, s *state, to card.Status, by card.Actor) error {
	at := s.took(o, tx.Now)
	e := outcomeEvent(bank, o, at, by)
	m := card.Move{Event: e, To: to, Set: "issued_at = COALESCE(issued_at, ?)", Args: []any{at}}
	if to == card.Rejected {
		m.Set, m.Args = "reason_code = ?, decided_at = ?", []any{"other", at}
	}
	if _, err := u.book.Move(ctx, tx, m); err != nil {
		return err
	}
	if err := card.Audit(ctx, tx, e); err != nil {
		return err
	}
	first := s.status != card.Issued
	if s.status = to; to == card.Rejected || !first {
		return nil
	}
	return u.ifBound(ctx, tx, bank, s, at)
}

func (u *Outcomes) ifBound(ctx context.Context, tx *db.Tx, bank tenant.Bank, s *state, at time.Time) error {
	bound, err := u.bindings.HasBound(ctx, tx, bank.ID, s.viewer, s.last4, at)
	if err != nil || !bound {
		return err
	}
	s.status = card.Bound
	_, err = u.book.Move(ctx, tx, card.Move{Event: card.Event{Bank: bank.ID, Application: s.id, Kind: "bound"},
		To: card.Bound, Set: "bound_at = ?", Args: []any{tx.Now}})
	return err
}
