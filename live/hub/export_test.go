package hub

import (
	"bytes"
	"errors"
)

// Parse takes a client's bytes apart as they come in pieces, and tells what came,
// whether they are against the protocol, and the most that was kept of them.
func Parse(pieces ...[]byte) (all []Incoming, broken bool, kept int) {
	var p parser
	for _, b := range pieces {
		b = bytes.Clone(b)
		for {
			in, rest, err := p.next(b)
			kept = max(kept, len(p.rest)+len(p.message))
			if errors.Is(err, errHalf) {
				break
			}
			if err != nil {
				return all, true, kept
			}
			if in.kind != 0 || in.large || in.endless {
				all = append(all, Incoming{byte(in.kind), string(in.payload), in.large, in.endless})
			}
			b = rest
		}
	}
	return all, false, kept
}

// Incoming is what came.
type Incoming struct {
	Kind           byte
	Payload        string
	Large, Endless bool
}
