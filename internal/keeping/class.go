package keeping

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// Class is a kind of data with a timer.
type Class struct {
	Name  string
	Means string // what goes, and when its time begins
	Days  int    // how long it is kept unless the bank says otherwise
	Least int    // what the law asks for, whatever the bank says; 0 for nothing

	// Sweep takes one bite.
	Sweep func(ctx context.Context, tx *db.Tx, s *Sweep) error
	// Again forgets a mark of its own, after a hold was lifted; nil for none.
	Again func(ctx context.Context, tx *db.Tx, bank string) error
}

// ThreeYears are the days of E-commerce Law 31 and PIPL 56.
const ThreeYears = 3*365 + 1

// DaysAt is how long a bank keeps the class.
func (c Class) DaysAt(b tenant.Bank) int {
	days, set := b.Settings.KeepDays[c.Name]
	if !set {
		days = c.Days
	}
	return max(days, c.Least)
}

// Sweep is a bite: what was over before a time, at most so many rows.
type Sweep struct {
	Bank   string
	Before time.Time
	Limit  int

	class string
	items []Item
	more  bool
}

// More says that another bite is worth it.
func (s *Sweep) More() { s.more = true }

// Took notes what went, and the first and the last id of what it was looked for in.
func (s *Sweep) Took(table, column string, count int64, from, to string) {
	if count > 0 {
		s.items = append(s.items, Item{Table: table, Column: column, Count: count, From: from, To: to})
	}
}

// Range is a table, as t, whose rows have a time of their own.
type Range struct {
	Table  string
	Prefix string // of its ids
	OverAt string // the time at which a row was over, NULL for not yet
	Left   string // that there is something to take
	Held   string // that a legal hold keeps it
}

// IDs are the next rows to take something out of, locked. A mark says from where
// on to look: it passes what is done and what is held, and waits before the first
// row that is not over yet.
func (s *Sweep) IDs(ctx context.Context, tx *db.Tx, r Range) ([]string, error) {
	from, _, err := db.Value[string](ctx, tx, "SELECT from_id FROM keeping_mark WHERE bank_id = ? AND part = ?", s.Bank, s.class+"."+r.Table)
	if err != nil {
		return nil, err
	}
	in := fmt.Sprintf(" FROM %s t%s WHERE +t.bank_id = ? AND t.id >= ? AND t.id < ? AND ", r.Table, tx.Dialect().ByKey())
	upto := id.First(r.Prefix, s.Before) // what was made later is not over
	over := "(" + r.OverAt + ") < ?"
	ids, err := db.All(ctx, tx, func(row db.Row) (v string, err error) { return v, row.Scan(&v) },
		"SELECT t.id"+in+over+" AND ("+r.Left+") AND NOT "+r.Held+" ORDER BY t.id LIMIT ?"+tx.Dialect().ForUpdate(), s.Bank, from, upto, s.Before, s.Limit)
	if err != nil {
		return nil, err
	}
	if len(ids) == s.Limit {
		s.More()
		upto = ids[len(ids)-1]
	}
	waits, stops, err := db.Value[string](ctx, tx, "SELECT t.id"+in+"COALESCE("+over+", 0) = 0 ORDER BY t.id LIMIT 1", s.Bank, from, upto, s.Before)
	if err != nil {
		return nil, err
	}
	if stops {
		upto = waits
	}
	if upto == from {
		return ids, nil
	}
	return ids, tx.Insert(ctx, "keeping_mark (bank_id, part, from_id)", [][]any{{s.Bank, s.class + "." + r.Table, upto}},
		tx.Dialect().OnDuplicate("bank_id, part", "from_id = NEW(from_id)"))
}

// again lets everything be looked at anew: a hold was lifted.
func (k *Keeper) again(ctx context.Context, tx *db.Tx, bank string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM keeping_mark WHERE bank_id = ?", bank); err != nil {
		return err
	}
	for _, c := range k.Classes {
		if c.Again == nil {
			continue
		}
		if err := c.Again(ctx, tx, bank); err != nil {
			return err
		}
	}
	return nil
}
