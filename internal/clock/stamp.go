package clock

import (
	"fmt"
	"time"
)

// Stamp is a time as the API writes it: RFC 3339, UTC, milliseconds.
type Stamp struct{ time.Time }

const stampLayout = "2006-01-02T15:04:05.000Z"

// At makes a stamp of t.
func At(t time.Time) Stamp { return Stamp{t.UTC()} }

// AtPtr is nil for the zero time, for optional fields.
func AtPtr(t time.Time) *Stamp {
	if t.IsZero() {
		return nil
	}
	s := At(t)
	return &s
}

// MarshalText writes the stamp.
func (s Stamp) MarshalText() ([]byte, error) { return []byte(s.UTC().Format(stampLayout)), nil }

// MarshalJSON writes the stamp as a JSON string.
func (s Stamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + s.UTC().Format(stampLayout) + `"`), nil
}

// UnmarshalText reads any RFC 3339 time.
func (s *Stamp) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("not an RFC 3339 time")
	}
	s.Time = t.UTC().Truncate(time.Microsecond)
	return nil
}

// UnmarshalJSON reads a JSON string.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		return fmt.Errorf("not an RFC 3339 time")
	}
	return s.UnmarshalText(b[1 : len(b)-1])
}
