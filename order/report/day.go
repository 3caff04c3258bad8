package report

import (
	"context"
	"maps"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// Day is a business date at a glance. Amounts in fen.
type Day struct {
	Date           string         `json:"date" doc:"YYYY-MM-DD in the bank's time zone"`
	Orders         int64          `json:"orders" doc:"Orders that were paid"`
	Sales          money.Fen      `json:"sales_fen" doc:"What buyers paid for them"`
	Refunds        money.Fen      `json:"refunds_fen" doc:"What buyers got back"`
	Commission     money.Fen      `json:"commission_fen" doc:"Less what refunds gave back"`
	Fees           money.Fen      `json:"fees_fen" doc:"What gateways charge for the date by their files, less what they give back"`
	Unmatched      money.Fen      `json:"unmatched_fen" doc:"Came in for orders that could not use it, and has not gone back"`
	Discounts      []FunderSum    `json:"discounts" doc:"By who pays them, less what refunds gave back"`
	Statements     []StatusCount  `json:"statements"`
	Reconciliation []ChannelState `json:"reconciliations"`
	Waiting        int64          `json:"waiting_exceptions" doc:"Shortages that wait for the next day's file"`
	Open           int64          `json:"open_exceptions"`
	Unposted       int64          `json:"unposted_events" doc:"Payments, refunds, approvals and resolutions that the ledger lacks"`
	Proposals      int64          `json:"open_proposals" doc:"Entries by hand and reversals that wait for a checker"`
	Debit          money.Fen      `json:"debit_fen"`
	Credit         money.Fen      `json:"credit_fen"`
	Closes         bool           `json:"closes" doc:"Nothing is missing"`
	Missing        []string       `json:"missing" enum:"not_closed,no_statements,statements_open,not_reconciled,exceptions_waiting,exceptions_open,unposted,unbalanced,not_rolled_up,proposals_open"`
}

// FunderSum is what a funder pays.
type FunderSum struct {
	Funder string    `json:"funder" doc:"bank, platform"`
	Amount money.Fen `json:"amount_fen"`
}

// StatusCount is how many statements of a status there are.
type StatusCount struct {
	Status  string    `json:"status" enum:"draft,submitted,approved,paying,paid,failed,rejected"`
	Count   int64     `json:"count"`
	Payable money.Fen `json:"payable_fen"`
}

// ChannelState is how a channel's statement agrees with ours.
type ChannelState struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	Status  string    `json:"status" enum:"unread,matched,waiting,exceptions"`
	Theirs  money.Fen `json:"theirs_fen" doc:"Payments less refunds by the gateway's file"`
	Fee     money.Fen `json:"fee_fen" doc:"What the gateway charges for them"`
	Net     money.Fen `json:"net_fen" doc:"theirs_fen - fee_fen"`
}

// Reports reads for finance.
type Reports struct{ db *db.DB }

// New makes reports on d.
func New(d *db.DB) *Reports { return &Reports{db: d} }

// Day shows a business date; a date that is none, or is still to come, is a
// validation error of the field date.
func (r *Reports) Day(ctx context.Context, bank tenant.Bank, date string) (d Day, err error) {
	from, err := time.ParseInLocation(time.DateOnly, date, bank.Zone)
	if err != nil {
		return d, fault.InvalidField("date", "field.format")
	}
	if date > bank.BusinessDate(r.db.Clock().Now()) {
		return d, fault.InvalidField("date", "date.future")
	}
	d.Date = date
	for _, read := range []func(context.Context, tenant.Bank, time.Time, *Day) error{r.traded, r.settled, r.reconciled, r.lacking, r.closed} {
		if err := read(ctx, bank, from, &d); err != nil {
			return d, err
		}
	}
	d.Closes = len(d.Missing) == 0
	return d, nil
}

