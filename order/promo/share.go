package promo

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// TakeShare gives a viewer the next share of a red packet, as a coupon, one a
// packet. Refusals: 404 not_found, 403 viewer.banned, 409 coupon.sold_out, coupon.limit_reached,
// coupon.paused, coupon.sold_out_today, 410 coupon.ended.
func (s *Coupons) TakeShare(ctx context.Context, req idem.Request, bank tenant.Bank, viewer, packetID string) (v View, replayed bool, err error) {
	known, err := readPacket(ctx, s.DB, bank.ID, packetID, "")
	if err != nil {
		return v, false, err
	}
	// Who comes when all are gone, which most do, costs no writing.
	if refusal := known.refusal(s.DB.Clock().Now()); refusal != nil {
		v, replayed, err = idem.Lookup[View](ctx, s.DB, req)
		if err != nil || replayed {
			return v, replayed, err
		}
		return v, false, refusal
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (View, error) {
		if err := s.Rooms.LetsIn(ctx, tx, bank.ID, known.Room, viewer); err != nil {
			return View{}, err
		}
		p, amount, err := takeShare(ctx, tx, bank.ID, packetID)
		if err != nil {
			return View{}, err
		}
		b, err := readBatch(ctx, tx, bank.ID, p.Batch)
		if err != nil {
			return View{}, err
		}
		granted, err := s.grant(ctx, tx, bank, b, grant{source: byDrop, ref: p.ID, share: amount}, viewer)
		if err != nil {
			return View{}, err
		}
		_, err = tx.Exec(ctx, "UPDATE red_packet_share SET viewer_id = ?, coupon_id = ?, taken_at = ? WHERE packet_id = ? AND share_no = ?",
			viewer, granted[0].ID, tx.Now, p.ID, p.Taken)
		if db.IsDuplicate(err) {
			return View{}, fault.New(fault.Conflict, "coupon.limit_reached").Because(err)
		}
		return granted[0].view(b, tx.Now), err
	})
}

// takeShare moves the packet to its next share, by one conditional update, and
// gives that share's amount; the packet's Taken is its number.
func takeShare(ctx context.Context, tx *db.Tx, bank, packetID string) (p Packet, amount money.Fen, err error) {
	n, err := tx.Exec(ctx, `UPDATE red_packet SET taken = taken + 1
		WHERE bank_id = ? AND id = ? AND state = 'open' AND ends_at > ? AND taken < shares`, bank, packetID, tx.Now)
	if err != nil {
		return p, 0, err
	}
	if p, err = readPacket(ctx, tx, bank, packetID, ""); err != nil {
		return p, 0, err
	}
	if n == 0 {
		if refusal := p.refusal(tx.Now); refusal != nil {
			return p, 0, refusal
		}
		return p, 0, fault.New(fault.Conflict, "conflict")
	}
	amount, found, err := db.Value[money.Fen](ctx, tx, "SELECT amount_fen FROM red_packet_share WHERE packet_id = ? AND share_no = ?", p.ID, p.Taken)
	if err == nil && !found {
		err = fmt.Errorf("promo: red packet %s has no share %d", p.ID, p.Taken)
	}
	if err != nil {
		return p, 0, err
	}
	_, err = tx.Exec(ctx, "UPDATE red_packet SET taken_fen = taken_fen + ? WHERE bank_id = ? AND id = ?", amount, bank, packetID)
	return p, amount, err
}

const packetColumns = `SELECT id, bank_id, batch_id, room_id, title, total_fen, shares, taken, taken_fen, state, ends_at FROM red_packet WHERE `

func scanPacket(r db.Row) (p Packet, err error) {
	var ends db.Time
	var state string
	err = r.Scan(&p.ID, &p.Bank, &p.Batch, &p.Room, &p.Title, &p.Total, &p.Shares, &p.Taken, &p.TakenFen, &state, &ends)
	p.Open, p.EndsAt = state == "open", ends.Time
	return p, err
}

// readPacket reads a packet with a lock: ForUpdate, or none; 404 not_found.
func readPacket(ctx context.Context, q db.Querier, bank, packetID, lock string) (Packet, error) {
	p, found, err := db.One(ctx, q, scanPacket, packetColumns+"bank_id = ? AND id = ?"+lock, bank, packetID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return p, err
}

func insertPacket(ctx context.Context, tx *db.Tx, by Staff, p Packet, shares []money.Fen) error {
	err := tx.Insert(ctx, "red_packet (id, bank_id, room_id, batch_id, title, total_fen, shares, state, ends_at, created_by, created_at)",
		[][]any{{p.ID, p.Bank, p.Room, p.Batch, p.Title, p.Total, p.Shares, "open", p.EndsAt, by.ID, tx.Now}}, "")
	if err != nil {
		return err
	}
	rows := make([][]any, len(shares))
	for i, amount := range shares {
		rows[i] = []any{p.ID, i + 1, p.Bank, amount}
	}
	return tx.Insert(ctx, "red_packet_share (packet_id, share_no, bank_id, amount_fen)", rows, "")
}

// Prize grants a viewer one coupon of a batch that hosts throw into rooms, for
// ref, once: what a lottery's winner gets. Refusals: those of Claim.
func (s *Coupons) Prize(ctx context.Context, tx *db.Tx, bank tenant.Bank, batchID, ref, viewer string) (coupon string, err error) {
	b, err := thrown(ctx, tx, bank.ID, batchID)
	if err != nil {
		return "", err
	}
	granted, err := s.grant(ctx, tx, bank, b, grant{source: byRule, ref: ref}, viewer)
	if err != nil {
		return "", err
	}
	return granted[0].ID, nil
}

// Covers is nil when a batch that hosts throw into rooms grants now, and has
// enough for n coupons. Refusals: those of Drop.
func (s *Coupons) Covers(ctx context.Context, tx *db.Tx, bank, batchID string, n int64) error {
	b, err := thrown(ctx, tx, bank, batchID)
	if err != nil {
		return err
	}
	if refusal := b.refusal(tx.Now); refusal != nil {
		return refusal
	}
	if all, err := b.Amount.Times(n); err != nil || all > b.Budget-b.Committed {
		return fault.New(fault.Conflict, "coupon.sold_out").With("quantity", "field.too_large")
	}
	return nil
}

// RoomPackets shows a room's red packets that are open now.
func (s *Coupons) RoomPackets(ctx context.Context, bank, room string) ([]PacketView, error) {
	all, err := db.All(ctx, s.DB, scanPacket, packetColumns+"bank_id = ? AND room_id = ? AND state = 'open' AND ends_at > ? ORDER BY id DESC LIMIT 50",
		bank, room, s.DB.Clock().Now())
	views := make([]PacketView, len(all))
	for i, p := range all {
		views[i] = p.view()
	}
	return views, err
}
