// Package csvfile writes CSV for spreadsheets: lists that are read page by page,
// and cells that are no formulas; and it reads what comes line by line. It imports
// nothing of the product.
package csvfile

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strings"
)

// Read gives a file's lines by their numbers, from 1, without the empty ones; the
// cells are nil of one that is no CSV. A line is a record: one that is broken
// spoils no other, and no cell has a line break.
func Read(raw []byte) iter.Seq2[int, []string] {
	return func(yield func(int, []string) bool) {
		no := 0
		for line := range strings.Lines(string(bytes.TrimPrefix(raw, []byte("\ufeff")))) {
			no++
			if strings.TrimSpace(line) == "" {
				continue
			}
			in := csv.NewReader(strings.NewReader(line))
			in.TrimLeadingSpace = true
			cells, err := in.Read()
			if err != nil {
				cells = nil
			}
			if !yield(no, cells) {
				return
			}
		}
	}
}

// Columns tells that a first line names known columns, each once, and writes them
// as they are known, whatever their case.
func Columns(cells, known []string) bool {
	for i, c := range cells {
		cells[i] = strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains(known, cells[i]) || slices.Contains(cells[:i], cells[i]) {
			return false
		}
	}
	return len(cells) > 0
}

// Pages are a list. A page has one row more than Size where more follow.
type Pages[T any] struct {
	Header []string
	Size   int
	First  []T
	Record func(T) []string   // of a row that is a line
	Lines  func(T) [][]string // of one that is several, in place of Record
	After  func(ctx context.Context, last T) ([]T, error)
}

// Write writes all of it, no more than a page in memory: UTF-8 with a mark, so that
// spreadsheets read Chinese.
func (p Pages[T]) Write(ctx context.Context, w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(p.Header); err != nil {
		return err
	}
	for page := p.First; ; {
		more := len(page) > p.Size
		for _, v := range page[:min(len(page), p.Size)] {
			for _, line := range p.lines(v) {
				if err := out.Write(line); err != nil {
					return err
				}
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || !more {
			return err
		}
		var err error
		if page, err = p.After(ctx, page[p.Size-1]); err != nil {
			return err
		}
	}
}

func (p Pages[T]) lines(v T) [][]string {
	if p.Lines != nil {
		return p.Lines(v)
	}
	return [][]string{p.Record(v)}
}

// Line is cells that are all inert.
func Line(cells ...string) []string {
	for i, c := range cells {
		cells[i] = Inert(c)
	}
	return cells
}

// Inert keeps a spreadsheet from taking a cell for a formula, full width too.
func Inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
