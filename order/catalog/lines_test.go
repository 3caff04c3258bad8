package catalog_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
)

const bank = "bank_a"

var staff = bulk.Actor{Kind: "staff", ID: "stf_1"}

// desk is a bank with two merchants and an import desk.
type desk struct {
	t       *testing.T
	ctx     context.Context
	db      *db.DB
	imports *bulk.Imports
	shop    *catalog.Catalog
}

func newDesk(t *testing.T, d *db.DB) *desk {
	k := &desk{t: t, ctx: testkit.Context(t), db: d, shop: catalog.New(d),
		imports: bulk.New(d, outbox.New(d), idem.NewKeeper(d), catalog.ProductLines)}
	k.tx(func(tx *db.Tx) error {
		for _, m := range []string{"山野农场", "星河数码"} {
			if _, err := catalog.AddMerchant(k.ctx, tx, bank, m, 100); err != nil {
				return err
			}
		}
		return tx.Insert(k.ctx, "branch (id, bank_id, name, created_at)", [][]any{{id.New(id.Branch), bank, "西湖支行", tx.Now},
			{id.New(id.Branch), bank, "同名", tx.Now}, {id.New(id.Branch), bank, "同名", tx.Now}, {id.New(id.Branch), "bank_b", "别行", tx.Now}}, "")
	})
	return k
}

func (k *desk) tx(fn func(tx *db.Tx) error) {
	k.t.Helper()
	if err := k.db.InTx(k.ctx, fn); err != nil {
		k.t.Fatal(err)
	}
}

// load imports a file and gives the job and its report.
func (k *desk) load(file []byte) (bulk.Job, []bulk.LineReport) {
	k.t.Helper()
	jobID, err := k.imports.Upload(k.ctx, bank, staff, "products", "test.csv", bytes.NewReader(file))
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.imports.RunHere(k.ctx, jobID); err != nil {
		k.t.Fatal(err)
	}
	job, err := k.imports.Get(k.ctx, bank, jobID, fault.English)
	if err != nil {
		k.t.Fatal(err)
	}
	lines, err := k.imports.Lines(k.ctx, bank, jobID, "", 0, 10_000, fault.English)
	if err != nil {
		k.t.Fatal(err)
	}
	return job, lines
}

func (k *desk) number(query string, args ...any) int64 {
	k.t.Helper()
	n, _, err := db.Value[int64](k.ctx, k.db, query, args...)
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

func brief(lines []bulk.LineReport) (out []string) {
	for _, l := range lines {
		out = append(out, strings.TrimRight(fmt.Sprintf("%d %s %s %s", l.Line, l.Verdict, l.Field, l.Code), " "))
	}
	return out
}

func csvOf(rows ...[]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(rows)
	return b.Bytes()
}

func TestARepeatedImportUpdatesInsteadOfDoubling(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		file := func(price, stock string) []byte {
			return csvOf([]string{"SKU编码", "商户", "分类", "商品名称", "类型", "规格", "售价", "划线价", "库存", "每人限购", "网点", "图片", "有效天数"},
				[]string{"R-5", "山野农场", "本地好物", "五常大米", "实物", "重量:5kg", price, "89.90", stock, "2", "西湖支行", "/goods/rice.svg|https://img.example/r.png", ""},
				[]string{"R-10", "山野农场", "本地好物", "五常大米", "", "重量：10kg", "129", "", stock, "", "", "", ""},
				[]string{"", "星河数码", "手机数码", "手机", "physical", "容量:128G；颜色:红", "2999.00", "", stock, "", "", "", ""},
				[]string{"V-1", "星河数码", "卡券", "咖啡券", "voucher", "", "19.9", "", stock, "", "", "", "30"})
		}
		job, lines := k.load(file("69.90", "7"))
		if job.State != bulk.Done || job.LinesDone != 4 || job.LinesFailed != 0 || job.Percent != 100 || *job.LinesTotal != 4 || job.Parts != 0 {
			t.Errorf("%+v %v", job, brief(lines))
		}
		if k.number("SELECT COUNT(*) FROM product") != 3 || k.number("SELECT COUNT(*) FROM sku") != 4 || k.number("SELECT COUNT(*) FROM category") != 3 {
			t.Error("not what the file says")
		}
		e, err := k.shop.Entry(k.ctx, bank, *product(k, "五常大米"))
		if err != nil || len(e.SKUs) != 2 || e.SKUs[0].PriceFen != 6990 || e.SKUs[0].ListPriceFen != 8990 || e.SKUs[0].PerPersonLimit != 2 ||
			e.SKUs[1].PriceFen != 12900 || e.SKUs[1].ListPriceFen != 12900 || e.SKUs[1].Spec != "重量:10kg" || len(e.Images) != 2 || e.BranchID == nil {
			t.Errorf("%+v %v", e, err)
		}
		job, lines = k.load(bytes.Replace(file("59.90", "900"), []byte("容量:128G；颜色:红"), []byte("颜色:红;容量:128G"), 1))
		want := []string{"2 updated stock import.stock_kept", "3 updated stock import.stock_kept", "4 updated stock import.stock_kept", "5 updated stock import.stock_kept"}
		if fmt.Sprint(brief(lines)) != fmt.Sprint(want) || job.LinesFailed != 0 {
			t.Errorf("%v", brief(lines))
		}
		if k.number("SELECT COUNT(*) FROM product") != 3 || k.number("SELECT COUNT(*) FROM sku") != 4 {
			t.Error("the second import doubled something")
		}
		if k.number("SELECT price_fen FROM sku WHERE code = 'R-5'") != 5990 || k.number("SELECT SUM(stock) FROM sku") != 28 ||
			k.number("SELECT list_price_fen FROM sku WHERE code = 'R-5'") != 8990 {
			t.Error("the price did not change, or the stock did")
		}
	})
}

