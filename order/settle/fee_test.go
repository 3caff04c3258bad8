package settle_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order/ledger"
	"yinbo/order/report"
	"yinbo/order/settle"
)

// feeText writes thousandths of a fen as bills do.
func feeText(fee int64) string {
	sign := ""
	if fee < 0 {
		sign, fee = "-", -fee
	}
	return fmt.Sprintf("%s%d.%05d", sign, fee/100_000, fee%100_000)
}

// charged proves what a channel's gateway charged, and that what the gateways hold for
// us is what the file says less that.
func (s *shop) charged(r settle.Reconciliation, channel string, fee money.Fen) {
	s.t.Helper()
	if got, holds := s.held(ledger.FeeOf(channel)), s.held(ledger.Gateway)+s.held(ledger.GatewayOf(settle.WeChatPay)); r.Fee != fee || r.Net != r.Theirs-fee || got != -fee || holds != -r.Net {
		s.t.Errorf("%+v: want fees of %d, posted %d, the gateway holds %d", r, fee, -got, -holds)
	}
	s.holds()
}

// The bank's own gateway charges by the bank's rate, rounded for each payment;
// a refund gives nothing back, and a rate that is changed changes no date before.
func TestTheBanksGatewayChargesByRate(t *testing.T) {
	onEach(t, func(s *shop) {
		s.bank.Settings.Reconciliation.BankboxFeeBps = 60
		order, one := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		_, two := s.paid(s.bank, s.lineOf(s.tea, "茶", 250)) // 1.5 fen
		back := s.refunded(order, one, s.tea, 500, 25)
		rows := []theirs{{trade: one, amount: 1_000}, {trade: two, amount: 250}, {trade: one, refund: back, amount: 500}}
		s.files.put(today, statement(rows...))
		s.charged(s.reconcile(today), "bankbox", 8)
		s.bank.Settings.Reconciliation.BankboxFeeBps = 100
		s.charged(s.reconcile(today), "bankbox", 8) // again, and nothing is posted
		s.files.put(today, statement(append(rows, theirs{trade: "nobody", amount: 2_000})...))
		s.charged(s.reconcile(today), "bankbox", 20) // what it took in for nobody, it charges for
		s.files.put(today, statement(rows...)[:90])
		if _, err := s.desk.Reconcile(s.ctx, s.bank, today); err == nil || s.held(ledger.FeeOf("bankbox")) != -20 {
			t.Errorf("a file that was cut off: %v, fees %d", err, s.held(ledger.FeeOf("bankbox")))
		}
		s.files.put(today, statement(rows...))
		s.charged(s.reconcile(today), "bankbox", 8) // what it no longer says is taken back
		if n, _, err := db.Value[int](s.ctx, s.db, "SELECT COUNT(*) FROM ledger_entry WHERE event = 'fee.charged'"); err != nil || n != 3 {
			t.Errorf("%d entries, %v", n, err)
		}
	})
}

// A file is read the day after its own: a channel's report of a day has what its gateway
// charges for that day, not what was posted on it.
func TestAChannelsReportHasTheFeesOfItsDates(t *testing.T) {
	onEach(t, func(s *shop) {
		s.bank.Settings.Reconciliation.BankboxFeeBps = 60
		_, one := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		s.clk.Advance(24 * time.Hour)
		s.files.put(today, statement(theirs{trade: one, amount: 1_000}))
		s.charged(s.reconcile(today), "bankbox", 6)
		next := s.bank.BusinessDate(s.clk.Now())
		for _, c := range []struct {
			from, to          string
			sales, fees, sums int
		}{{today, today, 1_000, 6, 1}, {next, next, 0, 0, 0}, {today, next, 1_000, 6, 1}} {
			sums, err := report.New(s.db).Sums(s.ctx, s.bank.ID, report.ByChannel, report.Period{From: c.from, To: c.to})
			if err != nil || len(sums) != c.sums {
				t.Fatalf("%s to %s: %+v %v", c.from, c.to, sums, err)
			}
			if c.sums > 0 && (sums[0].ID != "bankbox" || sums[0].Account != ledger.Gateway || sums[0].Sales != money.Fen(c.sales) || sums[0].Fees != money.Fen(c.fees) || sums[0].Net != sums[0].Sales-sums[0].Fees || sums[0].Count != 1) {
				t.Errorf("%s to %s: %+v", c.from, c.to, sums[0])
			}
		}
	})
}

// WeChat Pay's bill says what each payment cost and each refund gave back, finer
// than a fen: the day is rounded once. Whatever its files say, one after the other,
// the ledger says the last.
func TestAWeChatBillSaysItsFees(t *testing.T) {
	onEach(t, func(s *shop) {
		bills := &files{byDate: map[string]string{}}
		s.desk.AddWeChatPay(bills)
		s.bank.Settings.Reconciliation.BankboxFeeBps = 500 // none of its matter
		order, one := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		_, two := s.paid(s.bank, s.lineOf(s.tea, "茶", 333))
		back := s.refunded(order, one, s.tea, 300, 15)
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, "UPDATE payment SET channel = 'wechatpay'")
			return err
		})
		read := func(rows ...theirs) settle.Reconciliation {
			bills.raw(today, bill(rows...))
			r, err := s.desk.ReconcileChannel(s.ctx, s.bank, settle.WeChatPay, today)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		rows := []theirs{{trade: one, amount: 1_000, fee: 6_000}, {trade: two, amount: 333, fee: 1_998}, {trade: one, refund: back, amount: 300, fee: -1_800}}
		s.charged(read(rows...), "wechatpay", 6) // 6.198
		rows[1].fee = 0
		s.charged(read(append(rows, theirs{trade: one, refund: "closed", amount: 9, status: "CLOSED", fee: -5_000})...), "wechatpay", 4)
		rapid.Check(t, func(r *rapid.T) {
			var sum int64
			for i := range rows {
				rows[i].fee = rapid.Int64Range(-3_000, 3_000).Draw(r, "fee")
				sum += rows[i].fee
			}
			want := money.Fen((sum + 500) / 1_000)
			if sum < 0 {
				want = -money.Fen((500 - sum) / 1_000)
			}
			s.charged(read(rows...), "wechatpay", want)
		})
	})
}
