package live

import (
	"context"
	"time"
)

// replayPage is how many lines of a log a replay holds at once.
const replayPage = 500

// Replay gives a room's log from a time on, line by line, at its own pace divided
// by speed, until the log is over, ctx ends or emit fails. 404 and 403 come
// before the first line.
func (s *Rooms) Replay(ctx context.Context, bank, room string, by Staff, from time.Time, speed float64) (func(emit func(Line) error) error, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return func(emit func(Line) error) error {
		return s.replay(ctx, room, LogFilter{From: from, Limit: replayPage}, speed, emit)
	}, nil
}

func (s *Rooms) replay(ctx context.Context, room string, f LogFilter, speed float64, emit func(Line) error) error {
	var began, first time.Time // now, and then
	for {
		page, err := s.lines(ctx, room, f)
		if err != nil {
			return err
		}
		more := len(page) > f.Limit
		page = page[:min(len(page), f.Limit)]
		for _, l := range page {
			if first.IsZero() {
				began, first = time.Now(), l.At.Time
			}
			due := began.Add(time.Duration(float64(l.At.Sub(first)) / speed))
			if err := until(ctx, due); err != nil {
				return err
			}
			if err := emit(l); err != nil {
				return err
			}
			f.After = l.ID
		}
		if !more {
			return nil
		}
	}
}

// until waits, or gives why it waits no more.
func until(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
