package payment_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain keeps the property tests, each check of which places and pays orders
// on two engines, to a count that suits every run; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
