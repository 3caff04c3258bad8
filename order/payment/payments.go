package payment

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/ledger"
)

// Method is how an order is paid.
type Method string

// The methods; CONTRACT §3.
const (
	Cashier   Method = "cashier"
	BoundCard Method = "bound_card"
)

// Status is where a payment or a refund stands. A refund is never created: it
// is pending from the start.
type Status string

// The statuses.
const (
	Created   Status = "created"
	Pending   Status = "pending"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
)

// Causes of refunds.
const (
	byViewer  = "viewer" // of an order as it was paid; who asked may be staff
	late      = "late_payment"
	duplicate = "duplicate_payment"
	outdated  = "discounts_changed" // paid by the terms before the order's discounts were
)

// The tasks: ref is the payment's or the refund's id.
const (
	QueryTask = "payment.query"
	SendTask  = "refund.send"
)

// Cards opens the tokens of bound cards; card/bind implements it.
type Cards interface {
	// Token is the viewer's card's; 404 not_found for any other.
	Token(ctx context.Context, bank, viewer, cardID string) (pii.Text, error)
	// TakesInstalments tells whether the card is a credit card of the bank's own.
	TakesInstalments(ctx context.Context, bank, viewer, cardID string) (bool, error)
	// Issuer is the BIN of the viewer's card, and whether it is the bank's own.
	Issuer(ctx context.Context, bank, viewer, cardID string) (bin string, own bool, err error)
}

// Discounts knows the terms of instant discounts; order/promo implements it.
type Discounts interface {
	// CardMay tells whether a card with the BIN may pay by all of the batches.
	CardMay(ctx context.Context, q db.Querier, bank string, batches []string, bin string) (bool, error)
}

// Banks finds a bank by its id; *tenant.Directory is one.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Deps is what Payments stands on.
type Deps struct {
	DB          *db.DB
	Box         *outbox.Box
	Keeper      *idem.Keeper
	Orders      *order.Orders
	Book        *ledger.Book
	Gateways    map[Channel]Gateway // Bankbox at least
	Charger     Charger
	Cards       Cards
	Discounts   Discounts
	Banks       Banks
	CallbackKey string // signs the bank's own callbacks
}

// Payments pays and refunds.
type Payments struct{ Deps }

// New makes the service.
func New(d Deps) *Payments { return &Payments{Deps: d} }

// View is a payment as the API shows it.
type View struct {
	ID         string `json:"id"`
	Status     Status `json:"status" enum:"created,pending,succeeded,failed"`
	CashierURL string `json:"cashier_url,omitempty" doc:"where the person pays, for the method cashier; a weixin:// address is shown as a QR code"`
}

// RefundView is a refund as the API shows it.
type RefundView struct {
	ID        string    `json:"id"`
	Status    Status    `json:"status" enum:"pending,succeeded,failed"`
	AmountFen money.Fen `json:"amount_fen"`
}

// payment is a payment as it is stored.
type payment struct {
	ID, Bank, Order, Viewer string
	Method                  Method
	Channel                 Channel
	Card, BIN               string // of a bound card
	OwnCard                 bool   // it is the bank's own
	Instalments             int    // 0 for none
	Amount                  money.Fen
	Status                  Status
	PaymentNo, CashierURL   string
	CreatedAt               time.Time
}

func (p payment) view() View { return View{ID: p.ID, Status: p.Status, CashierURL: p.CashierURL} }

// refund is a refund as it is stored.
type refund struct {
	ID, Bank, Order, Payment string
	Amount                   money.Fen
	Cause                    string
	AskedBy                  string // the member of staff, empty for the viewer
	Status                   Status
	Channel                  Channel // its payment's
	CreatedAt                time.Time
}

func (r refund) view() RefundView { return RefundView{ID: r.ID, Status: r.Status, AmountFen: r.Amount} }
