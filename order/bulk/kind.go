package bulk

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Kind is one sort of import.
type Kind struct {
	Name      string
	Columns   []Column
	Merchants bool // merchants' own accounts may import it too, what is theirs
	// Apply has the lines' effects within tx and gives a verdict for each, in
	// their order. An error is for what is not a line's fault: the chunk is rolled
	// back and tried again. Lines that stand twice in a file may come in one call.
	Apply func(ctx context.Context, tx *db.Tx, bank string, by Actor, lines []Line) ([]Verdict, error)
}

// Column is a column that a kind's files may have.
type Column struct {
	Name     string `json:"name" doc:"As a header and reports name it"`
	Title    string `json:"title" doc:"The Chinese name, which a header may use as well"`
	Required bool   `json:"required" doc:"The header must have it; whether a cell may be empty is the kind's"`
}

// Actor is who imports.
type Actor struct {
	Kind, ID  string // staff or system
	RequestID string
	Merchant  string // of a job that runs: whose own account began it; "" for the bank's staff
}

// Line is a line of a file. Its cells are trimmed and without control characters.
type Line struct {
	No    int // where it begins in the file, from 1
	cells []string
	names []string // of the columns
	bad   Verdict  // why it cannot be read
}

// Get gives a column's cell, "" when the file does not have the column.
func (l Line) Get(column string) string {
	if i := slices.Index(l.names, column); i >= 0 && i < len(l.cells) {
		return l.cells[i]
	}
	return ""
}

// Has tells whether the file has a column.
func (l Line) Has(column string) bool { return slices.Contains(l.names, column) }

// Result is what became of a line.
type Result string

// The results.
const (
	Created Result = "created"
	Updated Result = "updated"
	Failed  Result = "failed"
)

// Verdict is what a line came to.
type Verdict struct {
	Result Result
	Code   string // why it failed, or what to know; a code with texts, else ""
	Field  string // the column concerned
	Object string // the id of what was created or updated
}

// Fail is the verdict on a line whose field does not fit.
func Fail(field, code string) Verdict { return Verdict{Result: Failed, Code: code, Field: field} }

// header names the column of each cell of a file's first line, "" for a blank
// one. 422 import.header names each column that is unknown, doubled or missing.
func (k Kind) header(cells []string) (names []string, err error) {
	names = make([]string, len(cells))
	bad := fault.New(fault.Invalid, "import.header")
	for i, cell := range cells {
		cell = fold(cell)
		if cell == "" {
			continue
		}
		name := k.column(cell)
		switch {
		case name == "":
			bad = bad.With(short(cell), "import.column_unknown")
		case slices.Contains(names, name):
			bad = bad.With(name, "import.column_double")
		}
		names[i] = name
	}
	for _, c := range k.Columns {
		if c.Required && !slices.Contains(names, c.Name) {
			bad = bad.With(c.Name, "import.column_missing")
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return names, nil
}

func (k Kind) column(folded string) string {
	for _, c := range k.Columns {
		if folded == c.Name || folded == fold(c.Title) {
			return c.Name
		}
	}
	return ""
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(width.Fold.String(s))) }

// maxName bounds what is repeated of a column's name.
const maxName = 40

func short(name string) string { return cut(name, maxName) }

// cut leaves at most n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
