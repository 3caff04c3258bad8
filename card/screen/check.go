package screen

import (
	"context"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
	"yinbo/internal/pii"
)

// Invariants are what holds of screening; keys open what decisions were made on.
func Invariants(keys *pii.Keyring) []invariant.Rule {
	return []invariant.Rule{{
		Name:  "screening.active",
		Means: "a bank that has rules has one active version, which two persons made so; the built-in one needs none",
		Of:    "screening_set",
		Broken: `SELECT bank_id, id, CONCAT_WS('', state, ', submitted by ', COALESCE(submitted_by, 'nobody'), ', approved by ', COALESCE(approved_by, 'nobody')) FROM screening_set
			WHERE state = 'active' AND (active_key IS NULL OR active_key <> bank_id OR (submitted_by IS NULL OR approved_by IS NULL OR submitted_by = approved_by)
				AND NOT (no = 1 AND created_by IS NULL AND submitted_by IS NULL AND approved_by IS NULL))
			UNION ALL SELECT bank_id, MIN(id), 'no active version' FROM screening_set GROUP BY bank_id HAVING SUM(CASE WHEN state = 'active' THEN 1 ELSE 0 END) <> 1`,
	}, {
		Name:  "screening.verdict",
		Means: "an application bears the verdict of its screening's record, made by a version that was active",
		Of:    "screening_decision",
		Broken: `SELECT d.bank_id, d.application_id, CONCAT_WS('', d.verdict, ' on record, ', COALESCE(a.screening, 'no application')) FROM screening_decision d
			LEFT JOIN application a ON a.id = d.application_id AND a.bank_id = d.bank_id
			LEFT JOIN screening_set v ON v.id = d.set_id AND v.bank_id = d.bank_id
			WHERE a.id IS NULL OR a.screening <> d.verdict OR v.activated_at IS NULL`,
	}, {
		Name:  "screening.rounds",
		Means: "of what was screened again, every earlier decision is on record",
		Of:    "screening_decision",
		Broken: `SELECT d.bank_id, d.application_id, CONCAT_WS('', 'round ', d.round) FROM screening_decision d
			WHERE d.round <> 1 + (SELECT COUNT(*) FROM screening_earlier e WHERE e.bank_id = d.bank_id AND e.application_id = d.application_id AND e.round < d.round)
			UNION ALL SELECT e.bank_id, e.application_id, CONCAT_WS('', 'round ', e.round, ' without a last one') FROM screening_earlier e
			WHERE NOT EXISTS (SELECT 1 FROM screening_decision d WHERE d.bank_id = e.bank_id AND d.application_id = e.application_id AND d.round > e.round)`,
	}, {
		Name:  "screening.replay",
		Means: "the newest 1,000 decisions whose input is left bear its mark, and made again by their version and input are the same",
		Look: func(ctx context.Context, q db.Querier) (int64, []invariant.Row, error) {
			return replays(ctx, q, keys)
		},
	}, {
		Name:  "screening.listed",
		Means: "an entry counts until it is removed, under its own list, kind and hash",
		Of:    "screening_list",
		Broken: `SELECT bank_id, id, CONCAT_WS('', COALESCE(live_key, 'not counted')) FROM screening_list
			WHERE (live_key IS NULL) <> (removed_at IS NOT NULL) OR live_key <> CONCAT_WS('/', list, kind, hash)`,
	}, {
		Name:  "screening.run",
		Means: "a dry run that is over has counted each lead once",
		Of:    "screening_run",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', r.state, ', ', r.done, ' of ', r.leads) FROM screening_run r
			WHERE (r.run_key IS NULL) <> (r.ended_at IS NOT NULL) OR r.done > r.leads
				OR (SELECT COUNT(*) FROM screening_run_change c WHERE c.run_id = r.id) > r.done`,
	}}
}

const replayed = 1000

func replays(ctx context.Context, q db.Querier, keys *pii.Keyring) (looked int64, broken []invariant.Row, err error) {
	type row struct {
		record
		bank string
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		v.record, err = scanRecord(banked{r, &v.bank})
		return v, err
	}, strings.Replace(selectRecord, "SELECT ", "SELECT bank_id, ", 1)+"input_sealed <> ? ORDER BY at DESC LIMIT ?", pii.Erased, replayed)
	if err != nil {
		return 0, nil, err
	}
	programs := map[string]*program{}
	for _, d := range rows {
		p, known := programs[d.set]
		if !known {
			if v, err := readVersion(ctx, q, d.bank, d.set); err == nil {
				p, _ = compile(v.Rules) // nil where it can't be: nothing replays by it
			}
			programs[d.set] = p
		}
		if found, err := d.unmarked(ctx, keys, placeOf(d.bank, d.application)); err != nil || found != "" {
			if err != nil {
				found = "the input does not open"
			}
			broken = append(broken, invariant.Row{Bank: d.bank, Object: d.application, Found: found})
			continue
		}
		if p == nil {
			broken = append(broken, invariant.Row{Bank: d.bank, Object: d.application, Found: "no version " + d.set})
			continue
		}
		if verdict, results := p.evaluate(d.input); verdict != d.verdict || mustJSON(results) != mustJSON(d.results) {
			broken = append(broken, invariant.Row{Bank: d.bank, Object: d.application, Found: string(d.verdict) + " on record, " + string(verdict) + " again"})
		}
	}
	return int64(len(rows)), broken, nil
}

// unmarked opens the input and says what is wrong with its mark, "" for nothing.
func (d *record) unmarked(ctx context.Context, keys *pii.Keyring, place pii.Place) (string, error) {
	if err := d.open(ctx, keys, place); err != nil || inClear(d.sealed) {
		return "", err
	}
	text, err := d.clearText(ctx, keys, place)
	if err != nil {
		return "", err
	}
	mark, err := markOf(ctx, keys, place, text)
	if err == nil && mark != d.mark {
		return "the input is not the one that was marked", nil
	}
	return "", err
}

// banked scans a bank's id before the rest.
type banked struct {
	db.Row
	bank *string
}

func (b banked) Scan(into ...any) error { return b.Row.Scan(append([]any{b.bank}, into...)...) }
