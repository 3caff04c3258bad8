package livetest

import (
	"context"
	"errors"
	"testing"

	"yinbo/internal/outbox"
)

// RunTasks runs every task that is due, as jobs does, until none is. Several may
// run at once, as on several nodes.
func (s *Stage) RunTasks(t testing.TB, box *outbox.Box, handlers map[string]func(context.Context, outbox.Task) error) {
	t.Helper()
	for {
		due, err := box.Due(s.Ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			task, ok, err := box.Take(s.Ctx, w.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			err = handlers[task.Kind](s.Ctx, task)
			var later *outbox.Postponed
			switch {
			case err == nil:
				err = box.Done(s.Ctx, task)
			case errors.As(err, &later):
				err = box.Postpone(s.Ctx, task, later.At)
			default:
				t.Errorf("%s: %v", task.Kind, err)
				err = box.Fail(s.Ctx, task, err, false)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Facts are the kinds of a room's facts, in order.
func (s *Stage) Facts(t testing.TB, room string) (kinds []string) {
	t.Helper()
	log, err := s.Rooms.FactsSince(s.Ctx, room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range log {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}
