package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Layout is how times are stored in both engines: fixed width, so that text
// compares as time does.
const Layout = "2006-01-02 15:04:05.000000"

// Time reads and writes a DATETIME(6). The zero Time is NULL.
type Time struct{ time.Time }

// At wraps t, in UTC.
func At(t time.Time) Time { return Time{t.UTC()} }

// Value is the stored text, or NULL for the zero Time.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(Layout), nil
}

// Scan reads what either engine hands back.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.Time = time.Time{}
		return nil
	case time.Time:
		t.Time = v.UTC()
		return nil
	case []byte:
		return t.parse(string(v))
	case string:
		return t.parse(v)
	}
	return fmt.Errorf("db: cannot read %T as a time", src)
}

func (t *Time) parse(s string) error {
	for _, layout := range []string{Layout, "2006-01-02 15:04:05", time.RFC3339Nano} {
		if p, err := time.Parse(layout, s); err == nil {
			t.Time = p.UTC()
			return nil
		}
	}
	return fmt.Errorf("db: cannot read %q as a time", s)
}

// Ptr is nil for the zero Time, for optional fields of an answer.
func (t Time) Ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	v := t.Time
	return &v
}
