package clock

import (
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Drill is the machine's clock put off by what a file says, a duration such as
// "-90s", read anew every 50 ms: with it a drill sees what a node does whose
// clock is moved while it runs. A file that is missing or says something else
// means no offset.
type Drill struct {
	path   string
	offset atomic.Int64
	next   atomic.Int64 // when the file is read again, unix nanoseconds
}

// NewDrill follows the file at path.
func NewDrill(path string) *Drill { return &Drill{path: path} }

const lookEvery = 50 * time.Millisecond

// Now is the machine's time and the offset.
func (d *Drill) Now() time.Time {
	now := time.Now()
	if next := d.next.Load(); now.UnixNano() >= next && d.next.CompareAndSwap(next, now.Add(lookEvery).UnixNano()) {
		d.offset.Store(int64(readOffset(d.path)))
	}
	return now.Add(time.Duration(d.offset.Load())).UTC().Truncate(time.Microsecond)
}

func readOffset(path string) time.Duration {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	offset, _ := time.ParseDuration(strings.TrimSpace(string(raw)))
	return offset
}
