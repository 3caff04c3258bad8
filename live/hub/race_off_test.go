//go:build !race

package hub_test

const racing = false

// crowdOf is how many come to a test that is about many; one of the two ways to
// wait for them is enough for all of them.
func crowdOf(n int) int {
	if parked {
		return n / 10
	}
	return n
}
