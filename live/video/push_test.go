package video_test

import (
	"net/http"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live/video"
)

// A real encoder pushes; every segment plays alone, the state tells how it is, and
// what was kept plays too.
func TestAPushIsPlayedAndKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		room := r.Live(t)
		if in := r.ingest(t, room); in.State != video.Waiting || in.PushURL != r.PushURL || in.Kind != video.RTMP {
			t.Fatalf("before: %+v", in)
		}
		if status, _ := r.get(t, room, "index.m3u8"); status != http.StatusNotFound {
			t.Fatalf("before: %d", status)
		}
		p := r.live(t, r.key(t, room), "3")
		until(t, "two segments", func() bool { return len(r.segments(t, room, "live.m3u8")) >= 2 })
		if names := r.segments(t, room, "index.m3u8"); len(names) != 1 || names[0] != "live.m3u8" {
			t.Errorf("the index names %v", names)
		}
		for _, name := range r.segments(t, room, "live.m3u8") {
			status, raw := r.get(t, room, name)
			s := probeBytes(t, raw)
			if status != 200 || len(s.Streams) != 2 || s.Streams[0].Codec != "h264" || s.Streams[1].Codec != "aac" || s.Streams[0].Width != width || s.Streams[0].Height != height || s.packets() != 50 {
				t.Errorf("segment %s: %d, %+v", name, status, s)
			}
		}
		sounds := r.segments(t, room, "sound.m3u8")
		status, raw := r.get(t, room, sounds[len(sounds)-1]) // those before it may leave memory meanwhile
		if s := probeBytes(t, raw); status != 200 || len(s.Streams) != 1 || s.Streams[0].Codec != "aac" || s.seconds() < 1.5 {
			t.Errorf("sound: %d, %+v", status, s)
		}
		until(t, "the ingest's state", func() bool {
			in := r.ingest(t, room)
			return in.State == video.On && in.BitrateBPS > 50_000 && in.FPS > 15 && in.Width == width && in.Height == height && in.Recording && in.SinceAt != nil
		})
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		until(t, "the push's end", func() bool { return r.ingest(t, room).State == video.Waiting })
		if in := r.ingest(t, room); in.Problem != video.ProblemNone || in.BitrateBPS != 0 {
			t.Errorf("after: %+v", in)
		}
		replay, err := r.Replay(r.Ctx, r.Bank.ID, room, "")
		if err != nil || replay.DurationMS < 4000 {
			t.Fatalf("replay: %v, %+v", err, replay)
		}
		whole := probe(t, r.web.URL+replay.URL)
		if off := whole.seconds()*1000 - float64(replay.DurationMS); off < -500 || off > 500 {
			t.Errorf("the recording lasts %v s, the index says %d ms", whole.seconds(), replay.DurationMS)
		}
		testkit.Holds(t, r.DB, video.Invariants()...)
	})
}

// What is pushed before the start is for the hosts alone, and is not kept.
func TestARehearsalIsForHostsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	room := r.Plan(t)
	r.live(t, r.key(t, room), "3")
	preview := strings.TrimSuffix(r.ingest(t, room).PreviewURL, "index.m3u8")
	until(t, "the preview", func() bool { return len(r.segments(t, room, preview+"live.m3u8")) >= 2 })
	names := r.segments(t, room, preview+"live.m3u8")
	for _, file := range []string{"index.m3u8", "live.m3u8", names[0]} {
		if status, _ := r.get(t, room, file); status != http.StatusNotFound {
			t.Errorf("a viewer gets %s: %d", file, status)
		}
	}
	if _, err := r.Rooms.Start(r.Ctx, r.Bank.ID, room, r.Host); err != nil {
		t.Fatal(err)
	}
	until(t, "the show", func() bool { return len(r.segments(t, room, "live.m3u8")) >= 1 })
	shown := r.segments(t, room, "live.m3u8")
	if shown[0] <= names[len(names)-1] {
		t.Errorf("shown are %v, the rehearsal was %v", shown, names)
	}
	if status, _ := r.get(t, room, names[len(names)-1]); status != http.StatusNotFound {
		t.Errorf("a viewer gets the rehearsal's last segment: %d", status)
	}
	until(t, "the recording", func() bool { return len(r.segments(t, room, "replay.m3u8")) >= 1 })
	if kept := r.segments(t, room, "replay.m3u8"); kept[0] < shown[0] {
		t.Errorf("kept are %v, shown %v", kept, shown)
	}
}

