package catalog_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order/catalog"
)

var keeper = catalog.Actor{Kind: "staff", ID: "stf_1", RequestID: "req_1"}

var keys atomic.Int64

func request(route string) idem.Request {
	return idem.Request{Bank: bank, Person: "stf_1", Route: route, Key: fmt.Sprint("key", keys.Add(1)), BodyHash: "b"}
}

// problem is an error's code with its fields: "validation title field.format".
func problem(err error) string {
	if err == nil {
		return ""
	}
	out := fault.Code(err)
	for _, f := range fault.From(err).Fields {
		out += " " + f.Name + " " + f.Code
	}
	return out
}

func (k *desk) merchant(name string) string {
	k.t.Helper()
	v, _, err := db.Value[string](k.ctx, k.db, "SELECT id FROM merchant WHERE bank_id = ? AND name = ?", bank, name)
	if err != nil {
		k.t.Fatal(err)
	}
	return v
}

func (k *desk) newEntry() catalog.NewEntry {
	return catalog.NewEntry{NewProduct: catalog.NewProduct{Merchant: k.merchant("山野农场"), Title: "茶", Category: "茶叶", Kind: catalog.Physical},
		SKUs: []catalog.SKUTerms{{Price: 1000, Stock: 5}}}
}

func (k *desk) category(name, parent string) catalog.Category {
	k.t.Helper()
	c, err := k.shop.CreateCategory(k.ctx, bank, keeper, name, 0, parent)
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

func ptr[T any](v T) *T { return &v }

func TestCategoriesHaveTwoLevelsAndUniqueNames(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		food := k.category("食品", "")
		tea := k.category("茶叶", food.ID)
		_, err := k.shop.CreateCategory(k.ctx, bank, keeper, "茶叶", 0, "")
		if problem(err) != "category.exists" {
			t.Error(err)
		}
		for what, err := range map[string]error{
			"third level": second(k.shop.CreateCategory(k.ctx, bank, keeper, "绿茶", 0, tea.ID)),
			"nobody's":    second(k.shop.CreateCategory(k.ctx, bank, keeper, "绿茶", 0, "cat_x")),
			"another's":   second(k.shop.CreateCategory(k.ctx, "bank_b", keeper, "绿茶", 0, food.ID)),
			"its own":     second(k.shop.EditCategory(k.ctx, bank, keeper, food.ID, catalog.CategoryChange{Parent: &food.ID})),
			"a parent":    second(k.shop.EditCategory(k.ctx, bank, keeper, food.ID, catalog.CategoryChange{Parent: ptr(k.category("酒"+fmt.Sprint(keys.Add(1)), "").ID)})),
		} {
			if problem(err) != "validation parent_id category.parent" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, k.newEntry()); err != nil {
			t.Fatal(err)
		}
		if err := k.shop.DeleteCategory(k.ctx, bank, keeper, tea.ID); problem(err) != "category.in_use" {
			t.Error(err)
		}
		if err := k.shop.DeleteCategory(k.ctx, bank, keeper, food.ID); problem(err) != "category.in_use" {
			t.Error(err)
		}
		renamed, err := k.shop.EditCategory(k.ctx, bank, keeper, tea.ID, catalog.CategoryChange{Name: ptr("好茶"), Position: ptr(int64(3))})
		if err != nil || renamed.Name != "好茶" || renamed.Products != 1 || renamed.Position != 3 || *renamed.ParentID != food.ID {
			t.Errorf("%+v %v", renamed, err)
		}
		for _, name := range []string{"好茶", "食品"} { // a parent shows its children's goods
			if items, err := k.shop.List(k.ctx, bank, catalog.Filter{Category: name}, "", 10); err != nil || len(items) != 1 || items[0].Category != "好茶" {
				t.Errorf("%s: %v %v", name, items, err)
			}
		}
		all, err := k.shop.Categories(k.ctx, bank)
		if err != nil || len(all) < 3 || all[0].Name != "食品" || all[1].Name != "好茶" {
			t.Errorf("%+v %v", all, err)
		}
		if err := k.shop.DeleteCategory(k.ctx, "bank_b", keeper, food.ID); problem(err) != "not_found" {
			t.Error(err)
		}
		if _, err := audit.Verify(k.ctx, k.db, bank); err != nil {
			t.Error(err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestMerchantsAreEditedByAnAuditedAct(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		m, err := k.shop.CreateMerchant(k.ctx, bank, keeper, "新商户", 250)
		if err != nil || m.CommissionBps != 250 {
			t.Fatalf("%+v %v", m, err)
		}
		if _, err := k.shop.CreateMerchant(k.ctx, bank, keeper, "新商户", 1); problem(err) != "merchant.exists" {
			t.Error(err)
		}
		if _, err := k.shop.EditMerchant(k.ctx, bank, keeper, m.ID, catalog.MerchantChange{Name: ptr("山野农场")}); problem(err) != "merchant.exists" {
			t.Error(err)
		}
		if _, err := k.shop.EditMerchant(k.ctx, "bank_b", keeper, m.ID, catalog.MerchantChange{}); problem(err) != "not_found" {
			t.Error(err)
		}
		if m, err = k.shop.EditMerchant(k.ctx, bank, keeper, m.ID, catalog.MerchantChange{CommissionBps: ptr(int64(400))}); err != nil || m.CommissionBps != 400 || m.Name != "新商户" {
			t.Errorf("%+v %v", m, err)
		}
		log, err := audit.List(k.ctx, k.db, bank, audit.Filter{Object: m.ID, Limit: 10})
		if err != nil || len(log) != 2 || log[0].Action != "merchant.edited" || fmt.Sprint(log[0].Detail["was_commission_bps"]) != "250" {
			t.Errorf("%+v %v", log, err)
		}
		if page, err := k.shop.Merchants(k.ctx, bank, "新", "", 10); err != nil || len(page) != 1 {
			t.Errorf("%+v %v", page, err)
		}
	})
}

func TestAProductIsOfWhatTheBankHas(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.category("茶叶", "")
		for want, change := range map[string]func(*catalog.NewEntry){
			"validation merchant_id merchant.unknown":      func(n *catalog.NewEntry) { n.Merchant = "mch_x" },
			"validation category category.unknown":         func(n *catalog.NewEntry) { n.Category = "没有" },
			"validation branch_id branch.unknown":          func(n *catalog.NewEntry) { n.Branch = "brn_x" },
			"validation valid_days product.valid_days":     func(n *catalog.NewEntry) { n.ValidDays = 3 },
			"validation images[1] image.unknown":           func(n *catalog.NewEntry) { n.Images = []string{"https://x.example/a.png", "http://x.example/a.png"} },
			"validation skus[0].price_fen field.too_small": func(n *catalog.NewEntry) { n.SKUs[0].Price = 0 },
			"validation skus[0].list_price_fen sku.list_price": func(n *catalog.NewEntry) {
				n.SKUs[0].List = 999
			},
			"validation skus[0].code sku.code": func(n *catalog.NewEntry) { n.SKUs[0].Code = "a b" },
			"validation skus[1].attributes field.duplicate": func(n *catalog.NewEntry) {
				n.SKUs = []catalog.SKUTerms{{Price: 1, Attributes: []catalog.Attribute{{Name: "颜色", Value: "红"}, {Name: "容量", Value: "1L"}}},
					{Price: 1, Attributes: []catalog.Attribute{{Name: "容量", Value: "1L"}, {Name: "颜色", Value: "红"}}}}
			},
			"validation skus[0].attributes sku.spec": func(n *catalog.NewEntry) {
				n.SKUs[0].Attributes = []catalog.Attribute{{Name: "颜色", Value: "红;绿"}}
			},
		} {
			n := k.newEntry()
			change(&n)
			if _, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, n); problem(err) != want {
				t.Errorf("got %s, want %s", problem(err), want)
			}
		}
		if k.number("SELECT COUNT(*) FROM product") != 0 {
			t.Error("a refusal left a product")
		}
		req := request("p")
		n := k.newEntry()
		n.SKUs[0].Code = "T-1"
		e, _, err := k.shop.CreateProduct(k.ctx, req, bank, keeper, n)
		if err != nil || len(e.SKUs) != 1 || e.SKUs[0].Stock != 5 || e.SKUs[0].ListPriceFen != 1000 || len(e.SKUs[0].Attributes) != 0 {
			t.Fatalf("%+v %v", e, err)
		}
		again, replayed, err := k.shop.CreateProduct(k.ctx, req, bank, keeper, n)
		if err != nil || !replayed || again.ID != e.ID || k.number("SELECT COUNT(*) FROM product") != 1 {
			t.Errorf("%+v %v", again, err)
		}
		if _, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, n); problem(err) != "sku.code_taken" {
			t.Error(err)
		}
	})
}

