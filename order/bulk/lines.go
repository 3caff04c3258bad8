package bulk

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"yinbo/internal/fault"
)

// maxRecord bounds one line of a file, in bytes: a quote that is never closed
// must not take the rest of the file into memory.
const maxRecord = 256 << 10

// lines reads a decoded file's lines.
type lines struct {
	csv   *csv.Reader
	bound *bounded
	names []string // of the columns
}

// readLines reads the header and stands before the first line. 422 import.empty,
// import.header.
func readLines(r io.Reader, k Kind) (*lines, error) {
	l := &lines{bound: &bounded{r: r}}
	l.csv = csv.NewReader(l.bound)
	l.csv.FieldsPerRecord = -1
	cells, err := l.csv.Read()
	var malformed *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, fault.New(fault.Invalid, "import.empty").With("file", "import.empty")
	case errors.As(err, &malformed):
		return nil, fault.New(fault.Invalid, "import.header").With("file", "import.quotes").Because(err)
	case err != nil:
		return nil, err
	}
	l.names, err = k.header(cells)
	return l, err
}

// next gives the next line that is not blank; io.EOF after the last.
func (l *lines) next() (Line, error) {
	for {
		l.bound.mark()
		cells, err := l.csv.Read()
		var malformed *csv.ParseError
		if errors.As(err, &malformed) && !errors.Is(err, errTooLong) {
			return Line{No: malformed.StartLine, bad: Fail("", "import.quotes")}, nil
		}
		if err != nil {
			return Line{}, err
		}
		no, _ := l.csv.FieldPos(0)
		if line, blank := l.line(no, cells); !blank {
			return line, nil
		}
	}
}

// line cleans the cells and finds what no kind could take.
func (l *lines) line(no int, cells []string) (line Line, blank bool) {
	line, blank = Line{No: no, cells: cells, names: l.names}, true
	for i, c := range cells {
		c = strings.TrimSpace(c)
		cells[i] = c
		if c == "" {
			continue
		}
		blank = false
		name := ""
		if i < len(l.names) {
			name = l.names[i]
		}
		switch {
		case line.bad.Code != "":
		case name == "":
			line.bad = Fail("", "import.cells")
		case strings.ContainsRune(c, utf8.RuneError):
			line.bad = Fail(name, "import.characters")
		case strings.ContainsFunc(c, unicode.IsControl):
			line.bad = Fail(name, "field.format")
		}
	}
	return line, blank
}

// take gives up to n lines; none at the end.
func (l *lines) take(n int) ([]Line, error) {
	out := make([]Line, 0, n)
	for len(out) < n {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

// skip passes over n lines, and tells how many there were.
func (l *lines) skip(n int64) (passed int64, err error) {
	for passed < n {
		if _, err := l.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return passed, err
		}
		passed++
	}
	return passed, nil
}

var errTooLong = fault.New(fault.Invalid, "import.too_long").With("file", "import.too_long")

// bounded fails when more is read for one line than a line may have.
type bounded struct {
	r           io.Reader
	read, begun int64
}

func (b *bounded) mark() { b.begun = b.read }

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if b.read-b.begun > maxRecord {
		return 0, fmt.Errorf("bulk: %w", errTooLong)
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}
