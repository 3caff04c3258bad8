package ledger

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// TrialBalance is every account's sum of debits and of credits, gross, from the
// book's first day up to and including a business date. The two totals are
// equal, always.
type TrialBalance struct {
	Items  []AccountSums `json:"items"`
	Debit  money.Fen     `json:"debit_fen" doc:"Sum of all debits, in fen"`
	Credit money.Fen     `json:"credit_fen" doc:"Sum of all credits, in fen; equal to debit_fen"`
}

// AccountSums are the gross sums of one account.
type AccountSums struct {
	Account string    `json:"account"`
	Debit   money.Fen `json:"debit_fen"`
	Credit  money.Fen `json:"credit_fen"`
}

// Balance is the trial balance for people; a date that is none is a validation
// error of the field date.
func (b *Book) Balance(ctx context.Context, bankID, date string) (TrialBalance, error) {
	if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
		return TrialBalance{}, fault.InvalidField("date", "field.format")
	}
	return b.TrialBalance(ctx, b.db, bankID, date)
}

// TrialBalance reads the balance through date (YYYY-MM-DD), accounts by name.
// An empty date means all that is posted, also on dates still to come.
func (b *Book) TrialBalance(ctx context.Context, q db.Querier, bankID, date string) (TrialBalance, error) {
	query, args := "SELECT account, SUM(debit_fen), SUM(credit_fen) FROM ledger_posting WHERE bank_id = ?", []any{bankID}
	if date != "" {
		query, args = query+" AND business_date <= ?", append(args, date)
	}
	// One statement, so that all sums are of one moment.
	items, err := db.All(ctx, q, func(r db.Row) (s AccountSums, err error) {
		return s, r.Scan(&s.Account, &s.Debit, &s.Credit)
	}, query+" GROUP BY account ORDER BY account", args...)
	if err != nil {
		return TrialBalance{}, err
	}
	t := TrialBalance{Items: items}
	for _, s := range items {
		if t.Debit, err = money.Add(t.Debit, s.Debit); err != nil {
			return TrialBalance{}, err
		}
		if t.Credit, err = money.Add(t.Credit, s.Credit); err != nil {
			return TrialBalance{}, err
		}
	}
	return t, nil
}
