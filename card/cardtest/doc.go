// Package cardtest sets up a whole card department for tests: on a migrated
// database of either engine, under a clock that the test moves, with a bank on
// the other side that does as it is told.
//
// It imports yinbo/card with its subpackages and internal packages; only tests
// import it.
package cardtest
