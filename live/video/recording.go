package video

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// recordings keep what was pushed: a folder a room, a file a segment, and an
// index of a line a segment. A file gets its name when it is whole and its line
// after that; so what the index lists can be played, also after a crash.
//
// The disk's bound is never kept by deleting: what is recorded must stay for
// years. When it is reached, recording stops and the show goes on.
type recordings struct {
	dir  string // "" keeps nothing
	most int64  // bytes
	log  *slog.Logger

	used atomic.Int64
	full atomic.Bool // said once
}

const indexFile = "index.jsonl"

// entry is a line of the index.
type entry struct {
	Seq   int64     `json:"seq"`
	At    time.Time `json:"at"`
	MS    int64     `json:"ms"`
	Bytes int64     `json:"bytes"`
	Gap   bool      `json:"gap,omitempty"`
}

func (e entry) segment() segment {
	return segment{seq: e.Seq, at: e.At, dur: time.Duration(e.MS) * time.Millisecond, gap: e.Gap}
}

func (e entry) end() time.Time { return e.At.Add(time.Duration(e.MS) * time.Millisecond) }

// measure counts what is there already.
func (r *recordings) measure() error {
	if r.dir == "" {
		return nil
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	return filepath.WalkDir(r.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			r.used.Add(info.Size())
		}
		return nil
	})
}

// behind is how many segments may wait for the disk; those beyond are not kept:
// a slow disk does not hold the show up.
const behind = 8

// keeper writes one push's segments.
type keeper struct {
	r     *recordings
	dir   string
	queue chan segment
	done  sync.WaitGroup
	on    atomic.Bool
}

func (r *recordings) begin(room string) *keeper {
	k := &keeper{r: r, dir: filepath.Join(r.dir, room), queue: make(chan segment, behind)}
	if r.dir != "" {
		k.on.Store(true)
		k.done.Go(k.write)
	}
	return k
}

// keep takes a segment to be written.
func (k *keeper) keep(s segment) {
	if k.r.dir == "" {
		return
	}
	select {
	case k.queue <- s:
	default:
		k.on.Store(false)
		k.r.log.Error("recording falls behind, a segment is lost", "dir", k.dir, "seq", s.seq)
	}
}

// end waits until all is written.
func (k *keeper) end() {
	close(k.queue)
	k.done.Wait()
	k.on.Store(false)
}

func (k *keeper) write() {
	for s := range k.queue {
		if k.r.used.Load()+int64(len(s.data)) > k.r.most {
			if k.on.Store(false); !k.r.full.Swap(true) {
				k.r.log.Error("the recordings' disk is full: nothing more is recorded", "dir", k.r.dir, "bytes", k.r.used.Load())
			}
			continue
		}
		err := k.save(s)
		if err != nil {
			k.r.log.Error("recording", "dir", k.dir, "seq", s.seq, "error", err)
		}
		k.on.Store(err == nil)
	}
}

func (k *keeper) save(s segment) error {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(k.dir, fileOf(s.seq))
	if err := writeWhole(name, s.data); err != nil {
		return err
	}
	line, err := json.Marshal(entry{s.seq, s.at, s.dur.Milliseconds(), int64(len(s.data)), s.gap})
	if err != nil {
		return err
	}
	k.r.used.Add(int64(len(s.data) + len(line) + 1))
	return appendLine(filepath.Join(k.dir, indexFile), line)
}

// writeWhole makes a file that is either whole or not there.
func writeWhole(name string, data []byte) error {
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}

// appendLine adds a line. What a crash left of one ends there: it is no entry.
func appendLine(name string, line []byte) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	last := make([]byte, 1)
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// entries reads a room's index: those whose files are there and whole, in order.
func (r *recordings) entries(room string) ([]entry, error) {
	if r.dir == "" {
		return nil, nil
	}
	dir := filepath.Join(r.dir, room)
	raw, err := os.ReadFile(filepath.Join(dir, indexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []entry
	last := int64(0)
	for line := range bytes.Lines(raw) {
		var e entry
		if json.Unmarshal(line, &e) != nil || e.Seq <= last || e.MS <= 0 {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, fileOf(e.Seq))); err != nil || info.Size() != e.Bytes {
			continue
		}
		e.Gap = e.Gap || last > 0 && e.Seq != last+1
		list, last = append(list, e), e.Seq
	}
	return list, err
}

// open opens a segment's file.
func (r *recordings) open(room string, seq int64) (*os.File, error) {
	if r.dir == "" {
		return nil, fs.ErrNotExist
	}
	return os.Open(filepath.Join(r.dir, room, fileOf(seq)))
}
