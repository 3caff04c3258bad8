package report

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// movement is a table whose rows each must stand in the ledger.
type movement struct {
	kind   string
	counts string // rows of a bank in [from, to), by an index alone
	looks  string // how many there are, and how many the ledger lacks
}

// A payment has its time when it has succeeded, and then only.
var movements = []movement{{
	kind:   "payment",
	counts: "SELECT COUNT(*) FROM payment WHERE bank_id = ? AND paid_at >= ? AND paid_at < ?",
	looks: `SELECT COUNT(*), COALESCE(SUM(CASE WHEN a.id IS NULL AND b.id IS NULL THEN 1 ELSE 0 END), 0) FROM payment x
		LEFT JOIN ledger_entry a ON a.bank_id = x.bank_id AND a.event = 'order.paid' AND a.ref = x.id
		LEFT JOIN ledger_entry b ON b.bank_id = x.bank_id AND b.event = 'payment.unmatched' AND b.ref = x.id WHERE x.bank_id = ? AND x.paid_at >= ? AND x.paid_at < ?`,
}, {
	kind:   "refund",
	counts: "SELECT COUNT(*) FROM refund WHERE bank_id = ? AND status = 'succeeded' AND done_at >= ? AND done_at < ?",
	looks: `SELECT COUNT(*), COALESCE(SUM(CASE WHEN a.id IS NULL AND b.id IS NULL THEN 1 ELSE 0 END), 0) FROM refund x
		LEFT JOIN ledger_entry a ON a.bank_id = x.bank_id AND a.event = 'order.refunded' AND a.ref = x.id
		LEFT JOIN ledger_entry b ON b.bank_id = x.bank_id AND b.event = 'payment.returned' AND b.ref = x.id WHERE x.bank_id = ? AND x.status = 'succeeded' AND x.done_at >= ? AND x.done_at < ?`,
}}

// A day is counted by hours; of an hour in which something is new, the stretches
// in which it is are looked up.
const (
	countEach = time.Hour
	lookEach  = 10 * time.Minute
	keepFound = 40 * 24 * time.Hour
)

// lacking counts what happened on the date and is not in the ledger.
func (r *Reports) lacking(ctx context.Context, bank tenant.Bank, from time.Time, d *Day) (err error) {
	to := from.AddDate(0, 0, 1)
	for _, m := range movements {
		n, err := r.unposted(ctx, bank.ID, m, from.UTC(), to.UTC())
		if err != nil {
			return err
		}
		d.Unposted += n
	}
	n, _, err := db.Value[int64](ctx, r.db, `SELECT SUM(n) FROM (
		SELECT COUNT(*) AS n FROM settlement x WHERE x.bank_id = ? AND x.business_date = ? AND x.status IN ('approved', 'paid') AND x.payable_fen <> 0
			AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.bank_id = x.bank_id AND e.ref = x.id AND e.event = 'settlement.approved')
		UNION ALL SELECT COUNT(*) FROM money_exception x WHERE x.bank_id = ? AND x.business_date = ? AND x.status = 'resolved' AND x.resolution <> 'matched'
			AND x.before_ledger = 0 AND x.kind IN ('surplus', 'shortage', 'amount', 'status', 'duplicate') AND x.held_fen <> x.theirs_fen - x.ours_fen) u`,
		bank.ID, d.Date, bank.ID, d.Date)
	if err != nil {
		return err
	}
	d.Unposted += n
	d.Proposals, _, err = db.Value[int64](ctx, r.db, "SELECT COUNT(*) FROM ledger_proposal WHERE bank_id = ? AND status = 'proposed' AND proposed_at < ?", bank.ID, to)
	return err
}

// unposted counts the rows of m in [from, to) that the ledger lacks. It looks up
// those of stretches of which not each was found before: entries are never taken
// away, so that what was found stays so, and a row that is new makes one more.
func (r *Reports) unposted(ctx context.Context, bankID string, m movement, from, to time.Time) (n int64, err error) {
	if now := r.db.Clock().Now(); to.After(now) {
		to = now.Add(lookEach) // a gateway's clock may be ahead of ours
	}
	found, err := r.found(ctx, bankID, m.kind, from, to)
	if err != nil {
		return 0, err
	}
	for at := from; at.Before(to); at = at.Add(countEach) {
		end, known := at.Add(countEach), int64(0)
		for s := at; s.Before(end); s = s.Add(lookEach) {
			known += found[s]
		}
		there, _, err := db.Value[int64](ctx, r.db, m.counts, bankID, at, end)
		if err != nil {
			return 0, err
		}
		if there == known {
			continue
		}
		for s := at; s.Before(end); s = s.Add(lookEach) {
			lacks, err := r.look(ctx, bankID, m, s, found[s])
			if err != nil {
				return 0, err
			}
			n += lacks
		}
	}
	return n, nil
}

func (r *Reports) found(ctx context.Context, bankID, kind string, from, to time.Time) (map[time.Time]int64, error) {
	found := map[time.Time]int64{}
	_, err := db.All(ctx, r.db, func(row db.Row) (struct{}, error) {
		var at db.Time
		var n int64
		err := row.Scan(&at, &n)
		found[at.Time.UTC()] = n
		return struct{}{}, err
	}, "SELECT from_at, found_count FROM ledger_found WHERE bank_id = ? AND kind = ? AND from_at >= ? AND from_at < ?", bankID, kind, from, to.Add(countEach))
	return found, err
}

// look looks up a stretch's rows, unless there are just as many as were found, and
// remembers how many there are when each is in the ledger.
func (r *Reports) look(ctx context.Context, bankID string, m movement, at time.Time, found int64) (lacks int64, err error) {
	there, _, err := db.Value[int64](ctx, r.db, m.counts, bankID, at, at.Add(lookEach))
	if err != nil || there == found {
		return 0, err
	}
	there, lacks, err = r.lookUp(ctx, bankID, m, at)
	if err != nil || lacks > 0 {
		return lacks, err
	}
	return 0, r.db.InTx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "ledger_found (bank_id, kind, from_at, found_count)", [][]any{{bankID, m.kind, at, there}},
			tx.Dialect().OnDuplicate("bank_id, kind, from_at", "found_count = NEW(found_count)"))
	})
}

func (r *Reports) lookUp(ctx context.Context, bankID string, m movement, at time.Time) (there, lacks int64, err error) {
	_, _, err = db.One(ctx, r.db, func(row db.Row) (struct{}, error) { return struct{}{}, row.Scan(&there, &lacks) }, m.looks, bankID, at, at.Add(lookEach))
	return there, lacks, err
}

// Keep looks up what came in on the open dates of a bank, so that who asks for a
// day finds it done, and forgets what was found long ago.
func (r *Reports) Keep(ctx context.Context, bank tenant.Bank) error {
	now := r.db.Clock().Now()
	day, err := time.ParseInLocation(time.DateOnly, bank.BusinessDate(now), bank.Zone)
	if err != nil {
		return err
	}
	for _, m := range movements {
		if _, err := r.unposted(ctx, bank.ID, m, day.AddDate(0, 0, -1).UTC(), day.AddDate(0, 0, 1).UTC()); err != nil {
			return err
		}
	}
	return r.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM ledger_found WHERE bank_id = ? AND from_at < ?", bank.ID, now.Add(-keepFound))
		return err
	})
}
