package settle

import (
	"bufio"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The encodings that files come in.
const (
	utf8Text = "utf-8"
	gb18030  = "gb18030"
)

// peeked is how much of a file tells its encoding: its header, in all formats
// that bear Chinese.
const peeked = 4 << 10

// asUTF8 reads a file as UTF-8, whether it is that, with or without a mark at its
// head, or GBK or GB18030.
func asUTF8(r io.Reader) (io.Reader, string) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(peeked) // an error shows at the read
	if len(head) >= len(bom) && string(head[:len(bom)]) == bom {
		_, _ = b.Discard(len(bom)) // they are buffered
		return b, utf8Text
	}
	if validHead(head) {
		return b, utf8Text
	}
	return simplifiedchinese.GB18030.NewDecoder().Reader(b), gb18030
}

// validHead tells whether the start of a text is UTF-8; the last character may be
// cut in two.
func validHead(head []byte) bool {
	for i := 0; i < utf8.UTFMax && i <= len(head); i++ {
		if utf8.Valid(head[:len(head)-i]) {
			return true
		}
	}
	return false
}

const bom = "\xef\xbb\xbf"
