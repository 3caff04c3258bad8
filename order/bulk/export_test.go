package bulk

import (
	"bytes"
	"errors"
	"io"
)

// ReadFile reads a whole file of a kind as a worker does, n lines at a time.
func ReadFile(k Kind, data []byte, n int) (set string, all []Line, err error) {
	if set, err = charsetOf(bytes.NewReader(data)); err != nil {
		return "", nil, err
	}
	in, err := readLines(decoded(bytes.NewReader(data), set), k)
	if err != nil {
		return set, nil, err
	}
	for {
		some, err := in.take(n)
		if err != nil || len(some) == 0 {
			return set, all, err
		}
		all = append(all, some...)
	}
}

// CountFile counts a file's lines as a worker does before it begins.
func CountFile(k Kind, set string, data []byte) (int64, error) {
	in, err := readLines(decoded(bytes.NewReader(data), set), k)
	if err != nil {
		return 0, err
	}
	n, err := in.skip(1 << 62)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Bad is why a line cannot be read, "" for one that can.
func (l Line) Bad() string { return l.bad.Code }
