// Package ordertest sets the stage for the tests of order and its subpackages:
// a bank with a room, viewers, goods, the services wired as in production, and
// fakes of the foreign edges (the live room, the bank's gateway). A test moves
// the clock and runs the tasks that are due by hand.
//
// Only tests import it.
package ordertest
