package video_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/livetest"
	"yinbo/live/video"
)

// A recording is cut by the room's pins into slices of whole segments; what was
// pinned while nobody pushed is in none.
func TestARecordingIsCutByPins(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		r := (&rig{Stage: s, dir: t.TempDir(), by: video.Staff{ID: s.Host.ID}}).node(t, nil)
		clk.Advance(clk.Now().Truncate(time.Second).Add(time.Second).Sub(clk.Now()))
		room, start := r.Live(t), clk.Now()
		skus := []string{r.Goods.Add(r.Bank.ID, "苹果", 990), r.Goods.Add(r.Bank.ID, "梨", 890)}
		if _, err := r.Rooms.SetShelf(r.Ctx, r.Bank.ID, room, r.Host, []live.Place{{SKU: skus[0]}, {SKU: skus[1]}}); err != nil {
			t.Fatal(err)
		}
		if replay, err := r.Replay(r.Ctx, r.Bank.ID, room, ""); err != nil || replay.URL != "" || len(replay.Slices) != 0 {
			t.Errorf("before: %+v %v", replay, err)
		}
		// Ten segments of two seconds, with a minute without a push before the last five.
		for i := range 10 {
			at := start.Add(time.Duration(2*i) * time.Second)
			if i >= 5 {
				at = at.Add(time.Minute)
			}
			record(t, filepath.Join(r.dir, room), int64(i+1), at)
		}
		for _, p := range []struct {
			at  time.Duration
			sku *string
		}{{3 * time.Second, &skus[0]}, {6 * time.Second, &skus[1]}, {8 * time.Second, nil}, {20 * time.Second, &skus[0]}, {30 * time.Second, nil}, {75 * time.Second, &skus[0]}} {
			clk.Advance(start.Add(p.at).Sub(clk.Now()))
			if _, err := r.Rooms.Pin(r.Ctx, r.Bank.ID, room, r.Host, p.sku); err != nil {
				t.Fatal(err)
			}
		}
		replay, err := r.Replay(r.Ctx, r.Bank.ID, room, "")
		if err != nil || replay.DurationMS != 20_000 || len(replay.Slices) != 3 {
			t.Fatalf("%+v %v", replay, err)
		}
		for i, want := range []struct{ sku, segments string }{{skus[0], "[2.ts 3.ts]"}, {skus[1], "[4.ts]"}, {skus[0], "[8.ts 9.ts 10.ts]"}} {
			slice := replay.Slices[i]
			if got := r.segments(t, room, slice.URL); slice.SKUID != want.sku || fmt.Sprint(got) != want.segments || slice.DurationMS != int64(2000*len(got)) {
				t.Errorf("slice %d is %v of %+v", i, got, slice)
			}
		}
		_, raw := r.get(t, room, replay.URL)
		if strings.Count(string(raw), "#EXT-X-DISCONTINUITY\n") != 1 || !strings.HasSuffix(string(raw), "#EXT-X-ENDLIST\n") {
			t.Errorf("the whole is\n%s", raw)
		}
		only, err := r.Replay(r.Ctx, r.Bank.ID, room, skus[1])
		if err != nil || len(only.Slices) != 1 || only.Slices[0].SKUID != skus[1] {
			t.Errorf("of one SKU: %+v %v", only, err)
		}
		if _, err := r.Replay(r.Ctx, r.Other.ID, room, ""); err == nil {
			t.Error("another bank has the recording")
		}
	})
}

