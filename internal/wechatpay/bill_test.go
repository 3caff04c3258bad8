package wechatpay_test

import (
	"errors"
	"io"
	"testing"

	"yinbo/internal/gateway"
	"yinbo/internal/wechatpay/wechattest"
)

func TestABillIsWhatWasSigned(t *testing.T) {
	s := wechattest.New(t)
	c, ctx := s.Client(), t.Context()
	const text = "交易时间\r\n`2025-06-10\r\n"
	s.PutBill("2025-06-10", text)
	read := func() (string, error) {
		body, err := c.Statement(ctx, "2025-06-10")
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		got, err := io.ReadAll(body)
		return string(got), err
	}
	if got, err := read(); got != text || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.TamperBill.Store(true)
	if _, err := read(); !errors.Is(err, gateway.ErrHash) {
		t.Errorf("a bill that was changed: %v", err)
	}
	_, err := c.Statement(ctx, "2025-06-11")
	wantRefusal(t, err, 400, "NO_STATEMENT_EXIST")
	s.Down.Store(true)
	_, err = c.Statement(ctx, "2025-06-10")
	wantUnknown(t, err)
	if s.Refused.Load() != 0 {
		t.Errorf("%d requests did not prove themselves", s.Refused.Load())
	}
}
