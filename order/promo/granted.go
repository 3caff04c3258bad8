package promo

import (
	"context"
	"io"
	"strings"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
)

// Returned is Granted of a coupon that an order gave back: staff tell the two apart.
const Returned Status = "returned"

// Holder is who was granted a coupon, masked.
type Holder struct {
	ID          string `json:"id"`
	Nickname    string `json:"nickname"`
	PhoneMasked string `json:"phone_masked"`
}

// GrantView is a coupon of a batch as staff see it.
type GrantView struct {
	ID         string       `json:"id" doc:"The coupon"`
	Viewer     Holder       `json:"viewer"`
	Way        string       `json:"way" enum:"claim,drop,red_packet,lottery,card_bound,application_approved,spend,staff" doc:"How it was granted"`
	Status     Status       `json:"status" enum:"granted,reserved,used,returned,expired" doc:"returned: held again, an order gave it back"`
	Amount     money.Fen    `json:"amount_fen"`
	OrderID    *string      `json:"order_id" doc:"The order that holds it or used it"`
	GrantedAt  clock.Stamp  `json:"granted_at"`
	UsedAt     *clock.Stamp `json:"used_at"`
	ReturnedAt *clock.Stamp `json:"returned_at" doc:"When an order last gave it back"`
	ExpiresAt  clock.Stamp  `json:"expires_at"`
}

const granteeColumns = `SELECT c.id, c.viewer_id, v.nickname, v.phone_masked, c.source, c.source_ref, c.state, c.amount_fen, COALESCE(c.order_id, ''),
	c.granted_at, c.used_at, c.returned_at, c.use_to FROM coupon c JOIN viewer v ON v.id = c.viewer_id WHERE c.bank_id = ? AND c.batch_id = ?`

// Grants lists a batch's coupons, the newest first, after the one named: one more
// than limit when there are further ones. An empty status means all. 404 not_found.
func (s *Coupons) Grants(ctx context.Context, bank, batchID string, status Status, after string, limit int) ([]GrantView, error) {
	if _, err := readBatch(ctx, s.DB, bank, batchID); err != nil {
		return nil, err
	}
	now := s.DB.Clock().Now()
	where, args := granteeColumns, []any{bank, batchID}
	switch status {
	case "":
	case Granted:
		where, args = Granted.at(now, where+" AND c.returned_at IS NULL", args)
	case Returned:
		where, args = Granted.at(now, where+" AND c.returned_at IS NOT NULL", args)
	default:
		where, args = status.at(now, where, args)
	}
	if after != "" {
		where, args = where+" AND c.id < ?", append(args, after)
	}
	return db.All(ctx, s.DB, func(r db.Row) (GrantView, error) { return scanGrant(r, now) }, where+" ORDER BY c.id DESC LIMIT ?", append(args, limit+1)...)
}

func scanGrant(r db.Row, now time.Time) (g GrantView, err error) {
	var from source
	var ref, orderID string
	var granted, used, returned, useTo db.Time
	err = r.Scan(&g.ID, &g.Viewer.ID, &g.Viewer.Nickname, &g.Viewer.PhoneMasked, &from, &ref, &g.Status, &g.Amount, &orderID, &granted, &used, &returned, &useTo)
	g.Way, g.OrderID, g.GrantedAt, g.ExpiresAt = wayOf(from, ref), orNull(orderID), clock.At(granted.Time), clock.At(useTo.Time)
	g.UsedAt, g.ReturnedAt = clock.AtPtr(used.Time), clock.AtPtr(returned.Time)
	switch {
	case g.Status == Granted && !now.Before(useTo.Time):
		g.Status = Expired // coupon.expire has not come by yet
	case g.Status == Granted && !returned.IsZero():
		g.Status = Returned
	}
	return g, err
}

// wayOf tells how a coupon came about; what a rule grants names the rule, or the
// lottery that it is a prize of.
func wayOf(from source, ref string) string {
	switch {
	case from == byDrop && strings.HasPrefix(ref, id.RedPacket+"_"):
		return "red_packet"
	case from == byRule && strings.HasPrefix(ref, id.Lottery+"_"):
		return "lottery"
	case from == byRule:
		return ref
	}
	return string(from)
}

var grantsHeader = []string{"coupon_id", "viewer", "phone", "way", "status", "amount_yuan", "order_id", "granted_at", "used_at", "returned_at", "expires_at"}

// ExportGrants reads the first page of Grants and gives a function that writes all
// of it as CSV, masked; 404 not_found.
func (s *Coupons) ExportGrants(ctx context.Context, bank, batchID string, status Status) (func(context.Context, io.Writer) error, error) {
	first, err := s.Grants(ctx, bank, batchID, status, "", exportPage)
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[GrantView]{Header: grantsHeader, Size: exportPage, First: first, Record: GrantView.record,
		After: func(ctx context.Context, last GrantView) ([]GrantView, error) {
			return s.Grants(ctx, bank, batchID, status, last.ID, exportPage)
		}}.Write, nil
}

func (g GrantView) record() []string {
	orderID := ""
	if g.OrderID != nil {
		orderID = *g.OrderID
	}
	return csvfile.Line(g.ID, g.Viewer.Nickname, g.Viewer.PhoneMasked, g.Way, string(g.Status), g.Amount.Yuan(), orderID,
		stamp(g.GrantedAt), orEmpty(g.UsedAt), orEmpty(g.ReturnedAt), stamp(g.ExpiresAt))
}

func orEmpty(s *clock.Stamp) string {
	if s == nil {
		return ""
	}
	return stamp(*s)
}
