package video

import (
	"embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"yinbo/internal/clock"
)

//go:embed clip/*.ts
var clip embed.FS

const (
	// Prefix is where the handler stands.
	Prefix = "/media/demo/"
	// Playlist is the address that a room's playback names.
	Playlist = Prefix + "live.m3u8"

	segment  = 2 * time.Second
	segments = 6 // in the clip
	window   = 6 // in the playlist

	// wraps bounds the count of wraps: players keep an array as long as it.
	wraps = 1 << 16
)

// Handler serves the playlist and its segments under Prefix; anything else
// there is 404.
func Handler(c clock.Clock) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := strings.CutPrefix(r.URL.Path, Prefix)
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		case name == "live.m3u8":
			w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(playlist(c.Now())))
		case strings.HasSuffix(name, ".ts") && !strings.Contains(name, "/"):
			serveSegment(w, r, name)
		default:
			http.NotFound(w, r)
		}
	})
}

func serveSegment(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := clip.Open("clip/" + name); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeFileFS(w, r, clip, "clip/"+name)
}

// playlist lists the segments that ended by now, oldest first.
func playlist(now time.Time) string {
	next := now.UnixMilli() / segment.Milliseconds()
	first := next - window
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n", int(segment.Seconds()))
	// A wrap stands before every segment whose number divides by segments; those
	// before the first listed one are counted, not shown.
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", first, (first+segments-1)/segments%wraps)
	for n := first; n < next; n++ {
		if n%segments == 0 {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		if n == first {
			at := time.UnixMilli(n * segment.Milliseconds()).UTC()
			fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at.Format("2006-01-02T15:04:05.000Z"))
		}
		fmt.Fprintf(&b, "#EXTINF:%.3f,\nsegment%d.ts\n", segment.Seconds(), n%segments)
	}
	return b.String()
}
