//go:build !crash

package main

import "time"

// A plain `go test` makes few and short runs.
const (
	crashRuns = 20
	crashLoad = 1500 * time.Millisecond
)
