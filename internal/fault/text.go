package fault

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Lang is a language that people are answered in.
type Lang string

// The languages; Chinese is the default.
const (
	Chinese Lang = "zh-CN"
	English Lang = "en"
)

//go:embed texts_zh-CN.json texts_en.json
var files embed.FS

var texts = sync.OnceValue(func() map[Lang]map[string]string {
	all := map[Lang]map[string]string{}
	for _, l := range []Lang{Chinese, English} {
		raw, err := files.ReadFile("texts_" + string(l) + ".json")
		if err != nil {
			panic(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(raw, &m); err != nil {
			panic(fmt.Sprintf("fault: texts of %s: %v", l, err))
		}
		all[l] = m
	}
	return all
})

// Language picks the language of an Accept-Language header: of those that we
// speak the one that is wanted most, else Chinese.
func Language(accept string) Lang {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return Chinese
	}
	for _, tag := range wanted {
		switch base, _ := tag.Base(); base.String() {
		case "zh":
			return Chinese
		case "en":
			return English
		}
	}
	return Chinese
}

// Text is the sentence for a code. A text has two parts where it helps: what
// happened, and after a "|" what to do next.
func Text(l Lang, code string, args ...any) string {
	title, detail := split(l, code, args)
	if detail == "" {
		return title
	}
	if l == English {
		return title + " " + detail
	}
	return title + detail
}

// Title is what happened.
func (e *Error) Title(l Lang) string {
	t, _ := split(l, e.Code, e.Args)
	return t
}

// Detail is what to do next; where a text has no such part, the title again.
func (e *Error) Detail(l Lang) string {
	t, d := split(l, e.Code, e.Args)
	if d == "" {
		return t
	}
	return d
}

func split(l Lang, code string, args []any) (title, detail string) {
	s, ok := texts()[l][code]
	if !ok {
		s = texts()[l]["internal"]
		args = nil
	}
	if len(args) > 0 {
		s = fmt.Sprintf(s, args...)
	}
	title, detail, _ = strings.Cut(s, "|")
	return strings.TrimSpace(title), strings.TrimSpace(detail)
}

// HasText tells whether every language has a text for code.
func HasText(code string) bool {
	for _, m := range texts() {
		if _, ok := m[code]; !ok {
			return false
		}
	}
	return true
}

// Codes lists every code that has a text, in order.
func Codes() []string { return slices.Sorted(maps.Keys(texts()[Chinese])) }
