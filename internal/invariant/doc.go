// Package invariant verifies what must hold of the database at any time.
//
// An invariant is a name, a sentence and one statement that selects the rows
// which break it; each package that owns tables declares its own, in check.go
// beside its store, and cmd/yinbo puts them together as `yinbo check`.
//
// One statement sees one committed state, so that all of it may run on a system
// that is selling: what moves together is committed together, and no invariant
// compares what is committed apart. Statements read sets, by index where there
// is one: 200,000 orders take seconds.
//
// What the schema's CHECKs refuse is stated again where money or units hang on
// it: a database that was restored or changed by hand may have been so without
// them. Unique keys hold by themselves.
//
// It imports internal/db.
package invariant
