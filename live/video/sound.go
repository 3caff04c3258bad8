package video

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"
)

// The sound alone of what is pushed, for viewers whose network bears no picture:
// segments of the same numbers and times, without the picture's bytes. They stay
// in memory only; a recording has none of its own.
const (
	soundName = "sound.m3u8"
	soundEnd  = ".sound.ts"
)

// soundtrack writes a push's sound into segments of its own.
type soundtrack struct {
	mux   mpegts.Writer
	track *mpegts.Track
	buf   bytes.Buffer
}

func newSoundtrack(config mpeg4audio.AudioSpecificConfig) (*soundtrack, error) {
	s := &soundtrack{track: &mpegts.Track{Codec: &codecs.MPEG4Audio{Config: config}}}
	s.mux = mpegts.Writer{W: &s.buf, Tracks: []*mpegts.Track{s.track}}
	return s, s.mux.Initialize()
}

// write takes frames with their time in 90,000ths of a second.
func (s *soundtrack) write(pts int64, frames [][]byte) error {
	if s.buf.Len() == 0 {
		if _, err := s.mux.WriteTables(); err != nil { // each segment plays alone
			return err
		}
	}
	return s.mux.WriteMPEG4Audio(s.track, pts, frames)
}

// cut gives what was written since the last cut.
func (s *soundtrack) cut() []byte {
	out := bytes.Clone(s.buf.Bytes())
	s.buf.Reset()
	return out
}

// soundOf takes the sound out of a whole segment.
func soundOf(ts []byte) ([]byte, error) {
	r := &mpegts.Reader{R: bytes.NewReader(ts)}
	if err := r.Initialize(); err != nil {
		return nil, err
	}
	var out *soundtrack
	var failed error
	for _, t := range r.Tracks() {
		codec, is := t.Codec.(*codecs.MPEG4Audio)
		if !is || out != nil {
			continue
		}
		if out, failed = newSoundtrack(codec.Config); failed != nil {
			return nil, failed
		}
		r.OnDataMPEG4Audio(t, func(pts int64, frames [][]byte) error { return out.write(pts, frames) })
	}
	if out == nil {
		return nil, errors.New("a segment without sound")
	}
	for failed == nil {
		failed = r.Read()
	}
	if errors.Is(failed, io.EOF) {
		failed = nil
	}
	return out.cut(), failed
}

// clipSounds are the sounds of the demo's clip, by the names of its segments.
func clipSounds() (map[string][]byte, error) {
	names, err := fs.Glob(clip, "clip/*.ts")
	out := map[string][]byte{}
	for _, name := range names {
		ts, readErr := clip.ReadFile(name)
		sound, soundErr := soundOf(ts)
		err = errors.Join(err, readErr, soundErr)
		out[strings.Replace(strings.TrimPrefix(name, "clip/"), "segment", "sound", 1)] = sound
	}
	return out, err
}

// sounds lists the latest segments by their sound; "" while one of them has none.
func (c *channel) sounds(who audience) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	segs := c.listed(who)
	for i := range segs {
		if len(segs[i].sound) == 0 {
			return "", nil
		}
	}
	if len(segs) == 0 {
		return "", nil
	}
	return media(segs, c.gone, false, soundEnd)
}
