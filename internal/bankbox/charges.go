package bankbox

import (
	"context"
	"database/sql"

	"github.com/gin-gonic/gin"
)

type chargeRequest struct {
	OutTradeNo  string `json:"out_trade_no"`
	AmountFen   int64  `json:"amount_fen"`
	CardToken   string `json:"card_token"`
	NotifyURL   string `json:"notify_url"`
	Subject     string `json:"subject"`
	Instalments int64  `json:"instalments"` // terms; none or 0: at once
}

func (r chargeRequest) validate() error {
	if r.CardToken == "" {
		return invalid("card_token: must not be empty")
	}
	if r.Instalments != 0 && (r.Instalments < 2 || r.Instalments > 60) {
		return invalid("instalments: must be 2 to 60 terms")
	}
	return firstError(
		checkReference("out_trade_no", r.OutTradeNo),
		checkAmount(r.AmountFen),
		checkURL("notify_url", r.NotifyURL, false),
		checkText("subject", r.Subject, 256),
	)
}

// postCharge pays with a bound card and tells the outcome at once and by
// callback. 404 not_found: no such token, or one that was unbound; 409
// instalments.credit_only for terms on another card than a credit card.
func (g *gateway) postCharge(c *gin.Context) (int, any, error) {
	var req chargeRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := req.validate(); err != nil {
		return 0, nil, err
	}
	p, fresh, err := g.charge(c.Request.Context(), req)
	if err != nil {
		return 0, nil, err
	}
	return created(fresh), paymentAnswer{
		PaymentNo: p.paymentNo, OutTradeNo: p.outTradeNo, AmountFen: p.amountFen, Status: p.status,
	}, nil
}

// charge makes the payment, or finds the one that an earlier call with the same
// number made, even when its card has been unbound since.
func (g *gateway) charge(ctx context.Context, req chargeRequest) (p payment, fresh bool, err error) {
	err = g.store.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err = paymentBy(ctx, tx, "out_trade_no", req.OutTradeNo)
		if err == nil {
			if p.amountFen != req.AmountFen || p.cardToken != req.CardToken || p.instalments != req.Instalments {
				return tradeMismatch()
			}
			return nil
		}
		if !isProblem(err) {
			return err
		}
		card, err := cardByToken(ctx, tx, req.CardToken)
		if err != nil {
			return err
		}
		if card.unbound {
			return notFound("card token")
		}
		if r, _ := cardRangeOf(card.bin); req.Instalments != 0 && r.kind != "credit" {
			return problem(409, "instalments.credit_only", "only credit cards pay by instalments")
		}
		now := g.now()
		at := sql.NullInt64{Int64: now.UnixMilli(), Valid: true}
		p = payment{
			outTradeNo: req.OutTradeNo, paymentNo: serial("BP", now), amountFen: req.AmountFen,
			method: methodBoundCard, cardToken: req.CardToken, subject: req.Subject, notifyURL: req.NotifyURL,
			instalments: req.Instalments,
		}
		if p.status = statusSucceeded; card.broke {
			p.status, p.failedAt = statusFailed, at
		} else {
			p.paidAt = at
		}
		if fresh, err = insertPayment(ctx, tx, now, p); err != nil {
			return err
		}
		return g.notify(ctx, tx, now, p)
	})
	if err == nil {
		g.courier.nudge()
	}
	return p, fresh, err
}
