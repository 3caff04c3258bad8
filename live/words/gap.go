package words

// gaps tells between which of n characters from first on something was passed
// over. Bit 0 stays clear: what stands before a word does not belong to it.
func (f folded) gaps(first, n int) (mask uint64) {
	for i := 1; i < n; i++ {
		if f.gap[first+i] {
			mask |= 1 << i
		}
	}
	return mask
}

// latin tells which neighbours are both Latin letters or digits.
func (f folded) latin() (mask uint64) {
	for i := 1; i < len(f.runes); i++ {
		if isLatin(f.runes[i-1]) && isLatin(f.runes[i]) {
			mask |= 1 << i
		}
	}
	return mask
}

func isLatin(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// has tells whether the characters from first on are the word p, and not only
// parts of others. Between Chinese characters anything may stand. Latin ones
// stand together, or apart as in the word itself, or each by itself: s.c.a.m is
// scam, his camera is not.
func (f folded) has(p pattern, first int) bool {
	if p.latin == 0 {
		return true
	}
	switch gaps := f.gaps(first, p.runes) & p.latin; gaps {
	case 0, p.gaps & p.latin:
		return true
	case p.latin:
		last := first + p.runes
		before := first == 0 || f.gap[first] || !isLatin(f.runes[first-1])
		after := last == len(f.runes) || f.gap[last] || !isLatin(f.runes[last])
		return before && after
	}
	return false
}
