package promo

import (
	"crypto/rand"
	"encoding/binary"

	"yinbo/internal/money"
)

// draw gives a random number below n.
type draw func(n int64) int64

// split divides total into n shares of 1 fen to most each, whose sum is total.
// Each share is drawn between the least that the others can leave and twice the
// average of what is left, so that nobody gains by being early; then they are
// shuffled. The caller has seen to n <= total <= n × most.
func split(total money.Fen, n int64, most money.Fen, draw draw) []money.Fen {
	shares := make([]money.Fen, n)
	for i := range shares {
		others := money.Fen(n - int64(i) - 1)
		low := max(1, total-others*most)
		high := min(most, total-others, 2*total/(others+1))
		shares[i] = low
		if high > low {
			shares[i] += money.Fen(draw(int64(high - low + 1)))
		}
		total -= shares[i]
	}
	for i := n - 1; i > 0; i-- {
		j := draw(i + 1)
		shares[i], shares[j] = shares[j], shares[i]
	}
	return shares
}

// chance draws from the system's randomness, without the bias of a remainder.
func chance(n int64) int64 {
	const all = 1 << 62
	for {
		var b [8]byte
		rand.Read(b[:])
		if v := int64(binary.BigEndian.Uint64(b[:]) % all); v < all-all%n {
			return v % n
		}
	}
}
