package funnel

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// dimension is what a funnel is split by. Applications, touches and guests have
// the column alike.
type dimension struct {
	name   string
	column string
	shown  bool   // a room's audience is known by it
	prefix string // of its values' ids; "" where they are free
	names  string // selects id and name of some of the bank's; "" where a value is its own name
}

// dimensions are all that there are; a new one is a line here, and its column.
var dimensions = []dimension{
	{name: "room", column: "room_id", shown: true, prefix: id.Room, names: "SELECT id, title FROM room"},
	{name: "host", column: "host_id", shown: true, prefix: id.Staff, names: "SELECT id, name FROM staff"},
	{name: "branch", column: "branch_id", shown: true, prefix: id.Branch, names: "SELECT id, name FROM branch"},
	{name: "outlet", column: "outlet_id", prefix: id.Branch, names: "SELECT id, name FROM branch"},
	{name: "manager", column: "manager_id", prefix: id.Staff, names: "SELECT id, name FROM staff"},
	{name: "campaign", column: "campaign"},
	{name: "product", column: "card_product_id", prefix: id.CardProduct, names: "SELECT id, name FROM card_product"},
	{name: "share_code", column: "share_code"},
}

func dimensionOf(name string) (dimension, error) {
	for _, d := range dimensions {
		if d.name == name {
			return d, nil
		}
	}
	return dimension{}, fault.InvalidField("by", "field.not_allowed")
}

// of is where an audience stands in the dimension.
func (d dimension) of(a Audience) string {
	switch d.name {
	case "host":
		return a.Host
	case "branch":
		return a.Branch
	}
	return a.Room
}

// namesAtOnce bounds a statement.
const namesAtOnce = 500

// named gives the names of some values; what is its own name is left out.
func (d dimension) named(ctx context.Context, q db.Querier, bank string, values []string) (map[string]string, error) {
	out := map[string]string{}
	if d.names == "" {
		return out, nil
	}
	for len(values) > 0 {
		part := values[:min(len(values), namesAtOnce)]
		values = values[len(part):]
		rows, err := db.All(ctx, q, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
			d.names+" WHERE bank_id = ? AND id IN "+db.Marks(len(part)), append([]any{bank}, db.Args(part)...)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r[0]] = r[1]
		}
	}
	return out, nil
}

// check tells that the bank has such a value.
func (d dimension) check(ctx context.Context, q db.Querier, bank, value string) error {
	if d.names == "" {
		return nil
	}
	known := map[string]string{}
	var err error
	if id.Is(d.prefix, value) {
		known, err = d.named(ctx, q, bank, []string{value})
	}
	if _, has := known[value]; err == nil && !has {
		err = fault.InvalidField("value", "not_found")
	}
	return err
}