// What somebody cuts by hand takes the place of the pins, within the recording and
// apart; two editors cannot overwrite each other, and the pins can be had again.
func TestARecordingIsCutByHand(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		r := (&rig{Stage: s, dir: t.TempDir(), by: video.Staff{ID: s.Host.ID}}).node(t, nil)
		clk.Advance(clk.Now().Truncate(time.Second).Add(time.Second).Sub(clk.Now()))
		room, start := r.Live(t), clk.Now()
		rice, tea := r.Goods.Add(r.Bank.ID, "大米", 990), r.Goods.Add(r.Bank.ID, "茶", 890)
		if _, err := r.Rooms.SetShelf(r.Ctx, r.Bank.ID, room, r.Host, []live.Place{{SKU: rice}, {SKU: tea}}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Rooms.Pin(r.Ctx, r.Bank.ID, room, r.Host, &rice); err != nil {
			t.Fatal(err)
		}
		cut := func(sku string, from, to float64) video.Cut {
			at := func(s float64) clock.Stamp { return clock.At(start.Add(time.Duration(s * float64(time.Second)))) }
			return video.Cut{SKUID: sku, FromAt: at(from), ToAt: at(to)}
		}
		refused := func(want string, version int64, cuts ...video.Cut) {
			t.Helper()
			_, err := r.Recut(r.Ctx, r.Bank.ID, room, r.by, version, cuts)
			var f *fault.Error
			if got := fault.Code(err); errors.As(err, &f) && len(f.Fields) > 0 {
				got += " " + f.Fields[0].Name + " " + f.Fields[0].Code
				if got != want {
					t.Errorf("%s, want %s", got, want)
				}
			} else if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if _, err := r.Key(r.Ctx, r.Bank.ID, room, r.by); err != nil { // it is to be pushed to
			t.Fatal(err)
		}
		refused("recording.none", 0, cut(rice, 0, 4))
		for i := range 6 { // twelve seconds, of which four in the middle were not pushed
			if i != 2 && i != 3 {
				record(t, filepath.Join(r.dir, room), int64(i+1), start.Add(time.Duration(2*i)*time.Second))
			}
		}
		refused("recording.on", 0, cut(rice, 0, 4))
		clk.Advance(12 * time.Second)
		if _, err := r.Rooms.End(r.Ctx, r.Bank.ID, room, r.Host); err != nil {
			t.Fatal(err)
		}
		refused("validation items[0].sku_id field.invalid", 0, cut("sku_other", 0, 4))
		refused("validation items[0].from_at recording.outside", 0, cut(rice, -1, 4))
		refused("validation items[0].to_at recording.outside", 0, cut(rice, 0, 13))
		refused("validation items[0].to_at recording.short", 0, cut(rice, 2, 2.5))
		refused("validation items[0].from_at recording.dark", 0, cut(rice, 5, 7))
		refused("validation items[1].from_at recording.overlap", 0, cut(rice, 0, 3), cut(tea, 2, 4))
		if _, err := r.Recut(r.Ctx, r.Other.ID, room, r.by, 0, nil); fault.Code(err) != "not_found" {
			t.Errorf("another bank: %v", err)
		}
		if _, err := r.Recut(r.Ctx, r.Bank.ID, room, video.Staff{ID: s.Stranger.ID}, 0, nil); fault.Code(err) != "not_found" {
			t.Errorf("a stranger: %v", err)
		}

		replay, err := r.Recut(r.Ctx, r.Bank.ID, room, r.by, 0, []video.Cut{cut(rice, 0, 2), cut(tea, 8, 12)})
		if err != nil || !replay.ByHand || replay.Version != 1 || len(replay.Slices) != 2 || replay.Slices[1].SKUID != tea || replay.Slices[1].DurationMS != 4000 {
			t.Fatalf("%+v %v", replay, err)
		}
		if got := fmt.Sprint(r.segments(t, room, replay.Slices[0].URL)); got != "[1.ts]" {
			t.Errorf("the first plays %s", got)
		}
		refused("recording.recut", 0, cut(rice, 0, 4))
		if only, err := r.Replay(r.Ctx, r.Bank.ID, room, tea); err != nil || len(only.Slices) != 1 {
			t.Errorf("of one SKU: %+v %v", only, err)
		}
		testkit.Holds(t, r.DB, video.Invariants()...)
		if replay, err = r.Uncut(r.Ctx, r.Bank.ID, room, r.by, 1); err != nil || replay.ByHand || len(replay.Slices) != 1 || replay.Slices[0].SKUID != rice {
			t.Errorf("by the pins again: %+v %v", replay, err)
		}
		n, _, err := db.Value[int](r.Ctx, r.DB, "SELECT COUNT(*) FROM audit WHERE object_id = ? AND action IN ('recording.recut', 'recording.uncut')", room)
		if err != nil || n != 2 {
			t.Errorf("%d entries %v", n, err)
		}
	})
}

// record puts a segment of two seconds into a recording.
func record(t *testing.T, dir string, seq int64, at time.Time) {
	t.Helper()
	line := fmt.Sprintf(`{"seq":%d,"at":%q,"ms":2000,"bytes":4,"gap":%t}`+"\n", seq, at.Format(time.RFC3339Nano), seq == 6)
	f, err := os.OpenFile(filepath.Join(dir, "index.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		record(t, dir, seq, at)
		return
	}
	if err == nil {
		_, err = f.WriteString(line)
	}
	if err = errors.Join(err, f.Close(), os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.ts", seq)), []byte("data"), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// What a crash left half written stands in no playlist, and the next push goes on
// behind it.
func TestACrashLeavesAPlayableRecording(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{}))
	room := r.Live(t)
	stream := r.key(t, room)
	r.seconds(t, stream, 8)
	ended := func() bool { return r.ingest(t, room).State == video.Waiting }
	until(t, "the push's end", ended)
	before := r.segments(t, room, "replay.m3u8")
	dir := filepath.Join(r.dir, room)
	index := filepath.Join(dir, "index.jsonl")
	raw, err := os.ReadFile(index)
	if err != nil || len(before) != 4 {
		t.Fatalf("%v %v", before, err)
	}
	// A segment whose file is cut short, one whose line is, one without a line, and
	// one that has no name yet.
	lines := strings.SplitAfter(strings.TrimSpace(string(raw)), "\n")
	next := strings.Replace(lines[3], `"seq":`, `"seq":1`, 1)
	files := map[string]string{index: string(raw) + next + "\n" + next[:len(next)/2], filepath.Join(dir, "9.ts.part"): "half", filepath.Join(dir, "9.ts"): "no line"}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, before[3]), 1000); err != nil {
		t.Fatal(err)
	}
	after := r.segments(t, room, "replay.m3u8")
	if fmt.Sprint(after) != fmt.Sprint(before[:3]) {
		t.Fatalf("listed are %v of %v", after, before)
	}
	r.seconds(t, stream, 4)
	until(t, "the second push's end", ended)
	replay, err := r.Replay(r.Ctx, r.Bank.ID, room, "")
	if err != nil || replay.DurationMS < 9800 || replay.DurationMS > 10_200 {
		t.Fatalf("%+v %v", replay, err)
	}
	if got := probe(t, r.web.URL+replay.URL).packets(); got < 249 || got > 251 {
		t.Errorf("%d pictures play", got)
	}
}

