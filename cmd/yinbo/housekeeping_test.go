package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/order/settle"
)

// Housekeeping's statements fit the schema, and it comes again.
func TestHousekeepingRunsAndComesAgain(t *testing.T) {
	p := startProduct(t)
	var later *outbox.Postponed
	if err := p.node.app.keepHouse(t.Context(), outbox.Task{}); !errors.As(err, &later) {
		t.Fatalf("housekeeping answered %v", err)
	}
}

// A bank that is added while workers run has its nights closed, its leads spread
// and its hand-overs compared without a restart.
func TestABankAddedLaterIsLookedAfter(t *testing.T) {
	p := startProduct(t)
	out, err := p.command(t, "bank", "add", "later", "后来银行")
	if err != nil {
		t.Fatal(err)
	}
	for until, n := time.Now().Add(20*time.Second), 0; n != 3; { // a node knows a new bank within seconds
		var later *outbox.Postponed
		if err := p.node.app.keepHouse(t.Context(), outbox.Task{}); !errors.As(err, &later) {
			t.Fatalf("housekeeping answered %v", err)
		}
		n, _, err = db.Value[int](t.Context(), p.node.core.db, "SELECT COUNT(DISTINCT kind) FROM outbox WHERE bank_id = ? AND kind IN (?, ?, ?)",
			strings.TrimSpace(out), review.TaskSpread, review.TaskCompare, settle.TaskNightly)
		if err != nil || time.Now().After(until) {
			t.Fatalf("%d of 3 are scheduled: %v", n, err)
		}
	}
}
