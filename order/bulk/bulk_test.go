package bulk_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/order/bulk"
)

const bank = "bank_a"

var by = bulk.Actor{Kind: "staff", ID: "stf_1", RequestID: "req_1"}

// notes is a kind that writes each name once; the table's key refuses a second.
func notes(before func(first int) error) bulk.Kind {
	k := people
	k.Name = "notes"
	k.Apply = func(ctx context.Context, tx *db.Tx, _ string, _ bulk.Actor, lines []bulk.Line) ([]bulk.Verdict, error) {
		verdicts := make([]bulk.Verdict, len(lines))
		var rows [][]any
		for i, l := range lines {
			if l.Get("city") == "bad" {
				verdicts[i] = bulk.Fail("city", "field.invalid")
				continue
			}
			if l.Get("city") == "formula" {
				verdicts[i] = bulk.Fail("=cmd()", "field.invalid")
				continue
			}
			verdicts[i] = bulk.Verdict{Result: bulk.Created, Object: l.Get("name")}
			rows = append(rows, []any{l.Get("name"), "x"})
		}
		if err := tx.Insert(ctx, "meta (name, value)", rows, ""); err != nil {
			return nil, err
		}
		return verdicts, before(lines[0].No)
	}
	return k
}

func fine(int) error { return nil }

// bench is an import desk with one kind.
type bench struct {
	t   *testing.T
	ctx context.Context
	db  *db.DB
	box *outbox.Box
	*bulk.Imports
	keys int
}

func newBench(t *testing.T, d *db.DB, k bulk.Kind) *bench {
	box := outbox.New(d)
	return &bench{t: t, ctx: testkit.Context(t), db: d, box: box, Imports: bulk.New(d, box, idem.NewKeeper(d), k)}
}

func (b *bench) create() string {
	b.t.Helper()
	b.keys++
	j, _, err := b.Create(b.ctx, idem.Request{Bank: bank, Person: "stf_1", Route: "POST /shop/imports", Key: fmt.Sprint(b.keys)}, bank, by, "notes", "people.csv")
	if err != nil || j.State != bulk.Uploading {
		b.t.Fatalf("%+v %v", j, err)
	}
	return j.ID
}

func (b *bench) started(file string) string {
	b.t.Helper()
	jobID := b.create()
	if err := b.PutPart(b.ctx, bank, jobID, 1, []byte(file)); err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.Start(b.ctx, bank, by, jobID, fault.Chinese); err != nil {
		b.t.Fatal(err)
	}
	return jobID
}

func (b *bench) job(jobID string) bulk.Job {
	b.t.Helper()
	j, err := b.Get(b.ctx, bank, jobID, fault.English)
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func (b *bench) number(query string, args ...any) int64 {
	b.t.Helper()
	n, _, err := db.Value[int64](b.ctx, b.db, query, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// names are lines of n people, every tenth of whom is bad.
func names(n int) string {
	var s strings.Builder
	s.WriteString("name,city\n")
	for i := range n {
		city := "杭州"
		if i%10 == 9 {
			city = "bad"
		}
		fmt.Fprintf(&s, "person %d,%s\n", i, city)
	}
	return s.String()
}

// whole checks that every line was done once.
func (b *bench) whole(jobID string, n int64) {
	b.t.Helper()
	j := b.job(jobID)
	if j.State != bulk.Done || j.LinesDone != n || j.LinesFailed != n/10 || j.Percent != 100 || j.Parts != 0 || j.EndedAt == nil {
		b.t.Errorf("%+v", j)
	}
	if got := b.number("SELECT COUNT(*) FROM meta WHERE name LIKE 'person%'"); got != n-n/10 {
		b.t.Errorf("%d names are there, want %d", got, n-n/10)
	}
	if got := b.number("SELECT COUNT(*) FROM import_line WHERE job_id = ?", jobID); got != n {
		b.t.Errorf("%d lines in the report, want %d", got, n)
	}
}

// task takes a job's task as a worker does.
func (b *bench) task(jobID string) outbox.Task {
	return outbox.Task{Bank: bank, Ref: jobID, Kind: bulk.RunTask}
}

func TestAWorkerThatFailsDoublesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		failures := 0
		b := newBench(t, d, notes(func(first int) error {
			if failures++; failures%2 == 1 {
				return errors.New("killed before the commit")
			}
			return nil
		}))
		jobID := b.started(names(2000))
		for runs := 0; b.job(jobID).State != bulk.Done; runs++ {
			if runs > 20 {
				t.Fatal("it never ends")
			}
			_ = b.HandleRun(b.ctx, b.task(jobID))
		}
		b.whole(jobID, 2000)
	})
}

