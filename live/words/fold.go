package words

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as it is compared.
type folded struct {
	text  []byte
	runes []rune
	at    []int  // where each rune begins in text
	gap   []bool // whether something was passed over before the rune
}

// fold brings a text into the form in which it is compared.
func fold(text string) folded {
	n := utf8.RuneCountInString(text)
	f := folded{text: make([]byte, 0, len(text)), runes: make([]rune, 0, n), at: make([]int, 0, n), gap: make([]bool, 0, n)}
	gap := true // a text begins with one
	for _, r := range norm.NFKD.String(text) {
		if r = plain(r); hides(r) {
			gap = true
			continue
		}
		f.at = append(f.at, len(f.text))
		f.text = utf8.AppendRune(f.text, r)
		f.runes, f.gap = append(f.runes, r), append(f.gap, gap)
		gap = false
	}
	return f
}

// plain is a character's common form.
func plain(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	r = unicode.ToLower(r)
	if l, known := lookAlikes[r]; known {
		return l
	}
	if s, known := simple()[r]; known {
		return s
	}
	return r
}

// hides tells whether a character only stands between others: space, punctuation,
// marks on letters, signs that show nothing, symbols.
func hides(r rune) bool {
	if r < utf8.RuneSelf {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	}
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) || filler(r)
}

// filler are the letters that show nothing.
func filler(r rune) bool { return r >= 0x115f && r <= 0x1160 || r == 0x3164 || r == 0xffa0 }

// simple gives the simplified form of traditional characters.
var simple = sync.OnceValue(func() map[rune]rune {
	to := []rune(simplified)
	m := make(map[rune]rune, len(to))
	for i, r := range []rune(traditional) {
		m[r] = to[i]
	}
	return m
})

// lookAlikes are Cyrillic and Greek letters, in lower case, that pass for Latin
// ones. What else looks alike, NFKD has made plain before.
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'н': 'h', 'і': 'i', 'ӏ': 'l', 'ј': 'j', 'к': 'k', 'м': 'm', 'о': 'o',
	'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'т': 't', 'у': 'y', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x',
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'μ': 'u', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
	'ı': 'i', 'ɑ': 'a', 'ɡ': 'g', 'ɩ': 'i', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ħ': 'h',
}
