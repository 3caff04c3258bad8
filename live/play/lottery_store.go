package play

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
)

const lotteryColumns = `SELECT id, bank_id, room_id, title, entry_rule, commitment, seed_sealed, COALESCE(seed, ''), entrants, state, ends_at, created_at FROM lottery WHERE `

func scanLottery(r db.Row) (l Lottery, err error) {
	var ends, created db.Time
	err = r.Scan(&l.ID, &l.bank, &l.RoomID, &l.Title, &l.Rule, &l.Commitment, &l.sealed, &l.Seed, &l.Entrants, &l.State, &ends, &created)
	l.EndsAt, l.created = clock.At(ends.Time), created.Time
	return l, err
}

// readLottery reads a lottery with a lock: ForUpdate, ForShare, or none; 404
// not_found.
func readLottery(ctx context.Context, q db.Querier, bank, lottery, lock string) (Lottery, error) {
	l, found, err := db.One(ctx, q, scanLottery, lotteryColumns+"bank_id = ? AND id = ?"+lock, bank, lottery)
	if err := missing(found, err); err != nil {
		return l, err
	}
	l.Prizes, err = readPrizes(ctx, q, lottery)
	return l, err
}

func readPrizes(ctx context.Context, q db.Querier, lottery string) ([]Prize, error) {
	return db.All(ctx, q, func(r db.Row) (p Prize, err error) { return p, r.Scan(&p.Title, &p.Quantity, &p.BatchID) },
		"SELECT title, quantity, batch_id FROM lottery_prize WHERE lottery_id = ? ORDER BY prize_no", lottery)
}

func insertLottery(ctx context.Context, tx *db.Tx, l Lottery, sealed, by string) error {
	err := tx.Insert(ctx, "lottery (id, bank_id, room_id, title, entry_rule, commitment, seed_sealed, state, ends_at, created_by, created_at)",
		[][]any{{l.ID, l.bank, l.RoomID, l.Title, string(l.Rule), l.Commitment, sealed, string(l.State), l.EndsAt.Time, by, tx.Now}}, "")
	if err != nil {
		return err
	}
	rows := make([][]any, len(l.Prizes))
	for i, p := range l.Prizes {
		rows[i] = []any{l.ID, i + 1, l.bank, p.Title, p.Quantity, p.BatchID}
	}
	return tx.Insert(ctx, "lottery_prize (lottery_id, prize_no, bank_id, title, quantity, batch_id)", rows, "")
}

func readEntry(ctx context.Context, q db.Querier, bank, lottery, viewer string) (Entry, bool, error) {
	return db.One(ctx, q, func(r db.Row) (e Entry, err error) {
		return e, r.Scan(&e.LotteryID, &e.Ticket, &e.Place, &e.PrizeNo, &e.CouponID)
	},
		"SELECT lottery_id, ticket, place, prize_no, coupon_id FROM lottery_entry WHERE bank_id = ? AND lottery_id = ? AND viewer_id = ?", bank, lottery, viewer)
}

// readEntrants gives who entered, by their tickets.
func readEntrants(ctx context.Context, q db.Querier, lottery string) (map[string]Viewer, error) {
	type entrant struct {
		ticket string
		Viewer
	}
	all, err := db.All(ctx, q, func(r db.Row) (e entrant, err error) { return e, r.Scan(&e.ticket, &e.ID, &e.Nickname) },
		"SELECT ticket, viewer_id, nickname FROM lottery_entry WHERE lottery_id = ?", lottery)
	out := make(map[string]Viewer, len(all))
	for _, e := range all {
		out[e.ticket] = e.Viewer
	}
	return out, err
}

// owed is a winner whose coupon is not granted.
type owed struct{ viewer, batch string }

func readOwed(ctx context.Context, q db.Querier, bank, lottery string) ([]owed, error) {
	return db.All(ctx, q, func(r db.Row) (o owed, err error) { return o, r.Scan(&o.viewer, &o.batch) },
		`SELECT e.viewer_id, p.batch_id FROM lottery_entry e JOIN lottery_prize p ON p.lottery_id = e.lottery_id AND p.prize_no = e.prize_no
		WHERE e.bank_id = ? AND e.lottery_id = ? AND e.place IS NOT NULL AND e.coupon_id IS NULL AND e.grant_error IS NULL AND p.batch_id IS NOT NULL
		ORDER BY e.place`, bank, lottery)
}

// entrants counts those of an open lottery; one that is over knows its number.
func (g *Games) entrants(ctx context.Context, l *Lottery) (err error) {
	if l.State == Open {
		l.Entrants, _, err = db.Value[int64](ctx, g.DB, "SELECT COUNT(*) FROM lottery_entry WHERE lottery_id = ?", l.ID)
	}
	l.ServerTime = clock.At(g.DB.Clock().Now())
	return err
}

