package follow

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// optOutHint ends every promotion by SMS: how it is stopped.
const optOutHint = "拒收请回复T"

// Variables are the names that a text may hold in braces, with what a preview
// shows for each. None of them is personal data but the card's last digits, and
// those are filled in as the message leaves, never kept.
var Variables = []struct{ Name, Sample string }{
	{"bank", "演示银行"},
	{"product", "银播联名卡"},
	{"last4", "8888"},
}

var variable = regexp.MustCompile(`\{([^{}]*)\}`)

// checkText gives the code of what is wrong with a text, "" for nothing, and the
// variable that is meant.
func checkText(text, channel string, promotion bool) (name, code string) {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return "", "field.required"
	case n > maxText:
		return "", "field.too_long"
	}
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(Variables, func(v struct{ Name, Sample string }) bool { return v.Name == m[1] }) {
			return m[1], "journey.variable"
		}
	}
	if strings.ContainsAny(variable.ReplaceAllString(text, ""), "{}") {
		return "", "journey.braces"
	}
	if strings.ContainsAny(text, "【】") {
		return "", "journey.signature" // the bank's name is put in front by itself
	}
	if promotion && channel == bySMS && !strings.HasSuffix(text, optOutHint) {
		return "", "journey.opt_out_hint"
	}
	return "", ""
}

// fill puts values in the place of variables.
func fill(text string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string { return values[strings.Trim(m, "{}")] })
}
