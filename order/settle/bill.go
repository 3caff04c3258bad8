package settle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yinbo/internal/money"
)

// billColumns are the columns of WeChat Pay's trade bill that are read, by name:
// their places differ between kinds of merchants and over the years.
var billColumns = []string{"交易时间", "微信订单号", "商户订单号", "交易状态", "商户退款单号", "退款状态", "订单金额", "申请退款金额", "手续费"}

// billTotals are those of its summary.
var billTotals = []string{"总交易单数", "订单总金额", "申请退款总金额", "手续费总金额"}

// maxBillLine bounds a line of a bill.
const maxBillLine = 64 << 10

// readBill reads WeChat Pay's trade bill (GET /v3/bill/tradebill, bill_type ALL):
// a header, a line each payment and refund whose values begin with a back-tick, a
// header of totals and the totals. Values may hold commas; none holds a comma and
// a back-tick.
func readBill(r io.Reader, each func(row) error) (rows int, encoding string, err error) {
	text, encoding := asUTF8(r)
	in := bufio.NewScanner(text)
	in.Buffer(make([]byte, 0, 4<<10), maxBillLine)
	at, err := billHeader(in, billColumns)
	if err != nil {
		return 0, encoding, err
	}
	var total sums
	for {
		line, err := billLine(in, fmt.Sprintf("row %d", total.rows+1))
		if err != nil {
			return total.rows, encoding, err
		}
		if !strings.HasPrefix(line, "`") {
			return total.rows, encoding, proveBill(in, line, total)
		}
		one, err := billRow(line, at)
		if err != nil {
			return total.rows, encoding, badRow(total.rows+1, err)
		}
		if err := total.add(one); err != nil {
			return total.rows, encoding, err
		}
		if err := each(one); err != nil {
			return total.rows, encoding, err
		}
	}
}

// billLine gives the next line; that there is none is a cut-off file.
func billLine(in *bufio.Scanner, what string) (string, error) {
	if !in.Scan() {
		switch err := in.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			return "", bad(Malformed, "%s is too long", what)
		case err != nil:
			return "", err
		}
		return "", bad(Truncated, "it ends before its %s", what)
	}
	line := strings.TrimSuffix(in.Text(), "\r")
	if !utf8.ValidString(line) || strings.ContainsRune(line, utf8.RuneError) {
		return "", bad(BadEncoding, "%s: neither UTF-8 nor GB18030", what)
	}
	return line, nil
}

func billHeader(in *bufio.Scanner, columns []string) (at []int, err error) {
	line, err := billLine(in, "header")
	if err != nil {
		return nil, err
	}
	return placesOf(strings.Split(line, ","), columns)
}

func placesOf(names, columns []string) ([]int, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(names, c); at[i] < 0 {
			return nil, bad(Malformed, "its header lacks %s", c)
		}
	}
	return at, nil
}

// values splits a line of a bill.
func values(line string, at []int) ([]string, error) {
	all := strings.Split(strings.TrimPrefix(line, "`"), ",`")
	out := make([]string, len(at))
	for i, p := range at {
		if p >= len(all) {
			return nil, fmt.Errorf("%d fields, one in place %d is looked for", len(all), p+1)
		}
		out[i] = all[p]
	}
	return out, nil
}

// notMoved are the states of a refund in which the money stayed with us. While
// one is processed, WeChat Pay has taken it.
var notMoved = []string{"CLOSED", "REFUNDCLOSE", "FAIL"}

func billRow(line string, at []int) (r row, err error) {
	f, err := values(line, at)
	if err != nil {
		return r, err
	}
	state, sum := f[3], f[6]
	r = row{paymentNo: f[1], outTradeNo: f[2], succeeded: true}
	switch state {
	case "SUCCESS":
	case "REFUND", "REVOKED":
		r.refund, r.outRefundNo, sum = true, f[4], f[7]
		r.succeeded = !slices.Contains(notMoved, f[5])
	default:
		return r, fmt.Errorf("unknown state %q", state)
	}
	if r.amount, err = money.ParseYuan(sum); err != nil {
		return r, err
	}
	if r.fee, err = parseFine(f[8]); err != nil {
		return r, err
	}
	if r.date, err = dateOf(f[0]); err != nil {
		return r, err
	}
	return r, r.check()
}

// proveBill compares the rows with the bill's own summary, which begins with its
// header, and which nothing follows.
func proveBill(in *bufio.Scanner, header string, total sums) error {
	at, err := placesOf(strings.Split(header, ","), billTotals)
	if err != nil {
		return err
	}
	line, err := billLine(in, "totals")
	if err != nil {
		return err
	}
	f, err := values(line, at)
	if err != nil {
		return bad(Truncated, "totals: %w", err)
	}
	want := []string{strconv.Itoa(total.rows), total.paid.Yuan(), total.refunded.Yuan()}
	if fee, err := parseFine(f[3]); err != nil || fee != total.fee || !slices.Equal(f[:3], want) {
		return bad(WrongTotal, "its totals are %q, its rows are %q and fees of %d/1000 fen", f, want, total.fee)
	}
	for in.Scan() {
		if strings.TrimSpace(in.Text()) != "" {
			return bad(Malformed, "it goes on after its totals")
		}
	}
	return in.Err()
}
