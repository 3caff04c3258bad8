package settle

import (
	"context"
	"io"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// Statements gives a gateway's statement of a business date (YYYY-MM-DD); the
// caller closes it. Its errors are *gateway.Refusal or wrap gateway.ErrUnknown or
// gateway.ErrHash.
type Statements interface {
	Statement(ctx context.Context, date string) (io.ReadCloser, error)
}

// Refunder is a gateway that gives back a payment of which we know only the
// number; again with the same number of ours, it gives back once.
type Refunder interface {
	CreateRefund(ctx context.Context, outRefundNo, outTradeNo string, amount money.Fen) (gateway.Refund, error)
}

// Repairer asks a gateway about a payment or refund of ours and takes in what it
// says; done is true when money that was missed is counted now. order/payment
// implements it.
type Repairer interface {
	Repair(ctx context.Context, bankID, ref string) (done bool, said string, err error)
}

// Banks lists the tenants, the oldest first.
type Banks interface {
	All(ctx context.Context) ([]tenant.Bank, error)
}

// The channels whose statements are read.
const (
	Bankbox   = "bankbox" // the bank's own gateway
	WeChatPay = "wechatpay"
)

// channel is a gateway whose statement is read. What goes through another one is
// none of its statement's matter.
type channel struct {
	name       string
	statements Statements
	read       format
}

// Desk is finance's desk: settlements and reconciliations.
type Desk struct {
	// Repairs is who asks gateways about what was missed; nil for nobody.
	Repairs Repairer
	// Payer pays merchants; nil for nobody, and settlements stay approved.
	Payer Payer
	// Payees opens the accounts that merchants are paid to; nil for nobody.
	Payees Payees

	db       *db.DB
	book     *ledger.Book
	box      *outbox.Box
	banks    Banks
	channels []channel
}

// New makes a desk on d that reads the statements of the bank's own gateway.
func New(d *db.DB, book *ledger.Book, box *outbox.Box, banks Banks, statements Statements) *Desk {
	return &Desk{db: d, book: book, box: box, banks: banks, channels: []channel{{Bankbox, statements, readStatement}}}
}

// AddWeChatPay has WeChat Pay's trade bills read as well.
func (k *Desk) AddWeChatPay(bills Statements) {
	k.channels = append(k.channels, channel{WeChatPay, bills, readBill})
}

func (k *Desk) channel(name string) (channel, error) {
	for _, c := range k.channels {
		if c.name == name {
			return c, nil
		}
	}
	return channel{}, fault.InvalidField("channel", "field.not_allowed")
}

// Actor is who acts, for the audit log and the rule of two people.
type Actor struct {
	Kind      string // staff, system
	ID        string
	RequestID string
	Checker   bool // may approve and reject
}

// System acts for the nightly tasks.
var System = Actor{Kind: "system", ID: "system"}

func (a Actor) entry(bankID, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bankID, ActorKind: a.Kind, Actor: a.ID, RequestID: a.RequestID,
		Action: action, Object: object, Detail: detail}
}

// Settlement is what a merchant is paid for a business date. Amounts in fen.
type Settlement struct {
	ID            string       `json:"id"`
	Merchant      Merchant     `json:"merchant"`
	BusinessDate  string       `json:"business_date" doc:"YYYY-MM-DD in the bank's time zone"`
	Status        string       `json:"status" enum:"draft,submitted,approved,paying,paid,failed,rejected" doc:"approved: due, or carried while it is below zero; failed: the bank did not pay, or the money came back"`
	Sales         money.Fen    `json:"sales_fen" doc:"What buyers paid"`
	Refunds       money.Fen    `json:"refunds_fen" doc:"What buyers got back"`
	Commission    money.Fen    `json:"commission_fen" doc:"Kept by the platform, less what refunds gave back"`
	Discounts     money.Fen    `json:"discounts_fen" doc:"Discounts that the bank or the platform funds, paid to the merchant"`
	Payable       money.Fen    `json:"payable_fen" doc:"sales - refunds - commission + discounts; below zero it is carried to the merchant's next payout"`
	LineCount     int          `json:"line_count"`
	SubmittedBy   *string      `json:"submitted_by" doc:"Staff id"`
	SubmittedName *string      `json:"submitted_name"`
	SubmittedAt   *clock.Stamp `json:"submitted_at"`
	DecidedBy     *string      `json:"decided_by" doc:"Staff id"`
	DecidedName   *string      `json:"decided_name"`
	DecidedAt     *clock.Stamp `json:"decided_at"`
	RejectReason  *string      `json:"reject_reason"`
	CreatedAt     clock.Stamp  `json:"created_at"`
	PayoutID      *string      `json:"payout_id" doc:"The last payout that it was in"`
	DueDate       *string      `json:"due_date" doc:"From which it may be paid, by the merchant's cycle; null before it is approved, and for a merchant without terms: at once"`
	Reserve       money.Fen    `json:"reserve_fen" doc:"Kept back of payable_fen for a time, by the merchant's terms"`
	Lines         []Line       `json:"lines,omitempty" doc:"Only when one settlement is read; they add up to payable_fen by net_fen"`
}

// Merchant names a merchant as it was called when the date was settled.
type Merchant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Line is one order line sold or refunded. Amounts in fen, a refund's below
// zero.
type Line struct {
	Kind       string    `json:"kind" enum:"sale,refund"`
	OrderID    string    `json:"order_id"`
	Ref        string    `json:"ref" doc:"The order line as order/line, or the refund's id"`
	Title      string    `json:"title"`
	Amount     money.Fen `json:"amount_fen"`
	Commission money.Fen `json:"commission_fen"`
	Net        money.Fen `json:"net_fen" doc:"amount - commission"`
}

// checkDate refuses what is not a date, and dates still to come, as validation
// errors of the field date.
func checkDate(bank tenant.Bank, now time.Time, date string) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fault.InvalidField("date", "field.format")
	}
	if date > bank.BusinessDate(now) {
		return fault.InvalidField("date", "date.future")
	}
	return nil
}

func notFound() error { return fault.New(fault.NotFound, "not_found") }

func conflict() error { return fault.New(fault.Conflict, "conflict") }
