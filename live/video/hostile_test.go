package video_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live/video"
)

// knock sends bytes to the door and tells whether the server ended the connection.
func knock(t testing.TB, r *rig, data []byte) (ended bool) {
	t.Helper()
	c := r.dial(t)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(15 * time.Second))
	go func() { _, _ = c.Write(data); _ = c.(*net.TCPConn).CloseWrite() }()
	_, err := io.Copy(io.Discard, c)
	return err == nil || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (r *rig) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.PushURL, "rtmp://"), "/live"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hello is a plain handshake: C0, C1 and a C2 that nobody looks at.
var hello = append([]byte{3}, make([]byte, 2*1536)...)

// chunk is a message in one chunk.
func chunk(kind byte, body []byte) []byte {
	n := len(body)
	return append([]byte{3, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), kind, 0, 0, 0, 0}, body...)
}

// connect is an encoder's first command, and more of them.
func connect() []byte {
	var b bytes.Buffer
	str := func(s string) { b.Write([]byte{byte(len(s) >> 8), byte(len(s))}); b.WriteString(s) }
	b.WriteByte(2)
	str("connect")
	b.Write([]byte{0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 3})
	for _, kv := range [][2]string{{"app", "live"}, {"tcUrl", "rtmp://h/live"}} {
		str(kv[0])
		b.WriteByte(2)
		str(kv[1])
	}
	b.Write([]byte{0, 0, 9})
	return chunk(20, b.Bytes())
}

var hostile = map[string][]byte{
	"nothing":            {},
	"http":               []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	"tls":                {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3},
	"encrypted":          append([]byte{6}, make([]byte, 1536)...),
	"hello only":         hello,
	"no connect":         append(bytes.Clone(hello), chunk(20, []byte{2, 0, 4, 'p', 'l', 'a', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5})...),
	"empty connect":      append(bytes.Clone(hello), chunk(20, []byte{2, 0, 7, 'c', 'o', 'n', 'n', 'e', 'c', 't'})...),
	"connect":            append(bytes.Clone(hello), connect()...),
	"huge chunks":        append(append(bytes.Clone(hello), chunk(1, []byte{0, 0x9f, 0xff, 0xff})...), 3, 0, 0, 0, 0x9f, 0xff, 0xff, 20, 0, 0, 0, 0, 1, 2, 3),
	"deep objects":       append(bytes.Clone(hello), chunk(20, append([]byte{2, 0, 7, 'c', 'o', 'n', 'n', 'e', 'c', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{3, 0, 1, 'a'}, 20)...))...),
	"big array":          append(bytes.Clone(hello), chunk(20, []byte{2, 0, 7, 'c', 'o', 'n', 'n', 'e', 'c', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0xff, 0xff, 0xff, 0xff})...),
	"video before a key": append(append(bytes.Clone(hello), connect()...), chunk(9, []byte{0x17, 0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xe1, 0xff, 0xff})...),
	"endless":            append(bytes.Clone(hello), bytes.Repeat([]byte{0xc3}, 200_000)...),
}

// Strangers' bytes end their own connection; the room that is on goes on.
func TestHostileBytesEndOnlyTheirConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	for name, data := range hostile {
		if !knock(t, r, data) {
			t.Errorf("%s: the connection stays", name)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := slices.Sorted(maps.Keys(hostile))
	for range 500 {
		data := bytes.Clone(hostile[names[random.IntN(len(names))]])
		data = data[:min(len(data), 8<<10)]
		for range 1 + random.IntN(8) { // behind the handshake, mostly: before it little is read
			if at := min(len(data), 2*1536) + random.IntN(1+max(0, len(data)-2*1536)); at < len(data) {
				data[at] = byte(random.Uint32())
			}
		}
		if !knock(t, r, data) {
			t.Fatalf("the connection stays after %x", data)
		}
	}
	room := r.Live(t)
	r.seconds(t, r.key(t, room), 4)
	if in := r.ingest(t, room); in.Problem != video.ProblemNone {
		t.Errorf("a push after them: %+v", in)
	}
}

// Those who say nothing are few at a time, and not for long.
func TestTheDoorIsHeldBrieflyAndByFew(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	begin := time.Now()
	held := make([]net.Conn, 4)
	for i := range held {
		held[i] = r.dial(t)
		defer held[i].Close()
	}
	closed := func(c net.Conn, within time.Duration) bool {
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	}
	until(t, "the door to be full", func() bool {
		c := r.dial(t)
		defer c.Close()
		return closed(c, 200*time.Millisecond)
	})
	for _, c := range held {
		if !closed(c, 12*time.Second) {
			t.Error("a silent connection stays")
		}
	}
	if took := time.Since(begin); took < 9*time.Second || took > 14*time.Second {
		t.Errorf("silence was held for %v", took)
	}
	if !knock(t, r, hostile["http"]) {
		t.Error("the door stays shut")
	}
}

// FuzzConnect sends what it finds to the door, after a handshake or instead of it.
func FuzzConnect(f *testing.F) {
	for _, data := range hostile {
		f.Add(false, data)
		f.Add(true, bytes.TrimPrefix(data, hello))
	}
	r := newRig(f, testkit.SQLite(f, clock.System{}))
	f.Fuzz(func(t *testing.T, greeted bool, data []byte) {
		data = data[:min(len(data), 1<<16)]
		if greeted {
			data = append(bytes.Clone(hello), data...)
		}
		if !knock(t, r, data) {
			t.Error("the connection stays")
		}
	})
}
