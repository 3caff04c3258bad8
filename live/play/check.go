package play

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of lotteries and polls.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "lottery.winners",
		Means: "only a drawn lottery has winners, no more of a prize than there is of it, each at a place of its own",
		Of:    "lottery_entry",
		Broken: `SELECT e.bank_id, CONCAT_WS(' ', e.lottery_id, e.prize_no), CONCAT_WS('', e.n, ' win one of ', COALESCE(p.quantity, 0), ', the lottery is ', COALESCE(l.state, 'not there'))
			FROM (SELECT bank_id, lottery_id, prize_no, COUNT(*) AS n, COUNT(DISTINCT place) AS places FROM lottery_entry
				WHERE place IS NOT NULL GROUP BY bank_id, lottery_id, prize_no) e
			LEFT JOIN lottery_prize p ON p.lottery_id = e.lottery_id AND p.prize_no = e.prize_no
			LEFT JOIN lottery l ON l.id = e.lottery_id AND l.bank_id = e.bank_id
			WHERE l.id IS NULL OR l.state <> 'drawn' OR e.n > COALESCE(p.quantity, 0) OR e.places <> e.n`,
	}, {
		Name:  "lottery.coupon",
		Means: "a coupon noted for a winner is the winner's, of the prize's batch",
		Of:    "lottery_entry",
		Broken: `SELECT e.bank_id, CONCAT_WS(' ', e.lottery_id, e.viewer_id), CONCAT_WS('', e.coupon_id, ' is ', COALESCE(c.viewer_id, 'not there'))
			FROM lottery_entry e LEFT JOIN coupon c ON c.id = e.coupon_id AND c.bank_id = e.bank_id
			LEFT JOIN lottery_prize p ON p.lottery_id = e.lottery_id AND p.prize_no = e.prize_no
			WHERE e.coupon_id IS NOT NULL AND (c.id IS NULL OR c.viewer_id <> e.viewer_id OR c.batch_id <> COALESCE(p.batch_id, '') OR c.source_ref <> e.lottery_id)`,
	}, {
		Name:  "lottery.proof",
		Means: "every draw verifies: the seed is the one committed to, and the winners follow from it",
		Look:  verifyAll,
	},
		outbox.Awaited("lottery.end", "an open lottery has a task that draws it", DrawTask, "lottery", "t.state = 'open'", nil),
		{
			Name:  "poll.votes",
			Means: "votes are for options that a poll has, and a closed poll says how many there are",
			Look:  countAll,
		},
		outbox.Awaited("poll.end", "an open poll has a task that closes it", PollTask, "poll", "t.state = 'open'", nil),
	}
}

// verifyAll draws every lottery again.
func verifyAll(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	all, err := db.All(ctx, q, scanLottery, lotteryColumns+"state = 'drawn' ORDER BY id")
	if err != nil {
		return 0, nil, err
	}
	for _, l := range all {
		p, err := proofOf(ctx, q, l)
		if err != nil {
			return looked, broken, err
		}
		looked++
		if err := p.Verify(); err != nil {
			broken = append(broken, invariant.Row{Bank: l.bank, Object: l.ID, Found: err.Error()})
		}
	}
	return looked, broken, nil
}

// countAll counts every poll again.
func countAll(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	polls, err := db.All(ctx, q, scanPoll, pollColumns+"1 = 1 ORDER BY id")
	if err != nil {
		return 0, nil, err
	}
	for _, p := range polls {
		looked++
		strange, _, err := db.Value[int64](ctx, q, "SELECT COUNT(*) FROM poll_vote WHERE poll_id = ? AND (option_no < 0 OR option_no >= ?)", p.ID, len(p.Options))
		if err != nil {
			return looked, broken, err
		}
		if strange > 0 {
			broken = append(broken, invariant.Row{Bank: p.bank, Object: p.ID, Found: fmt.Sprintf("%d votes for no option", strange)})
			continue
		}
		counts, err := countVotes(ctx, q, p)
		if err != nil {
			return looked, broken, err
		}
		if !p.Open && fmt.Sprint(counts) != fmt.Sprint(p.Counts) {
			broken = append(broken, invariant.Row{Bank: p.bank, Object: p.ID, Found: fmt.Sprintf("says %v, has %v", p.Counts, counts)})
		}
	}
	return looked, broken, nil
}