// A full disk ends the recording, not the show.
func TestAFullDiskEndsTheRecordingOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{})).node(t, func(c *video.Config) { c.DirMax = 300_000 })
	room := r.Live(t)
	r.seconds(t, r.key(t, room), 12)
	until(t, "the push's end", func() bool { return r.ingest(t, room).State == video.Waiting })
	kept, shown := r.segments(t, room, "replay.m3u8"), r.segments(t, room, "live.m3u8")
	if len(kept) == 0 || len(kept) >= len(shown) || len(shown) != 6 {
		t.Errorf("kept %v, shown %v", kept, shown)
	}
}

// Where nobody pushes the demo's clip plays; with a push the clip's playlist ends,
// so that players find the push.
func TestTheClipGivesWayToAPush(t *testing.T) {
	t.Parallel()
	r := newRig(t, testkit.SQLite(t, clock.System{})).node(t, func(c *video.Config) { c.Clip = true })
	v, err := r.Rooms.Create(r.Ctx, r.Bank.ID, r.Host, live.Plan{Title: "演示", PlaybackURL: r.Idle(), StartsAt: r.DB.Clock().Now()})
	if err == nil {
		_, err = r.Rooms.Start(r.Ctx, r.Bank.ID, v.ID, r.Host)
	}
	if err != nil {
		t.Fatal(err)
	}
	if names := r.segments(t, v.ID, "index.m3u8"); len(names) != 1 || names[0] != "clip.m3u8" {
		t.Fatalf("the index names %v", names)
	}
	if names := r.segments(t, v.ID, "clip.m3u8"); len(names) != 6 || !strings.HasPrefix(names[0], video.Prefix+"segment") {
		t.Fatalf("the clip is %v", names)
	}
	p := r.live(t, r.key(t, v.ID), "3")
	until(t, "the push", func() bool { return len(r.segments(t, v.ID, "live.m3u8")) > 0 })
	until(t, "the clip's end", func() bool { status, _ := r.get(t, v.ID, "clip.m3u8"); return status == http.StatusNotFound })
	if names := r.segments(t, v.ID, "index.m3u8"); len(names) != 1 || names[0] != "live.m3u8" {
		t.Errorf("the index names %v", names)
	}
	_ = p.cmd.Process.Kill()
}

func TestInvariantsOfVideoHoldAndCanFail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		room := r.Live(t)
		r.key(t, room)
		r.Tx(t, func(tx *db.Tx) error {
			_, err := tx.Exec(r.Ctx, "UPDATE room_ingest SET push_id = 'p', since_at = ?, seen_at = ? WHERE room_id = ?", tx.Now, tx.Now.Add(time.Second), room)
			return err
		})
		testkit.Breaks(t, r.DB, video.Invariants(), []testkit.Break{
			testkit.Wrong("a push without a beginning", "video.push", "UPDATE room_ingest SET since_at = NULL"),
			testkit.Wrong("a push that was never heard of", "video.push", "UPDATE room_ingest SET seen_at = NULL"),
			testkit.Wrong("slices that overlap", "video.slices", "UPDATE room_ingest SET slices_by = 'stf_1'",
				"INSERT INTO recording_slice SELECT 'evt_1', bank_id, room_id, 'sku_1', '2026-01-01 00:00:00.000000', '2026-01-01 00:01:00.000000' FROM room_ingest",
				"INSERT INTO recording_slice SELECT 'evt_2', bank_id, room_id, 'sku_1', '2026-01-01 00:00:30.000000', '2026-01-01 00:02:00.000000' FROM room_ingest"),
			testkit.Wrong("another bank's room", "video.room", "UPDATE room_ingest SET bank_id = 'bank_x'"),
			testkit.Wrong("no room", "video.room", "UPDATE room_ingest SET room_id = 'room_x'"),
		})
	})
}
