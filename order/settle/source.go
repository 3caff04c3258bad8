package settle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/tenant"
)

// fileRead is a file that was read whole.
type fileRead struct {
	source   string // gateway, upload
	encoding string
	sha256   string
	rows     int
}

// reading takes in a file's rows; done, where there is one, comes after the last.
// What it took in counts only when the file was whole.
type reading struct {
	each func(row) error
	done func() error
}

// read streams a date's file, the gateway's or, where that is not whole, one that
// a person brought. begin is asked for a new reading at each try. expected says
// that we have money in it: a gateway that has no file for a day without trade is
// believed only where we have none either.
func (k *Desk) read(ctx context.Context, bank tenant.Bank, ch channel, date string, expected bool, begin func() reading) (fileRead, error) {
	f, err := k.readFrom(ctx, ch, date, "gateway", func() (io.ReadCloser, error) { return ch.statements.Statement(ctx, date) }, begin())
	var no *FileError
	if !errors.As(err, &no) {
		return f, err
	}
	fileID, found, errUp := uploaded(ctx, k.db, bank.ID, ch.name, date)
	if errUp != nil {
		return f, errUp
	}
	if found {
		return k.readFrom(ctx, ch, date, "upload", func() (io.ReadCloser, error) { return openUpload(ctx, k.db, fileID), nil }, begin())
	}
	if !expected && k.noTrade(bank, date, no) {
		begin()
		return fileRead{source: "gateway"}, nil
	}
	return f, err
}

// noTrade tells whether a gateway that has no file means that there was no trade:
// it says so by a code, after the hour at which files are there.
func (k *Desk) noTrade(bank tenant.Bank, date string, no *FileError) bool {
	var refusal *gateway.Refusal
	published, err := clockOn(bank, date, 1, 10, 0)
	return err == nil && errors.As(no, &refusal) && refusal.Code == noneYet[0] && !k.db.Clock().Now().Before(published)
}

func (k *Desk) readFrom(ctx context.Context, ch channel, date, source string, open func() (io.ReadCloser, error), into reading) (f fileRead, err error) {
	body, err := open()
	if err != nil {
		return f, fileError(date, err)
	}
	defer body.Close()
	sum := sha256.New()
	whole := io.TeeReader(body, sum)
	f.source = source
	f.rows, f.encoding, err = ch.read(whole, func(r row) error {
		if r.date != date {
			return bad(WrongDay, "a row is of %s", r.date)
		}
		return into.each(r)
	})
	if err != nil {
		return f, fileError(date, err)
	}
	f.sha256 = hex.EncodeToString(sum.Sum(nil))
	if into.done != nil {
		err = into.done()
	}
	return f, err
}

// uploaded is the newest whole file that a person brought for a date.
func uploaded(ctx context.Context, q db.Querier, bankID, channel, date string) (fileID string, found bool, err error) {
	return db.Value[string](ctx, q, `SELECT id FROM statement_file WHERE bank_id = ? AND business_date = ? AND channel = ? AND state = 'whole'
		ORDER BY id DESC LIMIT 1`, bankID, date, channel)
}

// parts reads an uploaded file part by part.
type parts struct {
	ctx  context.Context
	q    db.Querier
	file string
	no   int
	rest []byte
}

func openUpload(ctx context.Context, q db.Querier, fileID string) io.ReadCloser {
	return &parts{ctx: ctx, q: q, file: fileID}
}

// Read gives what is left of a part, then the next one's.
func (p *parts) Read(into []byte) (int, error) {
	for len(p.rest) == 0 {
		content, found, err := db.Value[[]byte](p.ctx, p.q, "SELECT content FROM statement_part WHERE file_id = ? AND part_no = ?", p.file, p.no+1)
		if err != nil {
			return 0, err
		}
		if !found {
			return 0, io.EOF
		}
		p.no, p.rest = p.no+1, content
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Close has nothing to let go of.
func (p *parts) Close() error { return nil }
