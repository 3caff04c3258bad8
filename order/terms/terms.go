package terms

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// The settlement cycles.
const (
	T1      = "t1"      // the next day
	T7      = "t7"      // seven days later
	Monthly = "monthly" // the first of the next month
)

// Rate is the commission on what is sold of a category and of those below it.
type Rate struct {
	CategoryID string `json:"category_id" maxLength:"60"`
	Category   string `json:"category,omitempty" readOnly:"true" doc:"As it was called"`
	Bps        int64  `json:"bps" minimum:"0" maximum:"10000"`
}

// Asked are terms as they are proposed.
type Asked struct {
	ValidFrom     string `json:"valid_from" format:"date" doc:"Business date, YYYY-MM-DD; today or later"`
	CommissionBps int64  `json:"commission_bps" minimum:"0" maximum:"10000" doc:"Of what has no rate of its own"`
	Rates         []Rate `json:"rates" nullable:"false" maxItems:"100" doc:"By category; the nearest one counts"`
	Cycle         string `json:"cycle" enum:"t1,t7,monthly"`
	ReserveBps    int64  `json:"reserve_bps" minimum:"0" maximum:"5000" doc:"Kept back of what a statement pays"`
	ReserveDays   int    `json:"reserve_days" minimum:"0" maximum:"366" doc:"For so many days after it is due; 0 with reserve_bps 0"`
}

// Terms are terms that two people agreed on.
type Terms struct {
	Asked
	ID        string      `json:"id"`
	Version   int         `json:"version"`
	ValidTo   *string     `json:"valid_to" doc:"The last date on which they hold; null while no others follow. Before valid_from where others came first"`
	ChangeID  string      `json:"change_id"`
	CreatedAt clock.Stamp `json:"created_at"`
}

const termsColumns = `SELECT id, version, change_id, valid_from, commission_bps, cycle, reserve_bps, reserve_days, created_at FROM merchant_terms WHERE bank_id = ? AND merchant_id = ?`

func scanTerms(r db.Row) (t Terms, err error) {
	var created db.Time
	err = r.Scan(&t.ID, &t.Version, &t.ChangeID, &t.ValidFrom, &t.CommissionBps, &t.Cycle, &t.ReserveBps, &t.ReserveDays, &created)
	t.CreatedAt = clock.At(created.Time)
	return t, err
}

// At gives a merchant's terms of a business date, without their rates: those have
// done their work when an order was placed. Without any they are zero.
func At(ctx context.Context, q db.Querier, bankID, merchantID, date string) (Terms, error) {
	t, _, err := db.One(ctx, q, scanTerms, termsColumns+" AND valid_from <= ? ORDER BY version DESC LIMIT 1", bankID, merchantID, date)
	return t, err
}

// Due is the date from which a statement of a business date may be paid.
func (t Terms) Due(date string) (string, error) {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", fmt.Errorf("terms: %q is not a business date", date)
	}
	switch t.Cycle {
	case T1:
		d = d.AddDate(0, 0, 1)
	case T7:
		d = d.AddDate(0, 0, 7)
	case Monthly:
		d = time.Date(d.Year(), d.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	default:
		return "", fmt.Errorf("terms: %q is no cycle", t.Cycle)
	}
	return d.Format(time.DateOnly), nil
}

// Reserve splits what a statement pays into what is paid when it is due and what
// is kept back; together they are it. Of nothing, or less, nothing is kept.
func (t Terms) Reserve(payable money.Fen) (pay, keep money.Fen, err error) {
	if payable <= 0 || t.ReserveBps == 0 {
		return payable, 0, nil
	}
	keep, err = payable.Bps(t.ReserveBps)
	return payable - keep, keep, err
}

// Until is the date on which a reserve of a statement that is due on a date is
// released.
func (t Terms) Until(due string) (string, error) {
	d, err := time.Parse(time.DateOnly, due)
	if err != nil {
		return "", fmt.Errorf("terms: %q is not a date", due)
	}
	return d.AddDate(0, 0, t.ReserveDays).Format(time.DateOnly), nil
}

// Begins is when a business date begins at the bank.
func Begins(bank tenant.Bank, date string) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return time.Time{}, fmt.Errorf("terms: %q is not a date", date)
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, bank.Zone).UTC(), nil
}

// history gives a merchant's terms with their rates, the newest first.
func history(ctx context.Context, q db.Querier, bankID, merchantID string) ([]Terms, error) {
	all, err := db.All(ctx, q, scanTerms, termsColumns+" ORDER BY version DESC LIMIT 200", bankID, merchantID)
	if err != nil || len(all) == 0 {
		return []Terms{}, err
	}
	ids, at := make([]any, len(all)), map[string]int{}
	next := "" // the first date of all that came later
	for i := range all {
		t := &all[i]
		ids[i], at[t.ID], t.Rates = t.ID, i, []Rate{}
		if next != "" {
			last, err := dayBefore(next)
			if err != nil {
				return nil, err
			}
			t.ValidTo = &last
		}
		if next == "" || t.ValidFrom < next {
			next = t.ValidFrom
		}
	}
	type owned struct {
		terms string
		Rate
	}
	rates, err := db.All(ctx, q, func(r db.Row) (o owned, err error) {
		return o, r.Scan(&o.terms, &o.CategoryID, &o.Category, &o.Bps)
	}, "SELECT terms_id, category_id, category_name, bps FROM merchant_rate WHERE terms_id IN "+db.Marks(len(ids))+" ORDER BY terms_id, category_name", ids...)
	for _, r := range rates {
		t := &all[at[r.terms]]
		t.Rates = append(t.Rates, r.Rate)
	}
	return all, err
}

func dayBefore(date string) (string, error) {
	d, err := time.Parse(time.DateOnly, date)
	return d.AddDate(0, 0, -1).Format(time.DateOnly), err
}