// Who lacks the key, or comes to a room that is over, is turned away.
func TestOnlyTheRoomsKeyOpens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		room, over := r.Live(t), r.Live(t)
		stream, late := r.key(t, room), r.key(t, over)
		if _, err := r.Rooms.End(r.Ctx, r.Bank.ID, over, r.Host); err != nil {
			t.Fatal(err)
		}
		pushes := map[string]*pushing{}
		for name, wrong := range map[string]string{"another's key": room + "?key=" + strings.Split(late, "=")[1], "no key": room,
			"an unknown room": "room_01h455vb4pex5vsknk084sn02q?" + strings.Split(stream, "?")[1], "over": late} {
			pushes[name] = r.live(t, wrong, "1")
		}
		for name, p := range pushes {
			if p.wait(t) == nil {
				t.Errorf("%s: let in", name)
			}
		}
		if r.segments(t, room, "live.m3u8") != nil || r.ingest(t, room).SinceAt != nil {
			t.Error("something is there")
		}
		if _, err := r.Key(r.Ctx, r.Bank.ID, room, video.Staff{ID: r.Stranger.ID}); err == nil {
			t.Error("a stranger sees the key")
		}
		if _, err := r.Ingest(r.Ctx, r.Other.ID, room, r.by); err == nil {
			t.Error("another bank sees the ingest")
		}
	})
}

// A newcomer with the right key replaces the push that is on; a new key cuts it.
// Numbers go on over both.
func TestAPushIsReplacedAndCut(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	room := r.Live(t)
	stream := r.key(t, room)
	first := r.live(t, stream, "3")
	until(t, "the first push's segment", func() bool { return len(r.segments(t, room, "live.m3u8")) >= 1 })
	second := r.live(t, stream, "3")
	if first.wait(t) == nil {
		t.Error("the first push ended as it wished")
	}
	until(t, "the second push's segment", func() bool {
		_, raw := r.get(t, room, "live.m3u8")
		return strings.Count(string(raw), "#EXT-X-DISCONTINUITY\n") == 1
	})
	names := r.segments(t, room, "live.m3u8")
	for i := 1; i < len(names); i++ {
		if len(names[i-1]) != len(names[i]) || names[i-1] >= names[i] {
			t.Errorf("numbers go back: %v", names)
		}
	}
	fresh, err := r.Renew(r.Ctx, r.Bank.ID, room, r.by)
	if err != nil || fresh == stream || r.key(t, room) != fresh {
		t.Fatalf("renewed: %v %v", fresh == stream, err)
	}
	if second.wait(t) == nil {
		t.Error("the push under the old key ended as it wished")
	}
	if r.live(t, stream, "1").wait(t) == nil {
		t.Error("the old key still opens")
	}
	r.seconds(t, fresh, 4)
}

// A stream that we don't take ends with the reason in the state.
func TestOtherCodecsAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	rooms := map[string]video.Problem{}
	for _, c := range []struct {
		args [][]string
		want video.Problem
	}{
		{[][]string{picture, {"-t", "4", "-c:v", "flv"}}, video.ProblemUnreadable},
		{[][]string{picture, tone, {"-t", "4"}, h264, {"-c:a", "libmp3lame"}}, video.ProblemAudio},
		{[][]string{tone, {"-t", "4"}, aac}, video.ProblemNoVideo},
		{[][]string{picture, {"-t", "30"}, h264, {"-g", "10000", "-keyint_min", "10000"}}, video.ProblemKeyframes},
	} {
		room := r.Live(t)
		r.push(t, r.key(t, room), c.args...)
		rooms[room] = c.want
	}
	for room, want := range rooms {
		until(t, string(want), func() bool { return r.ingest(t, room).Problem == want })
	}
}

// The push is cut when its room ends, and rooms are played at every node.
func TestNodesShareAPush(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	room := r.Live(t)
	other := r.node(t, func(c *video.Config) { c.RTMPAddr, c.Dir = "off", "" })
	p := r.live(t, r.key(t, room), "3")
	until(t, "a segment at the other node", func() bool { return len(other.segments(t, room, "live.m3u8")) >= 1 })
	name := other.segments(t, room, "live.m3u8")[0]
	if status, raw := other.get(t, room, name); status != 200 || probeBytes(t, raw).packets() != 50 {
		t.Errorf("segment at the other node: %d", status)
	}
	if in := other.ingest(t, room); in.State != video.On {
		t.Errorf("the other node says %+v", in)
	}
	if _, err := r.Rooms.End(r.Ctx, r.Bank.ID, room, r.Host); err != nil {
		t.Fatal(err)
	}
	if p.wait(t) == nil {
		t.Error("the push goes on in a room that is over")
	}
	until(t, "the reason", func() bool { return r.ingest(t, room).Problem == video.ProblemStopped })
}
