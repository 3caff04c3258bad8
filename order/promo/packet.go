package promo

import (
	"context"
	"time"
	"unicode/utf8"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
)

// The facts and the task of a red packet; the task's ref is its id.
const (
	PacketOpened = "red_packet.opened"
	PacketClosed = "red_packet.closed"
	PacketTask   = "red_packet.close"
)

// Packet is a red packet as it is stored: money of a batch, split into shares.
type Packet struct {
	ID, Bank, Batch, Room, Title string
	Total                        money.Fen
	Shares, Taken                int64
	TakenFen                     money.Fen
	Open                         bool
	EndsAt                       time.Time
}

// PacketView is a packet as the room sees it; it is the payload of its facts too.
type PacketView struct {
	PacketID string      `json:"packet_id"`
	BatchID  string      `json:"batch_id"`
	Title    string      `json:"title"`
	Total    money.Fen   `json:"total_fen"`
	Shares   int64       `json:"shares"`
	Left     int64       `json:"left" doc:"Shares that nobody has taken"`
	Open     bool        `json:"open"`
	TakenFen money.Fen   `json:"taken_fen" doc:"What was taken; 0 while it is open"`
	EndsAt   clock.Stamp `json:"ends_at"`
}

func (p Packet) view() PacketView {
	v := PacketView{PacketID: p.ID, BatchID: p.Batch, Title: p.Title, Total: p.Total, Shares: p.Shares, Left: p.Shares - p.Taken,
		Open: p.Open, EndsAt: clock.At(p.EndsAt)}
	if !p.Open { // while it is open that would tell what is left to win
		v.TakenFen = p.TakenFen
	}
	return v
}

// refusal tells why a packet gives nothing now; nil when it may.
func (p Packet) refusal(now time.Time) *fault.Error {
	switch {
	case p.Taken >= p.Shares:
		return fault.New(fault.Conflict, "coupon.sold_out")
	case !p.Open || !now.Before(p.EndsAt):
		return fault.New(fault.Gone, "coupon.ended")
	}
	return nil
}

// Filling is what a red packet is made of.
type Filling struct {
	Batch  string // whose amount is the most that one share may be
	Title  string
	Total  money.Fen
	Shares int64
	For    time.Duration
}

// maxShares bounds a packet.
const maxShares = 10_000

func (f Filling) check(most money.Fen) error {
	e := fault.New(fault.Invalid, "validation")
	if n := utf8.RuneCountInString(f.Title); n == 0 || n > 100 {
		e = e.With("title", "field.invalid")
	}
	if f.For < time.Second || f.For > longestDrop {
		e = e.With("seconds", "field.invalid")
	}
	if f.Shares < 1 || f.Shares > maxShares {
		return e.With("shares", "field.invalid")
	}
	if f.Total < money.Fen(f.Shares) || f.Total > money.Limit {
		return e.With("total_fen", "field.too_small")
	}
	if f.Total > money.Fen(f.Shares)*most { // at most 10,000 amounts of a batch: within int64
		e = e.With("total_fen", "field.too_large")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// OpenPacket takes a red packet's money out of a batch's budget, draws its
// shares and tells the room. Refusals: those of Drop, with total_fen named where
// the budget does not reach that far.
func (s *Coupons) OpenPacket(ctx context.Context, req idem.Request, by Staff, bank, room string, f Filling) (v PacketView, replayed bool, err error) {
	if err := s.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return v, false, err
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (PacketView, error) {
		return s.OpenPacketWithin(ctx, tx, by, bank, room, f)
	})
}

// OpenPacketWithin is OpenPacket within the transaction of who has seen to it
// that by may run the room.
func (s *Coupons) OpenPacketWithin(ctx context.Context, tx *db.Tx, by Staff, bank, room string, f Filling) (PacketView, error) {
	b, err := thrown(ctx, tx, bank, f.Batch)
	if err != nil {
		return PacketView{}, err
	}
	if err := f.check(b.Amount); err != nil {
		return PacketView{}, err
	}
	ok, err := commit(ctx, tx, bank, b.ID, f.Total)
	if err != nil {
		return PacketView{}, err
	}
	if !ok {
		if now, err := readBatch(ctx, tx, bank, b.ID); err != nil {
			return PacketView{}, err
		} else if refusal := now.shut(tx.Now); refusal != nil {
			return PacketView{}, refusal
		}
		return PacketView{}, fault.New(fault.Conflict, "coupon.sold_out").With("total_fen", "field.too_large")
	}
	p := Packet{ID: id.New(id.RedPacket), Bank: bank, Batch: b.ID, Room: room, Title: f.Title, Total: f.Total, Shares: f.Shares,
		Open: true, EndsAt: tx.Now.Add(f.For)}
	if p.EndsAt.After(b.GrantTo) {
		p.EndsAt = b.GrantTo
	}
	if err := insertPacket(ctx, tx, by, p, split(f.Total, f.Shares, b.Amount, chance)); err != nil {
		return PacketView{}, err
	}
	if err := s.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: PacketTask, Ref: p.ID, Payload: struct{}{}, Due: p.EndsAt}); err != nil {
		return PacketView{}, err
	}
	if err := s.Announcer.Fact(ctx, tx, bank, room, PacketOpened, p.view()); err != nil {
		return PacketView{}, err
	}
	return p.view(), audit.Write(ctx, tx, by.entry(bank, PacketOpened, p.ID, map[string]any{"batch_id": b.ID, "room_id": room,
		"total_fen": f.Total, "shares": f.Shares}))
}

