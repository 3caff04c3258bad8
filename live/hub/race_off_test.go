//go:build !race

package hub_test

const raced = false

// crowdOf is how many come to a test that is about many; one of the ways to wait
// for them is enough for all of them.
func crowdOf(n int) int {
	if way.parked {
		return n / 10
	}
	return n
}
