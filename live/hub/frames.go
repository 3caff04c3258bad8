package hub

import (
	"encoding/json"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
)

// joinFrame is a client's first frame.
type joinFrame struct {
	Type  string  `json:"type"`
	Room  string  `json:"room"`
	Token *string `json:"token"`
	Since *since  `json:"since"`

	Source string `json:"source"` // where the viewer came from
}

type since struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

// joinedFrame answers a join by a whole picture, recoveredFrame by what was
// missed.
type joinedFrame struct {
	Type      string          `json:"type"`
	Epoch     string          `json:"epoch"`
	Seq       int64           `json:"seq"`
	Recovered bool            `json:"recovered"`
	State     json.RawMessage `json:"state"`
}

type recoveredFrame struct {
	Type      string            `json:"type"`
	Epoch     string            `json:"epoch"`
	Seq       int64             `json:"seq"`
	Recovered bool              `json:"recovered"`
	Events    []json.RawMessage `json:"events"`
}

type eventsFrame struct {
	Type   string            `json:"type"`
	Seq    int64             `json:"seq"`
	Events []json.RawMessage `json:"events"`
}

type ackFrame struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
}

type errorFrame struct {
	Type    string `json:"type"`
	ID      string `json:"id,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type byeFrame struct {
	Type        string `json:"type"`
	Reason      string `json:"reason"`
	ReconnectMS *int   `json:"reconnect_ms"`
}

// clientFrame is what a client may send after it joined.
type clientFrame struct {
	Type  string `json:"type"`
	ID    string `json:"id"`
	Text  string `json:"text"`
	Count int64  `json:"count"`
	Token string `json:"token"`
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil { // our own types always marshal
		panic(err)
	}
	return raw
}

func errorText(lang fault.Lang, id, code string) []byte {
	text := code
	if code == "too_large" { // a frame's limit is not a body's
		text = "frame.too_large"
	}
	return encode(errorFrame{Type: "error", ID: id, Code: code, Message: fault.Text(lang, text)})
}

// bare makes an event of a figure that the node itself counts.
func bare(kind string, at clock.Stamp, fields map[string]any) json.RawMessage {
	fields["kind"], fields["at"] = kind, at
	return encode(fields)
}
