package idem_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/testkit"
)

type answer struct {
	ID string `json:"id"`
}

func request(key, body string) idem.Request {
	return idem.Request{Bank: "bank_1", Person: "vwr_1", Route: "POST /orders", Key: key, BodyHash: body}
}

// RULES 8.14: the same key again, another body, twice at once.
func TestAKeyActsOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		k := idem.NewKeeper(d)
		act := func(*db.Tx) (answer, error) { return answer{id.New(id.Order)}, nil }
		first, replayed, err := idem.Do(ctx, k, request("k", "b"), act)
		if err != nil || replayed {
			t.Fatalf("%v %v", replayed, err)
		}
		again, replayed, err := idem.Do(ctx, k, request("k", "b"), act)
		if err != nil || !replayed || again != first {
			t.Errorf("again: %v %v %v, first %v", again, replayed, err, first)
		}
		if _, _, err := idem.Do(ctx, k, request("k", "other"), act); fault.Code(err) != "idempotency.mismatch" {
			t.Errorf("other body: %v", err)
		}
		other := request("k", "b")
		other.Person = "vwr_2"
		if theirs, replayed, err := idem.Do(ctx, k, other, act); err != nil || replayed || theirs == first {
			t.Errorf("another person: %v %v %v", theirs, replayed, err)
		}
	})
}

func TestARefusalIsNotKept(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	ctx := testkit.Context(t)
	k := idem.NewKeeper(d)
	refusal := fault.New(fault.Conflict, "conflict")
	if _, _, err := idem.Do(ctx, k, request("k", "b"), func(*db.Tx) (answer, error) { return answer{}, refusal }); !errors.Is(err, refusal) {
		t.Fatal(err)
	}
	if _, replayed, err := idem.Do(ctx, k, request("k", "b"), func(*db.Tx) (answer, error) { return answer{"x"}, nil }); err != nil || replayed {
		t.Errorf("decided anew: %v %v", replayed, err)
	}
}

// RULES 8.14: twice at once, on two nodes.
func TestTwiceAtOnceOverTwoNodesActsOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		nodes := []*idem.Keeper{idem.NewKeeper(d), idem.NewKeeper(d)}
		var acted, answered atomic.Int64
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				_, replayed, err := idem.Do(ctx, nodes[i%2], request("k", "b"), func(tx *db.Tx) (answer, error) {
					return answer{"one"}, tx.Insert(ctx, "meta (name, value)", [][]any{{id.New(id.Event), "acted"}}, "")
				})
				switch {
				case err == nil && !replayed:
					acted.Add(1)
				case err == nil:
					answered.Add(1)
				case fault.Code(err) != "idempotency.in_flight":
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		rows, _, err := db.Value[int64](ctx, d, "SELECT COUNT(*) FROM meta WHERE value = 'acted'")
		if err != nil || rows != 1 || acted.Load() != 1 {
			t.Errorf("%d effects, %d acted: %v", rows, acted.Load(), err)
		}
	})
}

func TestOldAnswersAreForgotten(t *testing.T) {
	fake := clock.NewFake(time.Now())
	d := testkit.SQLite(t, fake)
	ctx := testkit.Context(t)
	k := idem.NewKeeper(d)
	act := func(*db.Tx) (answer, error) { return answer{"x"}, nil }
	if _, _, err := idem.Do(ctx, k, request("k", "b"), act); err != nil {
		t.Fatal(err)
	}
	fake.Advance(24*time.Hour + time.Minute)
	if n, err := idem.Purge(ctx, d, 10); err != nil || n != 0 {
		t.Errorf("%d forgotten after a day: %v", n, err)
	}
	fake.Advance(idem.Keep)
	if n, err := idem.Purge(ctx, d, 10); err != nil || n != 1 {
		t.Errorf("%d forgotten: %v", n, err)
	}
}
