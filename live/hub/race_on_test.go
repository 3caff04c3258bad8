//go:build race

package hub_test

// crowdOf is smaller where the detector makes everything slow.
func crowdOf(n int) int { return n / 10 }
