package order

import (
	"context"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/idem"
)

// Kept is what is known of one press in a flash sale: the answer it got when
// Found, or Err when its key came with another body (422 idempotency.mismatch).
type Kept struct {
	Answer View
	Found  bool
	Err    error
}

// KeptAnswers looks up presses in one sale; the results stand in the order of rs.
// A press has no answer kept beside its order: the order's row has the key, one
// of its viewer in the sale, and never forgets how it was placed.
func KeptAnswers(ctx context.Context, q db.Querier, flash string, rs []idem.Request) ([]Kept, error) {
	out := make([]Kept, len(rs))
	if len(rs) == 0 {
		return out, nil
	}
	type name struct{ viewer, key string }
	wanted := make(map[name][]int, len(rs))
	args := []any{rs[0].Bank, flash}
	for i, r := range rs {
		n := name{r.Person, r.KeyHash()}
		wanted[n] = append(wanted[n], i)
		args = append(args, n.viewer, n.key)
	}
	// Pairs, not two lists: an engine would look for every person with every key.
	pairs := strings.TrimSuffix(strings.Repeat("(viewer_id = ? AND request_key = ?) OR ", len(rs)), " OR ")
	orders, err := read(ctx, q, "bank_id = ? AND flash_id = ? AND ("+pairs+")", args...)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		for _, i := range wanted[name{o.Viewer, o.Key}] {
			if out[i].Err = rs[i].SameBody(o.Body); out[i].Err == nil {
				out[i].Answer, out[i].Found = o.placed().View(), true
			}
		}
	}
	return out, nil
}

// placed is a flash order as it was when it was placed.
func (o Order) placed() Order {
	o.Status, o.Deductions, o.Payable, o.Paid, o.Refunded = PendingPayment, nil, o.Goods, 0, 0
	return o
}
