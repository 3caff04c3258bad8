package settle

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sort"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// day is what a bank moved through a channel on a date, by our numbers, packed: a
// million of them take some 50 MB.
type day struct {
	ids  []byte
	rows []dayRow // by number
}

type dayRow struct {
	amount money.Fen // signed: a refund is below zero
	at     uint32    // of the number in ids
	n      uint8     // its length
	seen   bool      // a row of theirs has named it
}

func (d *day) id(r dayRow) []byte { return d.ids[r.at : r.at+uint32(r.n)] }

func (d *day) add(id string, amount money.Fen) {
	d.rows = append(d.rows, dayRow{amount: amount, at: uint32(len(d.ids)), n: uint8(len(id))})
	d.ids = append(d.ids, id...)
}

func (d *day) sort() {
	slices.SortFunc(d.rows, func(a, b dayRow) int {
		return cmp.Or(bytes.Compare(d.id(a), d.id(b)), cmp.Compare(a.at, b.at))
	})
}

// find gives the row of a number, nil for none.
func (d *day) find(id string) *dayRow {
	i, found := sort.Find(len(d.rows), func(i int) int {
		return cmp.Compare(id, string(d.id(d.rows[i]))) // the compiler makes no copy for this
	})
	if !found {
		return nil
	}
	return &d.rows[i]
}

// left tells how many no row of theirs has named.
func (d *day) left() (n int) {
	for _, r := range d.rows {
		if !r.seen {
			n++
		}
	}
	return n
}

func (d *day) sum() (sum money.Fen) {
	for _, r := range d.rows {
		sum += r.amount
	}
	return sum
}

// moved is everything that went through a channel and that a gateway's file may
// name: payments, refunds, and surpluses that a rule gave back.
const moved = `SELECT id, bank_id, amount_fen AS amount, status = 'succeeded' AS ok, paid_at AS at FROM payment WHERE channel = ? AND `

const movedBack = `SELECT r.id, r.bank_id, -r.amount_fen, r.status = 'succeeded', r.done_at FROM refund r
	JOIN payment p ON p.id = r.payment_id AND p.channel = ? WHERE r.`

const movedSurplus = `SELECT id, bank_id, -theirs_fen, refunded_at IS NOT NULL, refunded_at FROM money_exception WHERE channel = ? AND `

// ourDay streams a bank's payments and refunds through a channel that succeeded
// in [from, to).
func ourDay(ctx context.Context, q db.Querier, bankID, channel string, from, to time.Time) (*day, error) {
	d := &day{}
	rows, err := q.Query(ctx, moved+`bank_id = ? AND status = 'succeeded' AND paid_at >= ? AND paid_at < ?
		UNION ALL `+movedBack+`bank_id = ? AND r.status = 'succeeded' AND r.done_at >= ? AND r.done_at < ?
		UNION ALL `+movedSurplus+`bank_id = ? AND refunded_at >= ? AND refunded_at < ?`,
		channel, bankID, from, to, channel, bankID, from, to, channel, bankID, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		o, err := scanMoney(rows)
		if err != nil {
			return nil, err
		}
		d.add(o.id, o.amount)
	}
	d.sort()
	return d, rows.Err()
}

// ourMoney is a payment or refund of any bank as we have it.
type ourMoney struct {
	id, bankID string
	amount     money.Fen // signed: a refund is below zero
	succeeded  bool
	at         time.Time // when it succeeded
}

func (o ourMoney) had() money.Fen {
	if o.succeeded {
		return o.amount
	}
	return 0
}

func scanMoney(r db.Row) (o ourMoney, err error) {
	var at db.Time
	err = r.Scan(&o.id, &o.bankID, &o.amount, &o.succeeded, &at)
	o.at = at.Time
	return o, err
}

// lookUp reads the channel's payments and refunds, of whichever bank, that rows
// name: ids are unique over banks, and one statement serves them all.
func lookUp(ctx context.Context, q db.Querier, channel string, rows []row) (map[string]ourMoney, error) {
	known := map[string]ourMoney{}
	if len(rows) == 0 {
		return known, nil
	}
	var trades, refunds []string
	for _, r := range rows {
		trades = append(trades, r.outTradeNo)
		refunds = append(refunds, r.outRefundNo)
	}
	found, err := db.All(ctx, q, scanMoney, moved+`id IN `+db.Marks(len(trades))+` UNION ALL `+movedBack+`id IN `+db.Marks(len(refunds))+
		` UNION ALL `+movedSurplus+`acted_by_rule = 'refund' AND id IN `+db.Marks(len(refunds)),
		slices.Concat([]any{channel}, db.Args(trades), []any{channel}, db.Args(refunds), []any{channel}, db.Args(refunds))...)
	for _, o := range found {
		known[o.id] = o
	}
	return known, err
}
