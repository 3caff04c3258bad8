//go:build linux

package stampede_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"yinbo/internal/stampede"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a server that answers a join and then says the same to everyone.
func script(t *testing.T, joined func(join map[string]any) string, frames ...string) stampede.Target {
	t.Helper()
	var upgrader websocket.Upgrader
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		_, raw, err := ws.ReadMessage()
		if err != nil {
			return
		}
		var join map[string]any
		if err := json.Unmarshal(raw, &join); err != nil {
			t.Errorf("join %s: %v", raw, err)
			return
		}
		for _, f := range append([]string{joined(join)}, frames...) {
			if ws.WriteMessage(websocket.TextMessage, []byte(f)) != nil {
				return
			}
		}
		for err == nil { // until the viewer goes
			_, _, err = ws.ReadMessage()
		}
	}))
	t.Cleanup(web.Close)
	return stampede.Target{Addr: strings.TrimPrefix(web.URL, "http://")}
}

func picture(seq int) func(map[string]any) string {
	return func(map[string]any) string {
		return fmt.Sprintf(`{"type":"joined","epoch":"e","seq":%d,"recovered":false,"state":{}}`, seq)
	}
}

// facts is a frame with these facts, and the number that it claims.
func facts(claims int, seqs ...int) string {
	events := make([]string, len(seqs))
	for i, s := range seqs {
		events[i] = fmt.Sprintf(`{"at":"2026-11-27T08:00:00.000Z","kind":"notice","seq":%d}`, s)
	}
	return fmt.Sprintf(`{"type":"events","seq":%d,"events":[%s]}`, claims, strings.Join(events, ","))
}

// watch has an audience of a few look on until each has seen so many frames.
func watch(t *testing.T, target stampede.Target, frames int64) *stampede.Watched {
	t.Helper()
	const viewers = 3
	a, err := target.Gather(stampede.Watching{Room: "room", Viewers: viewers})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	seen, err := a.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for seen.Frames < viewers*frames {
		if err := a.Settle(ctx, seen); err != nil {
			t.Fatal(err)
		}
	}
	seen.Lost, seen.Doubled, seen.Reordered = seen.Lost/viewers, seen.Doubled/viewers, seen.Reordered/viewers
	return seen
}

// A generator that saw nothing wrong would be worth nothing if it could not see it.
func TestAnAudienceSeesFactsLostDoubledAndReordered(t *testing.T) {
	for name, c := range map[string]struct {
		frames []string
		want   stampede.Tally
	}{
		"in order":               {[]string{facts(6, 6), facts(8, 7, 8), facts(8)}, stampede.Tally{}},
		"one left out":           {[]string{facts(6, 6), facts(8, 8)}, stampede.Tally{Lost: 1}},
		"the last left out":      {[]string{facts(6, 6), facts(7)}, stampede.Tally{Lost: 1}},
		"one twice":              {[]string{facts(6, 6), facts(6, 6)}, stampede.Tally{Doubled: 1}},
		"one late":               {[]string{facts(7, 7), facts(7, 6)}, stampede.Tally{Reordered: 1}},
		"one late and twice":     {[]string{facts(7, 7, 6, 6)}, stampede.Tally{Reordered: 1, Doubled: 1}},
		"what the picture had":   {[]string{facts(5, 5)}, stampede.Tally{Doubled: 1}},
		"a frame that goes back": {[]string{facts(6, 6), facts(5)}, stampede.Tally{Reordered: 1}},
		"a great gap":            {[]string{facts(1_000_000, 1_000_000)}, stampede.Tally{Lost: 1_000_000 - 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if seen := watch(t, script(t, picture(5), c.frames...), int64(len(c.frames)+1)); seen.Tally != c.want {
				t.Errorf("saw %+v, not %+v", seen.Tally, c.want)
			}
		})
	}
}

// over is what was seen over a cut, by a server that answers the second join as it
// is told to.
func over(t *testing.T, second func(since map[string]any) string) *stampede.Watched {
	t.Helper()
	var joins atomic.Int64
	target := script(t, func(join map[string]any) string {
		if joins.Add(1) == 1 {
			return picture(5)(nil)
		}
		since, _ := join["since"].(map[string]any)
		return second(since)
	})
	a, err := target.Gather(stampede.Watching{Room: "room", Viewers: 1, Cuts: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	seen, err := a.Enter(ctx)
	for err == nil && seen.Cut == 0 {
		seen, err = a.Watch(ctx, 300*time.Millisecond)
	}
	if err == nil {
		err = a.Settle(ctx, seen)
	}
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestAnAudienceComesBackWithWhatItKnowsAndSeesWhatItWasNotGiven(t *testing.T) {
	recovered := func(claims int, seqs ...int) string {
		return strings.Replace(facts(claims, seqs...), `"type":"events"`, `"type":"joined","epoch":"e","recovered":true`, 1)
	}
	for name, c := range map[string]struct {
		answer string
		want   stampede.Tally
	}{
		"all of it":       {recovered(7, 6, 7), stampede.Tally{}},
		"a part":          {recovered(7, 7), stampede.Tally{Lost: 1}},
		"less than told":  {recovered(7, 6), stampede.Tally{Lost: 1}},
		"more than asked": {recovered(6, 5, 6), stampede.Tally{Doubled: 1}},
		"a new picture":   {picture(9)(nil), stampede.Tally{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan map[string]any, 1)
			seen := over(t, func(since map[string]any) string {
				select {
				case asked <- since:
				default:
				}
				return c.answer
			})
			if since := <-asked; since["epoch"] != "e" || since["seq"] != 5.0 {
				t.Errorf("came back with %v", since)
			}
			if seen.Tally != c.want || seen.Recovered+seen.Pictures == 0 {
				t.Errorf("saw %+v, not %+v; %d recovered, %d pictures", seen.Tally, c.want, seen.Recovered, seen.Pictures)
			}
		})
	}
}

func TestRefusalsAreCountedByWhatTheyWere(t *testing.T) {
	var tries atomic.Int64
	good := script(t, picture(1))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == 1 {
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		http.Error(w, "moved", http.StatusTeapot)
	}))
	defer web.Close()
	a, err := stampede.Target{Addr: strings.TrimPrefix(web.URL, "http://")}.Gather(stampede.Watching{Viewers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	seen, err := a.Enter(ctx)
	if err == nil || seen.Errors["503 Service Unavailable"] != 1 || seen.Errors["418 I'm a teapot"] == 0 {
		t.Errorf("entered with %v, errors %v", err, seen.Errors)
	}
	if seen := watch(t, good, 1); len(seen.Errors) > 0 || seen.Inside != 3 {
		t.Errorf("%d in, errors %v", seen.Inside, seen.Errors)
	}
}

func FuzzFrameIn(f *testing.F) {
	f.Add([]byte{0x81, 2, '{', '}'})
	f.Add([]byte{0x81, 126, 0, 2, '{', '}'})
	f.Add([]byte{0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 'x', 0x89, 0})
	f.Add([]byte{0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, came []byte) {
		_, payload, size := stampede.FrameIn(came)
		if size < 0 || size > len(came) || len(payload) > size {
			t.Errorf("%d bytes of %d, payload of %d", size, len(came), len(payload))
		}
	})
}
