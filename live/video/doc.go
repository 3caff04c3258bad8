// Package video serves the demo clip as a live stream: an endlessly sliding HLS
// playlist computed from the time, so that everyone who watches, on any node,
// sees the same moment of the loop.
//
// Invariants: a segment's number is the time divided by a segment's length; the
// clip's wrap is a discontinuity, and discontinuities are counted from the same
// origin, so two players that joined at different times agree. Nothing is
// stored and nothing is started. The clip's source stands in clip/README.md.
//
// It imports internal/clock.
package video
