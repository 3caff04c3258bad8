package settle

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"

	"github.com/xuri/excelize/v2"

	"yinbo/internal/csvfile"
	"yinbo/internal/money"
)

// The formats of a file.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

// The content types of the formats.
const (
	CSVType  = "text/csv; charset=utf-8"
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// File is a settlement to be saved.
type File struct {
	Name        string
	ContentType string
	Content     []byte
}

// File writes a settlement with its lines as CSV, or as XLSX, amounts in yuan
// with two decimals; the last row is their sum. not_found as of Get.
func (k *Desk) File(ctx context.Context, bankID, settlementID, format string) (File, error) {
	s, err := k.Get(ctx, bankID, settlementID)
	if err != nil {
		return File{}, err
	}
	f := File{Name: fmt.Sprintf("settlement-%s-%s.%s", s.BusinessDate, s.Merchant.ID, format), ContentType: CSVType}
	if format == XLSX {
		f.ContentType = XLSXType
		f.Content, err = writeXLSX(table(s))
	} else {
		f.Content, err = writeCSV(table(s))
	}
	return f, err
}

// record is a row of the file: words, then amounts.
type record struct {
	words   []string
	amounts []money.Fen
}

// fileHead is in Chinese as the statement itself: it goes to merchants.
var fileHead = []string{"业务日期", "商户", "类型", "订单号", "明细编号", "商品", "金额(元)", "佣金(元)", "净额(元)"}

var kindText = map[string]string{"sale": "销售", "refund": "退款"}

func table(s Settlement) []record {
	rows := make([]record, 0, len(s.Lines)+1)
	sum := []money.Fen{0, 0, 0}
	for _, l := range s.Lines {
		amounts := []money.Fen{l.Amount, l.Commission, l.Net}
		rows = append(rows, record{[]string{s.BusinessDate, s.Merchant.Name, kindText[l.Kind], l.OrderID, l.Ref, l.Title}, amounts})
		for i, a := range amounts {
			sum[i] += a
		}
	}
	return append(rows, record{[]string{s.BusinessDate, s.Merchant.Name, "合计", "", "", ""}, sum})
}

// writeCSV begins with a byte order mark, without which spreadsheets take
// Chinese for another encoding.
func writeCSV(rows []record) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(bom)
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(fileHead); err != nil {
		return nil, fmt.Errorf("settle: write CSV: %w", err)
	}
	for _, r := range rows {
		fields := make([]string, 0, len(fileHead))
		for _, word := range r.words {
			fields = append(fields, csvfile.Inert(word))
		}
		for _, a := range r.amounts {
			fields = append(fields, a.Yuan())
		}
		if err := w.Write(fields); err != nil {
			return nil, fmt.Errorf("settle: write CSV: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func writeXLSX(rows []record) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "结算单"
	if err := fill(f, sheet, rows); err != nil {
		return nil, fmt.Errorf("settle: write XLSX: %w", err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("settle: write XLSX: %w", err)
	}
	return b.Bytes(), nil
}

func fill(f *excelize.File, sheet string, rows []record) error {
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	const twoDecimals = 4 // the built-in format #,##0.00
	style, err := f.NewStyle(&excelize.Style{NumFmt: twoDecimals})
	if err != nil {
		return err
	}
	if err := f.SetColStyle(sheet, "G:I", style); err != nil {
		return err
	}
	if err := f.SetSheetRow(sheet, "A1", &fileHead); err != nil {
		return err
	}
	for i, r := range rows {
		for j, word := range r.words { // text cells: never formulas
			if err := f.SetCellStr(sheet, at(j, i+2), word); err != nil {
				return err
			}
		}
		for j, a := range r.amounts { // a number from its decimal text, not through a float
			if err := f.SetCellDefault(sheet, at(len(r.words)+j, i+2), a.Yuan()); err != nil {
				return err
			}
		}
	}
	return nil
}

// at names the cell of a column (from 0) and a row (from 1).
func at(column, row int) string { return fmt.Sprintf("%c%d", 'A'+column, row) }
