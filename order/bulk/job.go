package bulk

import (
	"context"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
)

// State is where a job stands.
type State string

// The states.
const (
	Uploading State = "uploading"
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Broken    State = "failed"
	Cancelled State = "cancelled"
)

// RunTask is the outbox's kind of a job that is to be run.
const RunTask = "import.run"

// MaxParts bounds a file: so many parts of a body's length at most.
const MaxParts = 256

// Job is an import as the API shows it.
type Job struct {
	ID             string       `json:"id"`
	Kind           string       `json:"kind"`
	Name           string       `json:"name"`
	State          State        `json:"state" enum:"uploading,queued,running,done,failed,cancelled"`
	Parts          int64        `json:"parts" doc:"How many parts are uploaded; none any more when it is over"`
	LinesTotal     *int64       `json:"lines_total" doc:"null until it runs"`
	LinesDone      int64        `json:"lines_done" doc:"Taken in or refused"`
	LinesFailed    int64        `json:"lines_failed" doc:"Of those done, refused"`
	Percent        int64        `json:"percent"`
	LinesPerSecond int64        `json:"lines_per_second" doc:"So far; 0 while unknown"`
	ETASeconds     *int64       `json:"eta_seconds" doc:"How long it will take yet, by the pace so far; null while unknown"`
	Error          *JobError    `json:"error" doc:"Why the file as a whole failed, else null"`
	MerchantID     string       `json:"merchant_id,omitempty" doc:"The merchant whose own account imports; none for the bank's staff"`
	CreatedBy      string       `json:"created_by"`
	CreatedAt      clock.Stamp  `json:"created_at"`
	StartedAt      *clock.Stamp `json:"started_at"`
	EndedAt        *clock.Stamp `json:"ended_at"`
}

// JobError is why a file as a whole failed.
type JobError struct {
	Code    string `json:"code"`
	Field   string `json:"field" doc:"The column concerned, if one is"`
	Message string `json:"message"`
}

// row is a job as it is stored.
type row struct {
	Job
	bank, charset        string
	errorCode, errorName string
	actor                Actor
	started, progress    time.Time
}

// Imports keeps jobs and runs them.
type Imports struct {
	db     *db.DB
	box    *outbox.Box
	keeper *idem.Keeper
	kinds  []Kind
	of     *string // the merchant whose jobs alone there are; nil for all
}

// New makes the service for some kinds.
func New(d *db.DB, box *outbox.Box, keeper *idem.Keeper, kinds ...Kind) *Imports {
	return &Imports{db: d, box: box, keeper: keeper, kinds: kinds}
}

// Of is the service as a merchant's own account has it: its own jobs, and kinds
// that are for merchants.
func (s *Imports) Of(merchant string) *Imports {
	own := *s
	own.of = &merchant
	own.kinds = slices.DeleteFunc(slices.Clone(s.kinds), func(k Kind) bool { return !k.Merchants })
	return &own
}

// within narrows a statement on jobs to those that there are.
func (s *Imports) within(where string, args ...any) (string, []any) {
	if s.of != nil {
		return where + " AND merchant_id = ?", append(args, *s.of)
	}
	return where, args
}

// Shape is what the files of a kind look like.
type Shape struct {
	Kind    string   `json:"kind"`
	Columns []Column `json:"columns"`
}

// Shapes tell what can be imported, in which columns.
func (s *Imports) Shapes() []Shape {
	shapes := make([]Shape, len(s.kinds))
	for i, k := range s.kinds {
		shapes[i] = Shape{k.Name, k.Columns}
	}
	return shapes
}

func (s *Imports) kind(name string) (Kind, bool) {
	for _, k := range s.kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Create begins a job; its parts come next. 422 import.kind on field kind.
func (s *Imports) Create(ctx context.Context, req idem.Request, bank string, by Actor, kind, name string) (Job, bool, error) {
	return idem.Do(ctx, s.keeper, req, func(tx *db.Tx) (Job, error) {
		jobID, err := s.create(ctx, tx, bank, by, kind, name)
		if err != nil {
			return Job{}, err
		}
		r, err := s.read(ctx, tx, bank, jobID)
		return r.view(tx.Now, fault.Chinese), err
	})
}

func (s *Imports) create(ctx context.Context, tx *db.Tx, bank string, by Actor, kind, name string) (string, error) {
	if _, known := s.kind(kind); !known {
		return "", fault.InvalidField("kind", "import.kind")
	}
	jobID := id.New(id.Import)
	return jobID, tx.Insert(ctx, "import_job (id, bank_id, merchant_id, kind, name, state, actor_kind, created_by, request_id, created_at)",
		[][]any{{jobID, bank, s.of, kind, cut(name, maxFileName), string(Uploading), by.Kind, by.ID, by.RequestID, tx.Now}}, "")
}

// maxFileName is what the column holds, in characters.
const maxFileName = 200

// PutPart keeps a part of a job's file, from 1 on, in place of one that was
// uploaded under its number before. 404 not_found, 409 import.not_uploading.
func (s *Imports) PutPart(ctx context.Context, bank, jobID string, no int, content []byte) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		r, err := s.lock(ctx, tx, bank, jobID)
		if err != nil {
			return err
		}
		if r.State != Uploading {
			return fault.New(fault.Conflict, "import.not_uploading")
		}
		if _, err := tx.Exec(ctx, "DELETE FROM import_part WHERE job_id = ? AND part_no = ?", jobID, no); err != nil {
			return err
		}
		return tx.Insert(ctx, "import_part (job_id, part_no, bank_id, content)", [][]any{{jobID, no, bank, content}}, "")
	})
}