// Mine is a lottery with what it is to a viewer.
type Mine struct {
	Lottery
	Mine *Entry `json:"mine" doc:"The viewer's entry; null for guests and others"`
}

// Lottery shows a lottery to a viewer, "" for a guest; 404 not_found.
func (g *Games) Lottery(ctx context.Context, bank, lottery, viewer string) (m Mine, err error) {
	if m.Lottery, err = readLottery(ctx, g.DB, bank, lottery, ""); err != nil {
		return m, err
	}
	if err := g.entrants(ctx, &m.Lottery); err != nil || viewer == "" {
		return m, err
	}
	e, entered, err := readEntry(ctx, g.DB, bank, lottery, viewer)
	if entered {
		m.Mine = &e
	}
	return m, err
}

// Proof gives what anybody needs to verify a draw; 404 not_found.
func (g *Games) Proof(ctx context.Context, bank, lottery string) (Proof, error) {
	l, err := readLottery(ctx, g.DB, bank, lottery, "")
	if err != nil {
		return Proof{}, err
	}
	return proofOf(ctx, g.DB, l)
}

func proofOf(ctx context.Context, q db.Querier, l Lottery) (p Proof, err error) {
	p = Proof{LotteryID: l.ID, State: l.State, Commitment: l.Commitment, Seed: l.Seed, Tickets: []string{}, Winners: []Place{}}
	if p.Prizes, err = readPrizes(ctx, q, l.ID); err != nil || l.State != Drawn {
		return p, err
	}
	if p.Digest, _, err = db.Value[string](ctx, q, "SELECT digest FROM lottery WHERE id = ?", l.ID); err != nil {
		return p, err
	}
	p.Tickets, err = db.All(ctx, q, func(r db.Row) (t string, err error) { return t, r.Scan(&t) },
		"SELECT ticket FROM lottery_entry WHERE lottery_id = ? ORDER BY ticket", l.ID)
	if err != nil {
		return p, err
	}
	p.Winners, err = db.All(ctx, q, func(r db.Row) (w Place, err error) { return w, r.Scan(&w.Place, &w.PrizeNo, &w.Ticket) },
		"SELECT place, prize_no, ticket FROM lottery_entry WHERE lottery_id = ? AND place IS NOT NULL ORDER BY place", l.ID)
	return p, err
}

// Owed is a winner as the host sees them, to hand prizes out by.
type Owed struct {
	Place      int     `json:"place"`
	PrizeNo    int     `json:"prize_no"`
	ViewerID   string  `json:"viewer_id"`
	Nickname   string  `json:"nickname"`
	CouponID   *string `json:"coupon_id"`
	GrantError *string `json:"grant_error" doc:"Why the batch gave no coupon; the prize is owed"`
}

// Winners shows who won to who may run the room; 404 not_found.
func (g *Games) Winners(ctx context.Context, bank, lottery string, by live.Staff) ([]Owed, error) {
	l, err := readLottery(ctx, g.DB, bank, lottery, "")
	if err != nil {
		return nil, err
	}
	if err := g.Rooms.HostMay(ctx, bank, l.RoomID, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return db.All(ctx, g.DB, func(r db.Row) (o Owed, err error) {
		return o, r.Scan(&o.Place, &o.PrizeNo, &o.ViewerID, &o.Nickname, &o.CouponID, &o.GrantError)
	}, "SELECT place, prize_no, viewer_id, nickname, coupon_id, grant_error FROM lottery_entry WHERE bank_id = ? AND lottery_id = ? AND place IS NOT NULL ORDER BY place",
		bank, lottery)
}

// RoomLotteries shows a room's lotteries, the newest first: those that are open,
// and the last ones that were drawn.
func (g *Games) RoomLotteries(ctx context.Context, bank, room string) ([]Lottery, error) {
	all, err := db.All(ctx, g.DB, scanLottery, lotteryColumns+"bank_id = ? AND room_id = ? AND state <> 'cancelled' ORDER BY id DESC LIMIT 20", bank, room)
	for i := range all {
		if err == nil {
			all[i].Prizes, err = readPrizes(ctx, g.DB, all[i].ID)
		}
		if err == nil {
			err = g.entrants(ctx, &all[i])
		}
	}
	return all, err
}

func (g *Games) tellEntrants(ctx context.Context, l Lottery) error {
	if err := g.entrants(ctx, &l); err != nil {
		return err
	}
	g.Rooms.State(l.RoomID, LotteryState, l.ID, map[string]any{"lottery_id": l.ID, "entrants": l.Entrants})
	return nil
}

// roomIs is 404 not_found unless the bank has the room.
func (g *Games) roomIs(ctx context.Context, bank, room string) error {
	_, _, ok, err := g.Rooms.RoomHost(ctx, bank, room)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}
