package video

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/codecs"
	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"yinbo/internal/id"
)

// Problem is why a push ended when it was not its own wish, as the panel shows it.
type Problem string

// The problems.
const (
	ProblemNone       Problem = ""
	ProblemReplaced   Problem = "replaced"    // another push with the right key came
	ProblemStopped    Problem = "stopped"     // the key was renewed, or the room is over
	ProblemUnreadable Problem = "unreadable"  // not a stream that we can read
	ProblemNoVideo    Problem = "no_video"    // sound only
	ProblemVideo      Problem = "video_codec" // not H.264
	ProblemAudio      Problem = "audio_codec" // not AAC
	ProblemKeyframes  Problem = "keyframes"   // too far apart
	ProblemTimestamps Problem = "timestamps"  // they jump
	ProblemBitrate    Problem = "bitrate"     // above the limit
)

// bitrateMax bounds a push, in bits a second over a beat.
const bitrateMax = 24_000_000

// beatTime is how often a push tells how it is, and learns whether it may go on.
const beatTime = 2 * time.Second

// push is one connection that was let in.
type push struct {
	id, bank, room string
	conn           net.Conn
	meter          *meter

	frames, dropped atomic.Int64
	width, height   atomic.Int64
	begun           atomic.Bool // before, it is a rehearsal
	keeper          atomic.Pointer[keeper]

	mu      sync.Mutex
	problem Problem
}

// cut ends the push from outside; the first reason stays.
func (p *push) cut(why Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem == ProblemNone {
		p.problem = why
	}
	p.conn.Close()
}

func (p *push) why() Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.problem
}

// serve is a connection's life: the handshake, the key, the stream.
func (v *Video) serve(ctx context.Context, conn net.Conn, in func()) error {
	m := &meter{Conn: conn}
	m.phase(doorBytes, doorTime)
	rtmp := &gortmplib.ServerConn{RW: m}
	if err := rtmp.Initialize(); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if err := rtmp.Accept(); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if !rtmp.Publish {
		return errors.New("it wants to play; this is where rooms are pushed to")
	}
	room, key := path.Base(rtmp.URL.Path), rtmp.URL.Query().Get("key")
	p := &push{id: id.New(id.Session), room: room, conn: conn, meter: m}
	var err error
	if p.bank, err = v.admit(ctx, p, key); err != nil {
		refuse(rtmp, "the key is not the room's, or the room is over")
		return err
	}
	in()
	v.Log.Info("push begins", "room", room, "push", p.id, "from", conn.RemoteAddr().String())
	beats := v.beatFor(p)
	err = v.take(p, rtmp)
	if why := problemOf(err); why != ProblemNone {
		p.cut(why)
		refuse(rtmp, string(why))
	}
	conn.Close()
	beats()
	v.part(ctx, p)
	v.Log.Info("push ends", "room", room, "push", p.id, "problem", string(p.why()), "why", fmt.Sprint(err))
	return nil
}

// refuse tells an encoder why, as far as it listens.
func refuse(rtmp *gortmplib.ServerConn, why string) {
	_ = rtmp.Write(&message.CommandAMF0{ChunkStreamID: 5, MessageStreamID: 0x1000000, Name: "onStatus", Arguments: []any{nil, amf0.Object{
		{Key: "level", Value: "error"}, {Key: "code", Value: "NetStream.Publish.BadName"}, {Key: "description", Value: why}}}})
}

// take reads the stream until it ends.
func (v *Video) take(p *push, rtmp *gortmplib.ServerConn) error {
	p.meter.phase(waiting, startTime)
	r := &gortmplib.Reader{Conn: metered{rtmp, p.meter}}
	if err := r.Initialize(); err != nil {
		return unreadable{err}
	}
	t, err := tracksOf(r)
	if err != nil {
		return err
	}
	p.meter.phase(waiting, 0)
	p.setSize(t.video().SPS)
	ch := v.open(p)
	defer v.shut(ch)
	keeper := v.recordings.begin(p.room)
	defer keeper.end()
	p.keeper.Store(keeper)
	c, err := newCutter(v.DB.Clock().Now, t.video().SPS, t.video().PPS, t.config(), func(s segment) {
		s.test = !p.begun.Load()
		if s = ch.add(s); !s.test {
			keeper.keep(s)
		}
	})
	if err != nil {
		return unreadable{err}
	}
	defer c.finish()
	return p.read(r, t, c)
}

// read hands the frames on until one can't be used or none comes.
func (p *push) read(r *gortmplib.Reader, t tracks, c *cutter) error {
	var failed error
	r.OnDataH264(t.picture, func(pts, dts time.Duration, au [][]byte) {
		if c.configure(au) {
			return
		}
		p.frames.Add(1)
		used, err := c.picture(pts, dts, au)
		if !used {
			p.dropped.Add(1)
		}
		failed = errors.Join(failed, err)
	})
	if t.sound != nil {
		r.OnDataMPEG4Audio(t.sound, func(pts time.Duration, au []byte) { failed = errors.Join(failed, c.sound(pts, au)) })
	}
	for failed == nil {
		if err := r.Read(); err != nil {
			return unreadable{err}
		}
	}
	return failed
}

func (p *push) setSize(sps []byte) {
	var s h264.SPS
	if s.Unmarshal(sps) == nil {
		p.width.Store(int64(s.Width()))
		p.height.Store(int64(s.Height()))
	}
}

// codecFault is a stream that we do not take.
type codecFault struct{ Problem }

func (f codecFault) Error() string { return string(f.Problem) }

// unreadable is a stream that we cannot read.
type unreadable struct{ error }

func (u unreadable) Unwrap() error { return u.error }

// tracks are what we take of a stream: one of H.264, and one of AAC or none.
type tracks struct{ picture, sound *gortmplib.Track }

func (t tracks) video() *codecs.H264 { return t.picture.Codec.(*codecs.H264) }

func (t tracks) config() *mpeg4audio.AudioSpecificConfig {
	if t.sound == nil {
		return nil
	}
	return t.sound.Codec.(*codecs.MPEG4Audio).Config
}

func tracksOf(r *gortmplib.Reader) (t tracks, err error) {
	for _, track := range r.Tracks() {
		c, aac := track.Codec.(*codecs.MPEG4Audio)
		_, avc := track.Codec.(*codecs.H264)
		switch {
		case avc && t.picture == nil:
			t.picture = track
		case aac && t.sound == nil && c.Config != nil && c.Config.SampleRate > 0:
			t.sound = track
		case track.Codec.IsVideo():
			return t, codecFault{ProblemVideo}
		default:
			return t, codecFault{ProblemAudio}
		}
	}
	if t.picture == nil {
		return t, codecFault{ProblemNoVideo}
	}
	return t, nil
}

func problemOf(err error) Problem {
	var codec codecFault
	var strange unreadable
	switch {
	case errors.As(err, &codec):
		return codec.Problem
	case errors.Is(err, errKeyframes):
		return ProblemKeyframes
	case errors.Is(err, errTimestamps):
		return ProblemTimestamps
	case errors.Is(err, errTooMuch):
		return ProblemBitrate
	case errors.As(err, &strange) && !isAway(err):
		return ProblemUnreadable
	}
	return ProblemNone
}

// isAway tells of a connection that ended, for whatever reason.
func isAway(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}