func TestAWorkerStopsInGoodTimeAndGoesOnLater(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		jobID := b.started(names(1700))
		slices := 0
		for {
			short, cancel := context.WithTimeout(b.ctx, 8*time.Second) // less than a worker keeps back
			err := b.HandleRun(short, b.task(jobID))
			cancel()
			var later *outbox.Postponed
			if !errors.As(err, &later) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			slices++
			if j := b.job(jobID); j.State != bulk.Running || j.LinesDone != int64(min(slices*500, 1700)) || j.Percent != j.LinesDone*100/1700 {
				t.Errorf("%+v", j)
			}
		}
		if slices != 4 {
			t.Errorf("%d slices", slices)
		}
		b.whole(jobID, 1700)
	})
}

func TestSeveralWorkersAtOneJobDoubleNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		jobID := b.started(names(6000))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for b.ctx.Err() == nil {
					err := b.HandleRun(b.ctx, b.task(jobID))
					var later *outbox.Postponed
					if err == nil {
						return
					}
					if !errors.As(err, &later) {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		b.whole(jobID, 6000)
	})
}

func TestACancelledImportKeepsWhatIsDoneAndDoesNoMore(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		jobID := b.started(names(1200))
		short, cancel := context.WithTimeout(b.ctx, 8*time.Second)
		defer cancel()
		if err := b.HandleRun(short, b.task(jobID)); err == nil {
			t.Fatal("the slice did everything")
		}
		for range 2 {
			if j, err := b.Cancel(b.ctx, bank, by, jobID, fault.English); err != nil || j.State != bulk.Cancelled || j.LinesDone != 500 || j.Parts != 0 {
				t.Errorf("%+v %v", j, err)
			}
		}
		if err := b.HandleRun(b.ctx, b.task(jobID)); err != nil {
			t.Error(err)
		}
		if b.job(jobID).LinesDone != 500 || b.number("SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND ref = ?", jobID) != 0 {
			t.Error("it went on")
		}
		if _, err := b.Start(b.ctx, bank, by, jobID, fault.English); fault.Code(err) != "conflict" {
			t.Errorf("start after a cancel: %v", err)
		}
	})
}

func TestPartsAreOneFileHoweverTheyAreCut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		file := []byte(strings.ReplaceAll(names(90), "person", "person 张"))
		jobID := b.create()
		if _, err := b.Start(b.ctx, bank, by, jobID, fault.English); fault.Code(err) != "import.parts" {
			t.Errorf("without parts: %v", err)
		}
		for i := 0; i*101 < len(file); i++ { // cuts through lines and characters
			if err := b.PutPart(b.ctx, bank, jobID, i+1, []byte("something else")); err != nil {
				t.Fatal(err)
			}
			if err := b.PutPart(b.ctx, bank, jobID, i+1, file[i*101:min(len(file), (i+1)*101)]); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.PutPart(b.ctx, bank, jobID, 200, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Start(b.ctx, bank, by, jobID, fault.English); fault.Code(err) != "import.parts" {
			t.Errorf("with a gap: %v", err)
		}
		if err := b.db.InTx(b.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(b.ctx, "DELETE FROM import_part WHERE part_no = 200")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a repeat shows how it stands
			if j, err := b.Start(b.ctx, bank, by, jobID, fault.English); err != nil || j.State != bulk.Queued {
				t.Errorf("%+v %v", j, err)
			}
		}
		if err := b.PutPart(b.ctx, bank, jobID, 1, []byte("x")); fault.Code(err) != "import.not_uploading" {
			t.Errorf("a part too late: %v", err)
		}
		if err := b.RunHere(b.ctx, jobID); err != nil {
			t.Fatal(err)
		}
		b.whole(jobID, 90)
		if b.number("SELECT COUNT(*) FROM outbox WHERE ref = ? AND state = 'done'", jobID) != 1 {
			t.Error("the task is not done")
		}
		if j, err := b.Start(b.ctx, bank, by, jobID, fault.English); err != nil || j.State != bulk.Done {
			t.Errorf("%+v %v", j, err)
		}
	})
}

