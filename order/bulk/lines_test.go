package bulk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yinbo/internal/fault"
	"yinbo/order/bulk"
)

var people = bulk.Kind{Name: "people", Columns: []bulk.Column{{Name: "name", Title: "姓名", Required: true}, {Name: "city", Title: "城市"}}}

func TestAHeaderNamesItsColumnsInEitherLanguage(t *testing.T) {
	for head, want := range map[string]string{
		"name,city": "", "姓名,城市": "", " Name ,ＣＩＴＹ": "", "城市,name": "", "name,,": "", "\ufeffname": "",
		"city":           "name import.column_missing",
		"name,age":       "age import.column_unknown",
		"name,姓名":        "name import.column_double",
		"age,age":        "age import.column_unknown age import.column_unknown name import.column_missing",
		"":               "file import.empty",
		"na\"me,city":    "file import.quotes",
		"PK\x03\x04junk": "file import.not_text", "\xff\xfen\x00": "file import.not_text", "name\x00": "file import.not_text",
	} {
		_, _, err := bulk.ReadFile(people, []byte(head), 10)
		var got []string
		if err != nil {
			for _, f := range fault.From(err).Fields {
				got = append(got, f.Name+" "+f.Code)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", head, got, want)
		}
	}
}

func TestLinesAreReadAsTheyStand(t *testing.T) {
	file := "name,city\n张三 , 杭州\n\n,\n\"李, 四\",\"宁\"\"波\"\n王五\n赵六,a,b\n\"never closed,x\n"
	_, lines, err := bulk.ReadFile(people, []byte(file), 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%d|%s|%s|%s", l.No, l.Get("name"), l.Get("city"), l.Bad()))
	}
	want := []string{"2|张三|杭州|", "5|李, 四|宁\"波|", "6|王五||", "7|赵六|a|import.cells", "8|||import.quotes"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestTheCharacterSetIsFoundOut(t *testing.T) {
	text := "name,city\n" + strings.Repeat("张三丰,杭州市西湖区\n", 4000) // past any first look
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	late := "name,city\n" + strings.Repeat("plain,ascii\n", 10_000) + gb[len("name,city\n"):]
	for name, c := range map[string]struct{ file, set string }{"utf-8": {text, "utf-8"}, "marked": {"\ufeff" + text, "utf-8"},
		"gbk": {gb, "gb18030"}, "gbk after much ascii": {late, "gb18030"}, "one byte damaged": {text + "\xff,x\n", "utf-8"}} {
		set, lines, err := bulk.ReadFile(people, []byte(c.file), 500)
		if err != nil || set != c.set || len(lines) < 4000 || lines[len(lines)-2].Get("name") != "张三丰" {
			t.Errorf("%s: %s, %d lines, %v", name, set, len(lines), err)
		}
	}
}

func TestAQuoteThatIsNeverClosedTakesNoMemory(t *testing.T) {
	_, _, err := bulk.ReadFile(people, append([]byte("name\n\""), bytes.Repeat([]byte("endless line\n"), 100_000)...), 10)
	if fault.Code(err) != "import.too_long" {
		t.Errorf("%v", err)
	}
}

// FuzzImportFile: whatever the bytes, reading ends, lines stand in order, cells
// that are handed to a kind are clean, and what is counted is what is read.
func FuzzImportFile(f *testing.F) {
	for _, seed := range []string{"name,city\n张三,杭州\n", "name\n\"a\nb\",c\n", "name,city\n\"x", "\ufeffname\r\nx\r\n", "name\n\xd5\xc5\xc8\xfd\n", "name\n\xff\xff\n", "name,\n,,,x\n", "name\na\"b\nc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, lines, err := bulk.ReadFile(people, data, 3)
		if err != nil {
			if code := fault.Code(err); !fault.HasText(code) || code == "internal" {
				t.Fatalf("%v", err)
			}
			return
		}
		n, err := bulk.CountFile(people, set, data)
		if err != nil || n != int64(len(lines)) {
			t.Fatalf("%d lines counted, %d read: %v", n, len(lines), err)
		}
		last := 1
		for _, l := range lines {
			if l.No <= last {
				t.Fatalf("line %d after %d", l.No, last)
			}
			last = l.No
			for _, c := range []string{l.Get("name"), l.Get("city")} {
				if l.Bad() == "" && (!utf8.ValidString(c) || strings.ContainsFunc(c, unicode.IsControl) || strings.TrimSpace(c) != c) {
					t.Fatalf("line %d: cell %q", l.No, c)
				}
			}
		}
	})
}
