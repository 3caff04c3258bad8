package settle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// Upload is a statement that a person brings when the gateway's cannot be had.
type Upload struct {
	ID         string      `json:"id"`
	Date       string      `json:"date" doc:"Business date, YYYY-MM-DD"`
	Channel    string      `json:"channel"`
	Name       string      `json:"name"`
	State      string      `json:"state" enum:"uploading,whole,refused"`
	Reason     string      `json:"reason" doc:"Why it was refused"`
	SHA256     string      `json:"sha256"`
	Rows       int         `json:"rows"`
	UploadedBy string      `json:"uploaded_by" doc:"Staff id"`
	CreatedAt  clock.Stamp `json:"created_at"`
}

const uploadColumns = `SELECT id, business_date, channel, name, state, reason, sha256, line_count, uploaded_by, created_at FROM statement_file WHERE bank_id = ? AND id = ?`

func scanUpload(r db.Row) (u Upload, err error) {
	var created db.Time
	err = r.Scan(&u.ID, &u.Date, &u.Channel, &u.Name, &u.State, &u.Reason, &u.SHA256, &u.Rows, &u.UploadedBy, &created)
	u.CreatedAt = clock.At(created.Time)
	return u, err
}

// MaxParts is how many parts a file may have; each is a request's body, of at most
// 1 MiB.
const MaxParts = 256

// BeginUpload begins a file of a date and channel, whose parts follow. Refusals:
// 422 validation of date and channel.
func (k *Desk) BeginUpload(ctx context.Context, bank tenant.Bank, channel, date, name string, actor Actor) (u Upload, err error) {
	if err := checkDate(bank, k.db.Clock().Now(), date); err != nil {
		return u, err
	}
	if _, err := k.channel(channel); err != nil {
		return u, err
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		fileID := id.New(id.Statement)
		err := tx.Insert(ctx, "statement_file (id, bank_id, business_date, channel, name, state, uploaded_by, created_at)",
			[][]any{{fileID, bank.ID, date, channel, name, "uploading", actor.ID, tx.Now}}, "")
		if err != nil {
			return err
		}
		if u, _, err = db.One(ctx, tx, scanUpload, uploadColumns, bank.ID, fileID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.entry(bank.ID, "statement.begun", fileID, map[string]any{"date": date, "channel": channel}))
	})
	return u, err
}

// PutPart keeps a part of a file; again, it replaces it. 404 not_found, 409
// conflict once the file is ended.
func (k *Desk) PutPart(ctx context.Context, bankID, fileID string, no int, content []byte) error {
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := lockUpload(ctx, tx, bankID, fileID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM statement_part WHERE file_id = ? AND part_no = ?", fileID, no); err != nil {
			return err
		}
		return tx.Insert(ctx, "statement_part (file_id, part_no, bank_id, content)", [][]any{{fileID, no, bankID, content}}, "")
	})
}

func lockUpload(ctx context.Context, tx *db.Tx, bankID, fileID string) (Upload, error) {
	u, found, err := db.One(ctx, tx, scanUpload, uploadColumns+tx.Dialect().ForUpdate(), bankID, fileID)
	switch {
	case err != nil:
		return u, err
	case !found:
		return u, notFound()
	case u.State != "uploading":
		return u, conflict()
	}
	return u, nil
}

