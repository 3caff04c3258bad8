package video_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
	"yinbo/live/livetest"
	"yinbo/live/video"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// rig is a node that takes pushes and plays rooms, on a real database.
type rig struct {
	*livetest.Stage
	*video.Video
	addresses *video.Addresses
	web       *httptest.Server
	by        video.Staff
	dir       string
}

// each runs fn on both engines at once, under the machine's clock.
func each(t *testing.T, fn func(t *testing.T, r *rig)) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, newRig(t, open(t, clock.System{})))
		})
	}
}

func newRig(t testing.TB, d *db.DB) *rig {
	r := &rig{Stage: livetest.New(t, d, bus.NewMemory()), dir: t.TempDir()}
	r.by = video.Staff{ID: r.Host.ID, RequestID: "req"}
	return r.node(t, nil)
}

// node is another node of the same database.
func (r *rig) node(t testing.TB, change func(*video.Config)) *rig {
	n := *r
	n.web = httptest.NewUnstartedServer(nil)
	c := video.Config{RTMPAddr: "127.0.0.1:0", NodeURL: "http://" + n.web.Listener.Addr().String(), Dir: n.dir, DirMax: 1 << 30, Transport: http.DefaultTransport}
	if change != nil {
		change(&c)
	}
	n.addresses = video.NewAddresses([]byte("secret"), r.DB.Clock(), c.External)
	n.Video = video.New(video.Deps{Config: c, DB: r.DB, Keys: r.Keys, Rooms: r.Rooms, Addresses: n.addresses, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	n.web.Config.Handler = n.Video
	n.web.Start()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		n.Close()
		n.web.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return &n
}

// key is the room's stream key.
func (r *rig) key(t *testing.T, room string) string {
	t.Helper()
	key, err := r.Key(r.Ctx, r.Bank.ID, room, r.by)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (r *rig) ingest(t *testing.T, room string) video.Ingest {
	t.Helper()
	in, err := r.Ingest(r.Ctx, r.Bank.ID, room, r.by)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// get reads a file of a room's, by name or by a signed address.
func (r *rig) get(t *testing.T, room, file string) (int, []byte) {
	t.Helper()
	address := file
	if !strings.HasPrefix(file, "/") {
		address = strings.TrimSuffix(r.addresses.PlaybackURL(room, "rtmp"), "index.m3u8") + file
	}
	res, err := http.Get(r.web.URL + address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, raw
}

// segments are what a playlist lists; nil while there is none.
func (r *rig) segments(t *testing.T, room, playlist string) (names []string) {
	t.Helper()
	status, raw := r.get(t, room, playlist)
	if status != http.StatusOK {
		return nil
	}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			names = append(names, line)
		}
	}
	return names
}

// size of the test picture, and how an encoder is asked for it.
const width, height = 180, 320

var (
	picture = []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=%dx%d:r=25", width, height)}
	tone    = []string{"-f", "lavfi", "-i", "sine=f=440:r=44100"}
	h264    = []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-b:v", "300k"}
	aac     = []string{"-c:a", "aac", "-b:a", "64k", "-ar", "44100"}
)

// pushing is an ffmpeg that pushes to a room.
type pushing struct {
	cmd  *exec.Cmd
	said *bytes.Buffer
	done chan error
}

// push starts an ffmpeg; args stand before the address.
func (r *rig) push(t *testing.T, stream string, args ...[]string) *pushing {
	t.Helper()
	all := []string{"-hide_banner", "-loglevel", "error", "-nostdin"}
	for _, a := range args {
		all = append(all, a...)
	}
	p := &pushing{cmd: exec.Command("ffmpeg", append(all, "-f", "flv", r.PushURL+"/"+stream)...), said: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stderr = p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.done })
	return p
}

// seconds is a whole push of so many seconds of picture and sound, as fast as it goes.
func (r *rig) seconds(t *testing.T, stream string, n int) {
	t.Helper()
	p := r.push(t, stream, picture, tone, []string{"-t", strconv.Itoa(n)}, h264, aac)
	if err := p.wait(t); err != nil {
		t.Fatalf("push: %v: %s", err, p.said)
	}
}

// live is a push that goes on, at a multiple of real time: 1 is a camera's.
func (r *rig) live(t *testing.T, stream, speed string) *pushing {
	t.Helper()
	at := []string{"-readrate", speed}
	return r.push(t, stream, at, picture, at, tone, h264, aac)
}

// wait gives how an ffmpeg ended.
func (p *pushing) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("ffmpeg goes on")
		return nil
	}
}

// probed is what ffprobe finds.
type probed struct {
	Streams []struct {
		Codec  string `json:"codec_name"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
		Frames string `json:"nb_read_packets"`
	} `json:"streams"`
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

func (p probed) seconds() float64 {
	s, _ := strconv.ParseFloat(p.Format.Duration, 64)
	return s
}

// packets of picture.
func (p probed) packets() int {
	for _, s := range p.Streams {
		if s.Codec == "h264" {
			n, _ := strconv.Atoi(s.Frames)
			return n
		}
	}
	return 0
}

func probe(t *testing.T, input string) probed {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-count_packets", "-show_format", "-show_streams", "-of", "json", input).Output()
	var p probed
	if err = errors.Join(err, json.Unmarshal(out, &p)); err != nil {
		t.Fatalf("ffprobe %s: %v: %s", input, err, out)
	}
	return p
}

// probeBytes looks at a segment.
func probeBytes(t *testing.T, raw []byte) probed {
	t.Helper()
	file := filepath.Join(t.TempDir(), "segment.ts")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return probe(t, file)
}

// until holds until cond, at most 20 s.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if cond() {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

var quiet = slog.New(slog.DiscardHandler)

func status(h http.Handler, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}
