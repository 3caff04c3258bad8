package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"yinbo/internal/money"
	"yinbo/internal/pii"
)

// Payment is the bank's state of a payment.
type Payment struct {
	OutTradeNo  string     `json:"out_trade_no"` // our payment's id
	PaymentNo   string     `json:"payment_no"`
	AmountFen   money.Fen  `json:"amount_fen"`
	Status      string     `json:"status"` // pending, succeeded, failed
	CashierURL  string     `json:"cashier_url"`
	PaidAt      *time.Time `json:"paid_at"`
	RefundedFen money.Fen  `json:"refunded_fen"`
}

// CreatePayment opens a payment at the cashier; the same number again gives the
// same payment.
func (c *Client) CreatePayment(ctx context.Context, outTradeNo string, amount money.Fen, subject string) (p Payment, err error) {
	return p, c.call(ctx, http.MethodPost, "/pay/v1/payments", map[string]any{
		"out_trade_no": outTradeNo, "amount_fen": amount, "notify_url": c.PaymentsCallback(), "subject": subject}, &p)
}

// QueryPayment asks for a payment; *Refusal 404 when the bank has none.
func (c *Client) QueryPayment(ctx context.Context, outTradeNo string) (p Payment, err error) {
	return p, c.call(ctx, http.MethodGet, "/pay/v1/payments/"+url.PathEscape(outTradeNo), nil, &p)
}

// Charge pays with a bound card's token; instalments is in how many terms its
// holder pays the card's bank back, 0 for none. We get the whole at once.
func (c *Client) Charge(ctx context.Context, outTradeNo string, amount money.Fen, token pii.Text, subject string, instalments int) (p Payment, err error) {
	charge := map[string]any{"out_trade_no": outTradeNo, "amount_fen": amount, "card_token": token.Reveal(),
		"notify_url": c.PaymentsCallback(), "subject": subject}
	if instalments != 0 {
		charge["instalments"] = instalments
	}
	return p, c.call(ctx, http.MethodPost, "/bind/v1/charges", charge, &p)
}

// Refund is the bank's state of a refund.
type Refund struct {
	OutRefundNo string `json:"out_refund_no"` // our refund's id
	RefundNo    string `json:"refund_no"`
	Status      string `json:"status"` // succeeded, failed
}

// CreateRefund gives back amount of a payment; the same number again gives the
// same refund.
func (c *Client) CreateRefund(ctx context.Context, outRefundNo, outTradeNo string, amount money.Fen) (r Refund, err error) {
	return r, c.call(ctx, http.MethodPost, "/pay/v1/refunds", map[string]any{
		"out_refund_no": outRefundNo, "out_trade_no": outTradeNo, "amount_fen": amount, "notify_url": c.PaymentsCallback()}, &r)
}

// Payout is the bank's state of a payout.
type Payout struct {
	OutPayoutNo string    `json:"out_payout_no"` // our payout's id
	PayoutNo    string    `json:"payout_no"`
	AmountFen   money.Fen `json:"amount_fen"`
	Status      string    `json:"status"` // processing, succeeded, failed, returned
	Reason      string    `json:"reason"`
}

// CreatePayout pays a payee of the bank's books; the same number again gives the
// same payout.
func (c *Client) CreatePayout(ctx context.Context, outPayoutNo string, amount money.Fen, payeeNo, payeeName string) (p Payout, err error) {
	return p, c.call(ctx, http.MethodPost, "/payout/v1/payouts", map[string]any{
		"out_payout_no": outPayoutNo, "amount_fen": amount, "payee_no": payeeNo, "payee_name": payeeName}, &p)
}

// QueryPayout asks for a payout; *Refusal 404 when the bank has none.
func (c *Client) QueryPayout(ctx context.Context, outPayoutNo string) (p Payout, err error) {
	return p, c.call(ctx, http.MethodGet, "/payout/v1/payouts/"+url.PathEscape(outPayoutNo), nil, &p)
}

// Statement streams the bank's statement of a business date as CSV; the caller
// closes it.
func (c *Client) Statement(ctx context.Context, date string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/pay/v1/statements/"+url.PathEscape(date)+".csv", nil)
	if err != nil {
		return nil, fmt.Errorf("gateway: statement: %w", err)
	}
	res, err := c.files.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: statement: %w", ErrUnknown, scrub(err))
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		if !definite(res.StatusCode) {
			return nil, fmt.Errorf("%w: statement answered %d", ErrUnknown, res.StatusCode)
		}
		return nil, &Refusal{Status: res.StatusCode, Code: "statement"}
	}
	return res.Body, nil
}
