package settle

import (
	"context"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// ourMoney is a payment or refund of any bank as we have it.
type ourMoney struct {
	id, bankID string
	amount     money.Fen // signed: a refund is below zero
	succeeded  bool
}

func (o ourMoney) had() money.Fen {
	if o.succeeded {
		return o.amount
	}
	return 0
}

// difference is what a row and we do not agree on. Amounts are signed.
type difference struct {
	kind, ref    string
	ours, theirs money.Fen
	waits        bool // for the next day's file
}

// matcher compares a statement with what one bank has, row by row.
type matcher struct {
	bankID    string
	unclaimed bool // takes rows that no bank knows

	left map[string]money.Fen // ours of the day that no row has named yet
	seen map[string]bool      // ours that a row has named

	theirsCount, matched int
	theirs               money.Fen
	diffs                []difference
	at                   map[[2]string]int // kind and ref to the place in diffs
}

func newMatcher(bankID string, unclaimed bool, day map[string]money.Fen) *matcher {
	return &matcher{bankID: bankID, unclaimed: unclaimed, left: day, seen: map[string]bool{}, at: map[[2]string]int{}}
}

// add compares one row. known are the payments and refunds that the rows at
// hand may mean, by id.
func (m *matcher) add(r row, known map[string]ourMoney) {
	ours, ok := known[r.ref()]
	if !ok {
		m.unknown(r, known)
		return
	}
	if ours.bankID != m.bankID || !r.succeeded && !ours.succeeded {
		return // another bank's, or both say that no money moved
	}
	theirs := money.Fen(0)
	if r.succeeded {
		theirs = r.signed()
		m.count(theirs)
	}
	if m.seen[ours.id] { // the same number again is money that we do not have
		m.differ(difference{kind: "surplus", ref: ours.id, theirs: theirs})
		return
	}
	m.seen[ours.id] = true
	delete(m.left, ours.id)
	switch {
	case r.succeeded != ours.succeeded:
		m.differ(difference{kind: "status", ref: ours.id, ours: ours.had(), theirs: theirs})
	case theirs != ours.amount:
		m.differ(difference{kind: "amount", ref: ours.id, ours: ours.amount, theirs: theirs})
	default:
		m.matched++
	}
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
		m.count(r.signed())
		m.differ(difference{kind: "surplus", ref: r.ref(), theirs: r.signed()})
	}
}

func (m *matcher) count(theirs money.Fen) {
	m.theirsCount++
	m.theirs += theirs
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

// neighbour looks for what is left in the file of the day before or after: the
// two clocks may put a payment near midnight on different days.
func (m *matcher) neighbour(r row) {
	if ours, ok := m.left[r.ref()]; ok && r.succeeded && ours == r.signed() {
		delete(m.left, r.ref())
		m.matched++
	}
}

// ourDay reads a bank's payments and refunds through the channel that succeeded
// in [from, to), by id, refunds below zero.
func ourDay(ctx context.Context, q db.Querier, bankID string, from, to time.Time) (map[string]money.Fen, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (o ourMoney, err error) {
		return o, r.Scan(&o.id, &o.amount)
	}, `SELECT id, amount_fen FROM payment WHERE bank_id = ? AND channel = ? AND status = 'succeeded' AND paid_at >= ? AND paid_at < ?
		UNION ALL
		SELECT r.id, -r.amount_fen FROM refund r JOIN payment p ON p.id = r.payment_id AND p.channel = ?
		WHERE r.bank_id = ? AND r.status = 'succeeded' AND r.done_at >= ? AND r.done_at < ?`,
		bankID, channel, from, to, channel, bankID, from, to)
	day := make(map[string]money.Fen, len(rows))
	for _, o := range rows {
		day[o.id] = o.amount
	}
	return day, err
}

// lookUp reads the channel's payments and refunds, of whichever bank, that rows
// name.
// Ids are unique over banks, and one statement serves them all.
func lookUp(ctx context.Context, q db.Querier, rows []row) (map[string]ourMoney, error) {
	known := map[string]ourMoney{}
	if len(rows) == 0 {
		return known, nil
	}
	var trades, refunds []string
	for _, r := range rows {
		trades = append(trades, r.outTradeNo)
		refunds = append(refunds, r.outRefundNo)
	}
	found, err := db.All(ctx, q, func(r db.Row) (o ourMoney, err error) {
		return o, r.Scan(&o.id, &o.bankID, &o.amount, &o.succeeded)
	}, `SELECT id, bank_id, amount_fen, status = 'succeeded' FROM payment WHERE channel = ? AND id IN `+db.Marks(len(trades))+`
		UNION ALL
		SELECT r.id, r.bank_id, -r.amount_fen, r.status = 'succeeded' FROM refund r
		JOIN payment p ON p.id = r.payment_id AND p.channel = ? WHERE r.id IN `+db.Marks(len(refunds)),
		slices.Concat([]any{channel}, db.Args(trades), []any{channel}, db.Args(refunds))...)
	for _, o := range found {
		known[o.id] = o
	}
	return known, err
}
