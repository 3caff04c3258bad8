package hub_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"yinbo/live/hub"
)

// sent is a frame as a client sends it.
func sent(kind ws.OpCode, fin bool, payload string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(kind, fin, []byte(payload))))
}

func TestFramesAreTakenApart(t *testing.T) {
	long := strings.Repeat("x", 4096)
	for name, c := range map[string]struct {
		frames [][]byte
		want   []hub.Incoming
		broken bool
	}{
		"two":        {[][]byte{sent(ws.OpText, true, "a"), sent(ws.OpBinary, true, "b")}, []hub.Incoming{{Kind: 1, Payload: "a"}, {Kind: 2, Payload: "b"}}, false},
		"empty":      {[][]byte{sent(ws.OpText, true, "")}, []hub.Incoming{{Kind: 1}}, false},
		"full":       {[][]byte{sent(ws.OpText, true, long)}, []hub.Incoming{{Kind: 1, Payload: long}}, false},
		"large":      {[][]byte{sent(ws.OpText, true, long+"x"), sent(ws.OpText, true, "b")}, []hub.Incoming{{Large: true}, {Kind: 1, Payload: "b"}}, false},
		"fragments":  {[][]byte{sent(ws.OpText, false, "a"), sent(ws.OpPing, true, "p"), sent(ws.OpContinuation, true, "b")}, []hub.Incoming{{Kind: 9, Payload: "p"}, {Kind: 1, Payload: "ab"}}, false},
		"large ones": {[][]byte{sent(ws.OpText, false, long), sent(ws.OpContinuation, false, "x"), sent(ws.OpPing, true, "p"), sent(ws.OpContinuation, true, "y"), sent(ws.OpText, true, "b")}, []hub.Incoming{{Large: true}, {Kind: 9, Payload: "p"}, {Kind: 1, Payload: "b"}}, false},
		"endless":    {[][]byte{sent(ws.OpText, true, strings.Repeat("x", 1<<20+20000))}, []hub.Incoming{{Large: true}, {Endless: true}, {Endless: true}}, false},
		"unmasked":   {[][]byte{ws.MustCompileFrame(ws.NewTextFrame([]byte("a")))}, nil, true},
		"reserved":   {[][]byte{sent(3, true, "a")}, nil, true},
		"long ping":  {[][]byte{sent(ws.OpPing, true, strings.Repeat("x", 126))}, nil, true},
		"begun ping": {[][]byte{sent(ws.OpPing, false, "a")}, nil, true},
		"no start":   {[][]byte{sent(ws.OpContinuation, true, "a")}, nil, true},
		"no end":     {[][]byte{sent(ws.OpText, false, "a"), sent(ws.OpText, true, "b")}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			raw := bytes.Join(c.frames, nil)
			for _, step := range []int{len(raw), 5000, 16 << 10, 1} {
				got, broken, kept := hub.Parse(slices.Collect(slices.Chunk(raw, step))...)
				got = slices.DeleteFunc(got, func(in hub.Incoming) bool { return in.Kind == 0 && !in.Large && !in.Endless })
				if name == "endless" {
					got = got[:min(2, len(got))]
					c.want = c.want[:2]
				}
				if broken != c.broken || !slices.Equal(got, c.want) {
					t.Errorf("by %d: %.200v, broken %t", step, got, broken)
				}
				if kept > 2*4096+14 {
					t.Errorf("by %d: %d bytes were kept", step, kept)
				}
			}
		})
	}
}

// What comes does not depend on how it is cut into pieces, and only a bounded part
// of it is kept.
func FuzzClientBytes(f *testing.F) {
	f.Add(bytes.Join([][]byte{sent(ws.OpText, false, `{"type":`), sent(ws.OpPing, true, ""), sent(ws.OpContinuation, true, `"ping"}`)}, nil), uint64(1))
	f.Add(sent(ws.OpText, true, strings.Repeat("[", 5000)), uint64(2))
	f.Add(sent(ws.OpClose, true, "\x03\xe8"), uint64(3))
	f.Add([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5}, uint64(4))
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		dice := rand.New(rand.NewPCG(seed, 0))
		var pieces [][]byte
		for rest := raw; len(rest) > 0; {
			n := 1 + dice.IntN(len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		whole, broken, _ := hub.Parse(raw)
		cut, cutBroken, kept := hub.Parse(pieces...)
		if broken != cutBroken || !slices.Equal(whole, cut) {
			t.Errorf("whole: %.300v %t; in %d pieces: %.300v %t", whole, broken, len(pieces), cut, cutBroken)
		}
		if kept > 2*4096+14 {
			t.Errorf("%d bytes were kept", kept)
		}
	})
}
