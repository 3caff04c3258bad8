package review

import (
	"context"
	"io"

	"yinbo/card"
	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// exportPage is how many leads are read at once.
const exportPage = 1000

var exportHeader = []string{"id", "receipt_no", "status", "card_product", "name", "phone", "id_no", "city_code",
	"screening", "room_id", "claimed_by", "created_at", "decided_at", "card_last4",
	"income_band", "share_code", "campaign", "delivery_to", "delivery_outlet", "delivery_outlet_name"}

// exported is a lead with what only a file tells of it.
type exported struct {
	Lead
	delivery *card.Delivery
}

// exportable reads a page's deliveries.
func (l *Leads) exportable(ctx context.Context, bank string, page []Lead, err error) ([]exported, error) {
	if err != nil || len(page) == 0 {
		return nil, err
	}
	ids, out := make([]string, len(page)), make([]exported, len(page))
	for i, v := range page {
		ids[i] = v.ID
	}
	deliveries, err := l.book.Deliveries(ctx, l.book.DB, bank, ids...)
	for i, v := range page {
		out[i] = exported{v, deliveries[v.ID]}
	}
	return out, err
}

// Export audits the act, reads the first page, and gives a function that writes
// all of it as CSV (UTF-8 with a mark, so that spreadsheets read Chinese), masked,
// page by page. Errors: validation.
func (l *Leads) Export(ctx context.Context, bank tenant.Bank, p Person, f Filter) (func(context.Context, io.Writer) error, error) {
	page, err := l.List(ctx, bank.ID, p, f, "", exportPage)
	first, err := l.exportable(ctx, bank.ID, page, err)
	if err != nil {
		return nil, err
	}
	err = l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		// The search text may be a phone number: the log says only that there was one.
		return card.Audit(ctx, tx, p.act(bank.ID, "leads", "exported", map[string]any{
			"status": f.Status, "assignee": f.Assignee, "from": f.From, "to": f.To, "searched": f.Query != ""}))
	})
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[exported]{Header: exportHeader, Size: exportPage, First: first, Record: record,
		After: func(ctx context.Context, last exported) ([]exported, error) {
			page, err := l.List(ctx, bank.ID, p, f, last.ID, exportPage)
			return l.exportable(ctx, bank.ID, page, err)
		}}.Write, nil
}

func record(v exported) []string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	decided, claimer := "", ""
	if v.DecidedAt != nil {
		b, _ := v.DecidedAt.MarshalText() // never fails
		decided = string(b)
	}
	if v.ClaimedBy != nil {
		claimer = v.ClaimedBy.Name
	}
	way, number, outlet := "", "", ""
	if d := v.delivery; d != nil {
		if way = d.To; d.Outlet != nil {
			number, outlet = d.Outlet.Number, d.Outlet.Name
		}
	}
	created, _ := v.CreatedAt.MarshalText()
	cells := []string{v.ID, v.ReceiptNo, string(v.Status), v.CardProduct.Name, v.Applicant.Name, v.Applicant.Phone, v.Applicant.IDNo,
		v.Applicant.CityCode, string(v.Screening), text(v.RoomID), claimer, string(created), decided, text(v.CardLast4),
		text(v.Applicant.IncomeBand), text(v.ShareCode), text(v.Campaign), way, number, outlet}
	for i, c := range cells {
		cells[i] = csvfile.Inert(c)
	}
	return cells
}
