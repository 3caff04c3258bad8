package ordertest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/pii"
)

// Gateway stands for the bank: payments and refunds by the numbers that we give.
type Gateway struct {
	mu       sync.Mutex
	payments map[string]*gateway.Payment
	refunds  map[string]gateway.Refund
	paidOut  map[string]money.Fen // by payment

	// Mute makes the bank act and lose its answer; Deaf makes it not act.
	Mute, Deaf bool
	// Charges is what a charge answers.
	Charges string
	// Refuse makes refunds a definite no.
	Refuse bool
	// Short is what payments lack that are made now.
	Short money.Fen
	// Instalments are the terms of the last charge.
	Instalments int
}

// CreatePayment opens a payment at the cashier.
func (g *Gateway) CreatePayment(_ context.Context, no string, amount money.Fen, _ string) (gateway.Payment, error) {
	return g.make(no, amount, "pending")
}

// Charge pays with a token.
func (g *Gateway) Charge(_ context.Context, no string, amount money.Fen, _ pii.Text, _ string, terms int) (gateway.Payment, error) {
	g.mu.Lock()
	g.Instalments = terms
	g.mu.Unlock()
	return g.make(no, amount, g.Charges)
}

func (g *Gateway) make(no string, amount money.Fen, status string) (gateway.Payment, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Deaf {
		return gateway.Payment{}, gateway.ErrUnknown
	}
	p, ok := g.payments[no]
	if !ok {
		p = &gateway.Payment{OutTradeNo: no, PaymentNo: "bank-" + no, AmountFen: amount - g.Short, Status: status, CashierURL: "http://bank/" + no}
		g.payments[no] = p
	}
	if g.Mute {
		return gateway.Payment{}, gateway.ErrUnknown
	}
	return *p, nil
}

// PayAt settles a payment as the person at the cashier would.
func (g *Gateway) PayAt(no string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.payments[no].Status, g.payments[no].PaidAt = "succeeded", &at
}

// QueryPayment tells a payment's state.
func (g *Gateway) QueryPayment(_ context.Context, no string) (gateway.Payment, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Deaf {
		return gateway.Payment{}, gateway.ErrUnknown
	}
	p, ok := g.payments[no]
	if !ok {
		return gateway.Payment{}, &gateway.Refusal{Status: 404, Code: "not_found"}
	}
	return *p, nil
}

// CreateRefund gives money back, once per number.
func (g *Gateway) CreateRefund(_ context.Context, refundNo, no string, amount money.Fen) (gateway.Refund, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Deaf {
		return gateway.Refund{}, gateway.ErrUnknown
	}
	if g.Refuse {
		return gateway.Refund{}, &gateway.Refusal{Status: 409, Code: "refund.exceeds"}
	}
	if _, ok := g.refunds[refundNo]; !ok {
		g.refunds[refundNo] = gateway.Refund{OutRefundNo: refundNo, RefundNo: "bank-" + refundNo, Status: "succeeded"}
		g.paidOut[no] += amount
	}
	if g.Mute {
		return gateway.Refund{}, fmt.Errorf("%w: lost", gateway.ErrUnknown)
	}
	return g.refunds[refundNo], nil
}

// PaidOut is what was given back of a payment.
func (g *Gateway) PaidOut(no string) money.Fen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.paidOut[no]
}

// Issuer makes "card" one of the bank's own, and "card2" another bank's.
func (g *Gateway) Issuer(_ context.Context, _, _, cardID string) (bin string, own bool, err error) {
	if cardID == "card" {
		return OwnBIN, true, nil
	}
	return OtherBIN, false, nil
}

// The BINs of "card" and "card2".
const (
	OwnBIN   = "622599"
	OtherBIN = "621700"
)

// Token is every viewer's cards "card" and "card2".
func (g *Gateway) Token(_ context.Context, _, _, cardID string) (pii.Text, error) {
	if cardID != "card" && cardID != "card2" {
		return pii.Text{}, fault.New(fault.NotFound, "not_found")
	}
	return pii.Clear("token"), nil
}

// TakesInstalments makes "card2" a credit card.
func (g *Gateway) TakesInstalments(_ context.Context, _, _, cardID string) (bool, error) {
	return cardID == "card2", nil
}
