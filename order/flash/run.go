package flash

import (
	"context"
	"log/slog"
	"time"
)

// round is how often a node looks at the open sales: a sold-out flag, or a hold
// that a crash left behind, lasts at most two of them.
const round = time.Second

// Run keeps this node's picture of the open sales fresh and repairs admission,
// until ctx ends.
func (s *Sales) Run(ctx context.Context) error {
	tick := time.NewTicker(round)
	defer tick.Stop()
	if err := s.adopt(ctx); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "flash_adopt_failed", "error", err)
	}
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "flash_round_failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// adopt rebuilds admission's pictures of the sales that are on when a node
// starts: it has not seen how far they were, and could not tell an old copy.
func (s *Sales) adopt(ctx context.Context) error {
	rows, err := readRows(ctx, s.DB, "state = 'open' AND epoch <> ''")
	if err != nil {
		return err
	}
	for _, r := range rows {
		sl, err := s.remember(ctx, r)
		if err != nil {
			return err
		}
		s.admit(func() error { return s.rebuild(ctx, sl, r.Epoch) })
	}
	return nil
}

// Round is one look at every open sale.
func (s *Sales) Round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*round)
	defer cancel()
	rows, err := readRows(ctx, s.DB, "state = 'open'")
	if err != nil {
		return err
	}
	isOpen, now := make(map[string]bool, len(rows)), s.DB.Clock().Now()
	for _, r := range rows {
		isOpen[r.ID] = true
		sl, err := s.remember(ctx, r)
		if err != nil {
			return err
		}
		sl.learn(r)
		if r.refusal(now) == nil {
			s.repair(ctx, sl, r)
		}
	}
	return s.forgetOver(ctx, isOpen)
}

// forgetOver reads sales that are open no more for the last time, and drops
// those that were read so and have no one waiting.
func (s *Sales) forgetOver(ctx context.Context, isOpen map[string]bool) error {
	s.mu.RLock()
	var over []*sale
	for flashID, sl := range s.sales {
		if !isOpen[flashID] {
			over = append(over, sl)
		}
	}
	s.mu.RUnlock()
	for _, sl := range over {
		r := sl.current()
		if r.State == open {
			last, err := readSale(ctx, s.DB, r.Bank, r.ID)
			if err != nil {
				return err
			}
			sl.learn(last)
			continue
		}
		sl.mu.Lock()
		idle := sl.running == 0
		sl.mu.Unlock()
		if !idle {
			continue
		}
		s.mu.Lock()
		delete(s.sales, r.ID)
		s.mu.Unlock()
		s.admit(func() error { return s.Admission.Forget(ctx, r.ID) })
	}
	return nil
}
