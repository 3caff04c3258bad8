package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/live"
)

type roomLogIn struct {
	Page
	ID   string `path:"id" maxLength:"60"`
	What string `query:"what" enum:"fact,chat,act" doc:"All when left out"`
	Kind string `query:"kind" maxLength:"40" doc:"Such as product.pinned, shown or viewer.muted"`
	Who  string `query:"who" maxLength:"60" doc:"A viewer's or a member of staff's id"`
	From string `query:"from" maxLength:"40" doc:"From this day (YYYY-MM-DD in the bank's zone) or time on"`
	To   string `query:"to" maxLength:"40" doc:"To this day, it included, or before this time"`
}

func (in *roomLogIn) filter(zone *time.Location) (f live.LogFilter, err error) {
	f = live.LogFilter{What: in.What, Kind: in.Kind, Who: in.Who, Limit: in.Limit}
	if f.After, err = decodeCursor(in.Cursor); err != nil {
		return f, err
	}
	if f.From, err = moment("from", in.From, zone, 0); err != nil {
		return f, err
	}
	f.To, err = moment("to", in.To, zone, 1)
	return f, err
}

type replayIn struct {
	ID    string  `path:"id" maxLength:"60"`
	From  string  `query:"from" maxLength:"40" doc:"From this day (YYYY-MM-DD in the bank's zone) or time on"`
	Speed float64 `query:"speed" minimum:"0.1" maximum:"10000" default:"1" doc:"How many times as fast as it was"`
}

type slicesOut struct {
	Items []live.Slice `json:"items"`
}

// roomLogRoutes show what happened in a room.
func (s *Server) roomLogRoutes() {
	route(s, http.MethodGet, "/host/rooms/{id}/log", roomHands, "Every fact, message and act, the oldest first", func(ctx context.Context, in *roomLogIn) (*body[list[live.Line]], error) {
		_, by := runner(ctx)
		return s.roomLog(ctx, in, by)
	})
	route(s, http.MethodGet, "/host/rooms/{id}/replay", roomHands, "The log again at its own pace, as lines of JSON", s.replay)
	route(s, http.MethodGet, "/rooms/{id}/slices", public, "What was explained when", func(ctx context.Context, in *idIn) (*body[slicesOut], error) {
		items, err := s.Rooms.Slices(ctx, auth.From(ctx).Bank.ID, in.ID)
		return answered(slicesOut{items}, err)
	})
}

func (s *Server) roomLog(ctx context.Context, in *roomLogIn, by live.Staff) (*body[list[live.Line]], error) {
	bank := auth.From(ctx).Bank
	f, err := in.filter(bank.Zone)
	if err != nil {
		return nil, err
	}
	lines, err := s.Rooms.Lines(ctx, bank.ID, in.ID, by, f)
	if err != nil {
		return nil, err
	}
	return paged(lines, in.Limit, func(l live.Line) string { return l.ID }), nil
}

// A node's replays are bounded in number and in time, each line in how long its
// reader may take.
const (
	maxReplays = 32
	replayTime = 6 * time.Hour
	lineTime   = 10 * time.Second
)

func (s *Server) replay(ctx context.Context, in *replayIn) (*huma.StreamResponse, error) {
	bank := auth.From(ctx).Bank
	from, err := moment("from", in.From, bank.Zone, 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, replayTime)
	_, by := runner(ctx)
	play, err := s.Rooms.Replay(ctx, bank.ID, in.ID, by, from, in.Speed)
	if err != nil {
		cancel()
		return nil, err
	}
	select {
	case s.replays <- struct{}{}:
	default:
		cancel()
		return nil, fault.New(fault.Unavailable, "unavailable").After(time.Minute)
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer func() { <-s.replays }()
		defer cancel()
		go func() { // until the answer is over, by whatever end
			select {
			case <-s.draining:
				cancel()
			case <-ctx.Done():
			}
		}()
		out.SetHeader("Content-Type", "application/x-ndjson; charset=utf-8")
		out.SetHeader("Cache-Control", "no-store")
		writer := humagin.Unwrap(out).Writer
		lines, control := json.NewEncoder(writer), http.NewResponseController(writer)
		writer.WriteHeaderNow()
		writer.Flush()
		err := play(func(l live.Line) error {
			if err := control.SetWriteDeadline(time.Now().Add(lineTime)); err != nil {
				return err
			}
			if err := lines.Encode(l); err != nil {
				return err
			}
			writer.Flush()
			return nil
		})
		if err != nil {
			s.log.DebugContext(ctx, "replay broken off", "error", err)
			panic(http.ErrAbortHandler) // a log cut short must not look whole
		}
		_ = control.SetWriteDeadline(time.Time{}) // the connection may serve on
	}}, nil
}
