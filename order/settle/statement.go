package settle

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yinbo/internal/money"
)

// row is a line of the gateway's statement.
type row struct {
	refund      bool
	date        string // YYYY-MM-DD, the gateway's
	outTradeNo  string // our payment's id
	outRefundNo string // our refund's id, for a refund
	paymentNo   string // the gateway's number
	amount      money.Fen
	fee         fine // that the file says; below zero where it is given back
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

// sums are what a file's own total has to say.
type sums struct {
	rows           int
	paid, refunded money.Fen
	fee            fine
}

func (s *sums) add(r row) (err error) {
	s.rows++
	sum := &s.paid
	if r.refund {
		sum = &s.refunded
	}
	if *sum, err = money.Add(*sum, r.amount); err == nil {
		s.fee, err = s.fee.plus(r.fee)
	}
	if err != nil {
		return bad(Malformed, "row %d: %w", s.rows, err)
	}
	return nil
}

// format reads a file to its end and gives each row; an error says that the file
// was not whole, though rows of it were given already.
type format func(r io.Reader, each func(row) error) (rows int, encoding string, err error)

var statementHeader = []string{"date_time", "kind", "out_trade_no", "out_refund_no", "payment_no", "amount_yuan", "status"}

const (
	totalMark = "#total"
	// maxNumber bounds the numbers of a row: what is longer is no number of
	// either side, and would not fit where it is kept.
	maxNumber = 64
)

// readStatement reads the bank's own gateway's file and proves its last line,
// `#total,<rows>,<payments_yuan>,<refunds_yuan>`.
func readStatement(r io.Reader, each func(row) error) (rows int, encoding string, err error) {
	text, encoding := asUTF8(r)
	in := csv.NewReader(text)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	header, err := in.Read()
	if err != nil {
		return 0, encoding, noRecord("header", err)
	}
	if !slices.Equal(header, statementHeader) {
		return 0, encoding, bad(Malformed, "it does not begin with its header")
	}
	var total sums
	for {
		record, err := in.Read()
		if err != nil {
			return total.rows, encoding, noRecord(fmt.Sprintf("row %d", total.rows+1), err)
		}
		if record[0] == totalMark {
			want := []string{totalMark, strconv.Itoa(total.rows), total.paid.Yuan(), total.refunded.Yuan()}
			if !slices.Equal(record, want) {
				return total.rows, encoding, bad(WrongTotal, "its total line is %q, its rows are %q", record, want)
			}
			break
		}
		line, err := parseRow(record)
		if err != nil {
			return total.rows, encoding, badRow(total.rows+1, err)
		}
		if err := total.add(line); err != nil {
			return total.rows, encoding, err
		}
		if err := each(line); err != nil {
			return total.rows, encoding, err
		}
	}
	switch _, err := in.Read(); {
	case err == nil:
		return total.rows, encoding, bad(Malformed, "it goes on after its total line")
	case !errors.Is(err, io.EOF):
		return total.rows, encoding, err
	}
	return total.rows, encoding, nil
}

// noRecord tells a file that ends too soon from one that is not CSV.
func noRecord(what string, err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return bad(Malformed, "%s: %w", what, err)
	}
	if errors.Is(err, io.EOF) {
		return bad(Truncated, "it ends before its %s", what)
	}
	return err
}

// badRow is Malformed unless the error says better.
func badRow(n int, err error) error {
	var known *FileError
	if errors.As(err, &known) {
		return err
	}
	return bad(Malformed, "row %d: %w", n, err)
}

func parseRow(f []string) (row, error) {
	for _, v := range f {
		if !utf8.ValidString(v) || strings.ContainsRune(v, utf8.RuneError) {
			return row{}, bad(BadEncoding, "neither UTF-8 nor GB18030")
		}
	}
	if len(f) != len(statementHeader) {
		return row{}, fmt.Errorf("%d fields in place of %d", len(f), len(statementHeader))
	}
	r := row{refund: f[1] == "refund", outTradeNo: f[2], outRefundNo: f[3], paymentNo: f[4], succeeded: f[6] == "succeeded"}
	if f[1] != "refund" && f[1] != "payment" {
		return r, fmt.Errorf("unknown kind %q", f[1])
	}
	var err error
	if r.amount, err = money.ParseYuan(f[5]); err != nil {
		return r, err
	}
	if r.date, err = dateOf(f[0]); err != nil {
		return r, err
	}
	return r, r.check()
}

// check refuses what no row can be.
func (r row) check() error {
	if r.ref() == "" || len(r.outTradeNo) > maxNumber || len(r.outRefundNo) > maxNumber || len(r.paymentNo) > maxNumber {
		return errors.New("no number, or one that is too long")
	}
	if r.amount < 0 {
		return fmt.Errorf("amount %s is below zero", r.amount.Yuan())
	}
	return nil
}

// dateOf is the date of YYYY-MM-DD hh:mm:ss.
func dateOf(stamp string) (string, error) {
	date, _, ok := strings.Cut(stamp, " ")
	if !ok || len(date) != len("2006-01-02") {
		return "", fmt.Errorf("%q is no time", stamp)
	}
	return date, nil
}
