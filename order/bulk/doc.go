// Package bulk takes in files of lines: an import. The file comes in parts, since
// a body is bounded; a worker reads it line by line and gives what became of each.
//
// States: uploading → queued → running → done; failed when the file as a whole
// cannot be read; cancelled by a person, or when nobody went on uploading. Lines
// that were taken in before a cancel stay.
//
// What a line means is a Kind's: a name, the columns, and a function that has the
// effect of some lines within a transaction and gives a verdict for each. Adding
// a kind is one value handed to New.
//
// Invariants: lines are applied in chunks; a chunk's effects, its verdicts and
// the count of lines done are one transaction, which begins by moving that count
// on from what the worker believes: a worker that was killed, or two of them,
// double nothing. Lines that cannot be taken never stop the others. Whatever the
// file's length, a worker holds one part and one chunk of it.
//
// A worker has a limited time for a task: it stops in good time between two
// chunks and is woken again. A process that runs a job by itself extends its
// lease as it goes.
//
// A merchant's own account sees the imports of its merchant and begins those of
// kinds that are for merchants (Of): the job's row bears the merchant, every
// statement asks for it, and the kind is told whose lines it takes in.
//
// The file's bytes are deleted when the job ends, its report later (Purge). Texts
// are UTF-8 with or without a mark, else GB18030, of which GBK is a part.
//
// It imports internal packages, encoding/csv and golang.org/x/text.
package bulk
