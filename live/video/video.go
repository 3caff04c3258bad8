package video

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/pii"
)

// Config is what a bank's engineers set.
type Config struct {
	RTMPAddr  string // where pushes are taken; "" or "off" for none
	PushURL   string // how encoders reach it, rtmp://host:port/live
	NodeURL   string // how other nodes reach this one
	Dir       string // of recordings; "" keeps none
	DirMax    int64  // bytes
	Clip      bool   // the demo's clip plays where nobody pushes
	External  Vendor
	Transport http.RoundTripper // between nodes
}

// Rooms says who may run a room; live.Rooms does.
type Rooms interface {
	// HostMay is nil when the member of staff may run the room, else 404 not_found.
	HostMay(ctx context.Context, bank, room, staff string, operator bool) error
}

// Deps is what Video stands on.
type Deps struct {
	Config
	DB        *db.DB
	Keys      *pii.Keyring
	Rooms     Rooms
	Addresses *Addresses
	Log       *slog.Logger
}

// Video takes pushes and plays rooms.
type Video struct {
	Deps
	door       door
	listener   net.Listener
	recordings *recordings
	relay      http.Handler
	running    sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	conns    map[net.Conn]bool
	pushes   map[string]*push    // by room
	channels map[string]*channel // by room
	places   map[string]place    // what is known of rooms, for a moment
}

// New makes the service and opens the door; Run lets in.
func New(d Deps) *Video {
	v := &Video{Deps: d, door: door{byAddr: map[string]int{}}, recordings: &recordings{dir: d.Dir, most: d.DirMax, log: d.Log},
		conns: map[net.Conn]bool{}, pushes: map[string]*push{}, channels: map[string]*channel{}, places: map[string]place{}}
	v.relay = newRelay(d.Transport)
	v.listen()
	if v.PushURL == "" && v.listener != nil {
		v.PushURL = "rtmp://" + v.listener.Addr().String() + "/live"
	}
	return v
}

// Idle is what a new room shows while nobody pushes.
func (v *Video) Idle() string {
	if v.Clip {
		return Playlist
	}
	return ""
}

// On tells that rooms can be pushed to at this node.
func (v *Video) On() bool { return v.listener != nil }

// Run takes pushes until ctx ends.
func (v *Video) Run(ctx context.Context) error {
	if err := v.recordings.measure(); err != nil {
		v.Log.Error("recordings", "dir", v.Dir, "error", err)
	}
	if v.listener != nil {
		v.running.Go(func() {
			if err := v.accept(); err != nil {
				v.Log.Error("RTMP", "error", err)
			}
		})
	}
	tick := time.NewTicker(grace / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			v.forget(v.DB.Clock().Now())
		}
	}
}

// Close shuts the door and cuts what is on.
func (v *Video) Close() {
	v.mu.Lock()
	v.closed = true
	if v.listener != nil {
		v.listener.Close()
	}
	for c := range v.conns {
		c.Close()
	}
	v.mu.Unlock()
	v.running.Wait()
}

// open gives a push its room's channel.
func (v *Video) open(p *push) *channel {
	v.mu.Lock()
	defer v.mu.Unlock()
	ch := v.channels[p.room]
	if ch == nil {
		ch = &channel{room: p.room}
		v.channels[p.room] = ch
	}
	ch.begin()
	return ch
}

// shut notes that a push left its channel.
func (v *Video) shut(ch *channel) { ch.finish(v.DB.Clock().Now()) }

// forget lets go of rooms that nobody pushes to any more, and of what was known.
func (v *Video) forget(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for room, ch := range v.channels {
		if ch.over(now) {
			delete(v.channels, room)
		}
	}
	for room, p := range v.places {
		if now.Sub(p.read) > placeKept {
			delete(v.places, room)
		}
	}
}
