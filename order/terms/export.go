package terms

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"yinbo/internal/csvfile"
	"yinbo/internal/tenant"
)

const exportPage = 200

var exportHeader = []string{"id", "name", "commission_percent", "cycle", "reserve_percent", "reserve_days", "account_holder", "account_bank", "account_last4",
	"reserve_yuan", "changes_waiting"}

// Export reads the first page of Merchants and gives a function that writes all of
// it as CSV; accounts by their last four digits.
func (b *Book) Export(ctx context.Context, bank tenant.Bank, query string) (func(context.Context, io.Writer) error, error) {
	page := func(ctx context.Context, after string) ([]Merchant, error) {
		return b.Merchants(ctx, bank, query, after, exportPage+1)
	}
	first, err := page(ctx, "")
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[Merchant]{Header: exportHeader, Size: exportPage, First: first, Record: Merchant.record,
		After: func(ctx context.Context, last Merchant) ([]Merchant, error) { return page(ctx, last.ID) }}.Write, nil
}

func (m Merchant) record() []string {
	t, a := Terms{Asked: Asked{CommissionBps: m.Bps}}, Account{}
	if m.Terms != nil {
		t = *m.Terms
	}
	if m.Account != nil {
		a = *m.Account
	}
	return csvfile.Line(m.ID, m.Name, percent(t.CommissionBps), t.Cycle, percent(t.ReserveBps), strconv.Itoa(t.ReserveDays),
		a.Holder, a.BankName, a.Last4, m.Reserve.Yuan(), strconv.Itoa(m.Pending))
}

func percent(bps int64) string { return fmt.Sprintf("%d.%02d", bps/100, bps%100) }