// traded sums what the ledger has of the date, and who funds its discounts.
func (r *Reports) traded(ctx context.Context, bank tenant.Bank, _ time.Time, d *Day) error {
	sums, err := ledger.DayEvents(ctx, r.db, bank.ID, d.Date)
	if err != nil {
		return err
	}
	funders := map[string]money.Fen{}
	for _, s := range sums {
		d.Debit, d.Credit = d.Debit+s.Debit, d.Credit+s.Credit
		is, _ := ledger.TypeOf(s.Account)
		paid, refunded := s.Event == ledger.OrderPaid, s.Event == ledger.OrderRefunded
		if paid {
			d.Orders += s.First
		}
		switch {
		case ledger.IsGateway(s.Account) && paid:
			d.Sales += s.Debit - s.Credit
		case ledger.IsGateway(s.Account) && refunded:
			d.Refunds += s.Credit - s.Debit
		case s.Account == ledger.Commission:
			d.Commission += s.Credit - s.Debit
		case s.Account == ledger.Suspense && (s.Event == ledger.PaymentUnmatched || s.Event == ledger.PaymentReturned):
			d.Unmatched += s.Credit - s.Debit
		case is.Party == "funder" && (paid || refunded):
			funders[is.PartyID] += s.Debit - s.Credit
		}
	}
	d.Discounts = []FunderSum{}
	for _, f := range slices.Sorted(maps.Keys(funders)) {
		d.Discounts = append(d.Discounts, FunderSum{Funder: f, Amount: funders[f]})
	}
	return nil
}

func (r *Reports) settled(ctx context.Context, bank tenant.Bank, _ time.Time, d *Day) (err error) {
	d.Statements, err = db.All(ctx, r.db, func(s db.Row) (c StatusCount, err error) {
		return c, s.Scan(&c.Status, &c.Count, &c.Payable)
	}, "SELECT status, COUNT(*), SUM(payable_fen) FROM settlement WHERE bank_id = ? AND business_date = ? GROUP BY status ORDER BY status", bank.ID, d.Date)
	return err
}

func (r *Reports) reconciled(ctx context.Context, bank tenant.Bank, from time.Time, d *Day) (err error) {
	d.Reconciliation, err = db.All(ctx, r.db, func(s db.Row) (c ChannelState, err error) {
		err = s.Scan(&c.ID, &c.Channel, &c.Status, &c.Theirs, &c.Fee)
		c.Net = c.Theirs - c.Fee
		return c, err
	}, "SELECT id, channel, status, theirs_fen, fee_fen FROM reconciliation WHERE bank_id = ? AND business_date = ? ORDER BY channel", bank.ID, d.Date)
	if err != nil {
		return err
	}
	for _, c := range d.Reconciliation {
		d.Fees += c.Fee
	}
	// What came up while paying has no date until its day is reconciled.
	_, _, err = db.One(ctx, r.db, func(s db.Row) (struct{}, error) {
		return struct{}{}, s.Scan(&d.Waiting, &d.Open)
	}, `SELECT COALESCE(SUM(CASE WHEN status = 'waiting' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN status = 'open' THEN 1 ELSE 0 END), 0)
		FROM money_exception WHERE bank_id = ? AND status <> 'resolved'
		AND (business_date = ? OR business_date = '' AND created_at >= ? AND created_at < ?)`, bank.ID, d.Date, from, from.AddDate(0, 0, 1))
	return err
}

// closed says what is missing, in the order in which it is done.
func (r *Reports) closed(ctx context.Context, bank tenant.Bank, _ time.Time, d *Day) error {
	type state struct {
		closed, rolled string
		settled        bool
	}
	s, _, err := db.One(ctx, r.db, func(row db.Row) (s state, err error) { return s, row.Scan(&s.closed, &s.rolled, &s.settled) },
		`SELECT COALESCE(MAX(closed_through), ''), COALESCE(MAX(rolled_through), ''),
			EXISTS (SELECT 1 FROM settled_day WHERE bank_id = ? AND business_date = ?) OR ? = 0
			FROM book WHERE bank_id = ?`, bank.ID, d.Date, int64(d.Debit), bank.ID)
	if err != nil {
		return err
	}
	undecided, disagrees := false, len(d.Reconciliation) == 0
	for _, c := range d.Reconciliation {
		disagrees = disagrees || c.Status == "unread"
	}
	for _, c := range d.Statements {
		undecided = undecided || c.Status != "approved" && c.Status != "paid"
	}
	d.Missing = []string{}
	for _, m := range []struct {
		code string
		is   bool
	}{
		{"not_closed", s.closed < d.Date}, {"no_statements", !s.settled}, {"statements_open", undecided},
		{"not_reconciled", disagrees}, {"exceptions_waiting", d.Waiting > 0}, {"exceptions_open", d.Open > 0},
		{"unposted", d.Unposted > 0}, {"unbalanced", d.Debit != d.Credit},
		{"not_rolled_up", s.closed >= d.Date && s.rolled < d.Date}, {"proposals_open", d.Proposals > 0},
	} {
		if m.is {
			d.Missing = append(d.Missing, m.code)
		}
	}
	return nil
}