func TestAnotherBanksImportsAreNotFound(t *testing.T) {
	b := newBench(t, testkit.SQLite(t, clock.System{}), notes(fine))
	jobID := b.create()
	for what, err := range map[string]error{
		"get": second(b.Get(b.ctx, "bank_b", jobID, fault.English)), "part": b.PutPart(b.ctx, "bank_b", jobID, 1, nil),
		"start": second(b.Start(b.ctx, "bank_b", by, jobID, fault.English)), "cancel": second(b.Cancel(b.ctx, "bank_b", by, jobID, fault.English)),
		"lines": second(b.Lines(b.ctx, "bank_b", jobID, "", 0, 10, fault.English)), "report": second(b.Report(b.ctx, "bank_b", jobID, "", fault.English)),
	} {
		if fault.Code(err) != "not_found" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if all, err := b.List(b.ctx, "bank_b", "", "", "", 10, fault.English); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	if all, err := b.List(b.ctx, bank, "notes", bulk.Uploading, "", 10, fault.English); err != nil || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
	if _, _, err := b.Create(b.ctx, idem.Request{Bank: bank, Key: "k"}, bank, by, "nothing", "x"); fault.Code(err) != "validation" {
		t.Errorf("unknown kind: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAFileThatCannotBeReadFailsItsImport(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		for _, file := range []string{"age\n", "PK\x03\x04", ""} {
			if _, err := b.Upload(b.ctx, bank, by, "notes", "f", strings.NewReader(file)); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%q: %v", file, err)
			}
		}
		if n := b.number("SELECT COUNT(*) FROM import_job WHERE state <> 'cancelled'"); n != 0 {
			t.Errorf("%d jobs were left", n)
		}
		// What only the whole file shows ends the job when a worker finds it.
		jobID, err := b.Upload(b.ctx, bank, by, "notes", "f", strings.NewReader("name\n\""+strings.Repeat("endless line\n", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.RunHere(b.ctx, jobID); err != nil {
			t.Fatal(err)
		}
		if j := b.job(jobID); j.State != bulk.Broken || j.Error == nil || j.Error.Code != "import.too_long" || j.Error.Message == "" || j.Parts != 0 {
			t.Errorf("%+v %+v", j, j.Error)
		}
		if _, err := b.Cancel(b.ctx, bank, by, jobID, fault.English); fault.Code(err) != "conflict" {
			t.Errorf("cancel after the end: %v", err)
		}
	})
}

func TestAnImportWhoseTaskIsDeadIsFailed(t *testing.T) {
	b := newBench(t, testkit.SQLite(t, clock.System{}), notes(func(int) error { return errors.New("always") }))
	jobID := b.started(names(3))
	last := b.task(jobID)
	last.Attempts = outbox.MaxAttempts - 1
	if err := b.HandleRun(b.ctx, last); err == nil {
		t.Error("no error")
	}
	if j := b.job(jobID); j.State != bulk.Broken || j.Error.Code != "internal" || j.LinesDone != 0 {
		t.Errorf("%+v", j)
	}
}

func TestTheReportIsSafeAndComplete(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, notes(fine))
		jobID := b.started(names(2500) + "x,formula\n")
		if err := b.RunHere(b.ctx, jobID); err != nil {
			t.Fatal(err)
		}
		write, err := b.Report(b.ctx, bank, jobID, "", fault.English)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := write(b.ctx, &out); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2502 || rows[2501][3] != "'=cmd()" {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if got := strings.Join(rows[10], "|"); got != "11|failed|field.invalid|city|Not acceptable.|" {
			t.Error(got)
		}
		for _, r := range rows[1:] {
			for _, cell := range r {
				if cell != "" && strings.Contains("=+-@\t\r", cell[:1]) {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
		failed, err := b.Lines(b.ctx, bank, jobID, bulk.Failed, 100, 5, fault.Chinese)
		if err != nil || len(failed) != 6 || failed[0].Line != 101 || failed[0].Message != "内容不正确。" {
			t.Errorf("%+v %v", failed, err)
		}
	})
}

func TestWhatNobodyGoesOnWithIsForgotten(t *testing.T) {
	clk := clock.NewFake(time.Now())
	b := newBench(t, testkit.SQLite(t, clk), notes(fine))
	left, done := b.create(), b.started(names(10))
	if err := b.PutPart(b.ctx, bank, left, 1, []byte("name\n")); err != nil {
		t.Fatal(err)
	}
	if err := b.RunHere(b.ctx, done); err != nil {
		t.Fatal(err)
	}
	clk.Advance(25 * time.Hour)
	fresh := b.create()
	if err := b.Purge(b.ctx); err != nil {
		t.Fatal(err)
	}
	if b.job(left).State != bulk.Cancelled || b.job(left).Parts != 0 || b.job(fresh).State != bulk.Uploading || b.number("SELECT COUNT(*) FROM import_line") != 10 {
		t.Error("not what was to be forgotten")
	}
	clk.Advance(90 * 24 * time.Hour)
	if err := b.Purge(b.ctx); err != nil {
		t.Fatal(err)
	}
	if b.number("SELECT COUNT(*) FROM import_line") != 0 {
		t.Error("the report is still there")
	}
}