// Start hands a job to the workers, once: a repeat shows how it stands. 404
// not_found, 409 conflict when it is cancelled or failed, 422 import.parts when a
// part is missing, 422 import.header, 422 import.not_text.
func (s *Imports) Start(ctx context.Context, bank string, by Actor, jobID string, lang fault.Lang) (Job, error) {
	return s.move(ctx, bank, jobID, lang, func(tx *db.Tx, r row) error {
		switch r.State {
		case Queued, Running, Done:
			return nil
		case Broken, Cancelled:
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.checkFile(ctx, tx, r); err != nil {
			return err
		}
		if err := s.queue(ctx, tx, r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "import.started", jobID, map[string]any{"kind": r.Kind, "name": r.Name}))
	})
}

func (s *Imports) queue(ctx context.Context, tx *db.Tx, r row) error {
	if _, err := tx.Exec(ctx, "UPDATE import_job SET state = ? WHERE id = ? AND state = ?", string(Queued), r.ID, string(Uploading)); err != nil {
		return err
	}
	return s.box.Add(ctx, tx, outbox.Task{ID: taskOf(r.ID), Bank: r.bank, Kind: RunTask, Ref: r.ID, Payload: struct{}{}})
}

// taskOf names the one task of a job.
func taskOf(jobID string) string { return id.Event + jobID[len(id.Import):] }

// Cancel ends a job that is not over; lines that were taken in stay. A repeat
// changes nothing. 404 not_found, 409 conflict.
func (s *Imports) Cancel(ctx context.Context, bank string, by Actor, jobID string, lang fault.Lang) (Job, error) {
	return s.move(ctx, bank, jobID, lang, func(tx *db.Tx, r row) error {
		switch r.State {
		case Cancelled:
			return nil
		case Done, Broken:
			return fault.New(fault.Conflict, "conflict")
		}
		if err := cancel(ctx, tx, r.ID); err != nil {
			return err
		}
		if _, err := s.box.Cancel(ctx, tx, bank, RunTask, jobID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "import.cancelled", jobID, map[string]any{"lines_done": r.LinesDone}))
	})
}

// move holds a job's row while act runs, and shows it as it then is.
func (s *Imports) move(ctx context.Context, bank, jobID string, lang fault.Lang, act func(tx *db.Tx, r row) error) (Job, error) {
	var after Job
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		r, err := s.lock(ctx, tx, bank, jobID)
		if err != nil {
			return err
		}
		if err := act(tx, r); err != nil {
			return err
		}
		r, err = s.read(ctx, tx, bank, jobID)
		after = r.view(tx.Now, lang)
		return err
	})
	return after, err
}

func (a Actor) entry(bank, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: a.Kind, Actor: a.ID, Action: action, Object: object, Detail: detail, RequestID: a.RequestID}
}

// Get shows a job; 404 not_found.
func (s *Imports) Get(ctx context.Context, bank, jobID string, lang fault.Lang) (Job, error) {
	r, err := s.read(ctx, s.db, bank, jobID)
	return r.view(s.db.Clock().Now(), lang), err
}

// List shows the bank's jobs, the newest first, after the one named: one more
// than limit when there are further ones. Empty kind and state do not filter.
func (s *Imports) List(ctx context.Context, bank, kind string, state State, after string, limit int, lang fault.Lang) ([]Job, error) {
	where, args := s.within("bank_id = ?", bank)
	for _, is := range []struct{ cond, value string }{{"kind = ?", kind}, {"state = ?", string(state)}, {"id < ?", after}} {
		if is.value != "" {
			where, args = where+" AND "+is.cond, append(args, is.value)
		}
	}
	rows, err := db.All(ctx, s.db, scan, columns+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	jobs, now := make([]Job, len(rows)), s.db.Clock().Now()
	for i, r := range rows {
		jobs[i] = r.view(now, lang)
	}
	return jobs, err
}

// view adds the figures of progress at a time.
func (r row) view(now time.Time, lang fault.Lang) Job {
	j := r.Job
	if r.errorCode != "" {
		j.Error = &JobError{Code: r.errorCode, Field: r.errorName, Message: fault.Text(lang, r.errorCode)}
	}
	if j.LinesTotal != nil && *j.LinesTotal > 0 {
		j.Percent = j.LinesDone * 100 / *j.LinesTotal
	}
	if j.State == Done {
		j.Percent = 100
	}
	until := r.progress
	if j.State == Running && until.IsZero() {
		until = now
	}
	if took := until.Sub(r.started); j.LinesDone > 0 && took > 0 {
		j.LinesPerSecond = int64(float64(j.LinesDone) / took.Seconds())
		if j.State == Running && j.LinesTotal != nil {
			left := int64(took.Seconds()*float64(*j.LinesTotal-j.LinesDone)/float64(j.LinesDone)) + 1
			j.ETASeconds = &left
		}
	}
	return j
}
