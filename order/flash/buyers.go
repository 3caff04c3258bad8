package flash

import (
	"context"
	"time"
)

// buyers is what a node knows of who bought in a sale. It lets the node answer
// without a word to Redis or the database where the answer is certain; whoever
// may have bought is looked up, since theirs may be a repeat of a key that has
// an answer.
type buyers struct {
	ever     map[string]struct{} // who ever bought
	complete bool                // ever has everyone, as of the last look
	here     map[string]*bought  // who bought on this node
}

// bought is what one viewer bought on this node.
type bought struct {
	units int64    // held, less what came back on this node
	keys  []string // that have an answer
	at    time.Time
}

func newBuyers() buyers {
	return buyers{ever: map[string]struct{}{}, here: map[string]*bought{}}
}

// trusted is how long what a viewer bought here is believed to be held still:
// on another node it may have been cancelled. The contract's 5 s hold.
const trusted = 2 * time.Second

// mayHaveBought is sure for those who bought before the last round of Run, and
// on this node at once.
func (b *buyers) mayHaveBought(viewer string) bool {
	_, ever := b.ever[viewer]
	return ever || !b.complete
}

// add takes in a purchase that was committed on this node.
func (b *buyers) add(t *ticket, now time.Time) {
	b.ever[t.viewer] = struct{}{}
	own := b.here[t.viewer]
	if own == nil {
		own = &bought{}
		b.here[t.viewer] = own
	}
	own.units += t.n
	own.keys = append(own.keys, t.req.Key)
	own.at = now
}

// giveBack takes in units that came back on this node.
func (b *buyers) giveBack(viewer string, n int64) {
	if own := b.here[viewer]; own != nil {
		own.units -= n
	}
}

// atLimit tells that n more units are over a viewer's limit for certain: all
// that the limit allows was bought here a moment ago, under other keys.
func (b *buyers) atLimit(t *ticket, limit int64, now time.Time) bool {
	own := b.here[t.viewer]
	if own == nil || own.units+t.n <= limit || now.Sub(own.at) > trusted {
		return false
	}
	for _, k := range own.keys {
		if k == t.req.Key {
			return false
		}
	}
	return own.units >= limit // else an earlier purchase on another node may have this key
}

// loadBuyers reads who ever bought, unless that is known and count long.
func (s *Sales) loadBuyers(ctx context.Context, sl *sale, count int) error {
	sl.mu.Lock()
	flashID, have := sl.row.ID, sl.buyers.complete && len(sl.buyers.ever) >= count
	sl.mu.Unlock()
	if have {
		return nil
	}
	claims, err := allClaims(ctx, s.DB, flashID)
	if err != nil {
		return err
	}
	sl.mu.Lock()
	defer sl.mu.Unlock()
	for viewer := range claims {
		sl.buyers.ever[viewer] = struct{}{}
	}
	sl.buyers.complete = true
	return nil
}