// Who cannot see a picture is told what it shows; a picture that is gone takes its
// words with it, and an import that says nothing of them leaves them.
func TestPicturesHaveWords(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.category("茶叶", "")
		const leaf, cup = "https://x.example/a.png", "https://x.example/b.png"
		n := k.newEntry()
		n.Images, n.Alts = []string{leaf, cup}, map[string]string{leaf: " 一片茶叶 ", cup: " ", "https://x.example/other.png": "别的"}
		e, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, n)
		if err != nil || len(e.Alts) != 1 || e.Alts[leaf] != "一片茶叶" {
			t.Fatalf("%+v %v", e.Alts, err)
		}
		edit := func(want map[string]string, change catalog.ProductChange) {
			t.Helper()
			e, err := k.shop.EditProduct(k.ctx, bank, keeper, e.ID, change)
			if err != nil || fmt.Sprint(e.Alts) != fmt.Sprint(want) {
				t.Errorf("%v, want %v: %v", e.Alts, want, err)
			}
			if p, err := k.shop.Product(k.ctx, bank, "", e.ID); err != nil || fmt.Sprint(p.Alts) != fmt.Sprint(want) {
				t.Errorf("viewers have %v: %v", p.Alts, err)
			}
		}
		edit(map[string]string{leaf: "叶", cup: "杯"}, catalog.ProductChange{Alts: map[string]string{leaf: "叶", cup: "杯"}})
		edit(map[string]string{cup: "杯"}, catalog.ProductChange{Images: &[]string{cup}})
		edit(map[string]string{}, catalog.ProductChange{Alts: map[string]string{}})
		_, err = k.shop.EditProduct(k.ctx, bank, keeper, e.ID, catalog.ProductChange{Alts: map[string]string{cup: strings.Repeat("长", 201)}})
		if problem(err) != "validation image_alts field.too_long" {
			t.Error(problem(err))
		}
	})
}

