// Package livetest sets the stage for the tests of live and its subpackages: a
// bank with staff, viewers and goods, a second bank, and rooms on a real
// database, with fakes of the foreign edges (goods, figures, tokens).
//
// Only tests import it. It imports live, live/bus and internal.
package livetest
