package live

import (
	"context"
	"encoding/json"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Slice is the part of a room in which one product was explained.
type Slice struct {
	SKU    string       `json:"sku_id"`
	From   clock.Stamp  `json:"from_at"`
	To     *clock.Stamp `json:"to_at" doc:"null while it is being explained"`
	Offset int64        `json:"offset_ms" doc:"Into the recording, which begins with the room"`
}

// Slices cuts a room by what was pinned when; none before it has started. 404
// not_found.
func (s *Rooms) Slices(ctx context.Context, bank, room string) ([]Slice, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil || v.StartedAt == nil {
		return []Slice{}, err
	}
	pins, err := db.All(ctx, s.DB, scanPin,
		"SELECT payload, at FROM room_event WHERE bank_id = ? AND room_id = ? AND kind = ? ORDER BY seq", bank, room, factPinned)
	if err != nil {
		return nil, err
	}
	if v.EndedAt != nil {
		pins = append(pins, pinned{at: v.EndedAt.Time})
	}
	return cut(pins, v.StartedAt.Time), nil
}

// pinned is what was pinned from a time on; nil for nothing.
type pinned struct {
	sku *string
	at  time.Time
}

func scanPin(r db.Row) (p pinned, err error) {
	var payload string
	var at db.Time
	if err := r.Scan(&payload, &at); err != nil {
		return p, err
	}
	var fact struct {
		SKU *string `json:"sku_id"`
	}
	err = json.Unmarshal([]byte(payload), &fact)
	return pinned{fact.SKU, at.Time}, err
}

// cut makes slices of pins; what was pinned while the room was made ready counts
// from its start.
func cut(pins []pinned, start time.Time) []Slice {
	out := []Slice{}
	for i, p := range pins {
		if p.sku == nil || i > 0 && pins[i-1].sku != nil && *pins[i-1].sku == *p.sku { // pinned again: the slice goes on
			continue
		}
		from := p.at
		if from.Before(start) {
			from = start
		}
		slice := Slice{SKU: *p.sku, From: clock.At(from), Offset: from.Sub(start).Milliseconds()}
		for _, next := range pins[i+1:] {
			if next.sku == nil || *next.sku != *p.sku {
				slice.To = clock.AtPtr(next.at)
				break
			}
		}
		if slice.To == nil || slice.To.After(from) {
			out = append(out, slice)
		}
	}
	return out
}
