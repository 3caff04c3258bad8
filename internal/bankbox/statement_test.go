package bankbox_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// statement is a day's file as a bookkeeper reads it.
type statement struct {
	rows             [][]string
	count            int
	paid, refunded   int64
	paidSum, backSum int64 // of the rows
}

func (b *bank) statement(date string) statement {
	b.t.Helper()
	r := b.get("/pay/v1/statements/" + date + ".csv")
	if r.status != 200 || r.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		b.t.Fatalf("statement of %s: %d %s", date, r.status, r.raw)
	}
	reader := csv.NewReader(bytes.NewReader(r.raw))
	reader.FieldsPerRecord = -1
	all, err := reader.ReadAll()
	if err != nil || len(all) < 2 {
		b.t.Fatalf("statement of %s: %v: %s", date, err, r.raw)
	}
	head := []string{"date_time", "kind", "out_trade_no", "out_refund_no", "payment_no", "amount_yuan", "status"}
	if !slices.Equal(all[0], head) {
		b.t.Errorf("header %v, want %v", all[0], head)
	}
	total := all[len(all)-1]
	if len(total) != 4 || total[0] != "#total" {
		b.t.Fatalf("last line %v", total)
	}
	s := statement{rows: all[1 : len(all)-1], paid: b.fen(total[2]), refunded: b.fen(total[3])}
	s.count, _ = strconv.Atoi(total[1])
	for _, row := range s.rows {
		switch row[1] {
		case "payment":
			s.paidSum += b.fen(row[5])
		case "refund":
			s.backSum += b.fen(row[5])
		default:
			b.t.Errorf("row of kind %q", row[1])
		}
		if row[0][:10] != date || row[6] != "succeeded" {
			b.t.Errorf("row %v in the statement of %s", row, date)
		}
	}
	if s.count != len(s.rows) || s.paid != s.paidSum || s.refunded != s.backSum {
		b.t.Errorf("the total line %v does not agree with the rows: %d, %d, %d", total, len(s.rows), s.paidSum, s.backSum)
	}
	return s
}

// fen reads yuan with two decimals.
func (b *bank) fen(yuan string) int64 {
	b.t.Helper()
	var whole, cents int64
	n, err := fmt.Sscanf(yuan, "%d.%02d", &whole, &cents)
	if err != nil || n != 2 || fmt.Sprintf("%d.%02d", whole, cents) != yuan {
		b.t.Errorf("%q is not yuan with two decimals", yuan)
	}
	return whole*100 + cents
}

func TestStatementListsADayInTheBanksZone(t *testing.T) {
	b := newBank(t)
	no := b.paid("pay_1", 1005, nowhere)
	b.pending("pay_2", 7, nowhere)
	b.post("/pay/v1/refunds", fields{"out_refund_no": "rfd_1", "out_trade_no": "pay_1", "amount_fen": 5}).want(201)
	b.clock.forward(14 * time.Hour) // past midnight in Shanghai, not in UTC
	b.post("/pay/v1/refunds", fields{"out_refund_no": "rfd_2", "out_trade_no": "pay_1", "amount_fen": 1000}).want(201)

	today, tomorrow := b.statement("2026-03-10"), b.statement("2026-03-11")
	if today.count != 2 || today.paid != 1005 || today.refunded != 5 {
		t.Errorf("today: %+v", today)
	}
	if tomorrow.count != 1 || tomorrow.paid != 0 || tomorrow.refunded != 1000 {
		t.Errorf("tomorrow: %+v", tomorrow)
	}
	if row := today.rows[0]; !slices.Equal(row[1:], []string{"payment", "pay_1", "", no, "10.05", "succeeded"}) {
		t.Errorf("payment's row %v", row)
	}
	if row := tomorrow.rows[0]; !slices.Equal(row[1:], []string{"refund", "pay_1", "rfd_2", no, "10.00", "succeeded"}) {
		t.Errorf("refund's row %v", row)
	}
	if empty := b.statement("2026-03-12"); empty.count != 0 {
		t.Errorf("an empty day: %+v", empty)
	}
}

func TestStatementOfNoDay(t *testing.T) {
	b := newBank(t)
	b.get("/pay/v1/statements/2026-02-30.csv").refused(422, "validation")
	b.get("/pay/v1/statements/today.csv").refused(422, "validation")
	b.get("/pay/v1/statements/2026-03-10.xlsx").refused(404, "not_found")
}

func TestStatementFaultsBendRowsAndTotalsTogether(t *testing.T) {
	b := newBank(t)
	b.paid("pay_1", 100, nowhere)
	b.clock.forward(time.Second)
	b.paid("pay_2", 20, nowhere)
	const day = "2026-03-10"

	b.faults(`{"statement_missing":true}`)
	if s := b.statement(day); s.count != 1 || s.rows[0][2] != "pay_2" || s.paid != 20 {
		t.Errorf("missing: %+v", s)
	}
	if s := b.statement("2026-03-09"); s.count != 0 {
		t.Errorf("missing on an empty day: %+v", s)
	}
	b.faults(`{"statement_extra":true}`)
	s := b.statement(day)
	if s.count != 3 || s.paid <= 120 {
		t.Errorf("extra: %+v", s)
	}
	b.get("/pay/v1/payments/"+s.rows[2][2]).refused(404, "not_found")
	if again := b.statement(day); !slices.EqualFunc(again.rows, s.rows, slices.Equal[[]string]) {
		t.Errorf("the file changed: %v, then %v", s.rows, again.rows)
	}
	b.faults(`{"statement_extra":true,"statement_missing":true}`)
	if s := b.statement(day); s.count != 2 {
		t.Errorf("both: %+v", s)
	}
	b.faults("")
	if s := b.statement(day); s.count != 2 || s.paid != 120 {
		t.Errorf("neither: %+v", s)
	}
}

// Whatever happened, each fen stands in the statement of exactly one day.
func TestStatementsHoldEveryFenOnce(t *testing.T) {
	b := newBank(t)
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		base := start.AddDate(0, 0, 10*run) // a stretch of days for each run
		var items []fields
		var paid, back int64
		for i := range rapid.IntRange(1, 6).Draw(rt, "payments") {
			fen := rapid.Int64Range(1, 1_000_000).Draw(rt, "fen")
			at := base.Add(time.Duration(rapid.IntRange(0, 72*60).Draw(rt, "minute")) * time.Minute)
			trade := fmt.Sprintf("t%d-%d", run, i)
			item := fields{"out_trade_no": trade, "amount_fen": fen, "paid_at": at}
			if some := rapid.Int64Range(0, fen).Draw(rt, "refund"); some > 0 {
				item["refunds"] = []fields{{"out_refund_no": "r-" + trade, "amount_fen": some, "at": at.Add(time.Hour)}}
				back += some
			}
			paid += fen
			items = append(items, item)
		}
		b.post("/sandbox/v1/payments", fields{"items": items}).want(201)
		for day := range 6 {
			s := b.statement(base.AddDate(0, 0, day-1).Format(time.DateOnly))
			paid, back = paid-s.paid, back-s.refunded
		}
		if paid != 0 || back != 0 {
			rt.Fatalf("%d fen paid and %d refunded stand in no statement, or in two", paid, back)
		}
	})
}
