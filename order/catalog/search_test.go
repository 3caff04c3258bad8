package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
	"yinbo/order/catalog"
)

var searched = []string{"五常大米 5kg", "长绒棉毛巾", "重庆火锅底料", "ＡＢＣ 咖啡Coffee 券", "100% 纯棉_衬衫", "音乐盒", "新鲜番茄 500g", "绿茶", "东北五常稻花香 礼盒", "iPhone 16 Pro", "葡萄（巨峰）", "西安凉皮"}

// found gives the titles that a query finds, as staff or as a viewer.
func found(t *testing.T, k *desk, query string) (titles []string) {
	t.Helper()
	items, err := k.shop.List(k.ctx, bank, catalog.Filter{Query: query}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range items {
		titles = append(titles, p.Title)
	}
	return titles
}

func TestSearchFindsWhatPeopleType(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.tx(func(tx *db.Tx) error {
			for _, title := range searched {
				if _, err := catalog.AddProduct(k.ctx, tx, bank, catalog.NewProduct{Merchant: "mch_1", Title: title, Category: "c", Kind: catalog.Physical}); err != nil {
					return err
				}
			}
			_, err := tx.Exec(k.ctx, "UPDATE product SET merchant_id = (SELECT MIN(id) FROM merchant)")
			return err
		})
		for query, want := range map[string][]string{
			"五常":                         {"五常大米 5kg", "东北五常稻花香 礼盒"},
			"wc":                         {"五常大米 5kg", "东北五常稻花香 礼盒"},
			"wcdm":                       {"五常大米 5kg"},
			"WCDM5KG":                    {"五常大米 5kg"},
			"wuchang":                    {"五常大米 5kg", "东北五常稻花香 礼盒"},
			"wuchangdm":                  nil,
			"wuchang daohua":             {"东北五常稻花香 礼盒"},
			"礼盒 五常":                      {"东北五常稻花香 礼盒"},
			"五常 毛巾":                      nil,
			"礼盒　wuchang":                 {"东北五常稻花香 礼盒"}, // a full-width space
			"changrong":                  {"长绒棉毛巾"},
			"zhangrong":                  {"长绒棉毛巾"}, // the other reading
			"crm":                        {"长绒棉毛巾"},
			"zrm":                        {"长绒棉毛巾"},
			"chongqing":                  {"重庆火锅底料"},
			"cqhg":                       {"重庆火锅底料"},
			"yinyue":                     {"音乐盒"},
			"yinle":                      {"音乐盒"},
			"fanqie":                     {"新鲜番茄 500g"},
			"lvcha":                      {"绿茶"},
			"abc":                        {"ＡＢＣ 咖啡Coffee 券"},
			"ＣＯＦＦＥＥ":                     {"ＡＢＣ 咖啡Coffee 券"},
			"kafeicoffee":                {"ＡＢＣ 咖啡Coffee 券"},
			"100%":                       {"100% 纯棉_衬衫"},
			"_":                          {"100% 纯棉_衬衫"},
			"%":                          {"100% 纯棉_衬衫"},
			"!":                          nil,
			"iphone pro":                 {"iPhone 16 Pro"},
			"(巨峰)":                       {"葡萄（巨峰）"},
			"xian":                       {"新鲜番茄 500g", "东北五常稻花香 礼盒", "西安凉皮"}, // xiang begins so
			"' OR 1=1 --":                nil,
			strings.Repeat("没有的很长 ", 10): nil,
			"   ":                        searched, "": searched,
		} {
			if got := found(t, k, query); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", query, got, want)
			}
		}
	})
}