// ClosePacket closes a red packet before its time; 404 not_found, 409 conflict
// when it is closed.
func (s *Coupons) ClosePacket(ctx context.Context, by Staff, bank, packetID string) (v PacketView, err error) {
	known, err := readPacket(ctx, s.DB, bank, packetID, "")
	if err != nil {
		return v, err
	}
	if err := s.Rooms.HostMay(ctx, bank, known.Room, by.ID, by.Operator); err != nil {
		return v, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err = s.ClosePacketWithin(ctx, tx, by, bank, packetID)
		return err
	})
	return v, err
}

// ClosePacketWithin is ClosePacket within the transaction of who has seen to it
// that by may run the room.
func (s *Coupons) ClosePacketWithin(ctx context.Context, tx *db.Tx, by Staff, bank, packetID string) (PacketView, error) {
	p, err := readPacket(ctx, tx, bank, packetID, tx.Dialect().ForUpdate())
	if err != nil {
		return PacketView{}, err
	}
	if !p.Open {
		return PacketView{}, fault.New(fault.Conflict, "conflict")
	}
	if _, err := s.Box.Cancel(ctx, tx, bank, PacketTask, packetID); err != nil {
		return PacketView{}, err
	}
	if err := s.close(ctx, tx, &p); err != nil {
		return PacketView{}, err
	}
	return p.view(), audit.Write(ctx, tx, by.entry(bank, PacketClosed, p.ID, map[string]any{"taken_fen": p.TakenFen}))
}

// HandlePacket closes a red packet whose time is over, once.
func (s *Coupons) HandlePacket(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		p, err := readPacket(ctx, tx, t.Bank, t.Ref, tx.Dialect().ForUpdate())
		if fault.Code(err) == "not_found" || err == nil && !p.Open {
			return nil
		}
		if err != nil {
			return err
		}
		if tx.Now.Before(p.EndsAt) {
			return &outbox.Postponed{At: p.EndsAt}
		}
		return s.close(ctx, tx, &p)
	})
}

// close ends p, whose row tx holds, gives the rest back to the batch and tells
// the room.
func (s *Coupons) close(ctx context.Context, tx *db.Tx, p *Packet) error {
	_, err := tx.Exec(ctx, "UPDATE red_packet SET state = 'closed', closed_at = ? WHERE bank_id = ? AND id = ? AND state = 'open'", tx.Now, p.Bank, p.ID)
	if err != nil {
		return err
	}
	p.Open = false
	if rest := p.Total - p.TakenFen; rest > 0 {
		if err := release(ctx, tx, p.Bank, p.Batch, rest); err != nil {
			return err
		}
	}
	return s.Announcer.Fact(ctx, tx, p.Bank, p.Room, PacketClosed, p.view())
}
