//go:build race

package catalog_test

// raceEnabled tells that the race detector slows everything down.
const raceEnabled = true
