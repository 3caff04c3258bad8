package reasons

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/db"
)

// text is a column of what people wrote.
type text struct {
	table, column string
	key           []string
	clean         func(string) (string, error)
}

func plain(v string) (string, error) { return audit.Reason(v), nil }

// within cleans the reason of a JSON object and leaves the rest as it is: ids have
// long numbers in them too.
func within(v string) (string, error) {
	var detail map[string]json.RawMessage
	if err := json.Unmarshal([]byte(v), &detail); err != nil {
		return v, err
	}
	var reason string
	if detail["reason"] == nil || json.Unmarshal(detail["reason"], &reason) != nil {
		return v, nil
	}
	cleaned := audit.Reason(reason)
	if cleaned == reason {
		return v, nil
	}
	raw, err := json.Marshal(cleaned)
	if err != nil {
		return v, err
	}
	detail["reason"] = raw
	out, err := json.Marshal(detail)
	return string(out), err
}

// texts are all columns that audit.Reason looks after today.
var texts = func() (all []text) {
	for table, columns := range map[string][]string{
		"refund": {"reason"}, "legal_hold": {"reason", "lift_reason"}, "proof": {"reason"}, "screening_set": {"note", "reject_reason"},
		"screening_list": {"reason"}, "lead_handover": {"reason"}, "core_difference": {"reason"}, "journey_version": {"reject_reason"},
		"staff_request": {"reason"}, "setting_change": {"reason"}, "application_form_change": {"reject_reason"},
		"ledger_proposal": {"reason", "reject_reason"}, "merchant_change": {"reason", "reject_reason"}, "settlement": {"reject_reason"},
		"money_exception": {"comment", "declined_for"}, "funnel_cost": {"note"}, "rundown_cue": {"note"},
	} {
		for _, c := range columns {
			all = append(all, text{table, c, []string{"id"}, plain})
		}
	}
	return append(all, text{"room_ban", "reason", []string{"room_id", "viewer_id"}, plain}, text{"bank_ban", "reason", []string{"bank_id", "viewer_id"}, plain},
		text{"lead_event", "detail", []string{"id"}, within}, text{"room_act", "detail", []string{"id"}, within})
}()

// bite is how many rows one transaction looks at.
const bite = 500

// Cleaned is how many texts of a column lost a number.
type Cleaned struct {
	Table, Column string
	Texts         int64
}

// Clean goes through all columns, in bites that others need not wait for, and gives
// those in which something was found.
func Clean(ctx context.Context, d *db.DB) (found []Cleaned, err error) {
	for _, t := range texts {
		c := Cleaned{Table: t.table, Column: t.column}
		for after, more := make([]any, len(t.key)), true; more; {
			var n int64
			var last []any
			err := d.InTx(ctx, func(tx *db.Tx) (err error) {
				n, last, more, err = t.bite(ctx, tx, after)
				return err
			})
			if err != nil {
				return found, fmt.Errorf("reasons: %s.%s: %w", t.table, t.column, err)
			}
			c.Texts, after = c.Texts+n, last
		}
		if c.Texts > 0 {
			found = append(found, c)
		}
	}
	return found, nil
}

type row struct {
	bank, text string
	key        []any
}

// bite cleans the rows after a key, and tells where it ended and whether there are
// more.
func (t text) bite(ctx context.Context, tx *db.Tx, after []any) (n int64, last []any, more bool, err error) {
	key, marks := strings.Join(t.key, ", "), strings.TrimSuffix(strings.Repeat("?, ", len(t.key)), ", ")
	where, args := "", []any{}
	if after[0] != nil {
		where, args = " WHERE ("+key+") > ("+marks+")", after
	}
	rows, err := db.All(ctx, tx, t.scan, "SELECT bank_id, COALESCE("+t.column+", ''), "+key+" FROM "+t.table+where+" ORDER BY "+key+" LIMIT ?", append(args[:len(args):len(args)], bite)...)
	if err != nil || len(rows) == 0 {
		return 0, after, false, err
	}
	banks := map[string]int64{}
	for _, r := range rows {
		clean, err := t.clean(r.text)
		if err != nil {
			return 0, after, false, err
		}
		if clean == r.text {
			continue
		}
		// What was changed since it was read is looked at the next time.
		did, err := tx.Exec(ctx, "UPDATE "+t.table+" SET "+t.column+" = ? WHERE ("+key+") = ("+marks+") AND "+t.column+" = ?", append(append([]any{clean}, r.key...), r.text)...)
		if err != nil {
			return 0, after, false, err
		}
		n, banks[r.bank] = n+did, banks[r.bank]+did
	}
	for bank, texts := range banks {
		err := audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "system", Actor: "yinbo", Action: "reasons.cleaned", Object: t.table,
			Detail: map[string]any{"column": t.column, "texts": texts}})
		if err != nil {
			return 0, after, false, err
		}
	}
	return n, rows[len(rows)-1].key, len(rows) == bite, nil
}

func (t text) scan(r db.Row) (v row, err error) {
	v.key = make([]any, len(t.key))
	keys := make([]string, len(t.key))
	into := []any{&v.bank, &v.text}
	for i := range keys {
		into = append(into, &keys[i])
	}
	err = r.Scan(into...)
	for i, k := range keys {
		v.key[i] = k
	}
	return v, err
}
