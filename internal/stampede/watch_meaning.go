package stampede

import (
	"encoding/json"
	"hash/maphash"
	"time"
)

// meaning is what a frame from the server says.
type meaning struct {
	Type        string  `json:"type"`
	Epoch       string  `json:"epoch"`
	Seq         int64   `json:"seq"`
	Recovered   bool    `json:"recovered"`
	Events      []event `json:"events"`
	Code        string  `json:"code"`
	Reason      string  `json:"reason"`
	ReconnectMS *int64  `json:"reconnect_ms"`
}

// event is one of a frame's. SentUS is put in by a load generator that publishes
// (microseconds since 1970, as text); others' events have only At, in milliseconds.
type event struct {
	Seq    int64     `json:"seq"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	SentUS int64     `json:"sent_us,string"`
}

// sent is when the event was published, as far as it says.
func (e event) sent() time.Time {
	if e.SentUS > 0 {
		return time.UnixMicro(e.SentUS)
	}
	return e.At
}

// meanings decodes a frame once for all who get the same bytes: of thousands of
// viewers each gets what the others get, and the audience shares the machine
// with the server.
type meanings struct {
	seed  maphash.Seed
	known map[uint64]*meaning
}

// maxKnown is how many frames are remembered; then all are forgotten.
const maxKnown = 4096

func newMeanings() meanings { return meanings{maphash.MakeSeed(), map[uint64]*meaning{}} }

// of gives what a frame says; one that is not JSON has the type "unreadable".
func (m *meanings) of(raw []byte) *meaning {
	key := maphash.Bytes(m.seed, raw)
	if known, ok := m.known[key]; ok {
		return known
	}
	said := &meaning{}
	if err := json.Unmarshal(raw, said); err != nil {
		said = &meaning{Type: "unreadable"}
	}
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[key] = said
	return said
}
