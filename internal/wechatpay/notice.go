package wechatpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
)

// ReadNotice proves that a notice is WeChat Pay's, of the last five minutes and
// for our merchant number, and reads it. Refusals: 401 callback.signature, 400
// bad_request, 404 not_found.
func (c *Client) ReadNotice(ctx context.Context, header func(name string) string, body []byte) (n gateway.Notice, err error) {
	signed := &http.Request{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
	for _, name := range []string{consts.WechatPaySerial, consts.WechatPaySignature, consts.WechatPayTimestamp, consts.WechatPayNonce} {
		signed.Header.Set(name, header(name))
	}
	if err := c.incoming.Validate(ctx, signed); err != nil {
		return n, fault.New(fault.Unauthenticated, "callback.signature").Because(err)
	}
	kind, plain, err := c.opened(body)
	if err != nil {
		return n, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	switch event, _, _ := strings.Cut(kind, "."); event {
	case "TRANSACTION":
		return c.payment(plain)
	case "REFUND":
		return c.refunded(plain)
	}
	return n, fault.InvalidField("event_type", "field.not_allowed")
}

// nonceSize is AES-GCM's; the SDK panics on any other.
const nonceSize = 12

// opened gives the notice's event and its content in clear.
func (c *Client) opened(body []byte) (event string, plain []byte, err error) {
	var envelope notify.Request
	if err := json.Unmarshal(body, &envelope); err != nil {
		return "", nil, err
	}
	r := envelope.Resource
	if r == nil || r.Algorithm != "AEAD_AES_256_GCM" || len(r.Nonce) != nonceSize {
		return "", nil, errors.New("wechatpay: the notice has no content that can be opened")
	}
	clear, err := utils.DecryptAES256GCM(c.cfg.APIv3Key, r.AssociatedData, r.Nonce, r.Ciphertext)
	return envelope.EventType, []byte(clear), err
}

func (c *Client) payment(plain []byte) (n gateway.Notice, err error) {
	var t payments.Transaction
	if err := json.Unmarshal(plain, &t); err != nil {
		return n, fault.New(fault.BadRequest, "bad_request").Because(fmt.Errorf("wechatpay: payment notice: %w", err))
	}
	if !c.ours(&t) {
		return n, fault.New(fault.NotFound, "not_found")
	}
	p := state(&t)
	n = gateway.Notice{Kind: "payment", OutTradeNo: p.OutTradeNo, PaymentNo: p.PaymentNo, AmountFen: p.AmountFen, Status: p.Status}
	if p.PaidAt != nil {
		n.At = *p.PaidAt
	}
	return n, nil
}

// refundNotice is the content of a refund's notice, which names its state
// otherwise than the answer of a query does.
type refundNotice struct {
	MchID       string `json:"mchid"`
	OutTradeNo  string `json:"out_trade_no"`
	OutRefundNo string `json:"out_refund_no"`
	Status      string `json:"refund_status"`
	SuccessTime string `json:"success_time"` // none unless it succeeded
	Amount      struct {
		Refund money.Fen `json:"refund"`
	} `json:"amount"`
}

func (c *Client) refunded(plain []byte) (n gateway.Notice, err error) {
	var r refundNotice
	if err := json.Unmarshal(plain, &r); err != nil {
		return n, fault.New(fault.BadRequest, "bad_request").Because(fmt.Errorf("wechatpay: refund notice: %w", err))
	}
	if r.MchID != c.cfg.MchID || r.OutRefundNo == "" {
		return n, fault.New(fault.NotFound, "not_found")
	}
	at, _ := time.Parse(time.RFC3339, r.SuccessTime)
	return gateway.Notice{Kind: "refund", OutTradeNo: r.OutTradeNo, OutRefundNo: r.OutRefundNo,
		AmountFen: r.Amount.Refund, Status: refundState(r.Status), At: at}, nil
}
