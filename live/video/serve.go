package video

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

// The names under a room's signed folder, besides its segments.
const (
	indexName = "index.m3u8" // names one of the next two
	liveName  = "live.m3u8"  // what is pushed
	clipName  = "clip.m3u8"  // what plays while nobody pushes, in the demo
	// soundName is beside them: the sound alone of either.
	replayName = "replay.m3u8" // what was recorded, or from= to= in milliseconds of it
)

// What the database says of a room is taken for true for a second, and kept for
// minutes in which it may not answer.
const (
	placeTime = time.Second
	placeKept = 10 * time.Minute
)

// place is what playing a room needs to know of it.
type place struct {
	read  time.Time
	begun bool   // viewers may look
	idle  string // the stored playback address
	node  string // where it is pushed to now, "" for nowhere
}

// ServeHTTP plays rooms under Root. Without a good signature it is 403; what is
// not there, or not there any more, is 404: players then begin anew at the index,
// which leads them from the clip to the push and back.
func (v *Video) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	rest, under := strings.CutPrefix(r.URL.Path, Root)
	part := strings.Split(rest, "/")
	if !under || len(part) != 3 {
		http.NotFound(w, r)
		return
	}
	room, file := part[0], part[2]
	who := v.Addresses.signedTo(room, part[1])
	if who == nobody {
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*") // the address is the right; a CDN's pages are others'
	if file == replayName {
		v.serveReplay(w, r, room)
		return
	}
	p, err := v.place(r.Context(), room)
	switch {
	case err != nil:
		v.Log.WarnContext(r.Context(), "room not looked up", "error", err)
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	case who != hosts && !p.begun:
		http.NotFound(w, r)
	case v.serveHere(w, r, p, room, file, who):
	case p.node != "" && p.node != v.NodeURL && r.Header.Get(relayed) == "":
		v.relay.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), nodeKey{}, p.node)))
	case p.node == "" && p.idle == Playlist && file == indexName:
		servePlaylist(w, r, index(clipName, 400_000))
	case p.node == "" && p.idle == Playlist && file == clipName:
		servePlaylist(w, r, clipPlaylist(v.DB.Clock().Now(), Prefix+"segment"))
	case p.node == "" && p.idle == Playlist && file == soundName:
		servePlaylist(w, r, clipPlaylist(v.DB.Clock().Now(), Prefix+"sound"))
	default:
		http.NotFound(w, r)
	}
}

// serveHere serves what this node has of a room; false when that is nothing, or
// only the rest of a push while another node has the next.
func (v *Video) serveHere(w http.ResponseWriter, r *http.Request, p place, room, file string, who audience) bool {
	v.mu.Lock()
	ch := v.channels[room]
	v.mu.Unlock()
	if seq, is := seqOf(file); is {
		return v.serveSegment(w, r, ch, room, seq, who)
	}
	if seq, is := seqOf(strings.Replace(file, soundEnd, segmentEnd, 1)); is {
		return serveSound(w, r, ch, seq, who)
	}
	if ch == nil || !ch.on() && p.node != "" && p.node != v.NodeURL {
		return false
	}
	text, err := "", error(nil)
	switch file {
	case indexName:
		text = ch.index(who)
	case liveName:
		text, err = ch.playlist(who)
	case soundName:
		text, err = ch.sounds(who)
	}
	if err != nil || text == "" {
		return false
	}
	servePlaylist(w, r, text)
	return true
}

func (v *Video) serveSegment(w http.ResponseWriter, r *http.Request, ch *channel, room string, seq int64, who audience) bool {
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("Cache-Control", "public, max-age=86400, immutable")
	if ch != nil {
		if s, ok := ch.segment(seq, who); ok {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
			return true
		}
	}
	f, err := v.recordings.open(room, seq)
	if err != nil {
		w.Header().Del("Content-Type")
		w.Header().Del("Cache-Control")
		return false
	}
	defer f.Close()
	http.ServeContent(w, r, "", time.Time{}, f)
	return true
}

// serveSound serves a segment's sound alone, while it is in memory.
func serveSound(w http.ResponseWriter, r *http.Request, ch *channel, seq int64, who audience) bool {
	if ch == nil {
		return false
	}
	s, ok := ch.segment(seq, who)
	if !ok || len(s.sound) == 0 {
		return false
	}
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("Cache-Control", "public, max-age=86400, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.sound))
	return true
}

// place looks a room up. While the database does not answer, what was known holds:
// the picture goes on.
func (v *Video) place(ctx context.Context, room string) (place, error) {
	now := v.DB.Clock().Now()
	v.mu.Lock()
	p, known := v.places[room]
	v.mu.Unlock()
	if known && now.Sub(p.read) < placeTime {
		return p, nil
	}
	r, err := readRoom(ctx, v.DB, room)
	if err != nil {
		if known {
			err = nil
		}
		return p, err
	}
	p = place{read: now, begun: r.status != scheduled, idle: r.idle}
	if r.Kind == RTMP && r.live(now) {
		p.node = r.node
	}
	v.mu.Lock()
	v.places[room] = p
	v.mu.Unlock()
	return p, nil
}
