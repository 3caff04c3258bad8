package ledger

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
)

// keepPages is how long the sums of pages outlive the roll-up of their date, so
// that who reads an open date while it is rolled up finds them.
const keepPages = 7 * 24 * time.Hour

// TurnPage opens a bank's next page, unless nothing stands on the open one, and
// adds up what the full ones hold. It waits for entries that are being posted.
// Several at once add each page up once.
func (b *Book) TurnPage(ctx context.Context, bankID string) error {
	err := b.db.InTx(ctx, func(tx *db.Tx) error {
		page, _, err := db.Value[int64](ctx, tx, "SELECT page_no FROM book WHERE bank_id = ?", bankID)
		if err != nil {
			return err
		}
		_, used, err := db.Value[string](ctx, tx, "SELECT id FROM ledger_entry WHERE bank_id = ? AND page_no = ? LIMIT 1", bankID, page)
		if err != nil || !used {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE book SET page_no = ? WHERE bank_id = ? AND page_no = ?", page+1, bankID, page)
		return err
	})
	if err != nil {
		return err
	}
	return b.sumPages(ctx, bankID)
}

// sumPages adds the pages that were turned to the sums of their dates.
func (b *Book) sumPages(ctx context.Context, bankID string) error {
	err := b.db.InTx(ctx, func(tx *db.Tx) error {
		type state struct {
			page, summed int64
			rolled       string
		}
		s, found, err := db.One(ctx, tx, func(r db.Row) (s state, err error) { return s, r.Scan(&s.page, &s.summed, &s.rolled) },
			"SELECT page_no, summed_page, rolled_through FROM book WHERE bank_id = ?", bankID)
		if err != nil || !found || s.summed >= s.page-1 {
			return err
		}
		rows, err := db.All(ctx, tx, func(r db.Row) ([]any, error) {
			var date string
			var e EventSums
			err := r.Scan(&date, &e.Event, &e.Account, &e.First, &e.Debit, &e.Credit)
			return []any{bankID, date, e.Event, e.Account, e.First, e.Debit, e.Credit}, err
		}, "SELECT e.business_date, "+sumsByEvent+` WHERE e.bank_id = ? AND e.page_no > ? AND e.page_no < ?
			GROUP BY e.business_date, e.event, p.account ORDER BY e.business_date, e.event, p.account`, bankID, s.summed, s.page)
		if err != nil {
			return err
		}
		if err := tx.Insert(ctx, "ledger_page_sum (bank_id, business_date, event, account, first_count, debit_fen, credit_fen)", rows,
			tx.Dialect().OnDuplicate("bank_id, business_date, event, account", "first_count = first_count + NEW(first_count)",
				"debit_fen = debit_fen + NEW(debit_fen)", "credit_fen = credit_fen + NEW(credit_fen)")); err != nil {
			return err
		}
		if rolled, err := time.Parse(time.DateOnly, s.rolled); err == nil {
			if _, err := tx.Exec(ctx, "DELETE FROM ledger_page_sum WHERE bank_id = ? AND business_date < ?",
				bankID, rolled.Add(-keepPages).Format(time.DateOnly)); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, "UPDATE book SET summed_page = ? WHERE bank_id = ? AND summed_page = ?", s.page-1, bankID, s.summed)
		if err == nil && n == 0 {
			return errRolled
		}
		return err
	})
	if errors.Is(err, errRolled) { // another was first
		return nil
	}
	return err
}

const sumsByEvent = `e.event, p.account, SUM(CASE p.line_no WHEN 1 THEN 1 ELSE 0 END), SUM(p.debit_fen), SUM(p.credit_fen)
	FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id`

// openEvents are the sums of a date that has no roll-up, in one statement, so that
// pages and what stands after them are of one moment.
func openEvents(ctx context.Context, q db.Querier, bankID, date string) ([]EventSums, error) {
	return db.All(ctx, q, scanEventSums, `SELECT event, account, SUM(first), SUM(debit), SUM(credit) FROM (
		SELECT event, account, first_count AS first, debit_fen AS debit, credit_fen AS credit FROM ledger_page_sum WHERE bank_id = ? AND business_date = ?
		UNION ALL SELECT `+sumsByEvent+` WHERE e.bank_id = ? AND e.page_no > (SELECT COALESCE(MAX(summed_page), 0) FROM book WHERE bank_id = ?) AND e.business_date = ?
			GROUP BY e.event, p.account) x GROUP BY event, account`, bankID, date, bankID, bankID, date)
}