func TestHiddenProductsAreForStaffOnly(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.category("茶叶", "")
		e, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, k.newEntry())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if e, err = k.shop.Hide(k.ctx, bank, keeper, e.ID, "断货"); err != nil || !e.Hidden {
				t.Errorf("%+v %v", e, err)
			}
		}
		if _, err := k.shop.Product(k.ctx, bank, "", e.ID); problem(err) != "not_found" {
			t.Error(err)
		}
		for hidden, want := range map[bool]int{true: 1, false: 0} {
			if all, err := k.shop.Entries(k.ctx, bank, catalog.EntryFilter{Hidden: &hidden, Category: "茶叶", Kind: catalog.Physical, Merchant: e.Merchant.ID, Stock: "low"}, "", 10); err != nil || len(all) != want {
				t.Errorf("%+v %v", all, err)
			}
		}
		if e, err = k.shop.Unhide(k.ctx, bank, keeper, e.ID, ""); err != nil || e.Hidden {
			t.Errorf("%+v %v", e, err)
		}
		if _, err := k.shop.Hide(k.ctx, "bank_b", keeper, e.ID, ""); problem(err) != "not_found" {
			t.Error(err)
		}
		if n := k.number("SELECT COUNT(*) FROM audit WHERE action = 'product.hidden'"); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestStockNeverGoesBelowZeroWhoeverMovesIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.category("茶叶", "")
		e, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, k.newEntry())
		if err != nil {
			t.Fatal(err)
		}
		sku := e.SKUs[0].ID
		var taken atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				switch _, _, err := k.shop.MoveStock(k.ctx, request("s"), bank, keeper, sku, -1, "盘亏"); problem(err) {
				case "":
					taken.Add(1)
				case "stock.insufficient delta stock.insufficient":
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if taken.Load() != 5 || k.number("SELECT stock FROM sku WHERE id = ?", sku) != 0 {
			t.Errorf("%d units taken", taken.Load())
		}
		req := request("s")
		for range 2 { // the same key moves it once
			if s, _, err := k.shop.MoveStock(k.ctx, req, bank, keeper, sku, 7, ""); err != nil || s.Stock != 7 || s.StockState != "low" {
				t.Errorf("%+v %v", s, err)
			}
		}
		for delta, want := range map[int64]string{catalog.MaxStock: "validation delta field.too_large", -8: "stock.insufficient delta stock.insufficient"} {
			if _, _, err := k.shop.MoveStock(k.ctx, request("s"), bank, keeper, sku, delta, ""); problem(err) != want {
				t.Error(err)
			}
		}
		if _, _, err := k.shop.MoveStock(k.ctx, idem.Request{Bank: "bank_b", Key: "k"}, "bank_b", keeper, sku, 1, ""); problem(err) != "not_found" {
			t.Error(err)
		}
		if n := k.number("SELECT COUNT(*) FROM audit WHERE action = 'sku.stock_moved' AND object_id = ?", sku); n != 6 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestASKUIsEditedButNeverBecomesAnother(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.category("茶叶", "")
		e, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, k.newEntry())
		if err != nil {
			t.Fatal(err)
		}
		red := []catalog.Attribute{{Name: "颜色", Value: " 红 "}, {Name: "容量", Value: "１Ｌ"}}
		s, _, err := k.shop.CreateSKU(k.ctx, request("k"), bank, keeper, e.ID, catalog.SKUTerms{Attributes: red, Price: 10, List: 20, Stock: 1, Code: "R"})
		if err != nil || s.Spec != "颜色:红;容量:1L" || s.Attributes[1] != (catalog.Attribute{Name: "容量", Value: "1L"}) {
			t.Fatalf("%+v %v", s, err)
		}
		turned := []catalog.Attribute{{Name: "容量", Value: "1L"}, {Name: "颜色", Value: "红"}}
		for want, err := range map[string]error{
			"sku.spec_taken attributes field.duplicate": second2(k.shop.CreateSKU(k.ctx, request("k"), bank, keeper, e.ID, catalog.SKUTerms{Attributes: turned, Price: 1})),
			"sku.code_taken": second2(k.shop.CreateSKU(k.ctx, request("k"), bank, keeper, e.ID, catalog.SKUTerms{Attributes: turned[:1], Price: 1, Code: "R"})),
			"not_found":      second2(k.shop.CreateSKU(k.ctx, request("k"), "bank_b", keeper, e.ID, catalog.SKUTerms{Price: 1})),
			"validation list_price_fen sku.list_price": second(k.shop.EditSKU(k.ctx, bank, keeper, s.ID, catalog.SKUChange{Price: ptr(money.Fen(30))})),
		} {
			if problem(err) != want {
				t.Errorf("got %s, want %s", problem(err), want)
			}
		}
		if _, err := k.shop.EditSKU(k.ctx, bank, keeper, e.SKUs[0].ID, catalog.SKUChange{Attributes: &turned}); problem(err) != "sku.spec_taken attributes field.duplicate" {
			t.Error(err)
		}
		s, err = k.shop.EditSKU(k.ctx, bank, keeper, s.ID, catalog.SKUChange{Attributes: &turned, Price: ptr(money.Fen(15)), PerPersonLimit: ptr(int64(2)), Code: ptr("")})
		if err != nil || s.Spec != "容量:1L;颜色:红" || s.PriceFen != 15 || s.ListPriceFen != 20 || s.PerPersonLimit != 2 || s.Code != nil || s.Stock != 1 {
			t.Errorf("%+v %v", s, err)
		}
		if _, err := k.shop.EditSKU(k.ctx, "bank_b", keeper, s.ID, catalog.SKUChange{}); problem(err) != "not_found" {
			t.Error(err)
		}
	})
}

