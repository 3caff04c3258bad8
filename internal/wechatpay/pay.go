package wechatpay

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"

	"yinbo/internal/gateway"
	"yinbo/internal/money"
)

// Statuses of package gateway.
const (
	pending   = "pending"
	succeeded = "succeeded"
	failed    = "failed"
)

const currency = "CNY"

// maxDescription is how many bytes a payment may be called by.
const maxDescription = 127

// CreatePayment opens a Native payment; its cashier's address is to be shown as
// a QR code. outTradeNo is at most 32 characters, which our ids are.
func (c *Client) CreatePayment(ctx context.Context, outTradeNo string, amount money.Fen, subject string) (p gateway.Payment, err error) {
	api := native.NativeApiService{Client: c.core}
	answer, _, err := api.Prepay(ctx, native.PrepayRequest{Appid: &c.cfg.AppID, Mchid: &c.cfg.MchID, OutTradeNo: &outTradeNo,
		Description: core.String(short(subject, outTradeNo)), NotifyUrl: &c.notify,
		Amount: &native.Amount{Total: core.Int64(int64(amount)), Currency: core.String(currency)}})
	if err != nil {
		return p, explain("open", err)
	}
	if text(answer.CodeUrl) == "" {
		return p, fmt.Errorf("%w: wechatpay: open: no address in the answer", gateway.ErrUnknown)
	}
	return gateway.Payment{OutTradeNo: outTradeNo, AmountFen: amount, Status: pending, CashierURL: text(answer.CodeUrl)}, nil
}

// short cuts a subject to what the gateway takes, between characters.
func short(subject, instead string) string {
	if subject == "" {
		return instead
	}
	for len(subject) > maxDescription {
		_, n := utf8.DecodeLastRuneInString(subject)
		subject = subject[:len(subject)-n]
	}
	return subject
}

// QueryPayment asks for a payment by our number; *gateway.Refusal 404 when there
// is none.
func (c *Client) QueryPayment(ctx context.Context, outTradeNo string) (p gateway.Payment, err error) {
	api := native.NativeApiService{Client: c.core}
	t, _, err := api.QueryOrderByOutTradeNo(ctx, native.QueryOrderByOutTradeNoRequest{OutTradeNo: &outTradeNo, Mchid: &c.cfg.MchID})
	if err != nil {
		return p, explain("query", err)
	}
	if !c.ours(t) || text(t.OutTradeNo) != outTradeNo {
		return p, fmt.Errorf("%w: wechatpay: query: the answer is of another payment", gateway.ErrUnknown)
	}
	return state(t), nil
}

func (c *Client) ours(t *payments.Transaction) bool { return text(t.Mchid) == c.cfg.MchID }

// state reads a payment. WeChat Pay names an amount once it is paid; REFUND is a
// payment that succeeded and gave money back since.
func state(t *payments.Transaction) gateway.Payment {
	p := gateway.Payment{OutTradeNo: text(t.OutTradeNo), PaymentNo: text(t.TransactionId), Status: pending}
	switch text(t.TradeState) {
	case "SUCCESS", "REFUND":
		p.Status = succeeded
	case "CLOSED", "REVOKED", "PAYERROR":
		p.Status = failed
	}
	if a := t.Amount; a != nil && a.Total != nil && (a.Currency == nil || *a.Currency == currency) {
		p.AmountFen = money.Fen(*a.Total)
	}
	if at, err := time.Parse(time.RFC3339, text(t.SuccessTime)); err == nil {
		p.PaidAt = &at
	}
	return p
}

// ClosePayment makes a payment that nobody has paid impossible to pay.
func (c *Client) ClosePayment(ctx context.Context, outTradeNo string) error {
	api := native.NativeApiService{Client: c.core}
	_, err := api.CloseOrder(ctx, native.CloseOrderRequest{OutTradeNo: &outTradeNo, Mchid: &c.cfg.MchID})
	return explain("close", err)
}

// CreateRefund gives back amount of a payment, or tells how far the refund of
// that number is. It may stay pending for days.
func (c *Client) CreateRefund(ctx context.Context, outRefundNo, outTradeNo string, amount money.Fen) (r gateway.Refund, err error) {
	api := refunddomestic.RefundsApiService{Client: c.core}
	known, _, err := api.QueryByOutRefundNo(ctx, refunddomestic.QueryByOutRefundNoRequest{OutRefundNo: &outRefundNo})
	if err == nil {
		return c.refund(known, outRefundNo, outTradeNo, amount)
	}
	if !core.IsAPIError(err, "RESOURCE_NOT_EXISTS") {
		err := explain("query refund", err)
		if _, no := err.(*gateway.Refusal); no { // of the question, not of the refund
			err = fmt.Errorf("%w: %w", gateway.ErrUnknown, err)
		}
		return r, err
	}
	p, err := c.QueryPayment(ctx, outTradeNo) // a refund must name its payment's whole amount
	if err != nil {
		return r, err
	}
	made, _, err := api.Create(ctx, refunddomestic.CreateRequest{OutTradeNo: &outTradeNo, OutRefundNo: &outRefundNo, NotifyUrl: &c.notify,
		Amount: &refunddomestic.AmountReq{Refund: core.Int64(int64(amount)), Total: core.Int64(int64(p.AmountFen)), Currency: core.String(currency)}})
	if err != nil {
		return r, explain("refund", err)
	}
	return c.refund(made, outRefundNo, outTradeNo, amount)
}

// refund reads a refund, which must be the one that was asked for.
func (c *Client) refund(f *refunddomestic.Refund, outRefundNo, outTradeNo string, amount money.Fen) (r gateway.Refund, err error) {
	same := text(f.OutRefundNo) == outRefundNo && text(f.OutTradeNo) == outTradeNo &&
		f.Amount != nil && f.Amount.Refund != nil && money.Fen(*f.Amount.Refund) == amount
	if !same || f.Status == nil {
		return r, fmt.Errorf("%w: wechatpay: refund: the answer is of another refund", gateway.ErrUnknown)
	}
	return gateway.Refund{OutRefundNo: outRefundNo, RefundNo: text(f.RefundId), Status: refundState(string(*f.Status))}, nil
}

// refundState reads a refund's state. ABNORMAL is not the end of it: the money
// could not reach the card, and the merchant platform sends it another way.
func refundState(s string) string {
	switch s {
	case "SUCCESS":
		return succeeded
	case "CLOSED":
		return failed
	}
	return pending
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
