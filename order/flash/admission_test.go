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
	testkit.EachRedis(t, func(t *testing.T, r redis.UniversalClient) { fn(t, flash.NewRedis(r), id.New(id.Flash)) })
}

func set(t *testing.T, a flash.Admission, sale, version string, p flash.Picture) bool {
	t.Helper()
	done, err := a.Set(testkit.Context(t), sale, version, p)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func hold(t *testing.T, a flash.Admission, sale, viewer string, n, limit int64) flash.Verdict {
	t.Helper()
	v, err := a.Hold(testkit.Context(t), sale, viewer, n, limit)
	if err != nil {
		t.Fatal(err)
	}
	return v
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
		if v := hold(t, a, sale, "v", 1, 1); v != flash.Unknown {
			t.Errorf("hold: %v", v)
		}
		if err := a.Release(testkit.Context(t), sale, "v", 1); err != nil {
			t.Error(err)
		}
		if _, known, err := a.Look(testkit.Context(t), sale); known || err != nil {
			t.Errorf("a release made the sale known: %v %v", known, err)
		}
		if !set(t, a, sale, "", flash.Picture{Left: 3, Claims: map[string]int64{"v": 1, "gone": 0}}) {
			t.Fatal("not set")
		}
		if set(t, a, sale, "", flash.Picture{Left: 9}) {
			t.Error("set twice")
		}
		if err := a.Forget(testkit.Context(t), sale); err != nil {
			t.Fatal(err)
		}
		if v := hold(t, a, sale, "v", 1, 1); v != flash.Unknown {
			t.Errorf("forgotten, yet %v", v)
		}
	})
}

func TestAdmissionHoldsWithinStockAndLimit(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, "", flash.Picture{Left: 4, Claims: map[string]int64{"old": 2}})
		for i, want := range []struct {
			viewer string
			n      int64
			v      flash.Verdict
		}{
			{"old", 1, flash.OverLimit}, {"a", 3, flash.OverLimit}, {"a", 1, flash.Held}, {"a", 1, flash.Held}, {"a", 1, flash.OverLimit},
			{"b", 2, flash.Held}, {"c", 1, flash.TooFew},
		} {
			if v := hold(t, a, sale, want.viewer, want.n, 2); v != want.v {
				t.Errorf("%d: %s takes %d: %v, want %v", i, want.viewer, want.n, v, want.v)
			}
		}
		if err := a.Release(testkit.Context(t), sale, "b", 2); err != nil {
			t.Fatal(err)
		}
		if l := look(t, a, sale); l.Left != 2 {
			t.Errorf("left %d", l.Left)
		}
		if v := hold(t, a, sale, "b", 2, 2); v != flash.Held {
			t.Errorf("given back, yet %v", v)
		}
	})
}

func TestAdmissionIsSetOnlyIfNothingMoved(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, "", flash.Picture{Left: 4})
		before := look(t, a, sale)
		hold(t, a, sale, "a", 1, 2)
		if set(t, a, sale, before.Version, flash.Picture{Left: 4}) {
			t.Error("a hold was overwritten")
		}
		if !set(t, a, sale, look(t, a, sale).Version, flash.Picture{Left: 7, Claims: map[string]int64{"b": 2}}) {
			t.Error("not set")
		}
		if l := look(t, a, sale); l.Left != 7 || l.Version == before.Version {
			t.Errorf("%+v after %+v", l, before)
		}
		if v := hold(t, a, sale, "b", 1, 2); v != flash.OverLimit {
			t.Errorf("claims were not set: %v", v)
		}
		if v := hold(t, a, sale, "a", 2, 2); v != flash.Held {
			t.Errorf("old claims stayed: %v", v)
		}
	})
}

func TestAdmissionNeverHoldsMoreThanThereIs(t *testing.T) {
	eachAdmission(t, func(t *testing.T, a flash.Admission, sale string) {
		set(t, a, sale, "", flash.Picture{Left: 50})
		var held atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 10 {
					v, err := a.Hold(context.Background(), sale, id.New(id.Viewer), 1, 1)
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
