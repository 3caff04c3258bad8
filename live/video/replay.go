package video

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Replay is what was recorded of a room.
type Replay struct {
	URL        string  `json:"url" doc:"All of it as HLS, signed; empty when nothing was recorded"`
	DurationMS int64   `json:"duration_ms"`
	Slices     []Slice `json:"slices" doc:"The stretches in which a product was explained, in order"`

	FromAt  *clock.Stamp `json:"from_at" doc:"Where the recording begins; null when nothing was recorded"`
	ToAt    *clock.Stamp `json:"to_at"`
	ByHand  bool         `json:"by_hand" doc:"The slices were cut by hand, not by what was pinned when"`
	Version int64        `json:"version" doc:"Of the slices; an edit names the one that it is of"`
}

// Slice is a stretch of a recording in which one product was explained.
type Slice struct {
	SKUID      string      `json:"sku_id"`
	FromAt     clock.Stamp `json:"from_at"`
	ToAt       clock.Stamp `json:"to_at"`
	DurationMS int64       `json:"duration_ms" doc:"Of the picture: whole segments, without what was not pushed"`
	URL        string      `json:"url"`
}

// pinned is the fact that begins and ends slices.
const pinned = "product.pinned"

// Replay shows what was recorded of a room and how it is cut by its pins; of one
// SKU where one is named. 404 not_found. A room of an external source has none.
func (v *Video) Replay(ctx context.Context, bank, room, sku string) (Replay, error) {
	out := Replay{Slices: []Slice{}}
	if _, err := readIngest(ctx, v.DB, bank, room); err != nil {
		return out, err
	}
	list, err := v.recordings.entries(room)
	if err != nil || len(list) == 0 {
		return out, err
	}
	folder := v.Addresses.folder(room, viewers)
	out.URL, out.DurationMS = folder+replayName, length(list)
	end := list[len(list)-1].end()
	out.FromAt, out.ToAt = clock.AtPtr(list[0].At.Truncate(time.Millisecond)), clock.AtPtr(end.Truncate(time.Millisecond).Add(time.Millisecond))
	slices, version, cut, err := byHand(ctx, v.DB, bank, room)
	if err != nil {
		return out, err
	}
	if out.ByHand, out.Version = cut, version; !cut {
		slices, err = pins(ctx, v.DB, bank, room, end)
	}
	for _, s := range slices {
		part := between(list, s.FromAt.Time, s.ToAt.Time)
		if len(part) == 0 || sku != "" && s.SKUID != sku {
			continue
		}
		s.DurationMS = length(part)
		s.URL = out.URL + "?" + url.Values{"from": {ms(s.FromAt.Time)}, "to": {ms(s.ToAt.Time)}}.Encode()
		out.Slices = append(out.Slices, s)
	}
	return out, err
}

// pins reads a room's slices; the last may be open, and ends with the recording.
func pins(ctx context.Context, q db.Querier, bank, room string, end time.Time) ([]Slice, error) {
	facts, err := db.All(ctx, q, func(r db.Row) (s Slice, err error) {
		var at db.Time
		var payload string
		if err := r.Scan(&payload, &at); err != nil {
			return s, err
		}
		var p struct {
			SKU *string `json:"sku_id"`
		}
		if err := json.Unmarshal([]byte(payload), &p); err != nil {
			return s, err
		}
		if p.SKU != nil {
			s.SKUID = *p.SKU
		}
		s.FromAt = clock.At(at.Truncate(time.Millisecond)) // as its address says it
		return s, nil
	}, "SELECT payload, at FROM room_event WHERE bank_id = ? AND room_id = ? AND kind = ? ORDER BY seq", bank, room, pinned)
	var out []Slice
	for i, s := range facts {
		if s.ToAt = clock.At(end.Truncate(time.Millisecond).Add(time.Millisecond)); i+1 < len(facts) {
			s.ToAt = facts[i+1].FromAt
		}
		if s.SKUID != "" && s.ToAt.After(s.FromAt.Time) {
			out = append(out, s)
		}
	}
	return out, err
}

// between are the segments that show some of a stretch of time: whole ones.
func between(list []entry, from, to time.Time) []entry {
	var out []entry
	for _, e := range list {
		if e.At.Before(to) && e.end().After(from) {
			out = append(out, e)
		}
	}
	return out
}

func length(list []entry) (ms int64) {
	for _, e := range list {
		ms += e.MS
	}
	return ms
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// serveReplay lists the recording, or the stretch that the query names.
func (v *Video) serveReplay(w http.ResponseWriter, r *http.Request, room string) {
	list, err := v.recordings.entries(room)
	if err != nil {
		v.Log.WarnContext(r.Context(), "recording not read", "room", room, "error", err)
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	from, fromErr := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	to, toErr := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
	if r.URL.RawQuery != "" {
		if fromErr != nil || toErr != nil {
			http.NotFound(w, r)
			return
		}
		list = between(list, time.UnixMilli(from), time.UnixMilli(to))
	}
	if len(list) == 0 {
		http.NotFound(w, r)
		return
	}
	segs := make([]segment, len(list))
	for i, e := range list {
		segs[i] = e.segment()
	}
	text, err := media(segs, 0, true, segmentEnd)
	if err != nil {
		v.Log.WarnContext(r.Context(), "recording not listed", "room", room, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	servePlaylist(w, r, text)
}
