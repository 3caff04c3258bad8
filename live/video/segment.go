package video

import (
	"errors"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"
)

// Segments begin with a picture that stands by itself, and are as short as these
// allow.
const (
	segmentMin  = 1500 * time.Millisecond
	segmentMax  = 15 * time.Second
	segmentSize = 24 << 20
)

// Why a stream can't be cut into segments.
var (
	errKeyframes  = errors.New("key frames are too far apart")
	errTimestamps = errors.New("times jump")
)

// segment is a piece of a room's picture and sound: MPEG-TS that plays alone.
type segment struct {
	seq  int64
	at   time.Time // when its first picture came
	dur  time.Duration
	gap  bool // a new push begins with it: codecs and times are others
	test bool // of a rehearsal: for hosts only
	data []byte
	// sound is the same stretch without its picture; empty where there is none.
	sound []byte
}

// cutter makes segments of one push's frames.
type cutter struct {
	now  func() time.Time
	done func(segment)

	mux          mpegts.Writer
	video, audio *mpegts.Track
	alone        *soundtrack // the sound without the picture; nil without sound
	sps, pps     []byte
	rate         int64 // of sound, samples a second

	buf     []byte
	began   bool
	gap     bool
	base    time.Time     // the wall's time at first
	first   time.Duration // the push's time at base
	start   time.Duration // of the segment under way
	last    time.Duration
	samples int64 // of sound since heard
	heard   time.Duration
}

func newCutter(now func() time.Time, sps, pps []byte, sound *mpeg4audio.AudioSpecificConfig, done func(segment)) (*cutter, error) {
	c := &cutter{now: now, done: done, sps: sps, pps: pps, gap: true, base: now(), heard: -1, video: &mpegts.Track{Codec: &codecs.H264{}}}
	c.mux = mpegts.Writer{W: c, Tracks: []*mpegts.Track{c.video}}
	if sound != nil {
		c.rate = int64(sound.SampleRate)
		c.audio = &mpegts.Track{Codec: &codecs.MPEG4Audio{Config: *sound}}
		c.mux.Tracks = append(c.mux.Tracks, c.audio)
	}
	if err := c.mux.Initialize(); err != nil || sound == nil {
		return c, err
	}
	var err error
	c.alone, err = newSoundtrack(*sound)
	return c, err
}

// Write takes what the muxer makes.
func (c *cutter) Write(p []byte) (int, error) {
	if len(c.buf)+len(p) > segmentSize {
		return 0, errKeyframes
	}
	c.buf = append(c.buf, p...)
	return len(p), nil
}

// picture takes an access unit. used is false when it is dropped: it comes before
// the first key frame, or before its time.
func (c *cutter) picture(pts, dts time.Duration, units [][]byte) (used bool, err error) {
	units, key := c.complete(units)
	if len(units) == 0 || !c.began && !key {
		return false, nil
	}
	if !c.began {
		c.began, c.first, c.start, c.last = true, dts, dts, dts
	}
	switch step := dts - c.last; {
	case step < -segmentMax || step > segmentMax:
		return false, errTimestamps
	case step < 0 || pts < dts:
		return false, nil
	case key && dts-c.start >= segmentMin:
		c.cut(dts)
	case dts-c.start > segmentMax:
		return false, errKeyframes
	}
	c.last = dts
	return true, c.mux.WriteH264(c.video, ticks(pts), ticks(dts), units)
}

// configure notes parameters that come by themselves, without a picture.
func (c *cutter) configure(units [][]byte) bool {
	if len(units) != 2 || len(units[0]) == 0 || len(units[1]) == 0 ||
		h264.NALUType(units[0][0]&0x1F) != h264.NALUTypeSPS || h264.NALUType(units[1][0]&0x1F) != h264.NALUTypePPS {
		return false
	}
	c.sps, c.pps = units[0], units[1]
	return true
}

// complete leaves out empty units, notes parameters that come alone, and puts
// them before a key frame that lacks them: each segment plays alone.
func (c *cutter) complete(units [][]byte) (out [][]byte, key bool) {
	shown, own := false, false
	for _, u := range units {
		if len(u) == 0 {
			continue
		}
		switch h264.NALUType(u[0] & 0x1F) {
		case h264.NALUTypeSPS:
			c.sps, own = u, true
		case h264.NALUTypePPS:
			c.pps = u
		case h264.NALUTypeIDR:
			key, shown = true, true
		case h264.NALUTypeNonIDR, h264.NALUTypeDataPartitionA:
			shown = true
		case h264.NALUTypeAccessUnitDelimiter:
			continue // the muxer puts its own first
		}
		out = append(out, u)
	}
	if !shown {
		return nil, false
	}
	if key && !own {
		out = append([][]byte{c.sps, c.pps}, out...)
	}
	return out, key
}

// drift is how far sound's time may be off the count of its samples: RTMP rounds
// to milliseconds, and players hear that.
const drift = 100 * time.Millisecond

// sound takes one AAC frame.
func (c *cutter) sound(pts time.Duration, frame []byte) error {
	if !c.began || len(frame) == 0 || c.audio == nil {
		return nil
	}
	exact := c.heard + time.Duration(c.samples*int64(time.Second)/c.rate)
	if off := pts - exact; c.heard < 0 || off > drift || off < -drift {
		c.heard, c.samples, exact = pts, 0, pts
	}
	c.samples += mpeg4audio.SamplesPerAccessUnit
	frames := [][]byte{frame}
	return errors.Join(c.mux.WriteMPEG4Audio(c.audio, ticks(exact), frames), c.alone.write(ticks(exact), frames))
}

// cut ends the segment under way at a time of the push.
func (c *cutter) cut(end time.Duration) {
	s := segment{at: c.wall(c.start), dur: end - c.start, gap: c.gap, data: c.buf}
	if c.alone != nil {
		s.sound = c.alone.cut()
	}
	c.done(s)
	c.buf, c.start, c.gap = make([]byte, 0, len(c.buf)), end, false
}

// finish gives out what is under way.
func (c *cutter) finish() {
	if c.began && c.last > c.start {
		c.cut(c.last)
	}
}

// wall is the time of day of a time of the push. It follows the push's own clock,
// which knows nothing of the network's waits, until the two are a second apart.
func (c *cutter) wall(t time.Duration) time.Time {
	at := c.base.Add(t - c.first)
	if off := c.now().Sub(at) - (c.last - t); off > time.Second || off < -time.Second {
		c.base, c.first = c.now().Add(t-c.last), t
		at = c.base
	}
	return at
}

// ticks are the 90,000ths of a second that MPEG-TS counts in; a second is added,
// since its clock runs ahead of the pictures and may not be negative.
func ticks(d time.Duration) int64 { return int64((d+time.Second)/time.Microsecond) * 9 / 100 }
