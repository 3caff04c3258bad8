//go:build !linux

package hub

import "net"

// poller is not here: every socket has a goroutine that waits for it.
type poller struct{}

func newPollers(int) []*poller { return nil }

func (*poller) run()   {}
func (*poller) close() {}

func (*poller) poll(*conn, net.Conn) (link, bool) { return nil, false }

// attempt takes nothing: writes go by a goroutine.
func attempt(int, []byte) (int, error) { return 0, nil }

// receives tells that receive does not work here.
const receives = false

func receive(int, []byte) (int, bool, error) { return 0, false, nil }
