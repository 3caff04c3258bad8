package outbox

import (
	"errors"
	"fmt"
	"time"
)

// Postponed is what a handler answers when its task must wait until At: no
// failure, the row is due again then.
type Postponed struct{ At time.Time }

// Error says until when.
func (p *Postponed) Error() string {
	return fmt.Sprintf("outbox: postponed to %s", p.At.Format(time.RFC3339))
}

// ErrEnded is what a handler answers that has ended its task itself, by Finish in
// the transaction that holds the effect.
var ErrEnded = errors.New("outbox: ended")

// Dropped is what a handler answers when trying again cannot help: the task is
// dead and waits for a person.
type Dropped struct{ Cause error }

// Error is the cause.
func (d *Dropped) Error() string { return fmt.Sprintf("outbox: dropped: %v", d.Cause) }

// Unwrap gives the cause.
func (d *Dropped) Unwrap() error { return d.Cause }
