package outlet_test

import (
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outlet"
	"yinbo/internal/testkit"
)

var by = outlet.By{Bank: "bank_a", ID: "stf_admin", RequestID: "req-1"}

func branches(t *testing.T, d *db.DB, bank string, names ...string) []string {
	t.Helper()
	ctx, ids := testkit.Context(t), make([]string, len(names))
	err := d.InTx(ctx, func(tx *db.Tx) error {
		for i, name := range names {
			ids[i] = id.New(id.Branch)
			if err := tx.Insert(ctx, "branch (id, bank_id, name, created_at)", [][]any{{ids[i], bank, name, tx.Now}}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestOutletsAreFoundByCity(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		b := branches(t, d, "bank_a", "陆家嘴支行", "静安支行", "西湖支行", "总行")
		strange := branches(t, d, "bank_b", "别行")[0]
		save := func(branch string, to outlet.Details) {
			t.Helper()
			if _, err := outlet.Save(ctx, d, by, branch, to); err != nil {
				t.Fatal(err)
			}
		}
		save(b[0], outlet.Details{Number: " 0101 ", CityCode: "310115", Address: "陆家嘴环路 1000 号", Collects: true})
		save(b[1], outlet.Details{Number: "0102", CityCode: "310106", Address: "南京西路 1266 号", Collects: true})
		save(b[2], outlet.Details{Number: "0201", CityCode: "330106", Address: "文三路 388 号"})
		if _, err := outlet.Save(ctx, d, outlet.By{Bank: "bank_b", ID: "stf_x"}, strange, outlet.Details{Number: "0101", CityCode: "310115", Address: "x", Collects: true}); err != nil {
			t.Fatalf("another bank's number: %v", err)
		}
		cities, err := outlet.Cities(ctx, d, "bank_a")
		if err != nil || len(cities) != 1 || cities[0] != (outlet.City{CityCode: "310100", Outlets: 2}) {
			t.Errorf("%v: %v", cities, err)
		}
		// Any place of a city stands for the city, page by page.
		first, err := outlet.In(ctx, d, "bank_a", "310104", "", 1)
		if err != nil || len(first) != 2 || first[0].Number != "0101" {
			t.Fatalf("%v: %v", first, err)
		}
		if next, err := outlet.In(ctx, d, "bank_a", "310000", first[0].ID, 1); err != nil || len(next) != 0 {
			t.Errorf("%v: %v", next, err) // 3100 is no city
		}
		if next, err := outlet.In(ctx, d, "bank_a", "310100", first[0].ID, 1); err != nil || len(next) != 1 || next[0].Name != "静安支行" {
			t.Errorf("%v: %v", next, err)
		}
		if all, err := outlet.In(ctx, d, "bank_a", "", "", 10); err != nil || len(all) != 2 {
			t.Errorf("%v: %v", all, err)
		}
		if _, err := outlet.In(ctx, d, "bank_a", "31", "", 1); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%v", err)
		}
		all, err := outlet.Branches(ctx, d, "bank_a", "", 10)
		if err != nil || len(all) != 4 || all[3].Details != nil || all[2].Details == nil || all[2].Details.Collects {
			t.Errorf("%+v: %v", all, err)
		}
		if _, found, err := outlet.Find(ctx, d, "bank_a", strange); err != nil || found {
			t.Errorf("another bank's outlet is found: %v", err)
		}
		testkit.Breaks(t, d, outlet.Invariants(), []testkit.Break{testkit.Wrong("another bank's branch", "outlet.branch", "UPDATE outlet SET bank_id = 'bank_c' WHERE bank_id = 'bank_b'")})
	})
}

func TestAnOutletIsSavedWholeAndItsNumberIsItsOwn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		b := branches(t, d, "bank_a", "一", "二")
		good := outlet.Details{Number: "0101", CityCode: "310115", Address: "x", Collects: true}
		for field, change := range map[string]func(*outlet.Details){
			"number": func(o *outlet.Details) { o.Number = "零一" }, "city_code": func(o *outlet.Details) { o.CityCode = "9" }, "address": func(o *outlet.Details) { o.Address = " \t" },
		} {
			bad := good
			change(&bad)
			_, err := outlet.Save(ctx, d, by, b[0], bad)
			if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := outlet.Save(ctx, d, by, "brn_x", good); fault.Code(err) != "not_found" {
			t.Errorf("%v", err)
		}
		for range 2 { // again is a change as any other
			if _, err := outlet.Save(ctx, d, by, b[0], good); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := outlet.Save(ctx, d, by, b[1], good); fault.Code(err) != "outlet.number" {
			t.Errorf("%v", err)
		}
		if n, _, err := db.Value[int](ctx, d, "SELECT COUNT(*) FROM audit WHERE action = 'outlet.saved'"); err != nil || n != 2 {
			t.Errorf("%d entries: %v", n, err)
		}
	})
}
