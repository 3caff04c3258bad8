package flash

import "context"

// Admission stands before the database and turns away those who would be
// refused there. It is a filter: nobody trusts it, and it may forget all.
//
// Two implementations, Memory (one embedded node) and Redis (any number of
// nodes), pass one contract suite.
type Admission interface {
	// Hold takes n units for a viewer whose claims may not go above limit.
	Hold(ctx context.Context, sale, viewer string, n, limit int64) (Verdict, error)
	// Release gives back a hold or units that were sold; nothing happens for a
	// sale that is not known.
	Release(ctx context.Context, sale, viewer string, n int64) error
	// Look tells what is left; known is false for a sale that must be set.
	Look(ctx context.Context, sale string) (l Level, known bool, err error)
	// Set replaces what is known of a sale, if its version is still the one
	// given; "" means that it must not be known yet. done is false otherwise.
	Set(ctx context.Context, sale, version string, p Picture) (done bool, err error)
	// Forget drops a sale that is over.
	Forget(ctx context.Context, sale string) error
}

// Verdict is what admission says to a wish.
type Verdict uint8

// The verdicts. Unknown means that the sale must be set from the database.
const (
	Unknown Verdict = iota
	Held
	TooFew
	OverLimit
)

// Level is what is left, and a version that changes with every hold and release.
type Level struct {
	Left    int64
	Version string
}

// Picture is a sale as the database has it.
type Picture struct {
	Left   int64
	Claims map[string]int64 // by viewer
}
