package main

import (
	"errors"
	"strings"
	"testing"
)

// The demo's closed day has its roll-ups; one that is wrong is named, and made
// anew.
func TestRollUpsAreComparedAndMadeAnew(t *testing.T) {
	p := startProduct(t)
	if out, err := p.command(t, "ledger", "compare"); err != nil || !strings.Contains(out, ": 0 differences") {
		t.Fatalf("%v\n%s", err, out)
	}
	p.exec(t, "UPDATE ledger_day SET debit_fen = debit_fen + 7 WHERE account = 'gateway:bankbox'")
	out, err := p.command(t, "ledger", "compare")
	if !errors.Is(err, errDiffers) || !strings.Contains(out, "gateway:bankbox: rolled up") || !strings.Contains(out, ": 1 differences") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := p.command(t, "ledger", "rebuild"); err != nil || !strings.Contains(out, "demo: 1 dates") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := p.command(t, "ledger", "compare"); err != nil || strings.Contains(out, ": 1 ") {
		t.Fatalf("%v\n%s", err, out)
	}
}
