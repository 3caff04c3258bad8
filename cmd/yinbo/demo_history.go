package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/bankbox"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/payment"
	"yinbo/order/settle"
)

// history makes yesterday's trade through the product's own code, tells the bank
// of it, closes the date and reconciles it.
type history struct {
	*seeder
	app  *app
	bank tenant.Bank
	said []paidAtBank // what the bank's book is to hold
}

type paidAtBank struct {
	OutTradeNo string    `json:"out_trade_no"`
	AmountFen  money.Fen `json:"amount_fen"`
	PaidAt     time.Time `json:"paid_at"`
}

const (
	pastViewers = 8
	pastOrders  = 24
)

// trade has people buy in yesterday's room.
func (h *history) trade(ctx context.Context, room string, skus []string) error {
	viewers, err := h.viewers(ctx)
	if err != nil {
		return err
	}
	pays := payment.New(h.app.payments.Deps)
	pays.Gateways = map[payment.Channel]payment.Gateway{payment.Bankbox: pastGateway{}}
	for i := range pastOrders {
		h.clock.Advance(3 * time.Minute)
		if err := h.buy(ctx, pays, viewers[i%len(viewers)], room, skus[i%len(skus)], int64(i%3+1)); err != nil {
			return fmt.Errorf("order %d: %w", i, err)
		}
	}
	return nil
}

// closeBooks tells the bank of yesterday's payments, comes back to today, and
// closes and reconciles yesterday.
func (h *history) closeBooks(ctx context.Context) error {
	date := h.bank.BusinessDate(h.clock.Now())
	if err := h.tellBank(ctx); err != nil {
		return err
	}
	h.clock.Advance(time.Since(h.clock.Now()))
	if _, err := h.app.desk.Run(ctx, h.bank, date, settle.System); err != nil {
		return fmt.Errorf("close %s: %w", date, err)
	}
	_, err := h.app.desk.Reconcile(ctx, h.bank, date)
	return err
}

func (h *history) buy(ctx context.Context, pays *payment.Payments, viewer, room, sku string, n int64) error {
	try := func(route string) idem.Request {
		return idem.Request{Bank: h.bank.ID, Person: viewer, Route: route, Key: id.New(id.Event)}
	}
	o, _, err := h.app.orders.Place(ctx, try("POST /orders"), order.Cart{Bank: h.bank.ID, Viewer: viewer, Room: room,
		Items: []order.Wanted{{SKU: sku, Quantity: n}}, Address: pastAddress()})
	if err != nil {
		return err
	}
	p, _, err := pays.Pay(ctx, try("POST /orders/{id}/pay"), payment.Wish{Bank: h.bank, Viewer: viewer, Order: o.ID, Method: payment.Cashier})
	if err != nil {
		return err
	}
	h.clock.Advance(40 * time.Second)
	at := h.clock.Now()
	body, err := json.Marshal(map[string]any{"out_trade_no": p.ID, "payment_no": pastPaymentNo(p.ID), "kind": "payment",
		"amount_fen": o.PayableFen, "status": "succeeded", "at": at})
	if err != nil {
		return err
	}
	h.said = append(h.said, paidAtBank{p.ID, o.PayableFen, at})
	return pays.Callback(ctx, sign(pays.CallbackKey, at, body), body)
}

// sign signs as the bank does; CONTRACT §8.
func sign(key string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func pastAddress() *order.Address {
	return &order.Address{Name: pii.Clear("演示收件人"), Phone: pii.Clear("13800000000"), Province: pii.Clear("浙江省"),
		City: pii.Clear("杭州市"), District: pii.Clear("西湖区"), Street: pii.Clear("演示路 1 号")}
}

// viewers signs people in as the apps do; the codes are read off the SMS.
func (h *history) viewers(ctx context.Context) ([]string, error) {
	var sms lastText
	people, err := auth.New(ctx, h.db, h.keys, h.banks, &sms)
	if err != nil {
		return nil, err
	}
	ids := make([]string, pastViewers)
	for i := range ids {
		phone := pii.Clear(fmt.Sprintf("1500000%04d", i+1))
		if err := people.SendOTP(ctx, h.bank, phone); err != nil {
			return nil, err
		}
		t, err := people.VerifyOTP(ctx, h.bank, phone, code.FindString(sms.text), "")
		if err != nil {
			return nil, err
		}
		ids[i] = t.Person.ID
	}
	return ids, nil
}

var code = regexp.MustCompile(`\b\d{6}\b`)

type lastText struct{ text string }

func (l *lastText) SendSMS(_ context.Context, _ pii.Text, text, _ string) error {
	l.text = text
	return nil
}

// pastGateway opens payments that the bank is told of later, as history.
type pastGateway struct{}

var errPast = errors.New("demo: yesterday's payments are cashier payments only")

func pastPaymentNo(paymentID string) string { return "P" + paymentID[len("pay_"):] }

func (pastGateway) CreatePayment(_ context.Context, no string, amount money.Fen, _ string) (gateway.Payment, error) {
	return gateway.Payment{OutTradeNo: no, PaymentNo: pastPaymentNo(no), AmountFen: amount, Status: "pending"}, nil
}

func (pastGateway) QueryPayment(context.Context, string) (gateway.Payment, error) {
	return gateway.Payment{}, errPast
}

func (pastGateway) CreateRefund(context.Context, string, string, money.Fen) (gateway.Refund, error) {
	return gateway.Refund{}, errPast
}

// tellBank loads the payments into bankbox's book.
func (h *history) tellBank(ctx context.Context) error {
	raw, err := json.Marshal(map[string]any{"items": h.said})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.cfg.BankboxURL+"/sandbox/v1/payments", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("bankbox: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("bankbox: history: %s", res.Status)
	}
	return nil
}

// bankUp makes sure that there is a bank to tell: the one that is configured, or
// for as long as the demo is loaded, one of our own on the same state folder.
func bankUp(ctx context.Context, url, dir string) (string, func(), error) {
	ping, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ping, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return "", nil, err
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return url, func() {}, nil
		}
	}
	own, err := bankbox.Open(ctx, bankbox.Config{Dir: dir, Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey})
	if err != nil {
		return "", nil, fmt.Errorf("bankbox: %w", err)
	}
	return own.URL(), func() { own.Close(context.WithoutCancel(ctx)) }, nil
}
