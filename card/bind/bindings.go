package bind

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/pii"
)

// Bank is the bank's side of bindings; *gateway.Client is one. Its errors are
// *gateway.Refusal or wrap gateway.ErrUnknown.
type Bank interface {
	Verify(ctx context.Context, name, idNo, phone, pan pii.Text) (ref string, err error)
	Confirm(ctx context.Context, ref, code string) (gateway.Card, error)
	Unbind(ctx context.Context, token pii.Text) error
}

var _ Bank = (*gateway.Client)(nil)

// Bindings binds and unbinds cards.
type Bindings struct {
	book   *card.Book
	keeper *idem.Keeper
	bank   Bank
}

// New makes the service.
func New(book *card.Book, keeper *idem.Keeper, bank Bank) *Bindings {
	return &Bindings{book: book, keeper: keeper, bank: bank}
}

// Card is a bound card as its viewer sees it. Its id is its binding's.
type Card struct {
	ID       string      `json:"id"`
	BankName string      `json:"bank_name"`
	Kind     string      `json:"kind" enum:"debit,credit"`
	Last4    string      `json:"last4"`
	BoundAt  clock.Stamp `json:"bound_at"`
	Default  bool        `json:"default" doc:"Taken when no other card is named; one of a viewer's cards is"`
	Art      string      `json:"art" doc:"The key of the card's face: by its BIN, else its kind"`
}

const selectCard = `SELECT b.id, b.bank_name, b.kind, b.last4, b.bound_at, b.bin, d.binding_id IS NOT NULL
	FROM binding b LEFT JOIN default_card d ON d.bank_id = b.bank_id AND d.viewer_id = b.viewer_id AND d.binding_id = b.id
	WHERE b.bank_id = ? AND b.viewer_id = ? AND b.status = 'bound'`

func scanCard(r db.Row) (c Card, err error) {
	var bound db.Time
	var bin string
	err = r.Scan(&c.ID, &c.BankName, &c.Kind, &c.Last4, &bound, &bin, &c.Default)
	c.BoundAt, c.Art = clock.At(bound.Time), artOf(bin, c.Kind)
	return c, err
}

// Cards lists a viewer's bound cards, the newest first.
func (b *Bindings) Cards(ctx context.Context, bank, viewer string) ([]Card, error) {
	return db.All(ctx, b.book.DB, scanCard, selectCard+" ORDER BY b.id DESC", bank, viewer)
}

// Token gives the token by which the bank charges a viewer's card; not_found
// when the viewer has no such card.
func (b *Bindings) Token(ctx context.Context, bank, viewer, cardID string) (pii.Text, error) {
	sealed, found, err := db.Value[*string](ctx, b.book.DB,
		"SELECT card_token_sealed FROM binding WHERE bank_id = ? AND viewer_id = ? AND id = ? AND status = 'bound'", bank, viewer, cardID)
	if err != nil {
		return pii.Text{}, err
	}
	if !found || sealed == nil {
		return pii.Text{}, fault.New(fault.NotFound, "not_found")
	}
	return b.book.Keys.Open(ctx, tokenPlace(bank, cardID), *sealed)
}

// TakesInstalments tells whether a viewer's card may pay by instalments: they are
// the bank's own offer on its own credit cards.
func (b *Bindings) TakesInstalments(ctx context.Context, bank, viewer, cardID string) (bool, error) {
	n, _, err := db.Value[int](ctx, b.book.DB, `SELECT COUNT(*) FROM binding WHERE bank_id = ? AND viewer_id = ? AND id = ?
		AND status = 'bound' AND own_bank = ? AND kind = 'credit'`, bank, viewer, cardID, true)
	return n > 0, err
}

// Issuer is the BIN of a viewer's card, and whether it is the bank's own;
// not_found when the viewer never had such a card.
func (b *Bindings) Issuer(ctx context.Context, bank, viewer, cardID string) (bin string, own bool, err error) {
	type issuer struct {
		bin string
		own bool
	}
	i, found, err := db.One(ctx, b.book.DB, func(r db.Row) (i issuer, err error) { return i, r.Scan(&i.bin, &i.own) },
		"SELECT bin, own_bank FROM binding WHERE bank_id = ? AND viewer_id = ? AND id = ? AND bound_at IS NOT NULL", bank, viewer, cardID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return i.bin, i.own, err
}

func tokenPlace(bank, binding string) pii.Place {
	return pii.Place{Bank: bank, Table: "binding", Column: "card_token_sealed", Row: binding}
}

// HasBound tells whether the viewer has bound the bank's own credit card with
// these last four digits, or any such card since it was issued.
func (b *Bindings) HasBound(ctx context.Context, q db.Querier, bank, viewer, last4 string, since time.Time) (bool, error) {
	n, _, err := db.Value[int](ctx, q, `SELECT COUNT(*) FROM binding WHERE bank_id = ? AND viewer_id = ? AND status = 'bound'
		AND own_bank = ? AND kind = 'credit' AND (last4 = ? OR bound_at >= ?)`, bank, viewer, true, last4, since)
	return n > 0, err
}
