package setting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Change is a change as the API shows it.
type Change struct {
	ID        string       `json:"id"`
	Section   string       `json:"section"`
	ByTwo     bool         `json:"by_two"`
	Fields    []Field      `json:"fields"`
	Reason    string       `json:"reason"`
	State     string       `json:"state" enum:"asked,applied,rejected,withdrawn"`
	Outdated  bool         `json:"outdated" doc:"What it changes is not as it was: it can't be confirmed"`
	AskedBy   auth.Named   `json:"asked_by"`
	AskedAt   clock.Stamp  `json:"asked_at"`
	DecidedBy *auth.Named  `json:"decided_by"`
	DecidedAt *clock.Stamp `json:"decided_at"`

	wish, base map[string]any
}

// Field is one value that changes.
type Field struct {
	Key  string `json:"key"`
	Kind string `json:"kind" enum:"minutes,days,count,fen,bps,flag,clock,hours"`
	From any    `json:"from"`
	To   any    `json:"to"`
}

const selectChange = `SELECT c.id, c.section, c.by_two, c.wish, c.base, c.reason, c.state, c.asked_by, COALESCE(a.name, ''), c.asked_at,
	COALESCE(c.decided_by, ''), COALESCE(d.name, ''), c.decided_at FROM setting_change c
	LEFT JOIN staff a ON a.id = c.asked_by LEFT JOIN staff d ON d.id = c.decided_by WHERE c.bank_id = ?`

func (d *Desk) scan(r db.Row) (c Change, err error) {
	var wish, base string
	var at, done db.Time
	var decider auth.Named
	err = r.Scan(&c.ID, &c.Section, &c.ByTwo, &wish, &base, &c.Reason, &c.State, &c.AskedBy.ID, &c.AskedBy.Name, &at, &decider.ID, &decider.Name, &done)
	if err != nil {
		return c, err
	}
	c.AskedAt, c.DecidedAt = clock.At(at.Time), clock.AtPtr(done.Time)
	if decider.ID != "" {
		c.DecidedBy = &decider
	}
	if err := errors.Join(json.Unmarshal([]byte(wish), &c.wish), json.Unmarshal([]byte(base), &c.base)); err != nil {
		return c, fmt.Errorf("setting: %s: %w", c.ID, err)
	}
	sec, err := d.section(c.Section)
	c.Fields = []Field{}
	for _, i := range sec.items {
		if to, changes := c.wish[i.Key]; changes {
			c.Fields = append(c.Fields, Field{i.Key, i.Kind, c.base[i.Key], to})
		}
	}
	return c, err
}

func (d *Desk) change(ctx context.Context, q db.Querier, bank, change string) (Change, error) {
	c, found, err := db.One(ctx, q, d.scan, selectChange+" AND c.id = ?", bank, change)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return c, err
}

// Changes lists changes, the newest first: one more than limit when there are
// further ones.
func (d *Desk) Changes(ctx context.Context, bank, section, state, before string, limit int) ([]Change, error) {
	query, args := selectChange, []any{bank}
	for _, c := range [][2]string{{"c.section = ?", section}, {"c.state = ?", state}, {"c.id < ?", before}} {
		if c[1] != "" {
			query, args = query+" AND "+c[0], append(args, c[1])
		}
	}
	all, err := db.All(ctx, d.DB, d.scan, query+" ORDER BY c.id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	now, err := tenant.ReadSettings(ctx, d.DB, bank)
	for i, c := range all {
		if sec, known := d.section(c.Section); known == nil && c.State == asked {
			all[i].Outdated = d.outdated(now, sec, c)
		}
	}
	return all, err
}

// Section is a section as the API shows it.
type Section struct {
	Name    string  `json:"name" enum:"review,intake,promotions,orders,reconciliation,keeping"`
	ByTwo   bool    `json:"by_two" doc:"One asks, another confirms"`
	Items   []Shown `json:"items"`
	Waiting *Change `json:"waiting" doc:"The change that waits for a second person"`
}

// Shown is a setting as it stands.
type Shown struct {
	Item
	Value     any          `json:"value"`
	Default   any          `json:"default"`
	ChangedBy *auth.Named  `json:"changed_by" doc:"null where it was never changed here"`
	ChangedAt *clock.Stamp `json:"changed_at"`
}

// remembered is how far back who changed a setting last is looked for.
const remembered = 500

// Sections are the bank's settings as they stand.
func (d *Desk) Sections(ctx context.Context, bank string) ([]Section, error) {
	now, err := tenant.ReadSettings(ctx, d.DB, bank)
	if err != nil {
		return nil, err
	}
	changes, err := d.Changes(ctx, bank, "", "", "", remembered)
	if err != nil {
		return nil, err
	}
	waiting, err := d.Changes(ctx, bank, "", asked, "", len(sections(d.Classes)))
	if err != nil {
		return nil, err
	}
	out := []Section{}
	for _, sec := range sections(d.Classes) {
		v := Section{Name: sec.name, ByTwo: sec.byTwo, Items: []Shown{}}
		for _, i := range sec.items {
			v.Items = append(v.Items, d.shown(now, i, changes))
		}
		if w := slices.IndexFunc(waiting, func(c Change) bool { return c.Section == sec.name }); w >= 0 {
			v.Waiting = &waiting[w]
		}
		out = append(out, v)
	}
	return out, nil
}

func (d *Desk) shown(now tenant.Settings, i Item, changes []Change) Shown {
	v := Shown{Item: i, Value: d.value(now, i), Default: d.value(tenant.Settings{}.WithDefaults(), i)}
	for _, c := range changes {
		if _, changed := c.wish[i.Key]; !changed || c.State != applied || text(c.wish[i.Key]) != text(v.Value) {
			continue
		}
		v.ChangedBy, v.ChangedAt = &c.AskedBy, c.DecidedAt
		break
	}
	return v
}
