package server_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
)

// staff signs a new member of staff in.
func (s *shop) staff(role auth.Role) string {
	s.T.Helper()
	people, err := auth.New(s.Ctx, s.DB, s.Keyring, tenant.NewDirectory(s.DB, ""), s.texts)
	if err != nil {
		s.T.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	err = s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		_, err := people.CreateStaff(s.Ctx, tx, s.Bank.ID, auth.NewStaff{Username: "shop-" + string(role), Name: string(role), Password: "pass-" + string(role), Roles: []auth.Role{role}})
		return err
	})
	if err != nil {
		s.T.Fatal(err)
	}
	t, err := people.Login(s.Ctx, s.Bank, "shop-"+string(role), "pass-"+string(role), "")
	if err != nil {
		s.T.Fatal(err)
	}
	return t.Access
}

func (s *shop) branch(name string) string {
	s.T.Helper()
	branch := id.New(id.Branch)
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		return tx.Insert(s.Ctx, "branch (id, bank_id, name, created_at)", [][]any{{branch, s.Bank.ID, name, tx.Now}}, "")
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return branch
}

func TestAShopIsKeptOverHTTP(t *testing.T) {
	s := newShop(t)
	operator, auditor := s.staff(auth.Operator), s.staff(auth.Auditor)
	var tea, merchant struct{ ID string }
	s.want("201", operator, "POST", "/shop/categories", "", `{"name":"茶叶"}`, &tea)
	s.want("409 category.exists", operator, "POST", "/shop/categories", "", `{"name":"茶叶"}`, nil)
	s.want("200", operator, "PATCH", "/shop/categories/"+tea.ID, "", `{"position":4}`, nil)
	s.want("201", operator, "POST", "/shop/merchants", "", `{"name":"茶园","commission_bps":300}`, &merchant)
	s.want("200", operator, "PATCH", "/shop/merchants/"+merchant.ID, "", `{"commission_bps":350}`, nil)
	s.want("422 validation commission_bps", operator, "PATCH", "/shop/merchants/"+merchant.ID, "", `{"commission_bps":10001}`, nil)

	var p catalog.Entry
	create := `{"merchant_id":"` + merchant.ID + `","category":"茶叶","kind":"physical","title":"明前龙井","images":["/goods/tea.svg"],
		"skus":[{"attributes":[{"name":"重量","value":"250g"}],"code":"T-250","price_fen":19900,"stock":10,"per_person_limit":2}]}`
	s.want("400 idempotency.required Idempotency-Key", operator, "POST", "/shop/products", "", create, nil)
	s.want("201", operator, "POST", "/shop/products", "k1", create, &p)
	if h := s.want("201", operator, "POST", "/shop/products", "k1", create, nil); h.Get("Idempotent-Replayed") != "true" {
		t.Error("the same key made another product")
	}
	sku := p.SKUs[0].ID
	var stocked catalog.Stocked
	s.want("200", operator, "POST", "/shop/skus/"+sku+"/stock", "k2", `{"delta":5,"reason":"到货"}`, &stocked)
	s.want("409 stock.insufficient delta", operator, "POST", "/shop/skus/"+sku+"/stock", "k3", `{"delta":-16}`, nil)
	s.want("201", operator, "POST", "/shop/products/"+p.ID+"/skus", "k4", `{"attributes":[{"name":"重量","value":"500g"}],"price_fen":36900,"stock":1}`, nil)
	s.want("200", operator, "PATCH", "/shop/skus/"+sku, "", `{"price_fen":18800}`, &stocked)
	if stocked.Stock != 15 || stocked.PriceFen != 18800 {
		t.Errorf("%+v", stocked)
	}
	var found struct{ Items []catalog.Entry }
	s.want("200", auditor, "GET", "/shop/products?q=T-250&hidden=false&stock=low", "", "", &found)
	if len(found.Items) != 1 || len(found.Items[0].SKUs) != 2 {
		t.Errorf("%+v", found)
	}
	s.want("200", operator, "POST", "/shop/products/"+p.ID+"/hide", "", `{"reason":"断货"}`, nil)
	s.want("404 not_found", "", "GET", "/products/"+p.ID, "", "", nil)
	s.want("200", operator, "POST", "/shop/products/"+p.ID+"/unhide", "", "", nil)
	s.want("200", "", "GET", "/products/"+p.ID, "", "", nil)

	// An auditor reads; viewers, hosts and guests have no business here.
	for _, path := range []string{"/shop/products", "/shop/categories", "/shop/merchants", "/shop/imports", "/shop/products/" + p.ID} {
		s.want("200", auditor, "GET", path, "", "", nil)
		s.want("403 auth.forbidden", s.host, "GET", path, "", "", nil)
		s.want("403 auth.forbidden", s.viewer, "GET", path, "", "", nil)
		s.want("401 auth.required", "", "GET", path, "", "", nil)
	}
	s.want("403 auth.forbidden", auditor, "POST", "/shop/skus/"+sku+"/stock", "k5", `{"delta":1}`, nil)
	s.want("200", "", "GET", "/categories", "", "", nil)
	s.want("409 order.limit_reached items[0].quantity", s.viewer, "POST", "/orders", "o1",
		`{"items":[{"sku_id":"`+sku+`","quantity":3}],"address":{"name":"甲","phone":"13800001234","province":"浙江省","city":"杭州市","district":"西湖区","street":"一号"}}`, nil)
}

