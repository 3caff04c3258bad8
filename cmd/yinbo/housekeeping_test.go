package main

import (
	"errors"
	"testing"

	"yinbo/internal/outbox"
)

// Housekeeping's statements fit the schema, and it comes again.
func TestHousekeepingRunsAndComesAgain(t *testing.T) {
	p := startProduct(t)
	var later *outbox.Postponed
	if err := p.node.app.keepHouse(t.Context(), outbox.Task{}); !errors.As(err, &later) {
		t.Fatalf("housekeeping answered %v", err)
	}
}
