package pii

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Text is personal data in clear. Printing, formatting, marshalling or logging
// it shows "***"; only Reveal gives it out.
type Text struct{ clear string }

// Clear wraps a value that came in.
func Clear(s string) Text { return Text{s} }

// Reveal gives the value. Every call is a place to look at in a review.
func (t Text) Reveal() string { return t.clear }

// Empty tells that there is no value.
func (t Text) Empty() bool { return t.clear == "" }

const hidden = "***"

// String hides the value.
func (t Text) String() string { return hidden }

// GoString hides the value from %#v.
func (t Text) GoString() string { return hidden }

// Format hides the value from every verb.
func (t Text) Format(s fmt.State, _ rune) { fmt.Fprint(s, hidden) }

// LogValue hides the value from slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the value from JSON and the like.
func (t Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes a value in.
func (t *Text) UnmarshalText(b []byte) error {
	t.clear = string(b)
	return nil
}

// MaskPhone is 138****5678.
func MaskPhone(s string) string {
	if len(s) < 7 {
		return strings.Repeat("*", len(s))
	}
	return s[:3] + "****" + s[len(s)-4:]
}

// MaskIDNo keeps the first and the last character.
func MaskIDNo(s string) string {
	if len(s) < 3 {
		return strings.Repeat("*", len(s))
	}
	return s[:1] + strings.Repeat("*", len(s)-2) + s[len(s)-1:]
}

// compound are the surnames of two characters that are common enough to be
// kept whole by MaskName.
const compound = "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 夏侯 端木 宇文 长孙 轩辕 南宫 百里 闻人 澹台"

// MaskName keeps the surname: 张*, 欧阳*.
func MaskName(s string) string {
	_, first := utf8.DecodeRuneInString(s)
	if first == 0 {
		return ""
	}
	_, second := utf8.DecodeRuneInString(s[first:])
	keep := first
	if pair := s[:first+second]; second > 0 && len(s) > first+second && first > 1 && strings.Contains(compound, pair) {
		keep = first + second
	}
	return s[:keep] + "*"
}

// MaskEmail keeps the first character and the domain.
func MaskEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return hidden
	}
	_, n := utf8.DecodeRuneInString(s)
	return s[:n] + hidden + s[at:]
}

// MaskAny keeps the first character of longer texts.
func MaskAny(s string) string {
	if utf8.RuneCountInString(s) < 3 {
		return hidden
	}
	_, n := utf8.DecodeRuneInString(s)
	return s[:n] + hidden
}