func TestABranchsGoodsAreShownToItsViewers(t *testing.T) {
	s := newShop(t)
	west, sku := s.branch("西湖支行"), s.SKU(catalog.Voucher, 1000, 5)
	var product string
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) (err error) {
		if product, _, err = db.Value[string](s.Ctx, tx, "SELECT product_id FROM sku WHERE id = ?", sku); err == nil {
			_, err = tx.Exec(s.Ctx, "UPDATE product SET branch_id = ? WHERE id = ?", west, product)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := func(token, query string) int {
		var out struct{ Items []catalog.Product }
		s.want("200", token, "GET", "/products"+query, "", "", &out)
		return len(out.Items)
	}
	order := `{"items":[{"sku_id":"` + sku + `","quantity":1}]}`
	if shown("", "") != 0 || shown(s.viewer, "") != 0 || shown("", "?branch="+west) != 1 {
		t.Error("shown to whom it is not for, or not to whom it is")
	}
	s.want("404 not_found", s.viewer, "GET", "/products/"+product, "", "", nil)
	s.want("200", "", "GET", "/products/"+product+"?branch="+west, "", "", nil)
	s.want("403 order.branch_only items[0].sku_id", s.viewer, "POST", "/orders", "o1", order, nil)

	s.want("200", "", "GET", "/branches", "", "", nil)
	s.want("422 validation branch_id", s.viewer, "PUT", "/me/branch", "", `{"branch_id":"brn_x"}`, nil)
	s.want("200", s.viewer, "PUT", "/me/branch", "", `{"branch_id":"`+west+`"}`, nil)
	var mine struct {
		BranchID *string `json:"branch_id"`
	}
	if s.want("200", s.viewer, "GET", "/me/branch", "", "", &mine); mine.BranchID == nil || *mine.BranchID != west {
		t.Errorf("%+v", mine)
	}
	if shown(s.viewer, "") != 1 {
		t.Error("not shown to the branch's viewer")
	}
	s.want("200", s.viewer, "GET", "/products/"+product, "", "", nil)
	s.want("201", s.viewer, "POST", "/orders", "o1", order, nil)
	s.want("200", s.viewer, "PUT", "/me/branch", "", `{"branch_id":null}`, nil)
	s.want("403 auth.forbidden", s.host, "PUT", "/me/branch", "", `{"branch_id":null}`, nil)
	s.want("403 order.branch_only items[0].sku_id", s.viewer, "POST", "/orders", "o2", order, nil)
	s.want("201", s.viewer, "POST", "/orders", "o1", order, nil) // the first answer stands
}

func TestAPictureIsUploadedOnceAndServedForGood(t *testing.T) {
	s := newShop(t)
	operator := s.staff(auth.Operator)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	var up catalog.Image
	s.want("201", operator, "POST", "/shop/images", "", picture.String(), &up)
	s.want("422 image.format body", operator, "POST", "/shop/images", "", "<svg/>", nil)
	s.want("413 too_large body", operator, "POST", "/shop/images", "", strings.Repeat("x", 1<<20+1), nil)
	s.want("403 auth.forbidden", s.host, "POST", "/shop/images", "", picture.String(), nil)
	res, err := http.Get(strings.TrimSuffix(s.url, "/api/v1") + up.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	h := res.Header
	if err != nil || !bytes.Equal(got, picture.Bytes()) || h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(h.Get("Cache-Control"), "immutable") {
		t.Errorf("%v %v", err, h)
	}
	gone, err := http.Get(strings.TrimSuffix(s.url, "/api/v1") + catalog.ImagePrefix + strings.Repeat("0", 64) + ".png")
	if err != nil {
		t.Fatal(err)
	}
	gone.Body.Close()
	if gone.StatusCode != http.StatusNotFound || strings.Contains(gone.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", gone.StatusCode, gone.Header)
	}
}

func TestAnImportOverHTTP(t *testing.T) {
	s := newShop(t)
	operator, auditor := s.staff(auth.Operator), s.staff(auth.Auditor)
	var j bulk.Job
	var kinds struct{ Items []bulk.Shape }
	s.want("200", auditor, "GET", "/shop/import-kinds", "", "", &kinds)
	if kinds.Items[0].Kind != "products" || kinds.Items[0].Columns[0].Title != "SKU编码" {
		t.Errorf("%+v", kinds)
	}
	s.want("422 validation kind", operator, "POST", "/shop/imports", "k0", `{"kind":"nothing","name":"f.csv"}`, nil)
	s.want("201", operator, "POST", "/shop/imports", "k1", `{"kind":"products","name":"f.csv"}`, &j)
	path := "/shop/imports/" + j.ID
	s.want("422 import.parts parts", operator, "POST", path+"/start", "", "", nil)
	s.want("204", operator, "PUT", path+"/parts/1", "", "merchant,price\n", nil)
	s.want("422 import.header category title", operator, "POST", path+"/start", "", "", nil)
	file := "merchant,category,title,price,stock\nmerchant 0,茶,龙井,199.00,5\nnobody,茶,龙井,199.00,5\n"
	s.want("204", operator, "PUT", path+"/parts/1", "", file[:50], nil)
	s.want("204", operator, "PUT", path+"/parts/2", "", file[50:], nil)
	for _, no := range []string{"0", "257", "x"} {
		if got, _ := s.call(operator, "PUT", path+"/parts/"+no, "", "x", nil); !strings.HasPrefix(got, "422") {
			t.Errorf("part %s: %s", no, got)
		}
	}
	s.want("413 too_large body", operator, "PUT", path+"/parts/3", "", strings.Repeat("x", 1<<20+1), nil)
	s.want("200", operator, "POST", path+"/start", "", "", &j)
	s.want("409 import.not_uploading", operator, "PUT", path+"/parts/3", "", "x", nil)
	if err := bulk.New(s.DB, s.Box, s.Keeper, catalog.ProductLines).RunHere(s.Ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	s.want("200", auditor, "GET", path, "", "", &j)
	if j.State != bulk.Done || j.LinesDone != 2 || j.LinesFailed != 1 {
		t.Errorf("%+v", j)
	}
	var lines struct {
		Items      []bulk.LineReport
		NextCursor *string `json:"next_cursor"`
	}
	s.want("200", auditor, "GET", path+"/lines?limit=1", "", "", &lines)
	s.want("200", auditor, "GET", path+"/lines?limit=1&cursor="+*lines.NextCursor, "", "", &lines)
	if len(lines.Items) != 1 || lines.Items[0].Code != "merchant.unknown" || lines.NextCursor != nil {
		t.Errorf("%+v", lines)
	}
	s.want("200", auditor, "GET", path+"/lines?verdict=created", "", "", &lines)
	if len(lines.Items) != 1 || lines.Items[0].Line != 2 {
		t.Errorf("%+v", lines)
	}
	res := s.raw(auditor, path+"/report")
	if !strings.HasPrefix(res, "\ufeffline,verdict,code,field,message,object_id\n2,created,,,,sku_") || strings.Count(res, "\n") != 3 {
		t.Errorf("%q", res)
	}
	s.want("409 conflict", operator, "POST", path+"/cancel", "", "", nil)
	s.want("403 auth.forbidden", auditor, "POST", path+"/cancel", "", "", nil)
	s.want("403 auth.forbidden", s.viewer, "GET", path, "", "", nil)
	s.want("200", auditor, "GET", "/shop/imports?kind=products&state=done", "", "", nil)
	if fmt.Sprint(s.Number("SELECT COUNT(*) FROM audit WHERE action LIKE 'import.%'")) != "3" {
		t.Error("not audited")
	}
}

// raw gets a file.
func (s *shop) raw(token, path string) string {
	s.T.Helper()
	req, err := http.NewRequestWithContext(s.Ctx, "GET", s.url+path, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		s.T.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return string(got)
}
