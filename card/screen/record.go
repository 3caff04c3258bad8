package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/pii"
)

// record is a decision as it is kept. What it was made on is sealed, and goes with
// the applicant; mark, a keyed hash, then still tells whether somebody who brings
// an input brings the one that was decided on.
type record struct {
	application, set string
	sealed, mark     string
	input            Input // once it is opened
	erased           bool
	results          []Result
	verdict          card.Verdict
	at               db.Time
	round            int
}

const (
	recordColumns = "SELECT application_id, set_id, input_sealed, COALESCE(input_mark, ''), results, verdict, at, round FROM "
	selectRecord  = recordColumns + "screening_decision WHERE "
	selectEarlier = recordColumns + "screening_earlier WHERE "
)

func scanRecord(r db.Row) (d record, err error) {
	var results string
	if err := r.Scan(&d.application, &d.set, &d.sealed, &d.mark, &results, &d.verdict, &d.at, &d.round); err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(results), &d.results); err != nil {
		return d, fmt.Errorf("screen: results of %s: %w", d.application, err)
	}
	return d, nil
}

func placeOf(bank, application string) pii.Place {
	return pii.Place{Bank: bank, Table: "screening_decision", Column: "input_sealed", Row: application}
}

// placeOfEarlier is where a round's input is sealed that others followed.
func placeOfEarlier(bank, application string, round int) pii.Place {
	return pii.Place{Bank: bank, Table: "screening_earlier", Column: strconv.Itoa(round), Row: application}
}

// sealInput seals an input for its place and marks it.
func sealInput(ctx context.Context, keys *pii.Keyring, place pii.Place, text string) (sealed, mark string, err error) {
	if sealed, err = keys.Seal(ctx, place, pii.Clear(text)); err != nil {
		return "", "", err
	}
	mark, err = markOf(ctx, keys, place, text)
	return sealed, mark, err
}

// markOf is of the application and the input, wherever the record stands.
func markOf(ctx context.Context, keys *pii.Keyring, place pii.Place, text string) (string, error) {
	return keys.Hash(ctx, place.Bank, "screening_input", place.Row+" "+text)
}

// inClear tells that an input is from before inputs were sealed.
func inClear(sealed string) bool { return strings.HasPrefix(sealed, "{") }

// clearText is the input as it was written.
func (d *record) clearText(ctx context.Context, keys *pii.Keyring, place pii.Place) (string, error) {
	if inClear(d.sealed) {
		return d.sealed, nil
	}
	text, err := keys.Open(ctx, place, d.sealed)
	return text.Reveal(), err
}

// open reads the input, unless it is gone.
func (d *record) open(ctx context.Context, keys *pii.Keyring, place pii.Place) error {
	if d.erased = d.sealed == pii.Erased; d.erased {
		return nil
	}
	text, err := d.clearText(ctx, keys, place)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), &d.input); err != nil {
		return fmt.Errorf("screen: input of %s: %w", d.application, err)
	}
	return nil
}

// setAside makes way for a further decision and gives its round. The value is
// sealed for where it goes.
func setAside(ctx context.Context, tx *db.Tx, keys *pii.Keyring, bank, application string) (round int, err error) {
	d, found, err := db.One(ctx, tx, scanRecord, selectRecord+"bank_id = ? AND application_id = ?", bank, application)
	if err != nil {
		return 0, err
	}
	if found {
		sealed := d.sealed
		if sealed != pii.Erased {
			text, err := d.clearText(ctx, keys, placeOf(bank, application))
			if err != nil {
				return 0, err
			}
			if sealed, d.mark, err = sealInput(ctx, keys, placeOfEarlier(bank, application, d.round), text); err != nil {
				return 0, err
			}
		}
		err = tx.Insert(ctx, "screening_earlier (bank_id, application_id, round, set_id, input_sealed, input_mark, results, verdict, at)",
			[][]any{{bank, application, d.round, d.set, sealed, d.mark, mustJSON(d.results), string(d.verdict), d.at.Time}}, "")
		if err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, "DELETE FROM screening_decision WHERE bank_id = ? AND application_id = ?", bank, application); err != nil {
		return 0, err
	}
	last, _, err := db.Value[int](ctx, tx, "SELECT COALESCE(MAX(round), 0) FROM screening_earlier WHERE bank_id = ? AND application_id = ?", bank, application)
	return last + 1, err
}

// sealedMeta is in meta once nothing is left from before inputs were sealed.
const sealedMeta = "screening_inputs_sealed"

// sealBite is how many are sealed in one transaction.
const sealBite = 500

// SealFormer seals what was written before inputs were sealed, of all banks. It
// does it once: a node that is killed over it goes on.
func (s *Screens) SealFormer(ctx context.Context) error {
	_, done, err := db.Value[string](ctx, s.book.DB, "SELECT value FROM meta WHERE name = ?", sealedMeta)
	if err != nil || done {
		return err
	}
	for _, table := range []string{"screening_decision", "screening_earlier"} {
		for {
			n, err := s.sealSome(ctx, table)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "meta (name, value)", [][]any{{sealedMeta, "yes"}}, tx.Dialect().OnDuplicate("name", "value = value"))
	})
}

func (s *Screens) sealSome(ctx context.Context, table string) (n int, err error) {
	type row struct {
		bank string
		record
	}
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		rows, err := db.All(ctx, tx, func(r db.Row) (v row, err error) {
			return v, r.Scan(&v.bank, &v.application, &v.round, &v.sealed)
		}, "SELECT bank_id, application_id, round, input_sealed FROM "+table+" WHERE input_sealed LIKE '{%' LIMIT ?"+tx.Dialect().ForUpdate(), sealBite)
		if err != nil {
			return err
		}
		for _, v := range rows {
			place := placeOf(v.bank, v.application)
			if table == "screening_earlier" {
				place = placeOfEarlier(v.bank, v.application, v.round)
			}
			sealed, mark, err := sealInput(ctx, s.book.Keys, place, v.sealed)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE "+table+" SET input_sealed = ?, input_mark = ? WHERE bank_id = ? AND application_id = ? AND round = ?",
				sealed, mark, v.bank, v.application, v.round); err != nil {
				return err
			}
		}
		n = len(rows)
		return nil
	})
	return n, err
}
