package live

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"yinbo/internal/fault"
	"yinbo/live/words"
)

// LineError is a line of an import that was not taken.
type LineError struct {
	Line int    `json:"line"`
	Code string `json:"code"`
	Text string `json:"message"`
}

// Imported is what became of an import of words.
type Imported struct {
	Taken   int         `json:"taken"`
	Refused []LineError `json:"refused" doc:"At most 100"`
}

const maxRefused = 100

// ImportWords adds the words of a text to a room's list, or with room "" to the
// bank's: one a line, alone or with a severity behind a comma or tab (hold when
// there is none). Good lines are taken, others named.
func (s *Rooms) ImportWords(ctx context.Context, bank, room string, by Staff, text string, lang fault.Lang) (Imported, error) {
	all, refused := parseWords(text)
	all, err := clean("body", "", all)
	if err != nil {
		return Imported{}, err
	}
	if err := s.AddWords(ctx, bank, room, by, all); err != nil {
		return Imported{}, err
	}
	for i, e := range refused {
		refused[i].Text = fault.Text(lang, e.Code)
	}
	return Imported{Taken: len(all), Refused: refused[:min(len(refused), maxRefused)]}, nil
}

func parseWords(text string) (all []words.Word, refused []LineError) {
	refused = []LineError{}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		w := words.Word{Text: line, Severity: words.Hold}
		if i := strings.LastIndexAny(line, ",\t"); i >= 0 {
			w.Text, w.Severity = strings.TrimSpace(line[:i]), words.Severity(strings.ToLower(strings.TrimSpace(line[i+1:])))
		}
		switch {
		case !utf8.ValidString(line):
			refused = append(refused, LineError{Line: n, Code: "import.characters"})
		case !slices.Contains([]words.Severity{words.Warn, words.Hold, words.Block}, w.Severity):
			refused = append(refused, LineError{Line: n, Code: "words.severity"})
		case utf8.RuneCountInString(w.Text) > words.MaxLen:
			refused = append(refused, LineError{Line: n, Code: "field.too_long"})
		case w.Text == "":
			refused = append(refused, LineError{Line: n, Code: "field.required"})
		default:
			all = append(all, w)
		}
	}
	return all, refused
}
