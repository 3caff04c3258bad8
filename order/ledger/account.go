package ledger

import "strings"

// The accounts. Those of a merchant are made by Merchant and PayoutDue.
const (
	Gateway          = "gateway:bankbox"   // asset: what the bank's gateway holds for us
	Commission       = "commission"        // income
	Suspense         = "suspense"          // liability: money that has no order (yet)
	Discount         = "discount:bank"     // expense: discounts that the bank funds
	PlatformDiscount = "discount:platform" // expense: discounts that the platform funds
)

const (
	merchantPrefix = "merchant:"
	gatewayPrefix  = "gateway:"
	discountPrefix = "discount:"
)

// GatewayOf is the account of a channel's gateway; bankbox's is Gateway.
func GatewayOf(channel string) string { return gatewayPrefix + channel }

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

// MerchantOf is the merchant of a Merchant account; ok is false for any other.
func MerchantOf(account string) (merchantID string, ok bool) {
	if len(account) <= len(merchantPrefix) || account[:len(merchantPrefix)] != merchantPrefix {
		return "", false
	}
	return account[len(merchantPrefix):], true
}

// The events that post. An event's ref is the id of the object in brackets.
const (
	OrderPaid          = "order.paid"          // payment
	OrderRefunded      = "order.refunded"      // refund
	PaymentUnmatched   = "payment.unmatched"   // payment
	PaymentReturned    = "payment.returned"    // refund
	SettlementApproved = "settlement.approved" // settlement
)
