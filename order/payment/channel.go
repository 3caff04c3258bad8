package payment

import (
	"context"

	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/pii"
	"yinbo/internal/wechatpay"
	"yinbo/order/ledger"
)

// Channel is the gateway that a payment and its refunds go through.
type Channel string

// The channels. Bankbox is the bank's own; bound cards are charged there only.
const (
	Bankbox   Channel = "bankbox"
	WeChatPay Channel = "wechatpay"
)

// Gateway is what every channel can do; *gateway.Client and *wechatpay.Client
// are such. Its errors are *gateway.Refusal or wrap gateway.ErrUnknown, and each
// call is idempotent by our number.
type Gateway interface {
	CreatePayment(ctx context.Context, outTradeNo string, amount money.Fen, subject string) (gateway.Payment, error)
	QueryPayment(ctx context.Context, outTradeNo string) (gateway.Payment, error)
	CreateRefund(ctx context.Context, outRefundNo, outTradeNo string, amount money.Fen) (gateway.Refund, error)
}

// Charger charges bound cards; instalments is 0 for none.
type Charger interface {
	Charge(ctx context.Context, outTradeNo string, amount money.Fen, token pii.Text, subject string, instalments int) (gateway.Payment, error)
}

// Closer is a Gateway that can be told that nobody will pay any more.
type Closer interface {
	ClosePayment(ctx context.Context, outTradeNo string) error
}

// Reader is a Gateway whose notices are signed in its own way. Refusals of
// ReadNotice: 401 callback.signature, 400 bad_request, 404 not_found.
type Reader interface {
	ReadNotice(ctx context.Context, header func(name string) string, body []byte) (gateway.Notice, error)
}

var (
	_ Gateway = (*gateway.Client)(nil)
	_ Charger = (*gateway.Client)(nil)
	_ Gateway = (*wechatpay.Client)(nil)
	_ Closer  = (*wechatpay.Client)(nil)
	_ Reader  = (*wechatpay.Client)(nil)
)

// Has tells whether payments can go through the channel here.
func (s *Payments) Has(c Channel) bool { return s.Gateways[c] != nil }

// Channels are those that payments can go through here, the bank's own first.
func (s *Payments) Channels() []Channel {
	all := []Channel{}
	for _, c := range []Channel{Bankbox, WeChatPay} {
		if s.Has(c) {
			all = append(all, c)
		}
	}
	return all
}

// gateway is the channel's; one that is not configured (any more) is unknown,
// never a no: what went through it may still succeed.
func (s *Payments) gateway(c Channel) (Gateway, error) {
	g := s.Gateways[c]
	if g == nil {
		return nil, fault.New(fault.Unavailable, "unavailable").Because(gateway.ErrUnknown)
	}
	return g, nil
}

// on puts the lines that book.go writes for the gateway on the channel's own
// account.
func on(c Channel, lines []ledger.Line) []ledger.Line {
	for i := range lines {
		if lines[i].Account == ledger.Gateway {
			lines[i].Account = ledger.GatewayOf(string(c))
		}
	}
	return lines
}
