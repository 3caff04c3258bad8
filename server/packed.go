package server

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// packed keeps the apps' files as they go over the wire: compressed once, when
// first asked for. They never change while the server runs.
type packed struct {
	mu    sync.Mutex
	files map[string][]byte
}

// worthPacking are the kinds of files that shrink.
var worthPacking = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

// of gives a file compressed; nil where it does not shrink, or is not there.
func (p *packed) of(apps fs.FS, name string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if data, known := p.files[name]; known {
		return data
	}
	raw, err := fs.ReadFile(apps, name)
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a good one
	_, err = z.Write(raw)
	if z.Close() != nil || err != nil || b.Len() >= len(raw) {
		b = bytes.Buffer{}
	}
	if p.files == nil {
		p.files = map[string][]byte{}
	}
	p.files[name] = b.Bytes()
	return p.files[name]
}

// servePacked answers with the compressed file where that is taken; false where
// the file is to be served as it is.
func (s *Server) servePacked(c *gin.Context, name string) bool {
	kind, worth := worthPacking[path.Ext(name)]
	if !worth {
		return false
	}
	c.Header("Vary", "Accept-Encoding")
	if c.GetHeader("Range") != "" || !takesGzip(c.GetHeader("Accept-Encoding")) {
		return false
	}
	data := s.packed.of(s.Apps, name)
	if data == nil {
		return false
	}
	c.Header("Content-Encoding", "gzip")
	c.Data(http.StatusOK, kind, data)
	return true
}

// takesGzip reads an Accept-Encoding: named, and not with a weight of nothing.
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight = strings.ReplaceAll(weight, " ", "")
		if name == "gzip" && weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000" {
			return true
		}
	}
	return false
}
