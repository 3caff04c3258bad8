package clock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"yinbo/internal/clock"
)

func TestADrillsClockFollowsItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	drill := clock.NewDrill(path)
	near := func(offset time.Duration) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); ; <-time.After(10 * time.Millisecond) {
			off := time.Until(drill.Now()) - offset
			if off.Abs() < time.Second {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s off", off)
			}
		}
	}
	near(0)
	for text, offset := range map[string]time.Duration{"-90s\n": -90 * time.Second, "1h": time.Hour, "tomorrow": 0} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		near(offset)
	}
}
