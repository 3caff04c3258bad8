package catalog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Attribute is one property that tells a SKU from its product's others. A spec
// that is no list of properties is one attribute without a name.
type Attribute struct {
	Name  string `json:"name" maxLength:"30" doc:"Such as 颜色; empty for a plain spec"`
	Value string `json:"value" minLength:"1" maxLength:"100"`
}

// maxSpec is what the column holds, in characters.
const maxSpec = 100

// ParseSpec reads "颜色:红;容量:128G", in either width of punctuation; a text
// without a colon is a plain spec. ok is false when a part has no name or no
// value, a name comes twice, or it is too long.
func ParseSpec(text string) (list []Attribute, ok bool) {
	text = strings.NewReplacer("：", ":", "；", ";").Replace(text)
	if !strings.Contains(text, ":") {
		return cleanSpec([]Attribute{{Value: text}})
	}
	for part := range strings.SplitSeq(strings.TrimRight(strings.TrimSpace(text), ";"), ";") {
		name, value, found := strings.Cut(part, ":")
		if !found || strings.TrimSpace(name) == "" {
			return nil, false
		}
		list = append(list, Attribute{name, value})
	}
	return cleanSpec(list)
}

// cleanSpec trims attributes and holds that their text reads back as the same.
func cleanSpec(list []Attribute) ([]Attribute, bool) {
	seen := map[string]bool{}
	clean := make([]Attribute, len(list))
	for i, a := range list {
		a = Attribute{tidySpec(a.Name), tidySpec(a.Value)}
		plain := a.Name == "" && len(list) == 1
		if a.Value == "" && !plain || a.Name == "" && !plain || seen[a.Name] ||
			strings.ContainsFunc(a.Name+a.Value, unicode.IsControl) || strings.ContainsAny(a.Name, ":;") || strings.Contains(a.Value, ";") || plain && strings.Contains(a.Value, ":") {
			return nil, false
		}
		seen[a.Name], clean[i] = true, a
	}
	return clean, len(list) > 0 && utf8.RuneCountInString(SpecText(clean)) <= maxSpec
}

func tidySpec(s string) string {
	return strings.Join(strings.Fields(width.Fold.String(strings.ToValidUTF8(s, ""))), " ")
}

// SpecText writes attributes as ParseSpec reads them; one SKU has one such text.
func SpecText(list []Attribute) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.Value
		if a.Name != "" {
			parts[i] = a.Name + ":" + a.Value
		}
	}
	return strings.Join(parts, ";")
}

// attributesOf reads a stored spec; what is not a list is one plain attribute,
// and an empty one is none.
func attributesOf(spec string) []Attribute {
	list, ok := ParseSpec(spec)
	switch {
	case spec == "":
		return []Attribute{}
	case !ok:
		return []Attribute{{Value: spec}}
	}
	return list
}

// specKey is the same for lists that say the same in whatever order:
// 颜色:红;容量:128G is no other SKU than 容量:128G;颜色:红.
func specKey(list []Attribute) string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return SpecText(list)
}
