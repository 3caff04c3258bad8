package desk

import (
	"context"
	"io"
	"strconv"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order"
)

// exportPage is how many orders are read at once.
const exportPage = 500

var exportHeader = []string{"id", "status", "goods", "goods_yuan", "discounts_yuan", "payable_yuan", "paid_yuan", "refunded_yuan",
	"viewer", "phone", "room_id", "carrier", "tracking_no", "created_at"}

// NoteSearch leaves in the audit chain that somebody looked for a person's orders;
// the number itself is not noted.
func (d *Desk) NoteSearch(ctx context.Context, bank string, by order.Staff) error {
	return d.DB.InTx(ctx, func(tx *db.Tx) error {
		return by.Audit(ctx, tx, bank, "order.searched", bank, map[string]any{"by": "phone"})
	})
}

// Export audits the act, reads the first page, and gives a function that writes
// all of it as CSV (UTF-8 with a mark, so that spreadsheets read Chinese), masked,
// page by page.
func (d *Desk) Export(ctx context.Context, bank string, by order.Staff, f Filter) (func(context.Context, io.Writer) error, error) {
	first, err := d.Search(ctx, bank, f, "", exportPage)
	if err != nil {
		return nil, err
	}
	err = d.DB.InTx(ctx, func(tx *db.Tx) error {
		// The search text may be a phone number: the log says only that there was one.
		return by.Audit(ctx, tx, bank, "order.exported", bank, map[string]any{"status": f.Status, "merchant": f.Merchant, "room": f.Room,
			"from": f.From, "to": f.To, "searched": f.Query != ""})
	})
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[Row]{Header: exportHeader, Size: exportPage, First: first, Record: record,
		After: func(ctx context.Context, last Row) ([]Row, error) { return d.Search(ctx, bank, f, last.ID, exportPage) }}.Write, nil
}

func record(r Row) []string {
	var off money.Fen
	for _, d := range r.Discounts {
		off += d.AmountFen
	}
	room, carrier, no := "", "", ""
	if r.RoomID != nil {
		room = *r.RoomID
	}
	if r.Shipment != nil {
		carrier, no = r.Shipment.Carrier, r.Shipment.TrackingNo
	}
	return csvfile.Line(r.ID, string(r.Status), goods(r.Items), r.GoodsFen.Yuan(), off.Yuan(), r.PayableFen.Yuan(), r.PaidFen.Yuan(), r.RefundedFen.Yuan(),
		r.Viewer.Nickname, r.Viewer.PhoneMasked, room, carrier, no, stamp(r.CreatedAt))
}

func goods(items []order.Item) string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = item.Title + " × " + strconv.FormatInt(item.Quantity, 10)
	}
	return strings.Join(all, "; ")
}

func stamp(s clock.Stamp) string {
	raw, _ := s.MarshalText() // never fails
	return string(raw)
}
