package bulk

import (
	"context"
	"errors"
	"io"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

// PartSize is how long a part is that this process cuts; the API's parts are as
// long as a body may be.
const PartSize = 1 << 20

// Upload begins a job for a file that this process reads, and hands it to the
// workers; RunHere may run it at once. The job of a file that
// is refused is cancelled.
func (s *Imports) Upload(ctx context.Context, bank string, by Actor, kind, name string, r io.Reader) (jobID string, err error) {
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		jobID, err = s.create(ctx, tx, bank, by, kind, name)
		return err
	})
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_, undo := s.Cancel(context.WithoutCancel(ctx), bank, by, jobID, fault.Chinese)
			err = errors.Join(err, undo)
		}
	}()
	for no, buf := 1, make([]byte, PartSize); ; no++ {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if no > MaxParts {
				return "", fault.New(fault.TooLarge, "import.too_large")
			}
			if err := s.PutPart(ctx, bank, jobID, no, buf[:n]); err != nil {
				return "", err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	_, err = s.Start(ctx, bank, by, jobID, fault.Chinese)
	return jobID, err
}

// RunHere runs a job in this process, unless a worker has it already: then the
// job's own state tells how it goes. When this process dies, a worker goes on.
func (s *Imports) RunHere(ctx context.Context, jobID string) error {
	t, ok, err := s.box.Take(ctx, taskOf(jobID))
	if err != nil || !ok {
		return err
	}
	err = s.HandleRun(ctx, t)
	var wait *outbox.Postponed
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		return s.box.Done(ctx, t)
	case errors.As(err, &wait):
		return s.box.Postpone(ctx, t, wait.At)
	}
	return errors.Join(err, s.box.Fail(ctx, t, err, false))
}
