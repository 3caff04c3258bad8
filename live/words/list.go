package words

import (
	"slices"
	"strings"

	ac "github.com/petar-dambovaliev/aho-corasick"
	"golang.org/x/text/unicode/norm"
)

// Severity is what a word does to a text that has it.
type Severity string

// The severities, each graver than the one before.
const (
	Warn  Severity = "warn"  // shown; whose text it is, or who looks after the room, is told
	Hold  Severity = "hold"  // kept back until somebody has looked
	Block Severity = "block" // refused
)

// rank orders severities; 0 for none.
func (s Severity) rank() int { return slices.Index([]Severity{"", Warn, Hold, Block}, s) }

// Worse is the graver of two.
func (s Severity) Worse(than Severity) Severity {
	if s.rank() > than.rank() {
		return s
	}
	return than
}

// MaxLen is how many characters a word has at most.
const MaxLen = 60

// Word is an entry of a list.
type Word struct {
	Text     string   `json:"word" minLength:"1" maxLength:"60"`
	Severity Severity `json:"severity" enum:"warn,hold,block"`
}

// List is words that are looked for together. The zero List has none.
type List struct {
	words   matcher // folded
	symbols matcher // what folding leaves nothing of, such as emoji: as they stand
}

// matcher looks for patterns.
type matcher struct {
	patterns []pattern
	find     *ac.AhoCorasick // nil for no patterns
}

type pattern struct {
	Word
	runes int
	gaps  uint64 // bit i: something was passed over before character i
	latin uint64 // bit i: characters i-1 and i are both Latin letters or digits
}

// New makes a list. Of 50,000 words it takes about a second and 40 MB: whoever
// needs a list again keeps it.
func New(all []Word) *List {
	l := &List{}
	var texts, symbols []string
	for _, w := range all {
		f := fold(w.Text)
		if len(f.runes) > 0 {
			p := pattern{Word: w, runes: len(f.runes)}
			p.gaps, p.latin = f.gaps(0, p.runes), f.latin()
			l.words.patterns, texts = append(l.words.patterns, p), append(texts, string(f.text))
		} else if s := asItStands(w.Text); s != "" {
			l.symbols.patterns, symbols = append(l.symbols.patterns, pattern{Word: w}), append(symbols, s)
		}
	}
	l.words.build(texts)
	l.symbols.build(symbols)
	return l
}

func asItStands(text string) string { return strings.TrimSpace(norm.NFKD.String(text)) }

func (m *matcher) build(texts []string) {
	if len(texts) == 0 {
		return
	}
	b := ac.NewAhoCorasickBuilder(ac.Opts{})
	find := b.Build(texts)
	m.find = &find
}

// each gives the patterns that text has, and where.
func (m *matcher) each(text []byte, yield func(p pattern, start int) bool) bool {
	if m.find == nil || len(text) == 0 {
		return true
	}
	it := m.find.IterOverlappingByte(text)
	for hit := it.Next(); hit != nil; hit = it.Next() {
		if !yield(m.patterns[hit.Pattern()], hit.Start()) {
			return false
		}
	}
	return true
}

// each gives the words that text has, one as often as it is there.
func (l *List) each(text string, yield func(Word) bool) {
	if l == nil || l.words.find == nil && l.symbols.find == nil {
		return
	}
	f := fold(text)
	more := l.words.each(f.text, func(p pattern, start int) bool {
		first, whole := slices.BinarySearch(f.at, start)
		return !whole || !f.has(p, first) || yield(p.Word)
	})
	if more && l.symbols.find != nil {
		l.symbols.each([]byte(asItStands(text)), func(p pattern, _ int) bool { return yield(p.Word) })
	}
}

// Judge is the gravest severity of the words that text has, "" for none.
func (l *List) Judge(text string) (worst Severity) {
	l.each(text, func(w Word) bool {
		worst = worst.Worse(w.Severity)
		return worst != Block
	})
	return worst
}

// maxFound bounds how many words of one text are named.
const maxFound = 20

// Find names the words that text has, each once, at most 20.
func (l *List) Find(text string) (found []Word) {
	l.each(text, func(w Word) bool {
		if !slices.Contains(found, w) {
			found = append(found, w)
		}
		return len(found) < maxFound
	})
	return found
}
