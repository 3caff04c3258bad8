package bulk

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yinbo/internal/fault"
)

// The character sets of a file.
const (
	utf8Set = "utf-8"
	gbSet   = "gb18030"
)

var mark = []byte("\xef\xbb\xbf") // of UTF-8

// charsetOf reads a file whole and tells its character set: UTF-8 when it has the
// mark or nearly all of it is (what is damaged then shows line by line), else
// GB18030. What is no text at all is 422 import.not_text.
func charsetOf(r io.Reader) (string, error) {
	var c census
	buf, kept, first := make([]byte, 64<<10), 0, true
	for {
		n, err := r.Read(buf[kept:])
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		got := buf[:kept+n]
		if bytes.IndexByte(got, 0) >= 0 || first && notText(got) {
			return "", fault.New(fault.Invalid, "import.not_text").With("file", "import.not_text")
		}
		if first && bytes.HasPrefix(got, mark) {
			c.marked = true
		}
		first = first && n == 0
		rest := c.count(got, err != nil)
		kept = copy(buf, rest)
		if err != nil {
			return c.set(), nil
		}
	}
}

// census counts what a text is made of when it is read as UTF-8.
type census struct {
	marked     bool
	whole, bad int // runes of several bytes; bytes that are of none
}

// count takes in b and gives back what may go on in the next piece.
func (c *census) count(b []byte, last bool) (rest []byte) {
	for len(b) > 0 {
		if !last && !utf8.FullRune(b) {
			return b
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			c.bad++
		case n > 1:
			c.whole++
		}
		b = b[n:]
	}
	return nil
}

// damaged is how many good runes speak for UTF-8 against one bad byte: GB18030
// read as UTF-8 is bad nearly everywhere.
const damaged = 10

func (c *census) set() string {
	if c.marked || c.whole >= damaged*c.bad {
		return utf8Set
	}
	return gbSet
}

// notText knows files that people take for CSV: UTF-16, a workbook, a PDF.
func notText(head []byte) bool {
	for _, m := range []string{"\xff\xfe", "\xfe\xff", "PK\x03\x04", "%PDF", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	return false
}

// decoded reads a file of a character set as UTF-8 without a mark.
func decoded(r io.Reader, set string) io.Reader {
	if set == gbSet {
		return simplifiedchinese.GB18030.NewDecoder().Reader(r)
	}
	return &unmarked{r: r}
}

// unmarked leaves the mark at a file's start out.
type unmarked struct {
	r    io.Reader
	head []byte
	read bool
}

// Read reads what follows the mark.
func (u *unmarked) Read(p []byte) (int, error) {
	if !u.read {
		u.read = true
		head := make([]byte, len(mark))
		n, err := io.ReadFull(u.r, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		u.head = bytes.TrimPrefix(head[:n], mark)
	}
	if len(u.head) > 0 {
		n := copy(p, u.head)
		u.head = u.head[n:]
		return n, nil
	}
	return u.r.Read(p)
}
