// Package words judges texts by lists of words.
//
// A text is folded before it is looked at, and a word is folded the same way:
// full-width and other dressed-up forms become plain, letters lower case,
// traditional characters simplified, look-alikes from other scripts Latin, and
// what stands between characters to hide a word is passed over (敏 感 词, 敏*感*词).
// All words of a list are looked for in one pass (Aho-Corasick).
//
// Invariants: folding what is folded changes nothing; a List is never changed
// once made; of several words in a text the most severe decides.
//
// It imports nothing of ours.
package words

//go:generate go run ./gen -from $OPENCC_DATA
