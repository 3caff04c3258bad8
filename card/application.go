package card

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
)

// Viewers knows the signed-in phone of a viewer by its keyed hash (purpose
// "phone").
type Viewers interface {
	PhoneHash(ctx context.Context, bank, viewer string) (string, error)
}

// Rooms knows whose a room is; ok is false when the bank has no such room.
type Rooms interface {
	RoomHost(ctx context.Context, bank, room string) (host, branch string, ok bool, err error)
}

// Applications takes applications in and shows viewers their own.
type Applications struct {
	book    *Book
	keeper  *idem.Keeper
	viewers Viewers
	rooms   Rooms

	branches Branches
}

// New makes the service.
func New(book *Book, keeper *idem.Keeper, viewers Viewers, rooms Rooms, branches Branches) *Applications {
	return &Applications{book: book, keeper: keeper, viewers: viewers, rooms: rooms, branches: branches}
}

// Receipt is the answer to an application.
type Receipt struct {
	ID        string `json:"id"`
	Status    Status `json:"status"`
	ReceiptNo string `json:"receipt_no"`
	Repeat    bool   `json:"repeat" doc:"This is the application that was open already"`
}

// Application is what a viewer sees of their own.
type Application struct {
	ID          string       `json:"id"`
	Status      Status       `json:"status"`
	CardProduct Named        `json:"card_product"`
	ReceiptNo   string       `json:"receipt_no"`
	CreatedAt   clock.Stamp  `json:"created_at"`
	UpdatedAt   clock.Stamp  `json:"updated_at"`
	InfoRequest *InfoRequest `json:"info_request" doc:"What the reviewer asks for while the status is info_requested"`
	CardLast4   *string      `json:"card_last4"`
	AgainOn     *string      `json:"again_on" doc:"Of a rejected one: the business date from which the person may apply again"`

	// Delivery and Timeline are given for a single application only.
	Delivery *Delivery `json:"delivery,omitempty" doc:"How the card is to come, where the form asked"`
	Timeline []Step    `json:"timeline,omitempty"`
}

// Step is a status that an application reached.
type Step struct {
	Status Status      `json:"status"`
	At     clock.Stamp `json:"at"`
}

// List gives a viewer's applications, the newest first, one more than limit
// where there are more; after is the last id of the page before.
func (a *Applications) List(ctx context.Context, bank tenant.Bank, viewer, after string, limit int) ([]Application, error) {
	where, args := "a.viewer_id = ?", []any{viewer}
	if after != "" {
		where, args = where+" AND a.id < ?", append(args, after)
	}
	return a.read(ctx, a.book.DB, bank, where+" ORDER BY a.id DESC LIMIT ?", append(args, limit+1)...)
}

// Get gives one of the viewer's applications; not_found for another's.
func (a *Applications) Get(ctx context.Context, bank tenant.Bank, viewer, application string) (Application, error) {
	return a.get(ctx, a.book.DB, bank, viewer, application)
}

func (a *Applications) get(ctx context.Context, q db.Querier, bank tenant.Bank, viewer, application string) (Application, error) {
	found, err := a.read(ctx, q, bank, "a.viewer_id = ? AND a.id = ?", viewer, application)
	if err != nil {
		return Application{}, err
	}
	if len(found) == 0 {
		return Application{}, fault.New(fault.NotFound, "not_found")
	}
	v := found[0]
	if v.Delivery, err = a.book.Delivery(ctx, q, bank.ID, application); err != nil {
		return v, err
	}
	v.Timeline, err = readSteps(ctx, q, bank.ID, application)
	return v, err
}

type applicationRow struct {
	Application
	infoFields, infoSealed string
	decided                time.Time
}

func (a *Applications) read(ctx context.Context, q db.Querier, bank tenant.Bank, where string, args ...any) ([]Application, error) {
	rows, err := db.All(ctx, q, scanApplication, `SELECT a.id, a.status, p.id, p.name, a.receipt_no, a.created_at, a.updated_at,
		COALESCE(a.info_fields, ''), COALESCE(a.info_message_sealed, ''), a.card_last4, a.decided_at
		FROM application a JOIN card_product p ON p.id = a.card_product_id WHERE a.bank_id = ? AND `+where, append([]any{bank.ID}, args...)...)
	if err != nil {
		return nil, err
	}
	out := make([]Application, len(rows))
	for i, r := range rows {
		out[i] = r.Application
		if r.Status == Rejected && !r.decided.IsZero() {
			day := bank.BusinessDate(r.decided.AddDate(0, 0, bank.Settings.CoolOffDays))
			out[i].AgainOn = &day
		}
		if r.Status != InfoRequested {
			continue
		}
		if out[i].InfoRequest, err = a.book.ReadRequest(ctx, bank.ID, r.ID, r.infoFields, r.infoSealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanApplication(r db.Row) (v applicationRow, err error) {
	var created, updated, decided db.Time
	err = r.Scan(&v.ID, &v.Status, &v.CardProduct.ID, &v.CardProduct.Name, &v.ReceiptNo, &created, &updated,
		&v.infoFields, &v.infoSealed, &v.CardLast4, &decided)
	v.decided = decided.Time
	v.CreatedAt, v.UpdatedAt = clock.At(created.Time), clock.At(updated.Time)
	return v, err
}

// RoomFigures counts what a room has brought: applications, and cards bound
// that came of them.
func (a *Applications) RoomFigures(ctx context.Context, bank, room string) (applications, bindings int64, err error) {
	type pair struct{ all, bound int64 }
	n, _, err := db.One(ctx, a.book.DB, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.all, &p.bound) },
		"SELECT COUNT(*), COUNT(bound_at) FROM application WHERE bank_id = ? AND room_id = ?", bank, room)
	return n.all, n.bound, err
}

// RoomApplications gives when each of a room's applications was made.
func (a *Applications) RoomApplications(ctx context.Context, bank, room string) ([]time.Time, error) {
	return db.All(ctx, a.book.DB, func(r db.Row) (time.Time, error) {
		var at db.Time
		err := r.Scan(&at)
		return at.Time, err
	}, "SELECT created_at FROM application WHERE bank_id = ? AND room_id = ?", bank, room)
}

// AwaitingBinding finds the viewer's issued application that a bound credit card
// of the bank belongs to: the one with the same last four digits, else the one
// that was issued first.
func AwaitingBinding(ctx context.Context, tx *db.Tx, bank, viewer, last4 string) (application string, found bool, err error) {
	return db.Value[string](ctx, tx, awaiting(tx.Dialect()), bank, viewer, last4)
}

// awaiting names its index: by the status an engine may walk every card that is
// out.
func awaiting(d db.Dialect) string {
	return "SELECT id FROM application" + d.By("application_viewer") + ` WHERE bank_id = ? AND viewer_id = ? AND status IN ('issued','activated')
		ORDER BY CASE WHEN card_last4 = ? THEN 0 ELSE 1 END, issued_at, id LIMIT 1`
}
