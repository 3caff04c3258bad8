package bankbox

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// maxHistoryItems bounds one call that loads history.
const maxHistoryItems = 10_000

type historyRequest struct {
	Items []historyPayment `json:"items"`
}

type historyPayment struct {
	OutTradeNo string          `json:"out_trade_no"`
	AmountFen  int64           `json:"amount_fen"`
	PaidAt     time.Time       `json:"paid_at"`
	Subject    string          `json:"subject"`
	Refunds    []historyRefund `json:"refunds"`
}

type historyRefund struct {
	OutRefundNo string    `json:"out_refund_no"`
	AmountFen   int64     `json:"amount_fen"`
	At          time.Time `json:"at"`
}

func (r historyRequest) validate() error {
	if len(r.Items) == 0 || len(r.Items) > maxHistoryItems {
		return invalid("items: 1 to %d are needed", maxHistoryItems)
	}
	for i, p := range r.Items {
		at := "items[" + strconv.Itoa(i) + "]."
		if p.PaidAt.IsZero() {
			return invalid("%spaid_at: an RFC 3339 time is needed", at)
		}
		if err := firstError(
			checkReference(at+"out_trade_no", p.OutTradeNo),
			checkAmount(p.AmountFen),
			checkText(at+"subject", p.Subject, 256),
		); err != nil {
			return err
		}
		for _, f := range p.Refunds {
			if f.At.IsZero() {
				return invalid("%srefunds: at: an RFC 3339 time is needed", at)
			}
			if err := firstError(
				checkReference(at+"refunds.out_refund_no", f.OutRefundNo),
				checkAmount(f.AmountFen),
			); err != nil {
				return err
			}
		}
	}
	return nil
}

// postHistory loads payments that were made in the past, for demo data: no
// callbacks, and what is there already stays as it is. All or nothing.
func (g *gateway) postHistory(c *gin.Context) (int, any, error) {
	var req historyRequest
	if err := readJSON(c, maxHistory, false, &req); err != nil {
		return 0, nil, err
	}
	if err := req.validate(); err != nil {
		return 0, nil, err
	}
	loaded := 0
	err := g.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, item := range req.Items {
			fresh, err := g.loadHistory(ctx, tx, item)
			if err != nil {
				return fmt.Errorf("%s: %w", item.OutTradeNo, err)
			}
			if fresh {
				loaded++
			}
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, gin.H{"loaded": loaded}, nil
}

func (g *gateway) loadHistory(ctx context.Context, tx *sql.Tx, item historyPayment) (fresh bool, err error) {
	fresh, err = insertPayment(ctx, tx, item.PaidAt, payment{
		outTradeNo: item.OutTradeNo, paymentNo: serial("BP", item.PaidAt), amountFen: item.AmountFen,
		status: statusSucceeded, method: methodCashier, subject: item.Subject,
		paidAt: sql.NullInt64{Int64: item.PaidAt.UnixMilli(), Valid: true},
	})
	if err != nil {
		return fresh, err
	}
	p, err := paymentBy(ctx, tx, "out_trade_no", item.OutTradeNo)
	if err != nil {
		return fresh, err
	}
	if p.amountFen != item.AmountFen {
		return fresh, tradeMismatch()
	}
	for _, f := range item.Refunds {
		r := refund{
			outRefundNo: f.OutRefundNo, refundNo: serial("RF", f.At), outTradeNo: p.outTradeNo,
			amountFen: f.AmountFen, refundedAt: f.At.UnixMilli(),
		}
		if old, err := refundBy(ctx, tx, f.OutRefundNo); err == nil {
			if err := sameRefund(old, r); err != nil {
				return fresh, err
			}
			continue
		} else if !isProblem(err) {
			return fresh, err
		}
		if err := insertRefund(ctx, tx, p, r); err != nil {
			return fresh, err
		}
		p.refundedFen += r.amountFen
	}
	return fresh, nil
}
