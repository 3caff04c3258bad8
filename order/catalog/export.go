package catalog

import (
	"context"
	"io"
	"strconv"

	"yinbo/internal/csvfile"
)

const exportPage = 200

var exportHeader = []string{"product_id", "title", "kind", "category", "merchant", "branch_id", "hidden", "sku_id", "spec", "code", "price_yuan", "list_price_yuan",
	"stock", "per_person_limit"}

// Export reads the first page of Entries and gives a function that writes all of it
// as CSV, a line for each SKU.
func (c *Catalog) Export(ctx context.Context, bank string, f EntryFilter) (func(context.Context, io.Writer) error, error) {
	first, err := c.Entries(ctx, bank, f, "", exportPage)
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[Entry]{Header: exportHeader, Size: exportPage, First: first, Lines: Entry.lines,
		After: func(ctx context.Context, last Entry) ([]Entry, error) {
			return c.Entries(ctx, bank, f, last.ID, exportPage)
		}}.Write, nil
}

func (e Entry) lines() [][]string {
	lines := make([][]string, len(e.SKUs))
	for i, s := range e.SKUs {
		lines[i] = csvfile.Line(e.ID, e.Title, string(e.Kind), e.Category, e.Merchant.Name, value(e.BranchID), strconv.FormatBool(e.Hidden), s.ID, s.Spec, value(s.Code),
			s.PriceFen.Yuan(), s.ListPriceFen.Yuan(), strconv.FormatInt(s.Stock, 10), strconv.FormatInt(s.PerPersonLimit, 10))
	}
	return lines
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
