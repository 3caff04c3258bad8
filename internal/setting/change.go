package setting

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/tenant"
)

// Desk shows and changes settings.
type Desk struct {
	DB      *db.DB
	Classes []keeping.Class
}

// The states of a change.
const (
	asked     = "asked"
	applied   = "applied"
	rejected  = "rejected"
	withdrawn = "withdrawn"
)

// By is the administrator who acts.
type By struct{ Bank, ID, RequestID string }

func (by By) audit(ctx context.Context, tx *db.Tx, action, change string, detail map[string]any) error {
	detail["change"] = change
	return audit.Write(ctx, tx, audit.Entry{Bank: by.Bank, ActorKind: "staff", Actor: by.ID, RequestID: by.RequestID,
		Action: action, Object: by.Bank, Detail: detail})
}

// New is a change to be.
type New struct {
	Section, Reason string
	Values          map[string]any
}

func (d *Desk) section(name string) (section, error) {
	all := sections(d.Classes)
	if i := slices.IndexFunc(all, func(s section) bool { return s.name == name }); i >= 0 {
		return all[i], nil
	}
	return section{}, fault.InvalidField("section", "field.not_allowed")
}

// Change makes a change, or asks for one that takes two. Errors: 403
// auth.forbidden for who is no administrator any more; 422 with the value named;
// 409 conflict when nothing would change, setting.open when one waits already.
func (d *Desk) Change(ctx context.Context, by By, n New) (Change, error) {
	sec, err := d.section(n.Section)
	if err != nil {
		return Change{}, err
	}
	if strings.TrimSpace(n.Reason) == "" {
		return Change{}, fault.InvalidField("reason", "field.required")
	}
	wish, err := sec.sound(n.Values)
	if err != nil {
		return Change{}, err
	}
	change, reason := id.New(id.SettingChange), audit.Reason(strings.TrimSpace(n.Reason))
	err = d.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := d.admin(ctx, tx, by.Bank, by.ID, fault.New(fault.Forbidden, "auth.forbidden")); err != nil {
			return err
		}
		base, wish, err := d.against(ctx, tx, by.Bank, sec, wish)
		if err != nil {
			return err
		}
		state, open, decided := applied, any(nil), any(tx.Now)
		if sec.byTwo {
			state, open, decided = asked, sec.name, nil
		}
		err = tx.Insert(ctx, "setting_change (id, bank_id, section, by_two, wish, base, reason, state, open_key, asked_by, asked_at, decided_at)",
			[][]any{{change, by.Bank, sec.name, sec.byTwo, text(wish), text(base), reason, state, open, by.ID, tx.Now, decided}}, "")
		if db.IsDuplicate(err) {
			return fault.New(fault.Conflict, "setting.open").Because(err)
		}
		if err != nil {
			return err
		}
		action := "setting.asked"
		if !sec.byTwo {
			action = "setting.changed"
			if err := d.apply(ctx, tx, by.Bank, sec, wish); err != nil {
				return err
			}
		}
		return by.audit(ctx, tx, action, change, map[string]any{"section": sec.name, "from": base, "to": wish, "reason": reason})
	})
	if err != nil {
		return Change{}, err
	}
	return d.change(ctx, d.DB, by.Bank, change)
}

// sound checks a section's values.
func (s section) sound(values map[string]any) (map[string]any, error) {
	wish := map[string]any{}
	for key, value := range values {
		i := slices.IndexFunc(s.items, func(i Item) bool { return i.Key == key })
		if i < 0 {
			return nil, fault.InvalidField("values."+key, "field.unknown")
		}
		v, err := s.items[i].sound(value)
		if err != nil {
			return nil, err
		}
		wish[key] = v
	}
	return wish, nil
}

// against holds a wish against the bank as it stands: what of it differs, and what
// stands there.
func (d *Desk) against(ctx context.Context, tx *db.Tx, bank string, sec section, wish map[string]any) (base, differs map[string]any, err error) {
	now, err := d.standing(ctx, tx, bank)
	if err != nil {
		return nil, nil, err
	}
	base, differs = map[string]any{}, map[string]any{}
	for _, i := range sec.items {
		if v, set := wish[i.Key]; set && text(v) != text(d.value(now, i)) {
			base[i.Key], differs[i.Key] = d.value(now, i), v
		}
	}
	if len(differs) == 0 {
		return nil, nil, fault.New(fault.Conflict, "conflict")
	}
	return base, differs, d.put(&now, sec.items, differs)
}

