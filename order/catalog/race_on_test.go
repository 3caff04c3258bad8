//go:build race

package catalog_test

// raceEnabled: the race detector's time is not the product's.
const raceEnabled = true
