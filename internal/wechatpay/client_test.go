package wechatpay_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/wechatpay"
	"yinbo/internal/wechatpay/wechattest"
)

func wantRefusal(t *testing.T, err error, status int, code string) {
	t.Helper()
	var no *gateway.Refusal
	if !errors.As(err, &no) || no.Status != status || no.Code != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

func wantUnknown(t *testing.T, err error) {
	t.Helper()
	var no *gateway.Refusal
	if !errors.Is(err, gateway.ErrUnknown) || errors.As(err, &no) {
		t.Errorf("got %v, want an unknown outcome", err)
	}
}

func TestAPaymentIsOpenedPaidAndGivenBack(t *testing.T) {
	s := wechattest.New(t)
	c, ctx, no := s.Client(), t.Context(), id.New(id.Payment)
	for range 2 { // the same number is the same payment
		p, err := c.CreatePayment(ctx, no, 2335, strings.Repeat("五常稻花香大米", 20))
		if err != nil || p.Status != "pending" || !strings.HasPrefix(p.CashierURL, "weixin://") {
			t.Fatalf("%+v %v", p, err)
		}
	}
	p, err := c.QueryPayment(ctx, no)
	if err != nil || p.Status != "pending" || p.PaidAt != nil || p.AmountFen != 0 {
		t.Errorf("before: %+v %v", p, err)
	}
	s.Pay(no)
	p, err = c.QueryPayment(ctx, no)
	if err != nil || p.Status != "succeeded" || p.AmountFen != 2335 || p.PaidAt == nil || p.PaymentNo == "" {
		t.Errorf("after: %+v %v", p, err)
	}
	_, err = c.QueryPayment(ctx, id.New(id.Payment))
	wantRefusal(t, err, 404, "ORDER_NOT_EXIST")

	refund := id.New(id.Refund)
	for _, step := range []struct{ theirs, ours string }{{"", "pending"}, {"ABNORMAL", "pending"}, {"CLOSED", "failed"}, {"SUCCESS", "succeeded"}} {
		if step.theirs != "" {
			s.EndRefund(refund, step.theirs)
		}
		r, err := c.CreateRefund(ctx, refund, no, 335)
		if err != nil || r.Status != step.ours || r.RefundNo == "" {
			t.Errorf("%s: %+v %v", step.theirs, r, err)
		}
	}
	if s.Given(no) != 335 || s.Refused.Load() != 0 {
		t.Errorf("given back %d, %d requests refused", s.Given(no), s.Refused.Load())
	}
	_, err = c.CreateRefund(ctx, id.New(id.Refund), no, 2001)
	wantRefusal(t, err, 403, "NOT_ENOUGH")
	if p, err := c.QueryPayment(ctx, no); err != nil || p.Status != "succeeded" { // REFUND is a payment that succeeded
		t.Errorf("%+v %v", p, err)
	}
}

func TestAPaymentIsClosedUnlessItIsPaid(t *testing.T) {
	s := wechattest.New(t)
	c, ctx := s.Client(), t.Context()
	idle, paid := id.New(id.Payment), id.New(id.Payment)
	for _, no := range []string{idle, paid} {
		if _, err := c.CreatePayment(ctx, no, 1, "茶"); err != nil {
			t.Fatal(err)
		}
	}
	s.Pay(paid)
	if err := c.ClosePayment(ctx, idle); err != nil {
		t.Error(err)
	}
	wantRefusal(t, c.ClosePayment(ctx, paid), 400, "ORDER_CLOSED")
	if p, err := c.QueryPayment(ctx, idle); err != nil || p.Status != "failed" {
		t.Errorf("%+v %v", p, err)
	}
}

func TestARefundWhoseAnswerWasLostIsNotMadeTwice(t *testing.T) {
	s := wechattest.New(t)
	c, ctx, no, refund := s.Client(), t.Context(), id.New(id.Payment), id.New(id.Refund)
	if _, err := c.CreatePayment(ctx, no, 500, "茶"); err != nil {
		t.Fatal(err)
	}
	s.Pay(no)
	s.Lost.Store(true)
	_, err := c.CreateRefund(ctx, refund, no, 300)
	wantUnknown(t, err)
	if r, err := c.CreateRefund(ctx, refund, no, 300); err != nil || r.Status != "pending" || s.Given(no) != 300 {
		t.Errorf("%+v %v, given back %d", r, err, s.Given(no))
	}
	_, err = c.CreateRefund(ctx, refund, no, 200) // the number is another refund's
	wantUnknown(t, err)
}

func TestAnAnswerThatIsNotWeChatPaysSaysNothing(t *testing.T) {
	s := wechattest.New(t)
	c, ctx, no := s.Client(), t.Context(), id.New(id.Payment)
	if _, err := c.CreatePayment(ctx, no, 500, "茶"); err != nil {
		t.Fatal(err)
	}
	s.Pay(no)
	s.Tamper.Store(true)
	_, err := c.QueryPayment(ctx, no)
	wantUnknown(t, err)
	_, err = c.CreatePayment(ctx, id.New(id.Payment), 500, "茶")
	wantUnknown(t, err)
	s.Tamper.Store(false)
	s.Down.Store(true)
	_, err = c.CreateRefund(ctx, id.New(id.Refund), no, 500)
	wantUnknown(t, err)
	s.Down.Store(false)

	stranger := wechattest.New(t).Config() // keys that are not the merchant's
	stranger.BaseURL = s.Config().BaseURL
	other, err := wechatpay.New(ctx, stranger, "https://shop.example")
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.QueryPayment(ctx, no)
	wantUnknown(t, err)
	if s.Refused.Load() != 1 {
		t.Errorf("%d requests refused", s.Refused.Load())
	}
}

func TestEveryProblemOfTheKeysIsNamedAtOnce(t *testing.T) {
	good := wechattest.New(t).Config()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", good, good, good, []any{good}); strings.Contains(text, good.APIv3Key) {
		t.Errorf("a secret prints: %s", text)
	}
	if err := (wechatpay.Config{}).Validate(); err != nil || !(wechatpay.Config{}).Off() {
		t.Errorf("none at all: %v", err)
	}
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("secret words"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := good
	bad.SerialNo, bad.PublicKeyID, bad.APIv3Key, bad.BaseURL = "", "", "short", "nowhere"
	bad.PrivateKeyFile, bad.PublicKeyFile = junk, filepath.Join(t.TempDir(), "none.pem")
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"wechat_serial_no, wechat_public_key_id", "wechat_api_v3_key", "wechat_base_url", "wechat_private_key_file", "wechat_public_key_file"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in:\n%v", key, err)
		}
	}
	if strings.Contains(err.Error(), "secret words") || strings.Contains(err.Error(), "short") {
		t.Errorf("a secret is told: %v", err)
	}
}