// standing reads the settings and holds the bank's row until the commit.
func (d *Desk) standing(ctx context.Context, tx *db.Tx, bank string) (s tenant.Settings, err error) {
	if _, _, err := db.Value[string](ctx, tx, "SELECT id FROM bank WHERE id = ?"+tx.Dialect().ForUpdate(), bank); err != nil {
		return s, err
	}
	return tenant.ReadSettings(ctx, tx, bank)
}

func (d *Desk) apply(ctx context.Context, tx *db.Tx, bank string, sec section, wish map[string]any) (err error) {
	failed := tenant.Change(ctx, tx, bank, func(s *tenant.Settings) { err = d.put(s, sec.items, wish) })
	if err == nil {
		err = failed
	}
	return err
}

func (d *Desk) admin(ctx context.Context, tx *db.Tx, bank, staff string, otherwise error) error {
	is, err := auth.AdminNow(ctx, tx, bank, staff)
	if err == nil && !is {
		err = otherwise
	}
	return err
}

// Confirm applies what another administrator asked for, once. Errors: 404
// not_found; 403 setting.same_person; 409 setting.decided, and setting.outdated
// when what it changes is not as it was, or who asked is no administrator any more.
func (d *Desk) Confirm(ctx context.Context, by By, change string) (Change, error) {
	outdated := fault.New(fault.Conflict, "setting.outdated")
	return d.decide(ctx, by, change, applied, func(tx *db.Tx, c Change, sec section) error {
		if err := d.admin(ctx, tx, by.Bank, c.AskedBy.ID, outdated); err != nil {
			return err
		}
		now, err := d.standing(ctx, tx, by.Bank)
		if err != nil {
			return err
		}
		if d.outdated(now, sec, c) {
			return outdated
		}
		return d.apply(ctx, tx, by.Bank, sec, c.wish)
	}, "")
}

// outdated tells whether what a change changes is no longer as it was.
func (d *Desk) outdated(now tenant.Settings, sec section, c Change) bool {
	for _, i := range sec.items {
		if was, changes := c.base[i.Key]; changes && text(was) != text(d.value(now, i)) {
			return true
		}
	}
	return false
}

// Reject ends what another asked for without a change; Withdraw what one asked for
// oneself. Errors as those of Confirm; 403 setting.not_yours.
func (d *Desk) Reject(ctx context.Context, by By, change, reason string) (Change, error) {
	if strings.TrimSpace(reason) == "" {
		return Change{}, fault.InvalidField("reason", "field.required")
	}
	return d.decide(ctx, by, change, rejected, nil, reason)
}

// Withdraw ends one's own; see Reject.
func (d *Desk) Withdraw(ctx context.Context, by By, change string) (Change, error) {
	return d.decide(ctx, by, change, withdrawn, nil, "")
}

func (d *Desk) decide(ctx context.Context, by By, change, state string, act func(*db.Tx, Change, section) error, reason string) (Change, error) {
	err := d.DB.InTx(ctx, func(tx *db.Tx) error {
		c, err := d.change(ctx, tx, by.Bank, change)
		if err != nil {
			return err
		}
		mine := c.AskedBy.ID == by.ID
		switch {
		case state == withdrawn && !mine:
			return fault.New(fault.Forbidden, "setting.not_yours")
		case state != withdrawn && mine:
			return fault.New(fault.Forbidden, "setting.same_person")
		}
		if err := d.admin(ctx, tx, by.Bank, by.ID, fault.New(fault.Forbidden, "auth.forbidden")); err != nil {
			return err
		}
		sec, err := d.section(c.Section)
		if err != nil {
			return err
		}
		decider := any(by.ID)
		if state == withdrawn {
			decider = nil
		}
		n, err := tx.Exec(ctx, "UPDATE setting_change SET state = ?, open_key = NULL, decided_by = ?, decided_at = ? WHERE bank_id = ? AND id = ? AND state = ?",
			state, decider, tx.Now, by.Bank, change, asked)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "setting.decided")
		}
		if err == nil && act != nil {
			err = act(tx, c, sec)
		}
		if err != nil {
			return err
		}
		detail := map[string]any{"section": c.Section, "from": c.base, "to": c.wish, "asked_by": c.AskedBy.ID}
		if reason != "" {
			detail["reason"] = audit.Reason(reason)
		}
		return by.audit(ctx, tx, "setting."+state, change, detail)
	})
	if err != nil {
		return Change{}, err
	}
	return d.change(ctx, d.DB, by.Bank, change)
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	return string(raw)
}
