package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"

	"yinbo/internal/audit"
	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// CSVType is the content type of files.
const CSVType = "text/csv; charset=utf-8"

// bom tells spreadsheets that the text is UTF-8.
const bom = "\xef\xbb\xbf"

// Actor is the member of staff who takes a file, for the audit log.
type Actor struct{ ID, RequestID string }

// headings are in Chinese as the statements are.
var headings = map[By][]string{
	ByRoom:     {"直播间", "名称", "订单数", "实收(元)", "退款(元)", "银行及平台补贴(元)", "佣金(元)", "商户应得(元)"},
	ByMerchant: {"商户", "名称", "结算单数", "实收(元)", "退款(元)", "银行及平台补贴(元)", "佣金(元)", "应付(元)"},
	ByFunder:   {"出资方", "名称", "笔数", "优惠(元)", "退款退回(元)", "应收(元)"},
	ByChannel:  {"渠道", "名称", "笔数", "收入(元)", "支出(元)", "渠道手续费(元)", "净额(元)"},
}

func (s Sum) amounts(by By) []money.Fen {
	switch by {
	case ByFunder:
		return []money.Fen{s.Discounts, s.Returned, s.Net}
	case ByChannel:
		return []money.Fen{s.Sales, s.Refunds, s.Fees, s.Net}
	}
	return []money.Fen{s.Sales, s.Refunds, s.Discounts, s.Commission, s.Net}
}

// File writes the sums of a period as CSV, amounts in yuan with two decimals,
// the last row their total; the audit log says who took it. Refusals as of Sums.
func (r *Reports) File(ctx context.Context, bankID string, by By, p Period, actor Actor) (name string, content []byte, err error) {
	sums, err := r.Sums(ctx, bankID, by, p)
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	b.WriteString(bom)
	w := csv.NewWriter(&b)
	_ = w.Write(headings[by])
	all, count := make([]money.Fen, len(Sum{}.amounts(by))), int64(0)
	for _, s := range sums {
		row := []string{s.ID, csvfile.Inert(s.Name), fmt.Sprint(s.Count)}
		for i, a := range s.amounts(by) {
			row = append(row, a.Yuan())
			all[i] += a
		}
		count += s.Count
		_ = w.Write(row)
	}
	last := []string{"合计", "", fmt.Sprint(count)}
	for _, a := range all {
		last = append(last, a.Yuan())
	}
	_ = w.Write(last)
	w.Flush()
	if err := w.Error(); err != nil {
		return "", nil, fmt.Errorf("report: %w", err)
	}
	err = r.took(ctx, bankID, actor, string(by), p, len(sums))
	return fmt.Sprintf("%s-%s-%s.csv", by, p.From, p.To), b.Bytes(), err
}

// took tells the audit log who took a file.
func (r *Reports) took(ctx context.Context, bankID string, actor Actor, what string, p Period, rows int) error {
	return r.db.InTx(ctx, func(tx *db.Tx) error {
		return audit.Write(ctx, tx, audit.Entry{Bank: bankID, ActorKind: "staff", Actor: actor.ID, RequestID: actor.RequestID,
			Action: "report.exported", Object: what, Detail: map[string]any{"from": p.From, "to": p.To, "rows": rows}})
	})
}

// eventText is what a bill's line is about.
var eventText = map[string]string{ledger.OrderPaid: "优惠", ledger.OrderRefunded: "退款退回"}

// Bill writes a funder's bill line by line as CSV: each discount that it funds
// and each part that a refund gave back, by entry, the last row what it owes. 422
// of the field funder for one that has no account; others as of Sums.
func (r *Reports) Bill(ctx context.Context, bankID, funder string, p Period, actor Actor) (name string, content []byte, err error) {
	if err := p.check(); err != nil {
		return "", nil, err
	}
	account, found, err := db.Value[string](ctx, r.db, "SELECT account FROM ledger_account WHERE bank_id = ? AND party = 'funder' AND party_id = ?", bankID, funder)
	if err != nil {
		return "", nil, err
	}
	if !found {
		return "", nil, fault.InvalidField("funder", "field.not_allowed")
	}
	type line struct {
		date, event, order, entry string
		owed                      money.Fen
	}
	lines, err := db.All(ctx, r.db, func(row db.Row) (l line, err error) {
		return l, row.Scan(&l.date, &l.event, &l.order, &l.entry, &l.owed)
	}, `SELECT e.business_date, e.event, COALESCE(e.order_id, ''), e.id, SUM(p.debit_fen - p.credit_fen)`+entriesOf+inPeriod+`
		AND p.account = ? GROUP BY e.business_date, e.event, e.order_id, e.id ORDER BY e.business_date, e.id`, bankID, p.From, p.To, account)
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	b.WriteString(bom)
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"业务日期", "业务", "订单号", "分录号", "应收(元)"})
	var sum money.Fen
	for _, l := range lines {
		sum += l.owed
		_ = w.Write([]string{l.date, eventText[l.event], l.order, l.entry, l.owed.Yuan()})
	}
	_ = w.Write([]string{"合计", "", "", "", sum.Yuan()})
	w.Flush()
	if err := w.Error(); err != nil {
		return "", nil, fmt.Errorf("report: %w", err)
	}
	return fmt.Sprintf("bill-%s-%s-%s.csv", funder, p.From, p.To), b.Bytes(), r.took(ctx, bankID, actor, account, p, len(lines))
}
