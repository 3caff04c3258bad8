package bankbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// Names of payees that the bank answers in a special way.
const (
	namePayoutFails   = "测试付款失败"
	namePayoutReturns = "测试退汇" // paid, and back when it is asked about next
)

const (
	payoutProcessing = "processing"
	payoutReturned   = "returned"
)

type payoutRequest struct {
	OutPayoutNo string `json:"out_payout_no"`
	AmountFen   int64  `json:"amount_fen"`
	PayeeNo     string `json:"payee_no"`
	PayeeName   string `json:"payee_name"`
}

func (r payoutRequest) validate() error {
	if r.AmountFen <= 0 {
		return invalid("amount_fen: must be above zero")
	}
	if strings.TrimSpace(r.PayeeName) == "" {
		return invalid("payee_name: must not be empty")
	}
	return firstError(checkReference("out_payout_no", r.OutPayoutNo), checkReference("payee_no", r.PayeeNo), checkText("payee_name", r.PayeeName, 128))
}

// payout is money that left for a payee.
type payout struct {
	OutPayoutNo string `json:"out_payout_no"`
	PayoutNo    string `json:"payout_no"`
	PayeeNo     string `json:"payee_no"`
	AmountFen   int64  `json:"amount_fen"`
	Status      string `json:"status"`
	Reason      string `json:"reason"`

	payeeName string
}

// payoutBy reads one payout. Unknown: 404 not_found.
func payoutBy(ctx context.Context, q querier, no string) (payout, error) {
	p := payout{OutPayoutNo: no}
	err := q.QueryRowContext(ctx, `SELECT payout_no, payee_no, payee_name, amount_fen, status, reason FROM payouts WHERE out_payout_no = ?`, no).
		Scan(&p.PayoutNo, &p.PayeeNo, &p.payeeName, &p.AmountFen, &p.Status, &p.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return p, notFound("payout")
	}
	if err != nil {
		return p, fmt.Errorf("read payout: %w", err)
	}
	return p, nil
}

// postPayout pays a payee, or tells of the payout that an earlier call with the
// same number made. 409 out_payout_no.mismatch for another payout's number.
func (g *gateway) postPayout(c *gin.Context) (int, any, error) {
	var req payoutRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := req.validate(); err != nil {
		return 0, nil, err
	}
	var p payout
	fresh := false
	err := g.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) (err error) {
		p, err = payoutBy(ctx, tx, req.OutPayoutNo)
		if err == nil {
			if p.AmountFen != req.AmountFen || p.PayeeNo != req.PayeeNo {
				return problem(409, "out_payout_no.mismatch", "this out_payout_no belongs to another payout")
			}
			return nil
		}
		if !isProblem(err) {
			return err
		}
		fresh = true
		p = payout{OutPayoutNo: req.OutPayoutNo, PayoutNo: serial("PO", g.now()), PayeeNo: req.PayeeNo, AmountFen: req.AmountFen, payeeName: req.PayeeName}
		p.Status, p.Reason = g.verdict(req.PayeeName)
		_, err = tx.ExecContext(ctx, `INSERT INTO payouts (out_payout_no, payout_no, payee_no, payee_name, amount_fen, status, reason, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, p.OutPayoutNo, p.PayoutNo, p.PayeeNo, p.payeeName, p.AmountFen, p.Status, p.Reason, g.now().UnixMilli())
		if err != nil {
			return fmt.Errorf("insert payout: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return created(fresh), p, nil
}

// verdict is how a payout of now ends.
func (g *gateway) verdict(payee string) (status, reason string) {
	f := g.faults.now()
	switch {
	case f.PayoutPending:
		return payoutProcessing, ""
	case f.PayoutFail || strings.Contains(payee, namePayoutFails):
		return statusFailed, "the payee's account is closed"
	}
	return statusSucceeded, ""
}

// getPayout tells of a payout, and ends one that is still under way.
func (g *gateway) getPayout(c *gin.Context) (int, any, error) {
	var p payout
	err := g.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) (err error) {
		if p, err = payoutBy(ctx, tx, c.Param("out_payout_no")); err != nil {
			return err
		}
		before := p.Status
		switch {
		case p.Status == payoutProcessing:
			p.Status, p.Reason = g.verdict(p.payeeName)
		case p.Status == statusSucceeded && strings.Contains(p.payeeName, namePayoutReturns):
			p.Status, p.Reason = payoutReturned, "the payee's bank sent it back"
		}
		if p.Status == before {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE payouts SET status = ?, reason = ? WHERE out_payout_no = ?`, p.Status, p.Reason, p.OutPayoutNo)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, p, nil
}
