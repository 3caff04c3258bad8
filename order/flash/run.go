package flash

import (
	"context"
	"log/slog"
	"time"

	"yinbo/internal/db"
)

// round is how often a node looks at the open sales: a sold-out flag, or a hold
// that a crash left behind, lasts at most two of them.
const round = time.Second

// Run keeps this node's picture of the open sales fresh and repairs admission,
// until ctx ends.
func (s *Sales) Run(ctx context.Context) error {
	tick := time.NewTicker(round)
	defer tick.Stop()
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

// Round is one look at every open sale.
func (s *Sales) Round(ctx context.Context) error {
	// Admission is looked at first: what it has taken by now, the rows read
	// after may show as sold or not yet, but never the other way round.
	levels := s.levels(ctx)
	rows, err := readRows(ctx, s.DB, "state = 'open'")
	if err != nil {
		return err
	}
	isOpen := make(map[string]bool, len(rows))
	for _, r := range rows {
		isOpen[r.ID] = true
		sl, err := s.remember(ctx, r)
		if err != nil {
			return err
		}
		sl.learn(r)
		if r.left() <= 0 {
			if err := s.countBuyers(ctx, sl); err != nil {
				return err
			}
		}
		if level, ok := levels[r.ID]; ok {
			s.repair(ctx, sl, r, level)
		}
	}
	return s.forgetOver(ctx, isOpen)
}

func (s *Sales) known() []*sale {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*sale, 0, len(s.sales))
	for _, sl := range s.sales {
		all = append(all, sl)
	}
	return all
}

// levels asks admission about the sales that this node knows and that are on.
func (s *Sales) levels(ctx context.Context) map[string]Level {
	ctx, cancel := context.WithTimeout(ctx, round)
	defer cancel()
	levels, now := map[string]Level{}, s.DB.Clock().Now()
	for _, sl := range s.known() {
		r := sl.current()
		if r.refusal(now) != nil {
			continue
		}
		s.admit(func() error {
			level, known, err := s.Admission.Look(ctx, r.ID)
			if known {
				levels[r.ID] = level
			}
			return err
		})
	}
	return levels
}

// repair sets admission right when it has more than the row, at once; when it
// has less, that may be holds on their way to the database: only once nothing
// has moved for a whole round.
func (s *Sales) repair(ctx context.Context, sl *sale, r row, level Level) {
	sl.mu.Lock()
	still := sl.seen == level && sl.seenLeft == r.left() && sl.running == 0
	sl.seen, sl.seenLeft = level, r.left()
	sl.mu.Unlock()
	if level.Left > r.left() || level.Left < r.left() && still {
		s.admit(func() error { return s.setAdmission(ctx, sl, level.Version) })
	}
}

// countBuyers keeps the list of buyers whole while the sale is sold out.
func (s *Sales) countBuyers(ctx context.Context, sl *sale) error {
	n, _, err := db.Value[int](ctx, s.DB, "SELECT COUNT(*) FROM flash_claim WHERE flash_id = ?", sl.current().ID)
	if err != nil {
		return err
	}
	return s.loadBuyers(ctx, sl, n)
}

// forgetOver reads sales that are open no more for the last time, and drops
// those that were read so and have no one waiting.
func (s *Sales) forgetOver(ctx context.Context, isOpen map[string]bool) error {
	for _, sl := range s.known() {
		r := sl.current()
		if isOpen[r.ID] {
			continue
		}
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
