package live

import "context"

// Report is what a room was, for after the show. What its cues did stands in its
// rundown.
type Report struct {
	Room    View     `json:"room"`
	Board   Board    `json:"board"`
	Minutes []Minute `json:"minutes" doc:"From the first minute to the last in which something happened"`
}

// RoomReport gives it to staff who may run the room; 404 not_found.
func (s *Rooms) RoomReport(ctx context.Context, bank, room string, by Staff) (r Report, err error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return r, err
	}
	r.Room = v.View
	if r.Board, err = s.Board(ctx, bank, room, by); err != nil {
		return r, err
	}
	r.Minutes, err = s.minutes(ctx, v)
	return r, err
}
