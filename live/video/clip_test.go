package video_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/live/video"
)

type listed struct {
	number, wrap int
	uri          string
}

// read numbers a playlist's segments and counts their discontinuities, as a
// player does.
func read(t *testing.T, h http.Handler) []listed {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", video.Playlist, nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/vnd.apple.mpegurl" {
		t.Fatalf("playlist: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	var out []listed
	number, wrap := 0, 0
	for line := range strings.Lines(w.Body.String()) {
		line = strings.TrimSpace(line)
		if v, found := strings.CutPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"); found {
			number, _ = strconv.Atoi(v)
		} else if v, found := strings.CutPrefix(line, "#EXT-X-DISCONTINUITY-SEQUENCE:"); found {
			wrap, _ = strconv.Atoi(v)
		} else if line == "#EXT-X-DISCONTINUITY" {
			wrap++
		} else if !strings.HasPrefix(line, "#") && line != "" {
			out = append(out, listed{number, wrap, line})
			number++
		}
	}
	return out
}

// Two people who look at different times agree on every segment both see.
func TestThePlaylistSlidesAlikeForEveryone(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	h := video.Clip(c)
	seen := map[int]listed{}
	for range 40 {
		page := read(t, h)
		if len(page) != 6 {
			t.Fatalf("%d segments listed", len(page))
		}
		for i, s := range page {
			if before, known := seen[s.number]; known && before != s {
				t.Fatalf("segment %d was %v, is %v", s.number, before, s)
			}
			if before, known := seen[s.number-1]; known {
				wrapped := s.uri == "segment0.ts"
				if (s.wrap == before.wrap+1) != wrapped {
					t.Fatalf("after %v comes %v", before, s)
				}
			} else if i > 0 {
				t.Fatalf("segment %d follows nothing", s.number)
			}
			seen[s.number] = s
		}
		c.Advance(time.Second)
	}
	if len(seen) != 26 && len(seen) != 25 {
		t.Fatalf("40 s showed %d segments", len(seen))
	}
}

func TestEverySegmentIsServed(t *testing.T) {
	h := video.Clip(clock.System{})
	for i := range 6 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/media/demo/segment%d.ts", i), nil))
		if w.Code != 200 || w.Header().Get("Content-Type") != "video/mp2t" || w.Body.Len() < 10_000 || w.Body.Bytes()[0] != 0x47 {
			t.Fatalf("segment %d: %d, %d bytes", i, w.Code, w.Body.Len())
		}
	}
	for i := range 6 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/media/demo/sound%d.ts", i), nil))
		if s := probeBytes(t, w.Body.Bytes()); w.Code != 200 || len(s.Streams) != 1 || s.Streams[0].Codec != "aac" || s.seconds() < 1.5 {
			t.Errorf("sound %d: %d, %+v", i, w.Code, s)
		}
	}
	for _, path := range []string{"/media/demo/", "/media/demo/segment9.ts", "/media/demo/sound9.ts", "/media/demo/README.md", "/media/demo/x/y.ts"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", video.Playlist, nil))
	if w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}
