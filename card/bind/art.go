package bind

import "strings"

// issuers are the cards whose BIN has a face of its own; the apps draw it by its
// key. The longest match counts.
var issuers = []struct{ bin, kind, art string }{
	{"621799", "debit", "river"},
	{"622599", "credit", "dawn"},
	{"621700", "debit", "harbour"},
}

// artOf is the key of a card's face, "debit" or "credit" for one that nobody drew.
func artOf(bin, kind string) string {
	art, longest := kind, 0
	for _, i := range issuers {
		if strings.HasPrefix(bin, i.bin) && i.kind == kind && len(i.bin) > longest {
			art, longest = i.art, len(i.bin)
		}
	}
	return art
}
