package catalog_test

import (
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order/catalog"
)

func TestProductsAreFoundByWhatTheyAreCalled(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx, c := testkit.Context(t), catalog.New(d)
		titles := map[string]string{}
		err := d.InTx(ctx, func(tx *db.Tx) error {
			m, err := catalog.AddMerchant(ctx, tx, "bank_a", "粮油", 100)
			if err != nil {
				return err
			}
			for _, p := range []catalog.NewProduct{{Title: "五常大米 5kg", Category: "food"}, {Title: "100% 纯棉毛巾", Category: "home"},
				{Title: "Coffee 券", Category: "food", Kind: catalog.Voucher}, {Title: "支行特供", Category: "food", Branch: "brn_1"}} {
				p.Merchant = m
				if p.Kind == "" {
					p.Kind = catalog.Physical
				}
				product, err := catalog.AddProduct(ctx, tx, "bank_a", p)
				if err != nil {
					return err
				}
				titles[product] = p.Title
				for i, stock := range []int64{0, 10, 11} {
					if _, err := catalog.AddSKU(ctx, tx, "bank_a", catalog.NewSKU{Product: product, Spec: string(rune('a' + i)), Price: 100, List: 120, Stock: stock}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, c2 := range map[string]struct {
			bank string
			f    catalog.Filter
			want int
		}{
			"all": {"bank_a", catalog.Filter{}, 3}, "another bank": {"bank_b", catalog.Filter{}, 0},
			"category": {"bank_a", catalog.Filter{Category: "food"}, 2}, "branch": {"bank_a", catalog.Filter{Branch: "brn_1"}, 4},
			"pinyin": {"bank_a", catalog.Filter{Query: "WCDM"}, 1}, "part": {"bank_a", catalog.Filter{Query: "大米"}, 1},
			"case": {"bank_a", catalog.Filter{Query: "coffee"}, 1}, "percent is no wildcard": {"bank_a", catalog.Filter{Query: "100%"}, 1},
			"underscore is no wildcard": {"bank_a", catalog.Filter{Query: "_"}, 0},
		} {
			items, err := c.List(ctx, c2.bank, c2.f, "", 10)
			if err != nil || len(items) != c2.want {
				t.Errorf("%s: %d items, %v", name, len(items), err)
			}
		}
		page, err := c.List(ctx, "bank_a", catalog.Filter{}, "", 1)
		if err != nil || len(page) != 2 || titles[page[0].ID] != "五常大米 5kg" {
			t.Fatalf("%+v %v", page, err)
		}
		p, err := c.Product(ctx, "bank_a", "", page[0].ID)
		if err != nil || len(p.SKUs) != 3 || p.Merchant.Name != "粮油" {
			t.Fatalf("%+v %v", p, err)
		}
		for i, want := range []string{"sold_out", "low", "in_stock"} {
			if p.SKUs[i].StockState != want {
				t.Errorf("%s: %s", p.SKUs[i].Spec, p.SKUs[i].StockState)
			}
		}
		if _, err := c.Product(ctx, "bank_b", "", p.ID); fault.Code(err) != "not_found" {
			t.Errorf("another bank's product: %v", err)
		}
		goods, err := c.ShelfGoods(ctx, "bank_a", []string{p.SKUs[0].ID, "sku_x"})
		if err != nil || len(goods) != 1 || goods[p.SKUs[0].ID].CommissionBps != 100 {
			t.Errorf("%+v %v", goods, err)
		}
	})
}
