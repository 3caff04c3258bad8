package wechattest

import (
	"net/http"
	"time"
)

// Pay pays a payment as the person with the phone does.
func (s *Server) Pay(outTradeNo string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.trades[outTradeNo]
	if p == nil || p.state != "NOTPAY" {
		s.t.Errorf("nobody can pay %s: %+v", outTradeNo, p)
		return
	}
	p.state, p.paidAt, p.id = "SUCCESS", time.Now(), "4200"+outTradeNo[len(outTradeNo)-20:]
}

// State is a payment's, "" for none.
func (s *Server) State(outTradeNo string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.trades[outTradeNo]; p != nil {
		return p.state
	}
	return ""
}

// Transaction is a payment as queries and notices show it: an amount only once
// it is paid. nil for none.
func (s *Server) Transaction(outTradeNo string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.trades[outTradeNo]
	if p == nil {
		return nil
	}
	t := map[string]any{"appid": appID, "mchid": MchID, "out_trade_no": outTradeNo, "trade_state": p.state, "trade_state_desc": "…"}
	if !p.paidAt.IsZero() {
		t["transaction_id"], t["trade_type"], t["success_time"] = p.id, "NATIVE", p.paidAt.Format(time.RFC3339)
		t["amount"] = map[string]any{"total": p.total, "payer_total": p.total, "currency": "CNY", "payer_currency": "CNY"}
	}
	return t
}

// Notice is what is sent of a payment that succeeded; change may alter it.
func (s *Server) Notice(outTradeNo string, change ...func(content map[string]any)) (http.Header, []byte) {
	t := s.Transaction(outTradeNo)
	for _, c := range change {
		c(t)
	}
	body := s.Sealed("TRANSACTION.SUCCESS", t)
	return s.Signed(body, time.Now(), nil), body
}

// EndRefund ends a refund: SUCCESS, CLOSED or ABNORMAL.
func (s *Server) EndRefund(outRefundNo, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refunds[outRefundNo].state = state
}

// RefundNotice is what is sent of a refund that ended; change may alter it.
func (s *Server) RefundNotice(outRefundNo string, change ...func(content map[string]any)) (http.Header, []byte) {
	s.mu.Lock()
	f := *s.refunds[outRefundNo]
	total := s.trades[f.trade].total
	s.mu.Unlock()
	content := map[string]any{"mchid": MchID, "out_trade_no": f.trade, "transaction_id": "4200", "out_refund_no": outRefundNo, "refund_id": f.id,
		"refund_status": f.state, "user_received_account": "招商银行信用卡0403",
		"amount": map[string]any{"total": total, "refund": f.amount, "payer_total": total, "payer_refund": f.amount}}
	if f.state == "SUCCESS" {
		content["success_time"] = time.Now().Format(time.RFC3339)
	}
	for _, c := range change {
		c(content)
	}
	body := s.Sealed("REFUND."+f.state, content)
	return s.Signed(body, time.Now(), nil), body
}

// given is what was given back of a payment; mu is held.
func (s *Server) given(outTradeNo string) (sum int64) {
	for _, f := range s.refunds {
		if f.trade == outTradeNo && f.state != "CLOSED" {
			sum += f.amount
		}
	}
	return sum
}

// Given is what was given back of a payment, or is on its way.
func (s *Server) Given(outTradeNo string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given(outTradeNo)
}

// refundState is a refund as queries show it, nil for none.
func (s *Server) refundState(outRefundNo string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.refunds[outRefundNo]
	if f == nil {
		return nil
	}
	total := s.trades[f.trade].total
	r := map[string]any{"refund_id": f.id, "out_refund_no": outRefundNo, "transaction_id": "4200", "out_trade_no": f.trade, "channel": "ORIGINAL",
		"user_received_account": "招商银行信用卡0403", "create_time": time.Now().Format(time.RFC3339), "status": f.state,
		"amount": map[string]any{"total": total, "refund": f.amount, "payer_total": total, "payer_refund": f.amount,
			"settlement_total": total, "settlement_refund": f.amount, "discount_refund": 0, "currency": "CNY"}}
	if f.state == "SUCCESS" {
		r["success_time"] = time.Now().Format(time.RFC3339)
	}
	return r
}
