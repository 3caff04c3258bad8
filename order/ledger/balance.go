package ledger

import (
	"context"
	"slices"
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
// An empty date means all that is posted, also on dates still to come. Closed
// dates are read from their roll-ups, the others from their postings.
func (b *Book) TrialBalance(ctx context.Context, q db.Querier, bankID, date string) (TrialBalance, error) {
	upTo, through := "", []any{bankID}
	if date != "" {
		upTo, through = " AND x.business_date <= ?", append(through, date)
	}
	// One statement, so that all sums, and where roll-ups end, are of one moment.
	const rolled = "(SELECT COALESCE(MAX(rolled_through), '') FROM book WHERE bank_id = ?)"
	return total(db.All(ctx, q, scanSums, `SELECT account, SUM(debit), SUM(credit) FROM (
		SELECT x.account, SUM(x.debit_fen) AS debit, SUM(x.credit_fen) AS credit FROM ledger_day x
			WHERE x.bank_id = ?`+upTo+` GROUP BY x.account
		UNION ALL SELECT x.account, SUM(x.debit_fen), SUM(x.credit_fen) FROM ledger_posting x
			WHERE x.bank_id = ?`+upTo+` AND x.business_date > `+rolled+` GROUP BY x.account) s
		GROUP BY account ORDER BY account`, slices.Concat(through, through, []any{bankID})...))
}

// FullSum is TrialBalance by every single posting, to compare with.
func (b *Book) FullSum(ctx context.Context, q db.Querier, bankID, date string) (TrialBalance, error) {
	query, args := "SELECT account, SUM(debit_fen), SUM(credit_fen) FROM ledger_posting WHERE bank_id = ?", []any{bankID}
	if date != "" {
		query, args = query+" AND business_date <= ?", append(args, date)
	}
	return total(db.All(ctx, q, scanSums, query+" GROUP BY account ORDER BY account", args...))
}

func total(items []AccountSums, err error) (TrialBalance, error) {
	t := TrialBalance{Items: items}
	if err != nil {
		return t, err
	}
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
