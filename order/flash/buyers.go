package flash

import (
	"context"
	"slices"
	"time"
)

// buyers is what a node knows of who bought in a sale. With it, and one look at
// the row that many share, a refusal is certain without a search for an answer
// that the key may have: "sold out" must not be told to somebody who has bought,
// maybe on another node, and asks again.
type buyers struct {
	ever   map[string]struct{} // who ever bought
	asOf   int64               // ever has all of them up to this row.Ever; -1 before the first reading
	loaded time.Time           // when they were read last
	here   map[string]*bought  // who bought on this node
}

// bought is what one viewer bought on this node.
type bought struct {
	units    int64
	keys     []string // that have an answer
	returned int64    // the row's, when units was true
}

func newBuyers() buyers {
	return buyers{ever: map[string]struct{}{}, asOf: -1, here: map[string]*bought{}}
}

// add takes in a batch that was committed on this node and left the row as r.
func (b *buyers) add(batch []*ticket, verdicts []verdict, r row) {
	var sold int64
	for i, t := range batch {
		if !verdicts[i].bought {
			continue
		}
		sold += t.n
		b.ever[t.viewer] = struct{}{}
		own := b.here[t.viewer]
		if own == nil || own.returned != r.returned() {
			own = &bought{returned: r.returned()} // units came back since, maybe this viewer's
			b.here[t.viewer] = own
		}
		own.units += t.n
		own.keys = append(own.keys, t.req.Key)
	}
	if b.asOf == r.Ever-sold {
		b.asOf = r.Ever
	}
}

// noAnswer tells for certain that a key has no answer, the row being r: all who
// ever bought are known and the viewer is none of them, or all that the limit
// allows was bought here under other keys and no unit came back since.
func (b *buyers) noAnswer(viewer, key string, r row) bool {
	if _, ever := b.ever[viewer]; !ever && b.asOf == r.Ever {
		return true
	}
	own := b.here[viewer]
	return own != nil && own.units >= r.Limit && own.returned == r.returned() && !slices.Contains(own.keys, key)
}

// loadEvery keeps readings of all buyers apart; between them keys are searched.
const loadEvery = 250 * time.Millisecond

// noAnswer is buyers.noAnswer, after reading who bought where r tells that
// somebody did whom this node does not know.
func (s *Sales) noAnswer(ctx context.Context, sl *sale, viewer, key string, r row) bool {
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if sl.buyers.asOf != r.Ever && time.Since(sl.buyers.loaded) > loadEvery {
		sl.buyers.loaded = time.Now()
		sl.mu.Unlock()
		claims, err := allClaims(ctx, s.DB, r.ID) // read after r: it has those whom r counts
		sl.mu.Lock()
		if err == nil {
			for viewer := range claims {
				sl.buyers.ever[viewer] = struct{}{}
			}
			sl.buyers.asOf = max(sl.buyers.asOf, r.Ever)
		}
	}
	return sl.buyers.noAnswer(viewer, key, r)
}
