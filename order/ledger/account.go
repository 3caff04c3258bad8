package ledger

import "strings"

// The accounts. Those of a merchant, a funder or a channel are made by the
// functions below.
const (
	Gateway          = "gateway:bankbox"   // what the bank's gateway holds for us
	Cash             = "cash"              // the bank's own account, beside the gateways
	Commission       = "commission"        // kept of sales
	Suspense         = "suspense"          // money that has no order (yet)
	Discount         = "discount:bank"     // what the bank owes for discounts that it funds
	PlatformDiscount = "discount:platform" // what the platform owes for discounts that it funds
	WriteOff         = "write_off"         // differences that nobody makes good
	Points           = "points"            // points given out and not used up; nothing posts to it yet
)

const (
	merchantPrefix = "merchant:"
	gatewayPrefix  = "gateway:"
	discountPrefix = "discount:"
)

// GatewayOf is the account of a channel's gateway; bankbox's is Gateway.
func GatewayOf(channel string) string { return gatewayPrefix + channel }

// FeeOf is what a channel's gateway charges.
func FeeOf(channel string) string { return "fee:" + channel }

// IsGateway tells whether an account is what a gateway holds for us.
func IsGateway(account string) bool { return strings.HasPrefix(account, gatewayPrefix) }

// IsDiscount tells whether an account is a discount that others than the
// merchant fund.
func IsDiscount(account string) bool { return strings.HasPrefix(account, discountPrefix) }

// Merchant is the payable account of a merchant: what its sales have earned and
// no approved settlement has taken out yet.
func Merchant(merchantID string) string { return merchantPrefix + merchantID }

// PayoutDue is what approved settlements owe a merchant. A settlement below
// zero debits it, and so is set off against the merchant's next ones.
func PayoutDue(merchantID string) string { return "payout_due:" + merchantID }

// PayoutUnderWay is what was taken out of a merchant's payout due and has neither
// reached it nor come back.
func PayoutUnderWay(merchantID string) string { return "payout_sent:" + merchantID }

// Reserve is what is kept back of a merchant's payouts for a time.
func Reserve(merchantID string) string { return "reserve:" + merchantID }

// Vouchers is what a merchant still owes for vouchers sold and not redeemed;
// nothing posts to it yet, see docs/ledger.md.
func Vouchers(merchantID string) string { return "voucher:" + merchantID }

// MerchantOf is the merchant of a Merchant account; ok is false for any other.
func MerchantOf(account string) (merchantID string, ok bool) {
	merchantID, ok = strings.CutPrefix(account, merchantPrefix)
	return merchantID, ok && merchantID != ""
}

// Kind is what an account is.
type Kind string

// The kinds. Assets and expenses grow by debits, the others by credits.
const (
	Asset     Kind = "asset"
	Liability Kind = "liability"
	Income    Kind = "income"
	Expense   Kind = "expense"
)

// Party is whose an account is.
type Party string

// The parties.
const (
	OfBank     Party = "bank"
	OfMerchant Party = "merchant"
	OfFunder   Party = "funder"
	OfChannel  Party = "channel"
)

// Type is an account's kind and whose it is.
type Type struct {
	Kind    Kind
	Party   Party
	PartyID string // "" for the bank's own
}

// chart is every account there can be, by the part before the colon. Those of
// the bank have no colon.
var chart = map[string]Type{
	"gateway":     {Kind: Asset, Party: OfChannel},
	"fee":         {Kind: Expense, Party: OfChannel},
	"discount":    {Kind: Asset, Party: OfFunder},
	"merchant":    {Kind: Liability, Party: OfMerchant},
	"payout_due":  {Kind: Liability, Party: OfMerchant},
	"payout_sent": {Kind: Liability, Party: OfMerchant},
	"reserve":     {Kind: Liability, Party: OfMerchant},
	"voucher":     {Kind: Liability, Party: OfMerchant},
	"cash":        {Kind: Asset, Party: OfBank},
	"commission":  {Kind: Income, Party: OfBank},
	"suspense":    {Kind: Liability, Party: OfBank},
	"write_off":   {Kind: Expense, Party: OfBank},
	"points":      {Kind: Liability, Party: OfBank},
}

// maxAccount is how long an account's name may be.
const maxAccount = 80

// TypeOf reads an account's type off its name; ok is false for what is no
// account of the chart.
func TypeOf(account string) (t Type, ok bool) {
	name, of, colon := strings.Cut(account, ":")
	t, ok = chart[name]
	if !ok || colon != (t.Party != OfBank) || colon && of == "" || len(account) > maxAccount {
		return Type{}, false
	}
	t.PartyID = of
	return t, true
}

// The events that post. An event's ref is the id of the object in brackets.
const (
	OrderPaid          = "order.paid"          // payment
	OrderRefunded      = "order.refunded"      // refund
	PaymentUnmatched   = "payment.unmatched"   // payment
	PaymentReturned    = "payment.returned"    // refund
	SettlementApproved = "settlement.approved" // settlement
	ExceptionHeld      = "exception.held"      // exception, and the number of the entry: ref is exc_…/n
	ExceptionResolved  = "exception.resolved"  // exception
	FeeCharged         = "fee.charged"         // reconciliation, and the number of the entry: ref is rec_…/n
	PayoutSent         = "payout.sent"         // payout
	PayoutPaid         = "payout.paid"         // payout
	PayoutFailed       = "payout.failed"       // payout
	PayoutReturned     = "payout.returned"     // payout
	ReserveReleased    = "reserve.released"    // settlement
	Adjusted           = "ledger.adjusted"     // proposal
	Reversed           = "ledger.reversed"     // the entry that is reversed
)

// Events are all of them.
var Events = []string{OrderPaid, OrderRefunded, PaymentUnmatched, PaymentReturned, SettlementApproved, ReserveReleased, ExceptionHeld, ExceptionResolved, FeeCharged,
	PayoutSent, PayoutPaid, PayoutFailed, PayoutReturned, Adjusted, Reversed}
