package flash

import "context"

// Admission stands before the database and turns away those who would be
// refused there. It is a filter: nobody trusts it, and it may forget all.
//
// A picture of a sale bears an epoch, which the sale's row names. Holds and
// releases name it too and do nothing to a picture of another epoch, so that
// an old copy (a restart, a failover) is found out by the first who asks.
//
// Two implementations, Memory (one embedded node) and Redis (any number of
// nodes), pass one contract suite.
type Admission interface {
	// Hold takes n units for a viewer whose claims may not go above limit.
	Hold(ctx context.Context, s Ref, viewer string, n, limit int64) (Verdict, error)
	// Release gives back a hold, or units that were sold; without a viewer it
	// adds units that are new.
	Release(ctx context.Context, s Ref, viewer string, n int64) error
	// Look tells what is left; known is false for a sale that has no picture.
	Look(ctx context.Context, sale string) (l Level, known bool, err error)
	// Set replaces the picture of a sale, unless a newer epoch's is there.
	Set(ctx context.Context, s Ref, p Picture) error
	// Forget drops a sale that is over.
	Forget(ctx context.Context, sale string) error
}

// Ref names a picture of a sale. Later epochs sort later.
type Ref struct{ Sale, Epoch string }

// Verdict is what admission says to a wish.
type Verdict uint8

// The verdicts. Unknown means that the sale has no picture of the epoch.
const (
	Unknown Verdict = iota
	Held
	TooFew
	OverLimit
)

// Level is what is left in a picture. Changes counts its holds and releases.
type Level struct {
	Left    int64
	Epoch   string
	Changes int64
}

// Picture is a sale as the database has it.
type Picture struct {
	Left   int64
	Claims map[string]int64 // by viewer
}
