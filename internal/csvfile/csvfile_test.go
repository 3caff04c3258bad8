package csvfile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/csvfile"
)

func pages(list []string, size int) csvfile.Pages[string] {
	from := func(at int) []string { return list[at:min(at+size+1, len(list))] }
	return csvfile.Pages[string]{Header: []string{"name"}, Size: size, First: from(0), Record: func(v string) []string { return []string{v} },
		After: func(_ context.Context, last string) ([]string, error) {
			for i, v := range list {
				if v == last {
					return from(i + 1), nil
				}
			}
			return nil, errors.New("nowhere")
		}}
}

func TestEveryRowIsWrittenOnceWhateverThePages(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e"}
	for size := 1; size <= 6; size++ {
		var out strings.Builder
		if err := pages(list, size).Write(t.Context(), &out); err != nil || out.String() != "\ufeffname\na\nb\nc\nd\ne\n" {
			t.Errorf("by %d: %q %v", size, out.String(), err)
		}
	}
	var none strings.Builder
	if err := pages(nil, 3).Write(t.Context(), &none); err != nil || none.String() != "\ufeffname\n" {
		t.Errorf("%q %v", none.String(), err)
	}
}

func TestARowMayBeSeveralLines(t *testing.T) {
	p := pages([]string{"a", "b"}, 1)
	p.Lines = func(v string) [][]string { return [][]string{{v + "1"}, csvfile.Line("=" + v)} }
	var out strings.Builder
	if err := p.Write(t.Context(), &out); err != nil || out.String() != "\ufeffname\na1\n'=a\nb1\n'=b\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{"=1+1": "'=1+1", "@cmd": "'@cmd", "-x": "'-x", "＝1": "'＝1", "\tx": "'\tx", "": "", "茶=1": "茶=1", "2.50": "2.50"} {
		if got := csvfile.Inert(cell); got != want {
			t.Errorf("%q: %q", cell, got)
		}
	}
}

func TestABrokenLineSpoilsNoOther(t *testing.T) {
	var got []string
	for no, cells := range csvfile.Read([]byte("\ufeffa,b\r\n\n \"x, y\",2\n\"open,3\n茶,\"\"\"\"")) {
		got = append(got, fmt.Sprintf("%d%q", no, cells))
	}
	if want := []string{`1["a" "b"]`, `3["x, y" "2"]`, `4[]`, `5["茶" "\""]`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for range csvfile.Read([]byte("a\nb")) {
		break
	}
}

func TestAHeaderNamesKnownColumnsOnce(t *testing.T) {
	known := []string{"a", "b", "c"}
	for line, want := range map[string]bool{" A,b": true, "c": true, "a,a": false, "a,d": false, "a,": false, "": false} {
		cells := strings.Split(line, ",")
		if got := csvfile.Columns(cells, known); got != want || want && !slices.Contains(known, cells[0]) {
			t.Errorf("%q: %v %q", line, got, cells)
		}
	}
	if csvfile.Columns(nil, known) {
		t.Error("no line is a header")
	}
}
