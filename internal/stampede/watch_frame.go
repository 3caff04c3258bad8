package stampede

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// The key of every upgrade, and what a server must make of it (RFC 6455 §1.3).
const (
	upgradeKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	upgradeAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func upgradeRequest(addr string) []byte {
	return []byte("GET /api/v1/ws HTTP/1.1\r\nHost: " + addr + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + upgradeKey + "\r\n\r\n")
}

// clientFrame is a masked frame as it goes over the wire.
func clientFrame(op ws.OpCode, payload []byte) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, true, payload)))
}

// broken is the opcode of what no server may send: masked, in fragments, extended,
// or too large.
const broken = ws.OpCode(0xff)

// maxServerFrame bounds a frame that is waited for.
const maxServerFrame = 16 << 20

// frameIn gives the first frame of what came; size is 0 while it is not whole.
func frameIn(came []byte) (op ws.OpCode, payload []byte, size int) {
	if len(came) < 2 {
		return 0, nil, 0
	}
	length, head := uint64(came[1]), 2
	switch {
	case came[0]&0xf0 != 0x80 || came[1]&0x80 != 0:
		return broken, nil, len(came)
	case length == 126 && len(came) >= 4:
		length, head = uint64(binary.BigEndian.Uint16(came[2:])), 4
	case length == 127 && len(came) >= 10:
		length, head = binary.BigEndian.Uint64(came[2:]), 10
	case length >= 126:
		return 0, nil, 0
	}
	if length > maxServerFrame {
		return broken, nil, len(came)
	}
	size = head + int(length)
	if len(came) < size {
		return 0, nil, 0
	}
	return ws.OpCode(came[0] & 0x0f), came[head:size], size
}
