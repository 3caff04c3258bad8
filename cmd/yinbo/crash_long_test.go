//go:build crash

package main

import "time"

// `go test -tags crash` makes many and longer ones.
const (
	crashRuns = 300
	crashLoad = 4 * time.Second
)
