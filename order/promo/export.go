package promo

import (
	"context"
	"io"
	"strconv"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/csvfile"
)

const exportPage = 200

var exportHeader = []string{"id", "title", "kind", "state", "funded_by", "merchant_id", "amount_yuan", "threshold_yuan", "budget_yuan", "committed_yuan", "left_yuan",
	"daily_cap", "per_person", "stacking", "granted_by", "spend_yuan", "room_id", "sku_ids", "bins", "grant_starts_at", "grant_ends_at", "use_starts_at", "use_ends_at"}

// Export reads the first page of Batches and gives a function that writes all of it
// as CSV.
func (s *Coupons) Export(ctx context.Context, bank string, state State) (func(context.Context, io.Writer) error, error) {
	first, err := s.Batches(ctx, bank, state, "", exportPage)
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[BatchView]{Header: exportHeader, Size: exportPage, First: first, Record: BatchView.record,
		After: func(ctx context.Context, last BatchView) ([]BatchView, error) {
			return s.Batches(ctx, bank, state, last.ID, exportPage)
		}}.Write, nil
}

func (b BatchView) record() []string {
	merchant, room := "", ""
	if b.Merchant != nil {
		merchant = *b.Merchant
	}
	if b.Room != nil {
		room = *b.Room
	}
	return csvfile.Line(b.ID, b.Title, string(b.Kind), string(b.State), string(b.FundedBy), merchant, b.Amount.Yuan(), b.Threshold.Yuan(), b.Budget.Yuan(),
		b.Committed.Yuan(), b.Left.Yuan(), strconv.FormatInt(b.DailyCap, 10), strconv.FormatInt(b.PerPerson, 10), string(b.Stacking), string(b.GrantedBy),
		b.Spend.Yuan(), room, strings.Join(b.SKUs, " "), strings.Join(b.BINs, " "), stamp(b.GrantFrom), stamp(b.GrantTo), stamp(b.UseFrom), stamp(b.UseTo))
}

func stamp(s clock.Stamp) string {
	raw, _ := s.MarshalText() // never fails
	return string(raw)
}
