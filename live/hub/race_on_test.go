//go:build race

package hub_test

// raced tells that the detector is on.
const raced = true

// crowdOf is smaller where the detector makes everything slow.
func crowdOf(n int) int { return n / 10 }