// EndUpload reads a file to its end. One that is whole is used where the gateway's
// is not, and its date is reconciled with it; one that is not is refused, with the
// reason, and nothing of it is used. The parts are numbered from 1 without a gap:
// else 422 import.parts. Its content is not kept in the audit log, its hash is.
func (k *Desk) EndUpload(ctx context.Context, bank tenant.Bank, fileID string, actor Actor) (u Upload, err error) {
	u, found, err := db.One(ctx, k.db, scanUpload, uploadColumns, bank.ID, fileID)
	if err != nil {
		return u, err
	}
	if !found {
		return u, notFound()
	}
	if err := k.checkParts(ctx, fileID); err != nil {
		return u, err
	}
	rows, hash, reason, err := k.readUpload(ctx, u)
	if err != nil {
		return u, err
	}
	state := "whole"
	if reason != "" {
		state = "refused"
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := lockUpload(ctx, tx, bank.ID, fileID); err != nil {
			return err
		}
		// A part may have been replaced since it was read.
		if now, err := hashUpload(ctx, tx, fileID); err != nil || now != hash {
			return cmp.Or(err, conflict())
		}
		if _, err := tx.Exec(ctx, "UPDATE statement_file SET state = ?, reason = ?, sha256 = ?, line_count = ?, ended_at = ? WHERE id = ?",
			state, reason, hash, rows, tx.Now, fileID); err != nil {
			return err
		}
		if state == "refused" {
			if _, err := tx.Exec(ctx, "DELETE FROM statement_part WHERE file_id = ?", fileID); err != nil {
				return err
			}
		} else if err := k.askReconcile(ctx, tx, bank.ID, u.Date, tx.Now); err != nil {
			return err
		}
		detail := map[string]any{"date": u.Date, "channel": u.Channel, "sha256": hash, "rows": rows}
		if err := audit.Write(ctx, tx, actor.entry(bank.ID, "statement."+state, fileID, detail)); err != nil {
			return err
		}
		u, _, err = db.One(ctx, tx, scanUpload, uploadColumns, bank.ID, fileID)
		return err
	})
	if err != nil || state == "refused" {
		return u, err
	}
	k.reconcileNow(ctx, bank, u.Date)
	return u, nil
}

func (k *Desk) checkParts(ctx context.Context, fileID string) error {
	type count struct{ n, last int }
	c, _, err := db.One(ctx, k.db, func(r db.Row) (c count, err error) { return c, r.Scan(&c.n, &c.last) },
		"SELECT COUNT(*), COALESCE(MAX(part_no), 0) FROM statement_part WHERE file_id = ?", fileID)
	if err != nil {
		return err
	}
	if c.n == 0 || c.n != c.last {
		return fault.New(fault.Invalid, "import.parts").With("parts", "import.parts")
	}
	return nil
}

// readUpload proves that a file is whole and of its day.
func (k *Desk) readUpload(ctx context.Context, u Upload) (rows int, hash, reason string, err error) {
	ch, err := k.channel(u.Channel)
	if err != nil {
		return 0, "", "", err
	}
	sum := sha256.New()
	body := io.TeeReader(openUpload(ctx, k.db, u.ID), sum)
	rows, _, err = ch.read(body, func(r row) error {
		if r.date != u.Date {
			return bad(WrongDay, "a row is of %s", r.date)
		}
		return nil
	})
	if err != nil {
		err = fileError(u.Date, err)
		var no *FileError
		if !errors.As(err, &no) {
			return 0, "", "", err
		}
		if _, err := io.Copy(io.Discard, body); err != nil { // the hash is of all of it
			return 0, "", "", err
		}
		reason = short(strings.TrimPrefix(no.Error(), "settle: "))
	}
	return rows, hex.EncodeToString(sum.Sum(nil)), reason, nil
}

func hashUpload(ctx context.Context, tx *db.Tx, fileID string) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, openUpload(ctx, tx, fileID)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// keepParts is how long an uploaded file's text is kept: no date is reconciled
// again later. Its hash stays.
const keepParts = 90 * 24 * time.Hour

// Purge forgets the texts of old uploads, and uploads that nobody ended.
func (k *Desk) Purge(ctx context.Context) error {
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		before := tx.Now.Add(-keepParts)
		if _, err := tx.Exec(ctx, "DELETE FROM statement_part WHERE file_id IN (SELECT id FROM statement_file WHERE created_at < ?)", before); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM statement_file WHERE state = 'uploading' AND created_at < ?", before)
		return err
	})
}
