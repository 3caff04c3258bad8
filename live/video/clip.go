package video

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"yinbo/internal/clock"
)

//go:embed clip/*.ts
var clip embed.FS

const (
	// Prefix is where the clip's handler stands.
	Prefix = "/media/demo/"
	// Playlist is the clip as a live stream.
	Playlist = Prefix + "live.m3u8"

	clipSegment = 2 * time.Second
	segments    = 6 // in the clip
	window      = 6 // in a live playlist

	// wraps bounds the count of wraps: players keep an array as long as it.
	wraps = 1 << 16
)

// Clip serves the demo clip's playlist and segments under Prefix; anything else
// there is 404.
func Clip(c clock.Clock) http.Handler {
	sounds := sync.OnceValues(clipSounds)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := strings.CutPrefix(r.URL.Path, Prefix)
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		case name == "live.m3u8":
			servePlaylist(w, r, clipPlaylist(c.Now(), "segment"))
		case strings.HasSuffix(name, ".ts") && !strings.Contains(name, "/"):
			serveClip(w, r, name, sounds)
		default:
			http.NotFound(w, r)
		}
	})
}

func servePlaylist(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
}

func serveClip(w http.ResponseWriter, r *http.Request, name string, sounds func() (map[string][]byte, error)) {
	data, err := clip.ReadFile("clip/" + name)
	if strings.HasPrefix(name, "sound") {
		all, soundErr := sounds()
		if data, err = all[name], soundErr; data == nil {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// clipPlaylist lists the segments that ended by now, oldest first, by their names
// without the number: with the picture, or the sound alone.
func clipPlaylist(now time.Time, name string) string {
	next := now.UnixMilli() / clipSegment.Milliseconds()
	first := next - window
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n", int(clipSegment.Seconds()))
	// A wrap stands before every segment whose number divides by segments; those
	// before the first listed one are counted, not shown.
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", first, (first+segments-1)/segments%wraps)
	for n := first; n < next; n++ {
		if n%segments == 0 {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		if n == first {
			at := time.UnixMilli(n * clipSegment.Milliseconds()).UTC()
			fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at.Format("2006-01-02T15:04:05.000Z"))
		}
		fmt.Fprintf(&b, "#EXTINF:%.3f,\n%s%d.ts\n", clipSegment.Seconds(), name, n%segments)
	}
	return b.String()
}
