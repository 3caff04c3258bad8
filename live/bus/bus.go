package bus

import (
	"context"
	"encoding/json"
)

// Class says how a message is delivered to sockets.
type Class string

// The classes of CONTRACT §7, and Control for the nodes themselves.
const (
	Fact    Class = "fact"
	State   Class = "state"
	Talk    Class = "talk"
	Private Class = "private"
	Control Class = "control"
)

// Gap is the kind of a Control message that the bus itself brings to a channel's
// handlers after its connection was lost: messages may have been lost with it.
const Gap = "gap"

// Message is what travels. Event is the whole object that sockets get, encoded
// once by its publisher.
type Message struct {
	Class  Class           `json:"c"`
	Kind   string          `json:"k"`
	Key    string          `json:"y,omitempty"` // of a state: the latest by kind and key wins
	Seq    int64           `json:"s,omitempty"` // of a fact
	Viewer string          `json:"v,omitempty"` // of a private message
	Event  json.RawMessage `json:"e,omitempty"`
}

// Bus delivers messages to every subscriber of a channel, on every node.
type Bus interface {
	// Publish sends m; an error means that it may not have arrived.
	Publish(ctx context.Context, channel string, m Message) error
	// Subscribe calls handle for each message that is published after it
	// returned, until cancel. An error means that nothing is subscribed.
	Subscribe(channel string, handle func(Message)) (cancel func(), err error)
	Close() error
}

// RoomChannel is where a room's messages travel. The braces keep them on one
// slot of a Cluster.
func RoomChannel(room string) string { return "yinbo:{" + room + "}:room" }

// BankChannel is where private messages to a bank's viewers travel.
func BankChannel(bank string) string { return "yinbo:{" + bank + "}:bank" }
