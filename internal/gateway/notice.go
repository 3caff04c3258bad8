package gateway

import (
	"encoding/json"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// Notice is what a gateway reports by itself of a payment or a refund. Its form
// is the bank's callback (CONTRACT §8); other gateways' are turned into it.
type Notice struct {
	OutTradeNo  string    `json:"out_trade_no"`
	OutRefundNo string    `json:"out_refund_no"` // of a refund, where it is given
	PaymentNo   string    `json:"payment_no"`
	Kind        string    `json:"kind"` // payment, refund
	AmountFen   money.Fen `json:"amount_fen"`
	Status      string    `json:"status"` // succeeded, failed; pending says nothing new
	At          time.Time `json:"at"`
}

// ReadNotice proves that a callback is the bank's, and of now, and reads it.
// Fields that the bank adds are passed over. Refusals: 401 callback.signature,
// 400 bad_request, 422 validation of status.
func ReadNotice(key, header string, body []byte, now time.Time) (n Notice, err error) {
	if err := CheckSignature(key, header, body, now); err != nil {
		return n, err
	}
	if err := json.Unmarshal(body, &n); err != nil {
		return n, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	if n.Status != "succeeded" && n.Status != "failed" {
		return n, fault.InvalidField("status", "field.not_allowed")
	}
	return n, nil
}
