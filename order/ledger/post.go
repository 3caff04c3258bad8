package ledger

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Entry is what one business event posts.
type Entry struct {
	Bank    tenant.Bank
	Event   string // a constant of account.go
	Ref     string // the event's object; with Event it is unique in the bank
	OrderID string // "" where no order stands behind the event
	Lines   []Line
}

// Line moves an amount on one side of an account: exactly one of Debit and
// Credit is above zero. A line with neither is dropped.
type Line struct {
	Account       string
	Debit, Credit money.Fen
}

// Book posts to the ledger and closes its days.
type Book struct {
	db     *db.DB
	keeper *idem.Keeper
	known  known
}

// New makes a book on d.
func New(d *db.DB) *Book { return &Book{db: d, keeper: idem.NewKeeper(d)} }

// Post writes e within tx, on the bank's business date of tx.Now, or on the
// next open date where that one is closed. posted is false when the event was
// posted before: nothing is written then. An entry that does not balance, or
// that moves nothing, is a mistake of the caller and comes back as an internal
// error.
func (b *Book) Post(ctx context.Context, tx *db.Tx, e Entry) (posted bool, err error) {
	lines, total, err := check(e)
	if err != nil {
		return false, err
	}
	_, before, err := db.Value[string](ctx, tx, "SELECT id FROM ledger_entry WHERE bank_id = ? AND event = ? AND ref = ?",
		e.Bank.ID, e.Event, e.Ref)
	if err != nil || before {
		return false, err
	}
	at, err := openPlace(ctx, tx, e.Bank)
	if err != nil {
		return false, err
	}
	if err := b.known.register(ctx, tx, e.Bank.ID, lines); err != nil {
		return false, err
	}
	return write(ctx, tx, e, lines, total, at)
}

// check drops empty lines and proves that what is left balances.
func check(e Entry) (lines []Line, total money.Fen, err error) {
	refuse := func(why string) ([]Line, money.Fen, error) {
		return nil, 0, fmt.Errorf("ledger: entry %s of %s %s", e.Event, e.Ref, why)
	}
	if e.Bank.ID == "" || e.Event == "" || e.Ref == "" {
		return refuse("has no bank, event or ref")
	}
	var credits money.Fen
	for _, l := range e.Lines {
		switch {
		case l.Debit == 0 && l.Credit == 0:
			continue
		case l.Debit < 0 || l.Credit < 0 || l.Debit != 0 && l.Credit != 0:
			return refuse("has a line that is not one amount on one side")
		}
		if _, ok := TypeOf(l.Account); !ok {
			return refuse(fmt.Sprintf("has a line of %q, which is no account", l.Account))
		}
		if total, err = money.Add(total, l.Debit); err != nil {
			return refuse("leaves the range of an amount")
		}
		if credits, err = money.Add(credits, l.Credit); err != nil {
			return refuse("leaves the range of an amount")
		}
		lines = append(lines, l)
	}
	if total != credits {
		return refuse(fmt.Sprintf("does not balance: debits %d, credits %d", total, credits))
	}
	if total == 0 {
		return refuse("moves nothing")
	}
	return lines, total, nil
}

// place is where an entry stands in the book.
type place struct {
	date string // its business date
	page int64
}

// openPlace is what takes an entry now: the open business date and the open page.
// The shared lock keeps both open until the entry is committed.
func openPlace(ctx context.Context, tx *db.Tx, bank tenant.Bank) (at place, err error) {
	open, err := ends(ctx, tx, bank.ID, tx.Dialect().ForShare())
	if err != nil {
		return at, err
	}
	at = place{date: bank.BusinessDate(tx.Now), page: open.page}
	if at.date <= open.date {
		at.date, err = NextDay(open.date)
	}
	return at, err
}

// ends reads up to where the bank's book is closed, and its open page, under
// lock; it opens the book on first use.
func ends(ctx context.Context, tx *db.Tx, bankID, lock string) (at place, err error) {
	query := "SELECT closed_through, page_no FROM book WHERE bank_id = ?" + lock
	scan := func(r db.Row) (p place, err error) { return p, r.Scan(&p.date, &p.page) }
	at, found, err := db.One(ctx, tx, scan, query, bankID)
	if err != nil || found {
		return at, err
	}
	if err := tx.InsertIgnore(ctx, "book (bank_id, closed_through)", [][]any{{bankID, ""}}); err != nil {
		return at, err
	}
	at, _, err = db.One(ctx, tx, scan, query, bankID)
	return at, err
}

func write(ctx context.Context, tx *db.Tx, e Entry, lines []Line, total money.Fen, at place) (bool, error) {
	var order any
	if e.OrderID != "" {
		order = e.OrderID
	}
	entryID := id.New(id.Entry)
	err := tx.Insert(ctx, "ledger_entry (id, bank_id, event, ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at, page_no)",
		[][]any{{entryID, e.Bank.ID, e.Event, e.Ref, order, at.date, total, total, total, tx.Now, at.page}}, "")
	if db.IsDuplicate(err) { // another transaction posted it after we looked
		return false, nil
	}
	if err != nil {
		return false, err
	}
	rows := make([][]any, len(lines))
	for i, l := range lines {
		rows[i] = []any{entryID, i + 1, e.Bank.ID, at.date, l.Account, l.Debit, l.Credit}
	}
	const into = "ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen)"
	return true, tx.Insert(ctx, into, rows, "")
}

// NextDay is the calendar day after date (YYYY-MM-DD).
func NextDay(date string) (string, error) {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", fmt.Errorf("ledger: %q is not a business date", date)
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly), nil
}