func TestAnEditedTitleIsFoundByItsNewName(t *testing.T) {
	k := newDesk(t, testkit.SQLite(t, clock.System{}))
	k.load([]byte("code,merchant,category,title,price,spec\nT-1,山野农场,茶,龙井茶,10,\n"))
	title := "安吉白茶"
	if _, err := k.shop.EditProduct(k.ctx, bank, keeper, *product(k, "龙井茶"), catalog.ProductChange{Title: &title}); err != nil {
		t.Fatal(err)
	}
	if len(found(t, k, "ljc")) != 0 || len(found(t, k, "ajbc")) != 1 {
		t.Error("the old name is found, or the new one is not")
	}
	byCode, err := k.shop.Entries(k.ctx, bank, catalog.EntryFilter{Query: "T-1"}, "", 10)
	if err != nil || len(byCode) != 1 || byCode[0].Title != title {
		t.Errorf("%+v %v", byCode, err)
	}
	if skus, err := catalog.SKUsCalled(k.ctx, k.db, bank, "ajbc 白茶", 5); err != nil || len(skus) != 1 {
		t.Errorf("%v %v", skus, err)
	}
	if none, err := k.shop.Entries(k.ctx, "bank_b", catalog.EntryFilter{Query: "T-1"}, "", 10); err != nil || len(none) != 0 {
		t.Errorf("another bank's: %v %v", none, err)
	}
}

func TestATitlesPinyinFitsItsColumn(t *testing.T) {
	long := strings.Repeat("长重行乐朝藏单调", 25)
	if n := len(catalog.SearchPinyin(long)); n == 0 || n > 1500 {
		t.Errorf("%d letters", n)
	}
	if got := catalog.SearchPinyin("长乐"); got != "cl changle zl zhangle cy changyue" {
		t.Errorf("%s", got)
	}
	if got := catalog.SearchPinyin("💳 emoji ㊙"); !strings.Contains(got, "emoji") {
		t.Errorf("%s", got)
	}
}

// BenchmarkSearch searches 100,000 products of a bank, none of which fits: the
// most that a search can cost. At most 150 ms is wanted.
func BenchmarkSearch(b *testing.B) {
	for name, d := range map[string]*db.DB{"sqlite": testkit.SQLite(b, clock.System{}), "mariadb": testkit.MariaDB(b, clock.System{})} {
		ctx, shop := testkit.Context(b), catalog.New(d)
		fill(b, d, 100_000)
		for _, query := range []string{"没有这种", "zzqx", "wuchang qqq"} {
			b.Run(name+"/"+query, func(b *testing.B) {
				for b.Loop() {
					if items, err := shop.List(ctx, bank, catalog.Filter{Query: query}, "", 20); err != nil || len(items) != 0 {
						b.Fatal(len(items), err)
					}
				}
			})
		}
	}
}

// fill writes n products with titles as long as people make them.
func fill(b *testing.B, d *db.DB, n int) {
	b.Helper()
	ctx := testkit.Context(b)
	words := strings.Fields("五常 大米 赣南 脐橙 明前 龙井 礼盒 手机 耳机 智能 手表 运动 不粘 煎锅 长绒 棉毛巾 咖啡 电子券 新鲜 水果 家用 无线 降噪 便携 充电 保温杯 厨房 收纳 儿童 玩具")
	for start := 0; start < n; start += 1000 {
		err := d.InTx(ctx, func(tx *db.Tx) error {
			if start == 0 {
				if err := tx.Insert(ctx, "merchant (id, bank_id, name, commission_bps, created_at)", [][]any{{"mch_1", bank, "m", 1, tx.Now}}, ""); err != nil {
					return err
				}
			}
			products, searches := make([][]any, 1000), make([][]any, 1000)
			for i := range products {
				at := start + i
				product := fmt.Sprintf("prd_%026d", at)
				title := fmt.Sprintf("%s%s%s%s %s%s第%d款", words[at%30], words[at/30%30], words[at/7%30], words[at/11%30], words[at/13%30], words[at/17%30], at)
				products[i] = []any{product, bank, "mch_1", "physical", title, "c", `["/goods/rice.svg","https://img.example/goods/0001.webp"]`, tx.Now}
				searches[i] = []any{bank, product, catalog.SearchText(title), catalog.SearchPinyin(title)}
			}
			err := tx.Insert(ctx, "product (id, bank_id, merchant_id, kind, title, category, images, created_at)", products, "")
			if err != nil {
				return err
			}
			return tx.Insert(ctx, "product_search (bank_id, product_id, title, pinyin)", searches, "")
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
