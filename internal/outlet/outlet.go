package outlet

import (
	"context"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Outlet is a branch at which cards are collected.
type Outlet struct {
	ID       string `json:"id" doc:"The branch's"`
	Name     string `json:"name"`
	Number   string `json:"number" doc:"The bank's own"`
	CityCode string `json:"city_code" doc:"Six digits, GB/T 2260"`
	Address  string `json:"address"`
	Collects bool   `json:"collects" doc:"Cards are handed out here now"`
}

// City is where there are outlets.
type City struct {
	CityCode string `json:"city_code" doc:"Of the city: four digits and 00"`
	Outlets  int    `json:"outlets"`
}

// Details are what is kept of an outlet.
type Details struct {
	Number   string `json:"number" minLength:"1" maxLength:"20" doc:"The bank's own: letters, digits and hyphens"`
	CityCode string `json:"city_code" minLength:"6" maxLength:"6" doc:"Six digits, GB/T 2260"`
	Address  string `json:"address" minLength:"1" maxLength:"200"`
	Collects bool   `json:"collects" doc:"Cards are handed out here now"`
}

// Branch is a branch with what is kept of it as an outlet.
type Branch struct {
	ID       string   `json:"id"`
	ParentID *string  `json:"parent_id"`
	Name     string   `json:"name"`
	Details  *Details `json:"details" doc:"null for one that hands out no cards"`
}

const columns = "SELECT o.branch_id, b.name, o.number, o.city_code, o.address, o.collects FROM outlet o JOIN branch b ON b.bank_id = o.bank_id AND b.id = o.branch_id WHERE o.bank_id = ?"

func scan(r db.Row) (o Outlet, err error) {
	return o, r.Scan(&o.ID, &o.Name, &o.Number, &o.CityCode, &o.Address, &o.Collects)
}

// Cities are where people may collect a card, by code.
func Cities(ctx context.Context, q db.Querier, bank string) ([]City, error) {
	return db.All(ctx, q, func(r db.Row) (c City, err error) { return c, r.Scan(&c.CityCode, &c.Outlets) },
		"SELECT CONCAT(SUBSTR(city_code, 1, 4), '00') AS city, COUNT(*) FROM outlet WHERE bank_id = ? AND collects = 1 GROUP BY city ORDER BY city", bank)
}

// In gives the outlets where people may collect a card, of the city that a place is
// or lies in ("" for all), after the one named: one more than limit when there are
// further ones. Errors: validation.
func In(ctx context.Context, q db.Querier, bank, place, after string, limit int) ([]Outlet, error) {
	where, args := "", []any{bank}
	if place != "" {
		if !placeShape.MatchString(place) {
			return nil, fault.InvalidField("city_code", "city_code.unknown")
		}
		where, args = " AND o.city_code >= ? AND o.city_code <= ?", append(args, place[:4]+"00", place[:4]+"99")
	}
	return db.All(ctx, q, scan, columns+" AND o.collects = 1"+where+" AND o.branch_id > ? ORDER BY o.branch_id LIMIT ?", append(args, after, limit+1)...)
}

// Find gives one of the bank's, whether or not it hands out cards now.
func Find(ctx context.Context, q db.Querier, bank, branch string) (Outlet, bool, error) {
	return db.One(ctx, q, scan, columns+" AND o.branch_id = ?", bank, branch)
}

// Branches gives the bank's branches with what is kept of them, after the one
// named: one more than limit when there are further ones.
func Branches(ctx context.Context, q db.Querier, bank, after string, limit int) ([]Branch, error) {
	return db.All(ctx, q, scanBranch, selectBranch+" AND b.id > ? ORDER BY b.id LIMIT ?", bank, after, limit+1)
}

const selectBranch = `SELECT b.id, b.parent_id, b.name, o.number, o.city_code, o.address, o.collects FROM branch b
	LEFT JOIN outlet o ON o.branch_id = b.id WHERE b.bank_id = ?`

func scanBranch(r db.Row) (b Branch, err error) {
	var number, city, address *string
	var collects *bool
	if err := r.Scan(&b.ID, &b.ParentID, &b.Name, &number, &city, &address, &collects); err != nil || number == nil {
		return b, err
	}
	b.Details = &Details{*number, *city, *address, *collects}
	return b, nil
}

var (
	numberShape = regexp.MustCompile(`^[0-9A-Za-z-]{1,20}$`)
	placeShape  = regexp.MustCompile(`^[1-8][0-9]{5}$`)
)

// sound normalises the details. Errors: validation.
func (d *Details) sound() error {
	d.Number, d.Address = strings.TrimSpace(d.Number), strings.TrimSpace(d.Address)
	bad := fault.New(fault.Invalid, "validation")
	if !numberShape.MatchString(d.Number) {
		bad.With("number", "field.format")
	}
	if !placeShape.MatchString(d.CityCode) {
		bad.With("city_code", "city_code.unknown")
	}
	switch {
	case d.Address == "":
		bad.With("address", "field.required")
	case !utf8.ValidString(d.Address) || strings.ContainsFunc(d.Address, unicode.IsControl):
		bad.With("address", "field.format")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// By is the administrator who acts.
type By struct{ Bank, ID, RequestID string }

// Save says what a branch is as an outlet. Errors: not_found; validation;
// outlet.number (409) when another one has the number.
func Save(ctx context.Context, d *db.DB, by By, branch string, to Details) (b Branch, err error) {
	if err := to.sound(); err != nil {
		return b, err
	}
	err = d.InTx(ctx, func(tx *db.Tx) error {
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM branch WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), by.Bank, branch)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		// Asked for by itself: an upsert would take another branch's row for this one's.
		other, found, err := db.Value[string](ctx, tx, "SELECT branch_id FROM outlet WHERE bank_id = ? AND number = ?", by.Bank, to.Number)
		if err != nil {
			return err
		}
		if found && other != branch {
			return fault.New(fault.Conflict, "outlet.number")
		}
		if err := write(ctx, tx, by, branch, to); err != nil {
			return err
		}
		b, _, err = db.One(ctx, tx, scanBranch, selectBranch+" AND b.id = ?", by.Bank, branch)
		return err
	})
	if db.IsDuplicate(err) {
		err = fault.New(fault.Conflict, "outlet.number").Because(err)
	}
	return b, err
}

func write(ctx context.Context, tx *db.Tx, by By, branch string, to Details) error {
	n, err := tx.Exec(ctx, "UPDATE outlet SET number = ?, city_code = ?, address = ?, collects = ?, changed_by = ?, changed_at = ? WHERE bank_id = ? AND branch_id = ?",
		to.Number, to.CityCode, to.Address, to.Collects, by.ID, tx.Now, by.Bank, branch)
	if err == nil && n == 0 {
		err = tx.Insert(ctx, "outlet (branch_id, bank_id, number, city_code, address, collects, changed_by, changed_at)",
			[][]any{{branch, by.Bank, to.Number, to.CityCode, to.Address, to.Collects, by.ID, tx.Now}}, "")
	}
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Bank: by.Bank, ActorKind: "staff", Actor: by.ID, RequestID: by.RequestID, Action: "outlet.saved", Object: branch,
		Detail: map[string]any{"number": to.Number, "city_code": to.CityCode, "address": to.Address, "collects": to.Collects}})
}