func second2[T any](_ T, _ bool, err error) error { return err }

func TestAPictureIsWhatItsBytesSay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		var asPNG, asJPEG, wide bytes.Buffer
		for out, side := range map[*bytes.Buffer]int{&asPNG: 7, &wide: 4097} {
			if err := png.Encode(out, image.NewGray(image.Rect(0, 0, side, 3))); err != nil {
				t.Fatal(err)
			}
		}
		if err := jpeg.Encode(&asJPEG, image.NewGray(image.Rect(0, 0, 5, 5)), nil); err != nil {
			t.Fatal(err)
		}
		webp, err := base64.StdEncoding.DecodeString("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=")
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"png": asPNG.Bytes(), "jpg": asJPEG.Bytes(), "webp": webp} {
			v, err := k.shop.AddImage(k.ctx, bank, keeper, content)
			if err != nil || !strings.HasSuffix(v.URL, "."+name) || v.Size != len(content) {
				t.Errorf("%s: %+v %v", name, v, err)
				continue
			}
			file := strings.TrimPrefix(v.URL, catalog.ImagePrefix)
			got, mediaType, err := k.shop.ImageContent(k.ctx, file)
			if err != nil || !bytes.Equal(got, content) || mediaType != "image/"+v.Format {
				t.Errorf("%s: %s %v", name, mediaType, err)
			}
			if again, err := k.shop.AddImage(k.ctx, bank, keeper, content); err != nil || again != v {
				t.Errorf("%+v %v", again, err)
			}
			for _, other := range []string{strings.TrimSuffix(file, name) + "gif", strings.ToUpper(file), "../" + file, "x.png", ""} {
				if _, _, err := k.shop.ImageContent(k.ctx, other); problem(err) != "not_found" {
					t.Errorf("%s: %v", other, err)
				}
			}
			k.category("茶叶"+name, "")
			n := k.newEntry()
			n.Category, n.Images = "茶叶"+name, []string{v.URL}
			if _, _, err := k.shop.CreateProduct(k.ctx, request("p"), bank, keeper, n); err != nil {
				t.Error(err)
			}
		}
		if n := k.number("SELECT COUNT(*) FROM image"); n != 3 {
			t.Errorf("%d pictures", n)
		}
		for want, content := range map[string][]byte{"image.dimensions body image.dimensions": wide.Bytes(), "image.format body image.format": []byte("<svg onload=alert(1)>")} {
			if _, err := k.shop.AddImage(k.ctx, bank, keeper, content); problem(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestSpecsAreReadInEitherWidth(t *testing.T) {
	for text, want := range map[string]string{"颜色:红;容量:128G": "颜色:红;容量:128G", "颜色：红；容量：１２８Ｇ；": "颜色:红;容量:128G", " 颜色 : 红 ": "颜色:红",
		"5kg": "5kg", "": "", "12GB+256GB 曜石黑": "12GB+256GB 曜石黑", "时间:10:30": "时间:10:30"} {
		list, ok := catalog.ParseSpec(text)
		if !ok || catalog.SpecText(list) != want {
			t.Errorf("%q: %v %v", text, list, ok)
		}
		if again, ok := catalog.ParseSpec(want); !ok || catalog.SpecText(again) != want {
			t.Errorf("%q does not read back", want)
		}
	}
	for _, text := range []string{"颜色:", ":红", "颜色:红;;容量:1", "颜色:红;颜色:绿", "颜色:红;白", strings.Repeat("长", 101)} {
		if list, ok := catalog.ParseSpec(text); ok {
			t.Errorf("%q: %v", text, list)
		}
	}
}
