package settle

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"yinbo/internal/money"
)

// row is a line of the gateway's statement.
type row struct {
	refund      bool
	outTradeNo  string // our payment's id
	outRefundNo string // our refund's id, for a refund
	paymentNo   string // the gateway's number
	amount      money.Fen
	succeeded   bool
}

// ref is our number of what the row is about, or the gateway's where it names
// none of ours.
func (r row) ref() string {
	switch {
	case r.refund && r.outRefundNo != "":
		return r.outRefundNo
	case r.outTradeNo != "":
		return r.outTradeNo
	}
	return r.paymentNo
}

// signed is the row's amount as it moves the gateway's balance.
func (r row) signed() money.Fen {
	if r.refund {
		return -r.amount
	}
	return r.amount
}

var statementHeader = []string{"date_time", "kind", "out_trade_no", "out_refund_no", "payment_no", "amount_yuan", "status"}

const (
	totalMark = "#total"
	// maxNumber bounds the numbers of a row: what is longer is no number of
	// either side, and would not fit where it is kept.
	maxNumber = 64
)

// readStatement streams a statement's rows to each and proves its last line,
// `#total,<rows>,<payments_yuan>,<refunds_yuan>`: a file that was cut off, or
// does not add up, is an error, though rows of it were given already.
func readStatement(r io.Reader, each func(row) error) error {
	in := csv.NewReader(skipBOM(r))
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	header, err := in.Read()
	if err != nil || !slices.Equal(header, statementHeader) {
		return fmt.Errorf("settle: statement does not begin with its header: %w", cutOff(err))
	}
	var rows int
	var paid, refunded money.Fen
	for {
		record, err := in.Read()
		if err != nil {
			return fmt.Errorf("settle: statement after row %d: %w", rows, cutOff(err))
		}
		if record[0] == totalMark {
			want := []string{totalMark, strconv.Itoa(rows), paid.Yuan(), refunded.Yuan()}
			if !slices.Equal(record, want) {
				return fmt.Errorf("settle: statement's total line is %q, its rows are %q", record, want)
			}
			break
		}
		line, err := parseRow(record)
		if err != nil {
			return fmt.Errorf("settle: statement row %d: %w", rows+1, err)
		}
		rows++
		sum := &paid
		if line.refund {
			sum = &refunded
		}
		if *sum, err = money.Add(*sum, line.amount); err != nil {
			return fmt.Errorf("settle: statement row %d: %w", rows, err)
		}
		if err := each(line); err != nil {
			return err
		}
	}
	if _, err := in.Read(); !errors.Is(err, io.EOF) {
		return errors.New("settle: statement goes on after its total line")
	}
	return nil
}

func parseRow(f []string) (row, error) {
	if len(f) != len(statementHeader) {
		return row{}, fmt.Errorf("%d fields in place of %d", len(f), len(statementHeader))
	}
	r := row{refund: f[1] == "refund", outTradeNo: f[2], outRefundNo: f[3], paymentNo: f[4], succeeded: f[6] == "succeeded"}
	if f[1] != "refund" && f[1] != "payment" {
		return r, fmt.Errorf("unknown kind %q", f[1])
	}
	if r.ref() == "" || len(f[2]) > maxNumber || len(f[3]) > maxNumber || len(f[4]) > maxNumber {
		return r, errors.New("no number, or one that is too long")
	}
	var err error
	if r.amount, err = money.ParseYuan(f[5]); err != nil {
		return r, err
	}
	if r.amount < 0 {
		return r, fmt.Errorf("amount %s is below zero", f[5])
	}
	return r, nil
}

// cutOff names the end of the file where more had to come.
func cutOff(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skipBOM passes over the byte order mark that some gateways put first.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if head, _ := b.Peek(3); string(head) == bom {
		_, _ = b.Discard(len(bom)) // they are buffered
	}
	return b
}

const bom = "\xef\xbb\xbf"
