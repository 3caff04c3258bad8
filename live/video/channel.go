package video

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

// A room's latest segments stay in memory: those that are listed, and as many
// again for players that come for them late.
const (
	keepSegments = 2 * window
	// grace is how long the window stays after a push: a host who reconnects finds
	// the players where they were.
	grace = 30 * time.Second
)

// channel is what a node has of a room that is pushed to it.
type channel struct {
	room string

	mu     sync.Mutex
	pushes int
	ended  time.Time // when the last push left; zero while one is on
	segs   []segment
	last   int64 // the number of the last segment
	gone   int   // gaps before the listed window
	bits   int64 // a second, at most
}

func (c *channel) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes++
	c.ended = time.Time{}
}

func (c *channel) finish(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pushes--; c.pushes == 0 {
		c.ended = now
	}
}

// on tells that a push is on.
func (c *channel) on() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pushes > 0
}

// over tells that its grace is, too.
func (c *channel) over(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pushes == 0 && now.Sub(c.ended) > grace
}

// add numbers a segment and lists it. A window's first number is taken from the
// time, which runs faster than segments are made: so numbers count up over nodes
// and restarts, too.
func (c *channel) add(s segment) segment {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == 0 {
		c.last = s.at.UnixMilli()/500 - 1
	}
	c.last++
	s.seq = c.last
	c.segs = append(c.segs, s)
	c.bits = max(c.bits, int64(float64(8*len(s.data))/max(s.dur.Seconds(), 1)))
	if len(c.segs) > keepSegments {
		c.segs[0] = segment{} // its bytes go now
		c.segs = c.segs[1:]
	}
	// A gap is told before a listed segment, and counted when it is the first's.
	if i := len(c.segs) - window; i > 0 && c.segs[i].gap {
		c.gone++
	}
	return s
}

// segment gives one that is still in memory.
func (c *channel) segment(seq int64, who audience) (segment, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.segs {
		if c.segs[i].seq == seq && (who == hosts || !c.segs[i].test) {
			return c.segs[i], true
		}
	}
	return segment{}, false
}

// listed are the latest segments that an audience may see.
func (c *channel) listed(who audience) []segment {
	segs := c.segs[max(0, len(c.segs)-window):]
	for who != hosts && len(segs) > 0 && segs[0].test {
		segs = segs[1:]
	}
	return segs
}

// index names the one rendition; "" while there is nothing to show.
func (c *channel) index(who audience) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.listed(who)) == 0 {
		return ""
	}
	return index(liveName, c.bits)
}

func index(media string, bits int64) string {
	return fmt.Sprintf("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-STREAM-INF:BANDWIDTH=%d\n%s\n", max(bits, 1), media)
}

// playlist lists the latest segments; "" while there is nothing to show.
func (c *channel) playlist(who audience) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if segs := c.listed(who); len(segs) > 0 {
		return media(segs, c.gone, false, segmentEnd)
	}
	return "", nil
}

// media writes a media playlist of a show that goes on, or of a whole piece; end
// is that of its files' names.
func media(segs []segment, gone int, whole bool, end string) (string, error) {
	p := &playlist.Media{Version: 3, TargetDuration: 1, DiscontinuitySequence: &gone}
	if whole {
		var vod playlist.MediaPlaylistType = playlist.MediaPlaylistTypeVOD
		p.PlaylistType, p.Endlist = &vod, true
	} else if len(segs) > 0 {
		p.MediaSequence = int(segs[0].seq)
	}
	for i, s := range segs {
		p.TargetDuration = max(p.TargetDuration, int(math.Ceil(s.dur.Seconds())))
		p.Segments = append(p.Segments, &playlist.MediaSegment{Duration: s.dur, URI: strconv.FormatInt(s.seq, 10) + end,
			DateTime: &s.at, Discontinuity: i > 0 && s.gap})
	}
	text, err := p.Marshal()
	return string(text), err
}

const segmentEnd = ".ts"

func fileOf(seq int64) string { return strconv.FormatInt(seq, 10) + segmentEnd }

// seqOf reads a segment's name.
func seqOf(file string) (int64, bool) {
	digits, isSegment := strings.CutSuffix(file, segmentEnd)
	seq, err := strconv.ParseInt(digits, 10, 64)
	return seq, isSegment && err == nil && seq > 0 && fileOf(seq) == file
}
