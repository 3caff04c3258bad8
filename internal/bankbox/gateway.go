package bankbox

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// gateway is the bank's payment gateway: payments, refunds, statements, and the
// charges of bound cards.
type gateway struct {
	store     *store
	courier   *courier
	faults    *faultBoard
	now       func() time.Time
	publicURL string
}

type paymentRequest struct {
	OutTradeNo string `json:"out_trade_no"`
	AmountFen  int64  `json:"amount_fen"`
	NotifyURL  string `json:"notify_url"`
	Subject    string `json:"subject"`
	ReturnURL  string `json:"return_url"`
}

func (r paymentRequest) validate() error {
	return firstError(
		checkReference("out_trade_no", r.OutTradeNo),
		checkAmount(r.AmountFen),
		checkURL("notify_url", r.NotifyURL, true),
		checkURL("return_url", r.ReturnURL, false),
		checkText("subject", r.Subject, 256),
	)
}

type paymentAnswer struct {
	PaymentNo  string `json:"payment_no"`
	OutTradeNo string `json:"out_trade_no"`
	AmountFen  int64  `json:"amount_fen"`
	Status     string `json:"status"`
	CashierURL string `json:"cashier_url,omitempty"`
}

// created is 201 for what a call made, 200 for what an earlier one had made.
func created(fresh bool) int {
	if fresh {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (g *gateway) postPayment(c *gin.Context) (int, any, error) {
	var req paymentRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := req.validate(); err != nil {
		return 0, nil, err
	}
	p, fresh, err := g.create(c.Request.Context(), payment{
		outTradeNo: req.OutTradeNo, paymentNo: serial("BP", g.now()), amountFen: req.AmountFen,
		status: statusPending, method: methodCashier, subject: req.Subject,
		notifyURL: req.NotifyURL, returnURL: req.ReturnURL,
	})
	if err != nil {
		return 0, nil, err
	}
	return created(fresh), paymentAnswer{
		PaymentNo: p.paymentNo, OutTradeNo: p.outTradeNo, AmountFen: p.amountFen, Status: p.status,
		CashierURL: g.publicURL + "/pay/cashier/" + p.paymentNo,
	}, nil
}

type paymentState struct {
	OutTradeNo  string  `json:"out_trade_no"`
	PaymentNo   string  `json:"payment_no"`
	AmountFen   int64   `json:"amount_fen"`
	Status      string  `json:"status"`
	PaidAt      *string `json:"paid_at"`
	RefundedFen int64   `json:"refunded_fen"`
	Method      string  `json:"method"`
	Instalments int64   `json:"instalments,omitempty"`
}

func (g *gateway) getPayment(c *gin.Context) (int, any, error) {
	p, err := paymentBy(c.Request.Context(), g.store.reader, "out_trade_no", c.Param("out_trade_no"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, paymentState{
		OutTradeNo: p.outTradeNo, PaymentNo: p.paymentNo, AmountFen: p.amountFen, Status: p.status,
		PaidAt: rfc3339OrNil(p.paidAt), RefundedFen: p.refundedFen, Method: p.method,
		Instalments: p.instalments,
	}, nil
}

type refundRequest struct {
	OutRefundNo string `json:"out_refund_no"`
	OutTradeNo  string `json:"out_trade_no"`
	AmountFen   int64  `json:"amount_fen"`
	NotifyURL   string `json:"notify_url"`
}

type refundAnswer struct {
	RefundNo    string `json:"refund_no"`
	OutRefundNo string `json:"out_refund_no"`
	OutTradeNo  string `json:"out_trade_no"`
	AmountFen   int64  `json:"amount_fen"`
	Status      string `json:"status"`
	RefundedAt  string `json:"refunded_at"`
}

func showRefund(r refund) refundAnswer {
	return refundAnswer{
		RefundNo: r.refundNo, OutRefundNo: r.outRefundNo, OutTradeNo: r.outTradeNo,
		AmountFen: r.amountFen, Status: statusSucceeded, RefundedAt: rfc3339(r.refundedAt),
	}
}

func (g *gateway) postRefund(c *gin.Context) (int, any, error) {
	var req refundRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := firstError(
		checkReference("out_refund_no", req.OutRefundNo),
		checkReference("out_trade_no", req.OutTradeNo),
		checkAmount(req.AmountFen),
		checkURL("notify_url", req.NotifyURL, false),
	); err != nil {
		return 0, nil, err
	}
	r, fresh, err := g.giveBack(c.Request.Context(), refund{
		outRefundNo: req.OutRefundNo, outTradeNo: req.OutTradeNo, amountFen: req.AmountFen,
	}, req.NotifyURL)
	if err != nil {
		return 0, nil, err
	}
	return created(fresh), showRefund(r), nil
}

func (g *gateway) getRefund(c *gin.Context) (int, any, error) {
	r, err := refundBy(c.Request.Context(), g.store.reader, c.Param("out_refund_no"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, showRefund(r), nil
}
