package main

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// demoBranches are those of the demo bank, under the one named before; the other
// bank has the first only. One without an address hands out no cards.
var demoBranches = []struct {
	name, under           string
	number, city, address string
}{
	{name: "总行营业部", number: "0001", city: "310115", address: "世纪大道 100 号"},
	{name: "上海分行"},
	{name: "陆家嘴支行", under: "上海分行", number: "0101", city: "310115", address: "陆家嘴环路 1000 号"},
	{name: "静安支行", under: "上海分行", number: "0102", city: "310106", address: "南京西路 1266 号"},
	{name: "杭州分行", number: "0200", city: "330102", address: "延安路 98 号"},
	{name: "西湖支行", under: "杭州分行", number: "0201", city: "330106", address: "文三路 388 号"},
}

func (s *seeder) branches(ctx context.Context, tx *db.Tx, b tenant.Bank) error {
	ids := map[string]string{}
	for i, d := range demoBranches {
		if i > 0 && b.Slug != "demo" {
			return nil
		}
		branch, name, parent := id.New(id.Branch), d.name, any(nil)
		if i == 0 {
			name = b.Name + name
		}
		if d.under != "" {
			parent = ids[d.under]
		}
		ids[d.name] = branch
		if err := tx.Insert(ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{{branch, b.ID, parent, name, tx.Now}}, ""); err != nil {
			return err
		}
		if d.address == "" {
			continue
		}
		err := tx.Insert(ctx, "outlet (branch_id, bank_id, number, city_code, address, collects, changed_at)", [][]any{{branch, b.ID, d.number, d.city, d.address, 1, tx.Now}}, "")
		if err != nil {
			return err
		}
	}
	return nil
}
