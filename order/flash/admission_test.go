package flash_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/order/flash"
)

// eachAdmission is the one contract suite that every implementation passes.
func eachAdmission(t *testing.T, fn func(t *testing.T, a flash.Admission, sale string)) {
	t.Run("memory", func(t *testing.T) { fn(t, flash.NewMemory(), id.New(id.Flash)) })
	testkit.EachRedis(t, func(t *testing.T, r redis.UniversalClient) {
		a, err := flash.NewRedis(r)
		if err != nil {
			t.Fatal(err)
		}
		fn(t, a, id.New(id.Flash))
	})
}

const first, second = "evt_1", "evt_2" // epochs

func set(t *testing.T, a flash.Admission, sale, epoch string, p flash.Picture) {
	t.Helper()
	if err := a.Set(testkit.Context(t), flash.Ref{Sale: sale, Epoch: epoch}, p); err != nil {
		t.Fatal(err)
	}
}

func hold(t *testing.T, a flash.Admission, sale, epoch, viewer string, n, limit int64) flash.Verdict {
	t.Helper()
	v, err := a.Hold(testkit.Context(t), flash.Ref{Sale: sale, Epoch: epoch}, viewer, n, limit)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func release(t *testing.T, a flash.Admission, sale, epoch, viewer string, n int64) {
	t.Helper()
	if err := a.Release(testkit.Context(t), flash.Ref{Sale: sale, Epoch: epoch}, viewer, n); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, a flash.Admission, sale string) flash.Level {
	t.Helper()
	l, known, err := a.Look(testkit.Context(t), sale)
	if err != nil || !known {
		t.Fatalf("known %v, %v", known, err)
	}
	return l
}

func TestAdmissionKnowsNothingUntilItIsSet(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		if v := hold(t, a, sale, first, "v", 1, 1); v != flash.Unknown {
			t.Errorf("hold: %v", v)
		}
		release(t, a, sale, first, "v", 1)
		if _, known, err := a.Look(testkit.Context(t), sale); known || err != nil {
			t.Errorf("a release made the sale known: %v %v", known, err)
		}
		set(t, a, sale, first, flash.Picture{Left: 3, Claims: map[string]int64{"v": 1, "gone": 0}})
		if v := hold(t, a, sale, first, "gone", 1, 1); v != flash.Held {
			t.Errorf("set, yet %v", v)
		}
		if err := a.Forget(testkit.Context(t), sale); err != nil {
			t.Fatal(err)
		}
		if v := hold(t, a, sale, first, "v", 1, 1); v != flash.Unknown {
			t.Errorf("forgotten, yet %v", v)
		}
	})
}

func TestAdmissionHoldsWithinStockAndLimit(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, first, flash.Picture{Left: 4, Claims: map[string]int64{"old": 2}})
		for i, want := range []struct {
			viewer string
			n      int64
			v      flash.Verdict
		}{
			{"old", 1, flash.OverLimit}, {"a", 3, flash.OverLimit}, {"a", 1, flash.Held}, {"a", 1, flash.Held}, {"a", 1, flash.OverLimit},
			{"b", 2, flash.Held}, {"c", 1, flash.TooFew},
		} {
			if v := hold(t, a, sale, first, want.viewer, want.n, 2); v != want.v {
				t.Errorf("%d: %s takes %d: %v, want %v", i, want.viewer, want.n, v, want.v)
			}
		}
		release(t, a, sale, first, "b", 2)
		if l := look(t, a, sale); l.Left != 2 {
			t.Errorf("left %d", l.Left)
		}
		if v := hold(t, a, sale, first, "b", 2, 2); v != flash.Held {
			t.Errorf("given back, yet %v", v)
		}
		release(t, a, sale, first, "", 5) // new units, nobody's
		if l := look(t, a, sale); l != (flash.Level{Left: 5, Epoch: first, Changes: 6}) {
			t.Errorf("topped up: %+v", l)
		}
	})
}

func TestAPictureOfAnotherEpochIsNotTouched(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, first, flash.Picture{Left: 4})
		if v := hold(t, a, sale, first, "a", 1, 2); v != flash.Held {
			t.Fatal(v)
		}
		set(t, a, sale, second, flash.Picture{Left: 7, Claims: map[string]int64{"b": 2}})
		if v := hold(t, a, sale, first, "c", 1, 2); v != flash.Unknown {
			t.Errorf("hold of an old epoch: %v", v)
		}
		release(t, a, sale, first, "a", 1)             // its hold went with the old picture
		set(t, a, sale, first, flash.Picture{Left: 4}) // a slow node comes late
		if l := look(t, a, sale); l != (flash.Level{Left: 7, Epoch: second}) {
			t.Errorf("%+v", l)
		}
		if v := hold(t, a, sale, second, "b", 1, 2); v != flash.OverLimit {
			t.Errorf("claims were not set: %v", v)
		}
		if v := hold(t, a, sale, second, "a", 2, 2); v != flash.Held {
			t.Errorf("old claims stayed: %v", v)
		}
	})
}

func TestAdmissionNeverHoldsMoreThanThereIs(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, first, flash.Picture{Left: 50})
		var held atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 10 {
					v, err := a.Hold(context.Background(), flash.Ref{Sale: sale, Epoch: first}, id.New(id.Viewer), 1, 1)
					if err != nil {
						t.Error(err)
					}
					if v == flash.Held {
						held.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if held.Load() != 50 {
			t.Errorf("held %d of 50", held.Load())
		}
	})
}
