// Package fault is the one error type of the product: a kind, a stable dotted
// code, the input fields concerned, when to try again, and a cause that only
// the log sees.
//
// Invariants: errors are read with errors.As (or From), wrapped with %w and
// never matched by text; an error that is not a fault is Internal. The texts
// for people stand in texts_zh-CN.json and texts_en.json under the code; a test
// holds that both languages have every code that the code base names.
//
// It imports nothing of ours.
package fault
