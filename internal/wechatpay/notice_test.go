package wechatpay_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/wechatpay/wechattest"
)

func TestNoticesAreReadOnlyWhenTheyAreWeChatPays(t *testing.T) {
	s := wechattest.New(t)
	c, no := s.Client(), id.New(id.Payment)
	if _, err := c.CreatePayment(t.Context(), no, 2335, "茶"); err != nil {
		t.Fatal(err)
	}
	s.Pay(no)
	header, body := s.Notice(no)
	for range 2 { // read again, it says the same: counting once is the payment's matter
		n, err := c.ReadNotice(t.Context(), header.Get, body)
		if err != nil || n.Kind != "payment" || n.OutTradeNo != no || n.AmountFen != 2335 || n.Status != "succeeded" || n.PaymentNo == "" || n.At.IsZero() {
			t.Errorf("%+v %v", n, err)
		}
	}
	without := func(name string) http.Header {
		h := header.Clone()
		h.Del(name)
		return h
	}
	otherSerial := header.Clone()
	otherSerial.Set("Wechatpay-Serial", "PUB_KEY_ID_OTHER")
	otherNonce := header.Clone()
	otherNonce.Set("Wechatpay-Nonce", "another")
	now := time.Now()
	sealedElsewhere := s.SealedUnder("ffffffffffffffffffffffffffffffff", "TRANSACTION.SUCCESS", s.Transaction(no))
	noContent, shortNonce := []byte(`{"event_type":"TRANSACTION.SUCCESS"}`), []byte(`{"event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM","nonce":"1","ciphertext":"AAAA"}}`)
	otherEvent := s.Sealed("COUPON.USE", map[string]any{})
	stranger := s.Transaction(no)
	stranger["mchid"] = "1900000110"
	otherMerchant := s.Sealed("TRANSACTION.SUCCESS", stranger)
	notJSON := s.Sealed("TRANSACTION.SUCCESS", "text")
	for name, x := range map[string]struct {
		header http.Header
		body   []byte
		want   string
	}{
		"tampered body":        {header, bytes.Replace(body, []byte("encrypt-resource"), []byte("encrypt-resourcE"), 1), "callback.signature"},
		"wrong key":            {s.Signed(body, now, s.Forger()), body, "callback.signature"},
		"stale":                {s.Signed(body, now.Add(-6*time.Minute), nil), body, "callback.signature"},
		"of the future":        {s.Signed(body, now.Add(6*time.Minute), nil), body, "callback.signature"},
		"other key id":         {otherSerial, body, "callback.signature"},
		"other nonce":          {otherNonce, body, "callback.signature"},
		"no signature":         {without("Wechatpay-Signature"), body, "callback.signature"},
		"no timestamp":         {without("Wechatpay-Timestamp"), body, "callback.signature"},
		"no headers":           {http.Header{}, body, "callback.signature"},
		"sealed elsewhere":     {s.Signed(sealedElsewhere, now, nil), sealedElsewhere, "bad_request"},
		"no content":           {s.Signed(noContent, now, nil), noContent, "bad_request"},
		"a nonce too short":    {s.Signed(shortNonce, now, nil), shortNonce, "bad_request"},
		"content that is text": {s.Signed(notJSON, now, nil), notJSON, "bad_request"},
		"other event":          {s.Signed(otherEvent, now, nil), otherEvent, "validation"},
		"other merchant":       {s.Signed(otherMerchant, now, nil), otherMerchant, "not_found"},
	} {
		if n, err := c.ReadNotice(t.Context(), x.header.Get, x.body); fault.Code(err) != x.want {
			t.Errorf("%s: %+v %v, want %s", name, n, err, x.want)
		}
	}
}

func TestRefundNoticesAreRead(t *testing.T) {
	s := wechattest.New(t)
	c, no, refund := s.Client(), id.New(id.Payment), id.New(id.Refund)
	if _, err := c.CreatePayment(t.Context(), no, 2335, "茶"); err != nil {
		t.Fatal(err)
	}
	s.Pay(no)
	if _, err := c.CreateRefund(t.Context(), refund, no, 300); err != nil {
		t.Fatal(err)
	}
	for theirs, ours := range map[string]string{"SUCCESS": "succeeded", "CLOSED": "failed", "ABNORMAL": "pending"} {
		s.EndRefund(refund, theirs)
		header, body := s.RefundNotice(refund)
		n, err := c.ReadNotice(t.Context(), header.Get, body)
		if err != nil || n.Kind != "refund" || n.OutTradeNo != no || n.OutRefundNo != refund || n.AmountFen != 300 || n.Status != ours ||
			n.At.IsZero() == (theirs == "SUCCESS") {
			t.Errorf("%s: %+v %v", theirs, n, err)
		}
	}
}
