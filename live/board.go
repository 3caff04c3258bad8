package live

import (
	"context"

	"yinbo/internal/db"
)

// Board is a room's figures for those who run it.
type Board struct {
	Viewers int64 `json:"viewers"`
	Peak    int64 `json:"peak_viewers"`
	Unique  int64 `json:"unique_viewers"`
	Likes   int64 `json:"likes"`
	Chats   int64 `json:"chats"`
	Trade
}

// Board gives a room's figures to staff who may run it; 404 not_found.
func (s *Rooms) Board(ctx context.Context, bank, room string, by Staff) (Board, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Board{}, err
	}
	if err := s.may(ctx, s.DB, v, by.ID, by.Operator, PartAssistant); err != nil {
		return Board{}, err
	}
	return s.board(ctx, v)
}

// BoardOf gives the board to the sockets of those who run the room.
func (s *Rooms) BoardOf(ctx context.Context, bank, room string) (Board, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Board{}, err
	}
	return s.board(ctx, v)
}

func (s *Rooms) board(ctx context.Context, v row) (Board, error) {
	b := Board{Viewers: v.Viewers, Peak: max(v.peak, v.Viewers), Likes: v.Likes, Chats: v.chats}
	var err error
	if b.Unique, _, err = db.Value[int64](ctx, s.DB, "SELECT COUNT(*) FROM room_visitor WHERE room_id = ?", v.ID); err != nil {
		return b, err
	}
	b.Trade, err = s.Figures.RoomFigures(ctx, v.bank, v.ID)
	return b, err
}