func product(k *desk, title string) *string {
	k.t.Helper()
	v, _, err := db.Value[*string](k.ctx, k.db, "SELECT id FROM product WHERE bank_id = ? AND title = ?", bank, title)
	if err != nil || v == nil {
		k.t.Fatalf("%s: %v", title, err)
	}
	return v
}

func TestABadLineIsNamedAndStopsNoOther(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		head := "code,merchant,category,title,kind,spec,price,list_price,stock,per_person_limit,branch,images,valid_days\n"
		type bad struct{ line, want string }
		cases := []bad{
			{"A1,山野农场,米,好米,,,10,,5,,,,", "created"},
			{"A2,没有的,米,米,,,10,,5,,,,", "failed merchant merchant.unknown"},
			{"A3,,米,米,,,10,,5,,,,", "failed merchant field.required"},
			{"A4,山野农场,米,,,,10,,5,,,,", "failed title field.required"},
			{"A5,山野农场,米,米五,,,,,5,,,,", "failed price field.required"},
			{"A6,山野农场,米,米六,,,1.234,,5,,,,", "failed price sku.price"},
			{"A7,山野农场,米,米七,,,-1,,5,,,,", "failed price sku.price"},
			{"A8,山野农场,米,米八,,,0,,5,,,,", "failed price field.too_small"},
			{"A9,山野农场,米,米九,,,10,9.99,5,,,,", "failed list_price sku.list_price"},
			{"A10,山野农场,米,米十,,,10,,-5,,,,", "failed stock field.too_small"},
			{"A11,山野农场,米,米甲,,,10,,很多,,,,", "failed stock field.type"},
			{"A12,山野农场,米,米乙,,,10,,99999999999999999999,,,,", "failed stock field.too_large"},
			{"A13,山野农场,米,米丙,茶,,10,,5,,,,", "failed kind field.not_allowed"},
			{"A14,山野农场,米,米丁,,颜色:红;颜色:绿,10,,5,,,,", "failed spec sku.spec"},
			{"A15,山野农场,米,米戊,,,10,,5,,同名,,", "failed branch branch.unknown"},
			{"A16,山野农场,米,米己,,,10,,5,,别行,,", "failed branch branch.unknown"},
			{"A17,山野农场,米,米庚,,,10,,5,,,javascript:alert(1),", "failed images image.unknown"},
			{"A18,山野农场,米,米辛,,,10,,5,,,/media/images/" + strings.Repeat("a", 64) + ".png,", "failed images image.unknown"},
			{"A19,山野农场,米,米壬,,,10,,5,,,,30", "failed valid_days product.valid_days"},
			{"A20,山野农场,米,\"米\n癸\",,,10,,5,,,,", "failed title field.format"},
			{"A21,山野农场,米,米,,,10,,5,,,,,多的", "failed  import.cells"},
			{"A22,山野农场,米,米\"坏,,,10,,5,,,,", "failed  import.quotes"},
			{"A1,星河数码,米,好米,,,10,,5,,,,", "failed merchant product.merchant_fixed"},
			{"A1,山野农场,米,好米,voucher,,10,,5,,,,", "failed kind product.kind_fixed"},
			{"A23,山野农场,米,好米,,,10,,5,,,,", "failed spec sku.spec_taken"},
			{"A 24,山野农场,米,米子,,,10,,5,,,,", "failed code sku.code"},
			{"A25,山野农场,茶," + strings.Repeat("长", 201) + ",,,10,,5,,,,", "failed title field.too_long"},
			{",,,,,,,,,,,,", ""},
			{"A26,星河数码,米,好米,,,10", "created"},
		}
		var file strings.Builder
		file.WriteString(head)
		var want []string
		for _, c := range cases {
			file.WriteString(c.line + "\n")
			if c.want != "" {
				want = append(want, c.want)
			}
		}
		job, lines := k.load([]byte(file.String()))
		var got []string
		for _, l := range brief(lines) {
			_, rest, _ := strings.Cut(l, " ")
			got = append(got, rest)
		}
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("line %d: got %q, want %q", i, got[min(i, len(got)-1)], want[i])
			}
		}
		if job.State != bulk.Done || job.LinesFailed != int64(len(want)-2) || k.number("SELECT COUNT(*) FROM sku") != 2 {
			t.Errorf("%+v", job)
		}
		for _, l := range lines {
			if l.Code != "" && (l.Message == "" || l.Message == fault.Text(fault.English, "internal")) {
				t.Errorf("%s has no text", l.Code)
			}
		}
	})
}

func TestFilesOfEitherCharacterSetAreRead(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	k := newDesk(t, d)
	utf := "商户,分类,商品名称,售价\n山野农场,本地好物,东北黑木耳,12.50\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Replace(utf, "黑木耳", "榛蘑", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{utf, "\ufeff" + strings.Replace(utf, "黑木耳", "松子", 1), gb, strings.ReplaceAll(strings.Replace(utf, "黑木耳", "蓝莓", 1), "\n", "\r\n")} {
		if job, lines := k.load([]byte(file)); job.LinesFailed != 0 || job.LinesDone != 1 {
			t.Errorf("%q: %+v %v", file, job, brief(lines))
		}
	}
	for _, title := range []string{"东北黑木耳", "东北松子", "东北榛蘑", "东北蓝莓"} {
		product(k, title)
	}
	// One damaged byte makes one bad line, not a file of another character set.
	damaged := strings.Replace(utf+"山野农场,本地好物,好好的,1\n", "木", "\xff", 1)
	if _, lines := k.load([]byte(damaged)); fmt.Sprint(brief(lines)) != "[2 failed title import.characters 3 created]" {
		t.Errorf("%v", brief(lines))
	}
}
