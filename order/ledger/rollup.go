package ledger

import (
	"context"
	"errors"

	"yinbo/internal/db"
)

// RollUp makes the roll-ups that closed dates still lack, a transaction each,
// and tells how many dates that were. A closed date no longer changes, so it is
// read without a lock, and people go on paying meanwhile. Several at once make
// each roll-up once.
func (b *Book) RollUp(ctx context.Context, bankID string) (dates int, err error) {
	for {
		date, more, err := b.rollNext(ctx, bankID)
		if err != nil || !more {
			return dates, err
		}
		if date != "" {
			dates++
		}
	}
}

// rollNext makes one date's roll-up; more is false when none is lacking. The
// last step counts the dates without entries: date is "" there.
func (b *Book) rollNext(ctx context.Context, bankID string) (date string, more bool, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		type state struct{ closed, rolled string }
		s, found, err := db.One(ctx, tx, func(r db.Row) (s state, err error) { return s, r.Scan(&s.closed, &s.rolled) },
			"SELECT closed_through, rolled_through FROM book WHERE bank_id = ?", bankID)
		if err != nil || !found || s.rolled >= s.closed {
			return err
		}
		next, _, err := db.Value[*string](ctx, tx, "SELECT MIN(business_date) FROM ledger_posting WHERE bank_id = ? AND business_date > ? AND business_date <= ?",
			bankID, s.rolled, s.closed)
		if err != nil {
			return err
		}
		through := s.closed
		if next != nil {
			date, through = *next, *next
			if err := writeDay(ctx, tx, bankID, date); err != nil {
				return err
			}
		}
		more = next != nil
		n, err := tx.Exec(ctx, "UPDATE book SET rolled_through = ? WHERE bank_id = ? AND rolled_through = ?", through, bankID, s.rolled)
		if err == nil && n == 0 {
			return errRolled
		}
		return err
	})
	if errors.Is(err, errRolled) || db.IsDuplicate(err) { // another was first; go on after it
		return "", true, nil
	}
	return date, more, err
}

var errRolled = errors.New("ledger: rolled up by another")

const sumDay = `SELECT account, SUM(debit_fen), SUM(credit_fen) FROM ledger_posting WHERE bank_id = ? AND business_date = ? GROUP BY account`

func writeDay(ctx context.Context, tx *db.Tx, bankID, date string) error {
	sums, err := db.All(ctx, tx, scanSums, sumDay, bankID, date)
	if err != nil {
		return err
	}
	rows := make([][]any, len(sums))
	for i, s := range sums {
		rows[i] = []any{bankID, date, s.Account, s.Debit, s.Credit}
	}
	if err := tx.Insert(ctx, "ledger_day (bank_id, business_date, account, debit_fen, credit_fen)", rows, ""); err != nil {
		return err
	}
	events, err := db.All(ctx, tx, scanEventSums, sumEvents, bankID, date)
	if err != nil {
		return err
	}
	rows = rows[:0]
	for _, s := range events {
		rows = append(rows, []any{bankID, date, s.Event, s.Account, s.First, s.Debit, s.Credit})
	}
	return tx.Insert(ctx, "ledger_day_event (bank_id, business_date, event, account, first_count, debit_fen, credit_fen)", rows, "")
}

// EventSums are what the entries of one event moved on an account. First counts
// those whose first posting it is, so that over all accounts each counts once.
type EventSums struct {
	Event string
	First int64
	AccountSums
}

const sumEvents = "SELECT " + sumsByEvent + " WHERE e.bank_id = ? AND e.business_date = ? GROUP BY e.event, p.account"

func scanEventSums(r db.Row) (s EventSums, err error) {
	return s, r.Scan(&s.Event, &s.Account, &s.First, &s.Debit, &s.Credit)
}

// DayEvents are the sums of a business date by event and account: of a closed date
// from its roll-ups, of another from its pages' sums and what came after those.
func DayEvents(ctx context.Context, q db.Querier, bankID, date string) ([]EventSums, error) {
	rolled, _, err := db.Value[string](ctx, q, "SELECT COALESCE(MAX(rolled_through), '') FROM book WHERE bank_id = ?", bankID)
	if err != nil {
		return nil, err
	}
	if date > rolled {
		return openEvents(ctx, q, bankID, date)
	}
	return db.All(ctx, q, scanEventSums, `SELECT event, account, first_count, debit_fen, credit_fen FROM ledger_day_event
		WHERE bank_id = ? AND business_date = ?`, bankID, date)
}

func scanSums(r db.Row) (s AccountSums, err error) { return s, r.Scan(&s.Account, &s.Debit, &s.Credit) }

// Rebuild forgets a bank's roll-ups and makes them anew. Balances are right
// meanwhile: what has no roll-up is read from the postings.
func (b *Book) Rebuild(ctx context.Context, bankID string) (dates int, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE book SET rolled_through = '' WHERE bank_id = ?", bankID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM ledger_day_event WHERE bank_id = ?", bankID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM ledger_day WHERE bank_id = ?", bankID)
		return err
	})
	if err != nil {
		return 0, err
	}
	return b.RollUp(ctx, bankID)
}

// Difference is a roll-up that is not the sum of its postings. Amounts in fen.
type Difference struct {
	Date, Account  string
	Rolled, Posted [2]int64 // debits, credits
}

// Compare names every roll-up of a bank that is not the sum of its postings.
func (b *Book) Compare(ctx context.Context, bankID string) ([]Difference, error) {
	return db.All(ctx, b.db, func(r db.Row) (d Difference, err error) {
		return d, r.Scan(&d.Date, &d.Account, &d.Rolled[0], &d.Rolled[1], &d.Posted[0], &d.Posted[1])
	}, `SELECT business_date, account, SUM(rd), SUM(rc), SUM(pd), SUM(pc) FROM (`+rolledAndPosted+`) x WHERE bank_id = ?
		GROUP BY business_date, account HAVING SUM(rd) <> SUM(pd) OR SUM(rc) <> SUM(pc) ORDER BY business_date, account`, bankID)
}

// rolledAndPosted is each closed date's roll-ups beside its postings.
const rolledAndPosted = `SELECT bank_id, business_date, account, debit_fen AS rd, credit_fen AS rc, 0 AS pd, 0 AS pc FROM ledger_day
	UNION ALL SELECT p.bank_id, p.business_date, p.account, 0, 0, SUM(p.debit_fen), SUM(p.credit_fen)
		FROM ledger_posting p JOIN book b ON b.bank_id = p.bank_id AND p.business_date <= b.rolled_through
		GROUP BY p.bank_id, p.business_date, p.account`
