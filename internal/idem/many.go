package idem

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Kept is what is known of one request: its answer when Found, or Err when the
// same key came with another body (422 idempotency.mismatch).
type Kept[T any] struct {
	Answer T
	Found  bool
	Err    error
}

// LookupMany is Lookup for requests of one bank and one route, by one
// statement; the results stand in the order of rs.
func LookupMany[T any](ctx context.Context, q db.Querier, rs []Request) ([]Kept[T], error) {
	out := make([]Kept[T], len(rs))
	if len(rs) == 0 {
		return out, nil
	}
	type name struct{ person, keyHash string }
	wanted := make(map[name][]int, len(rs))
	args := []any{rs[0].Bank, rs[0].Route}
	for i, r := range rs {
		n := name{r.Person, r.keyHash()}
		wanted[n] = append(wanted[n], i)
		args = append(args, n.person, n.keyHash)
	}
	// Pairs, not two lists: an engine would look for every person with every key.
	pairs := strings.TrimSuffix(strings.Repeat("(person_id = ? AND key_hash = ?) OR ", len(rs)), " OR ")
	type row struct{ person, keyHash, body, response string }
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.person, &v.keyHash, &v.body, &v.response)
	}, `SELECT person_id, key_hash, body_hash, response FROM idempotency
		WHERE bank_id = ? AND route = ? AND (`+pairs+")", args...)
	if err != nil {
		return nil, err
	}
	for _, v := range rows {
		for _, i := range wanted[name{v.person, v.keyHash}] {
			if v.body != rs[i].BodyHash {
				out[i].Err = fault.New(fault.Invalid, "idempotency.mismatch").With("Idempotency-Key", "idempotency.mismatch")
				continue
			}
			if err := json.Unmarshal([]byte(v.response), &out[i].Answer); err != nil {
				return nil, fmt.Errorf("idem: kept answer of %s: %w", rs[i].Route, err)
			}
			out[i].Found = true
		}
	}
	return out, nil
}
