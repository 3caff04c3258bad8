package bankbox

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// statementRow is one line of a day's statement.
type statementRow struct {
	at          int64
	kind        string
	outTradeNo  string
	outRefundNo string
	paymentNo   string
	amountFen   int64
}

var statementHeader = []string{
	"date_time", "kind", "out_trade_no", "out_refund_no", "payment_no", "amount_yuan", "status",
}

// getStatement gives a business date (Asia/Shanghai) as CSV: a header, the rows
// by time, and a last line `#total,<rows>,<payments_yuan>,<refunds_yuan>` that
// agrees with the rows shown, but for the faults that cut the file or its total.
func (g *gateway) getStatement(c *gin.Context) (int, any, error) {
	date, isCSV := strings.CutSuffix(c.Param("file"), ".csv")
	if !isCSV {
		return 0, nil, notFound("statement")
	}
	from, to, err := businessDay(date)
	if err != nil {
		return 0, nil, invalid("date: YYYY-MM-DD is needed")
	}
	f := g.faults.now()
	if f.StatementLate {
		return 0, nil, notFound("statement")
	}
	rows, err := statementRows(c.Request.Context(), g.store.reader, from, to)
	if err != nil {
		return 0, nil, err
	}
	file := writeStatement(bendStatement(rows, f, date, to))
	if f.StatementTotal {
		file = bytes.Replace(file, []byte("#total,"), []byte("#total,1"), 1)
	}
	if f.StatementCut {
		file = file[:len(file)*2/3]
	}
	c.Header("Content-Disposition", `attachment; filename="`+date+`.csv"`)
	return http.StatusOK, document{"text/csv; charset=utf-8", file}, nil
}

// statementRows reads payments that were paid and refunds that were made in
// [from, to), in one statement so that both are of one moment.
func statementRows(ctx context.Context, q querier, from, to int64) ([]statementRow, error) {
	found, err := q.QueryContext(ctx, `
		SELECT paid_at AS at, 'payment' AS kind, out_trade_no AS trade, '' AS refund, payment_no, amount_fen
		  FROM payments WHERE paid_at >= ?1 AND paid_at < ?2
		UNION ALL
		SELECT r.refunded_at, 'refund', r.out_trade_no, r.out_refund_no, p.payment_no, r.amount_fen
		  FROM refunds r JOIN payments p ON p.out_trade_no = r.out_trade_no
		 WHERE r.refunded_at >= ?1 AND r.refunded_at < ?2
		 ORDER BY at, kind, trade, refund`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read statement: %w", err)
	}
	defer found.Close()
	var rows []statementRow
	for found.Next() {
		var r statementRow
		if err := found.Scan(&r.at, &r.kind, &r.outTradeNo, &r.outRefundNo, &r.paymentNo, &r.amountFen); err != nil {
			return nil, fmt.Errorf("read statement: %w", err)
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

// bendStatement applies the statement faults. The row that nobody made depends
// on the date alone, so that the file is the same each time it is fetched.
func bendStatement(rows []statementRow, f Faults, date string, dayEnd int64) []statementRow {
	if f.StatementMissing && len(rows) > 0 {
		rows = rows[1:]
	}
	if last := len(rows) - 1; last >= 0 {
		if f.StatementAmount {
			rows[last].amountFen++
		}
		if f.StatementTwice {
			rows = append(rows, rows[last])
		}
	}
	if f.StatementExtra {
		day := strings.ReplaceAll(date, "-", "")
		rows = append(rows, statementRow{
			at: dayEnd - 1000, kind: "payment",
			outTradeNo: "unknown-" + day, paymentNo: "BPX" + day, amountFen: 88_88,
		})
	}
	return rows
}

func writeStatement(rows []statementRow) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	var paid, refunded int64
	// Writes to a buffer do not fail.
	_ = w.Write(statementHeader)
	for _, r := range rows {
		if r.kind == "refund" {
			refunded += r.amountFen
		} else {
			paid += r.amountFen
		}
		_ = w.Write([]string{
			time.UnixMilli(r.at).In(shanghai).Format(time.DateTime), r.kind,
			r.outTradeNo, r.outRefundNo, r.paymentNo, yuan(r.amountFen), statusSucceeded,
		})
	}
	_ = w.Write([]string{"#total", strconv.Itoa(len(rows)), yuan(paid), yuan(refunded)})
	w.Flush()
	return buf.Bytes()
}
