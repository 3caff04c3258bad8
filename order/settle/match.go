package settle

import (
	"slices"

	"yinbo/internal/money"
)

// difference is what a row and we do not agree on. Amounts are signed.
type difference struct {
	kind, ref    string
	ours, theirs money.Fen
	waits        bool // for the next day's file
}

// Kinds of differences that a gateway's file shows.
const (
	surplus   = "surplus"   // they have what we do not know
	shortage  = "shortage"  // we have what they do not
	amount    = "amount"    // another amount
	status    = "status"    // one says that the money moved, the other that it did not
	duplicate = "duplicate" // the same number again
)

// matcher compares a statement with what one bank has, row by row.
type matcher struct {
	bankID    string
	unclaimed bool // takes rows that no bank knows
	ours      *day

	seen   map[string]bool // of those that are not of the day
	strays []ourMoney      // matched, though we have them on another day

	theirsCount, matched int
	theirs               money.Fen
	feeBps               int64 // of payments, where the file does not say
	fee                  fine
	diffs                []difference
	at                   map[[2]string]int // kind and ref to the place in diffs
}

func newMatcher(bankID string, unclaimed bool, ours *day, feeBps int64) *matcher {
	for i := range ours.rows { // another file may have been tried before
		ours.rows[i].seen = false
	}
	return &matcher{bankID: bankID, unclaimed: unclaimed, ours: ours, feeBps: feeBps, seen: map[string]bool{}, at: map[[2]string]int{}}
}

// take compares a row with what we have of the day; ok is false when we have
// nothing of its number then.
func (m *matcher) take(r row) (ok bool) {
	o := m.ours.find(r.ref())
	if o == nil {
		return false
	}
	again := o.seen
	o.seen = true
	m.compare(r, ourMoney{id: r.ref(), bankID: m.bankID, amount: o.amount, succeeded: true}, again)
	return true
}

// add compares a row that is not of our day. known are the payments and refunds
// that the rows at hand may mean, by id.
func (m *matcher) add(r row, known map[string]ourMoney) {
	ours, ok := known[r.ref()]
	if !ok {
		m.unknown(r, known)
		return
	}
	if ours.bankID != m.bankID || !r.succeeded && !ours.succeeded {
		return // another bank's, or both say that no money moved
	}
	again := m.seen[ours.id]
	m.seen[ours.id] = true
	if m.compare(r, ours, again) {
		m.strays = append(m.strays, ours)
	}
}

// compare tells whether a row of ours says what we say.
func (m *matcher) compare(r row, ours ourMoney, again bool) (same bool) {
	theirs := money.Fen(0)
	if r.succeeded {
		theirs = r.signed()
		m.count(r)
	}
	switch {
	case again:
		if r.succeeded { // money that we do not have
			m.differ(difference{kind: duplicate, ref: ours.id, theirs: theirs})
		}
	case r.succeeded != ours.succeeded:
		m.differ(difference{kind: status, ref: ours.id, ours: ours.had(), theirs: theirs})
	case theirs != ours.amount:
		m.differ(difference{kind: amount, ref: ours.id, ours: ours.amount, theirs: theirs})
	default:
		m.matched++
		return true
	}
	return false
}

// unknown is a row whose number nobody here has: it belongs to the bank of the
// payment it names, else to the one that takes what nobody claims.
func (m *matcher) unknown(r row, known map[string]ourMoney) {
	if !r.succeeded {
		return
	}
	mine := m.unclaimed
	if payment, ok := known[r.outTradeNo]; ok {
		mine = payment.bankID == m.bankID
	}
	if mine {
		m.count(r)
		m.differ(difference{kind: surplus, ref: r.ref(), theirs: r.signed()})
	}
}

// count takes in a row of ours in which money moved, and what the gateway charges
// for it.
func (m *matcher) count(r row) {
	m.theirsCount++
	m.theirs += r.signed()
	m.fee += r.fee
	if !r.refund {
		fee, _ := r.amount.Bps(m.feeBps) // in range: less than the amount
		m.fee += fine(fee) * finesPerFen
	}
}

// differ keeps a difference; the same kind of the same number adds up.
func (m *matcher) differ(d difference) {
	key := [2]string{d.kind, d.ref}
	if i, ok := m.at[key]; ok {
		m.diffs[i].theirs += d.theirs
		return
	}
	m.at[key] = len(m.diffs)
	m.diffs = append(m.diffs, d)
}

// missed gathers, out of the file of the day before or after, rows of what this
// day's lacks: the two clocks may put a payment near midnight on different days.
func (m *matcher) missed(r row, into *[]*dayRow) {
	if o := m.ours.find(r.ref()); o != nil && !o.seen && r.succeeded && o.amount == r.signed() {
		*into = append(*into, o)
	}
}

func (m *matcher) found(rows []*dayRow) {
	for _, o := range rows {
		if !o.seen {
			o.seen = true
			m.matched++
		}
	}
}

// lacking makes shortages of what is in no file.
func (m *matcher) lacking(waits bool) {
	for _, r := range m.ours.rows {
		if !r.seen {
			m.differ(difference{kind: shortage, ref: string(m.ours.id(r)), ours: r.amount, waits: waits})
		}
	}
}

// repeated makes duplicates of strays that the file of their own day has as well.
func (m *matcher) repeated(ids []string) {
	for _, o := range m.strays {
		if slices.Contains(ids, o.id) {
			m.matched--
			m.differ(difference{kind: duplicate, ref: o.id, theirs: o.amount})
		}
	}
}
