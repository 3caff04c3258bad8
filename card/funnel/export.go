package funnel

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

var exportHeader = []string{"value", "name", "shown", "guest_opens", "clicked", "started", "submitted", "approved", "issued", "activated", "bound", "first_spend",
	"cost_yuan", "cost_per_approved_yuan", "cost_per_issued_yuan", "cost_per_activated_yuan", "cost_per_bound_yuan", "activated_rate", "first_spend_rate"}

// Export counts, audits the act, and gives a function that writes all lines as
// CSV (UTF-8 with a mark, so that spreadsheets read Chinese). Errors: validation.
func (s *Funnel) Export(ctx context.Context, bank tenant.Bank, p Person, from, to, by string) (func(io.Writer) error, error) {
	f, err := s.all(ctx, bank, from, to, by)
	if err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		return write(ctx, tx, bank.ID, "funnel.exported", "funnel", p, map[string]any{"from": from, "to": to, "by": by, "lines": len(f.Lines)})
	})
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		return csvfile.Pages[Line]{Header: exportHeader, Size: len(f.Lines), First: f.Lines, Record: record}.Write(ctx, w)
	}, nil
}

// record writes a line; what there is no answer to is empty.
func record(l Line) []string {
	cells := []string{csvfile.Inert(l.Value), csvfile.Inert(l.Name), ""}
	if l.Shown != nil {
		cells[2] = strconv.FormatInt(*l.Shown, 10)
	}
	for _, n := range []int64{l.Guests, l.Clicked, l.Started, l.Submitted, l.Approved, l.Issued, l.Activated, l.Bound, l.Spent} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	for _, fen := range []*money.Fen{l.CostFen, l.PerApproved, l.PerIssued, l.PerActivated, l.PerBound} {
		cell := ""
		if fen != nil {
			cell = fmt.Sprintf("%d.%02d", *fen/100, *fen%100)
		}
		cells = append(cells, cell)
	}
	for _, bps := range []*int64{l.ActivatedBps, l.FirstSpendBps} {
		cell := ""
		if bps != nil {
			cell = fmt.Sprintf("%d.%02d%%", *bps/100, *bps%100)
		}
		cells = append(cells, cell)
	}
	return cells
}
