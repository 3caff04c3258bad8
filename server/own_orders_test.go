package server_test

import (
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
	"yinbo/order/desk"
)

// merchant signs a merchant's own account in.
func (s *shop) merchant(n int) string {
	s.T.Helper()
	name := "mch-" + s.Merchant(n)
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		_, err := s.people.CreateStaff(s.Ctx, tx, s.Bank.ID, auth.NewStaff{Username: name, Name: "商户", Password: "pass-" + name, Merchant: s.Merchant(n), Roles: []auth.Role{auth.Merchant}})
		return err
	})
	if err != nil {
		s.T.Fatal(err)
	}
	in, err := s.people.Login(s.Ctx, s.Bank, name, "pass-"+name, "")
	if err != nil {
		s.T.Fatal(err)
	}
	return in.Access
}

// buy is an order of pieces that the viewer has paid.
func (s *shop) buy(key string, skus ...string) (o seen) {
	s.T.Helper()
	items := make([]string, len(skus))
	for i, sku := range skus {
		items[i] = `{"sku_id":"` + sku + `","quantity":1}`
	}
	s.want("201", s.viewer, "POST", "/orders", key, `{"items":[`+strings.Join(items, ",")+`],"address":`+delivery+`}`, &o)
	s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/pay", key, `{"method":"bound_card","card_id":"card"}`, nil)
	return o
}

func TestAMerchantShipsItsOrdersOverHTTP(t *testing.T) {
	s := newShop(t)
	own, other := s.merchant(0), s.merchant(1)
	mine, theirs := s.SKU(catalog.Physical, 2000, 9), s.SKUOf(1, catalog.Physical, 700, 9)
	o, next, both := s.buy("a", mine), s.buy("b", mine), s.buy("c", mine, theirs)
	var page struct{ Items []desk.Part }
	s.want("200", own, "GET", "/my/orders?stage=to_ship&limit=1", "", "", &page)
	if len(page.Items) != 1 || page.Items[0].ID != o.ID || page.Items[0].Address.Street != "文***" {
		t.Errorf("%+v", page)
	}
	s.want("422 validation from", own, "GET", "/my/orders?from=yesterday", "", "", nil)
	s.want("422 validation stage", own, "GET", "/my/orders?stage=paid", "", "", nil)
	s.want("200", other, "GET", "/my/orders", "", "", &page)
	if len(page.Items) != 1 || page.Items[0].ID != both.ID || len(page.Items[0].Items) != 1 {
		t.Errorf("%+v", page)
	}

	const parcel, why = `{"carrier":"顺丰","tracking_no":"sf100001"}`, `{"reason":"打印面单"}`
	at := "/my/orders/" + o.ID
	for _, who := range []string{s.operator, s.viewer} {
		s.want("403 auth.forbidden", who, "GET", at, "", "", nil)
	}
	s.want("404 not_found", other, "GET", at, "", "", nil)
	s.want("404 not_found", other, "POST", at+"/reveal", "", why, nil)
	s.want("404 not_found", other, "POST", at+"/ship", "", parcel, nil)
	s.want("409 order.several_merchants order_id", own, "POST", "/my/orders/"+both.ID+"/ship", "", parcel, nil)
	s.want("409 order.several_merchants", own, "POST", "/my/orders/"+both.ID+"/reveal", "", why, nil)
	var shown struct{ Address struct{ Street string } }
	if s.want("200", own, "POST", at+"/reveal", "", why, &shown); shown.Address.Street != "文三路 1 号" {
		t.Errorf("%+v", shown)
	}
	var p desk.Part
	if s.want("200", own, "POST", at+"/ship", "", parcel, &p); p.Status != "fulfilling" || p.Shipment.TrackingNo != "SF100001" {
		t.Errorf("%+v", p)
	}
	s.want("200", own, "PUT", at+"/shipment", "", `{"carrier":"中通","tracking_no":"zt100001"}`, nil)
	s.want("404 not_found", other, "PUT", at+"/shipment", "", parcel, nil)

	s.want("422 validation reason", own, "POST", "/my/orders/export", "", `{"reason":""}`, nil)
	s.want("403 auth.forbidden", s.operator, "POST", "/my/orders/export", "", why, nil)
	s.ships(own, other, next.ID, both.ID)
}

// ships takes a merchant's file in: one line of its own, and one that is the bank's.
func (s *shop) ships(own, other, mine, banks string) {
	s.T.Helper()
	var kinds struct{ Items []bulk.Shape }
	if s.want("200", own, "GET", "/my/import-kinds", "", "", &kinds); len(kinds.Items) != 1 || kinds.Items[0].Kind != "shipments" {
		s.T.Errorf("%+v", kinds)
	}
	s.want("422 validation kind", own, "POST", "/my/imports", "k0", `{"kind":"products","name":"f.csv"}`, nil)
	var j bulk.Job
	s.want("201", own, "POST", "/my/imports", "k1", `{"kind":"shipments","name":"f.csv"}`, &j)
	at := "/my/imports/" + j.ID
	s.want("404 not_found", other, "PUT", at+"/parts/1", "", "x", nil)
	s.want("204", own, "PUT", at+"/parts/1", "", "order_id,carrier,tracking_no\n"+mine+",顺丰,SF1000\n"+banks+",顺丰,SF1001\n", nil)
	s.want("404 not_found", other, "POST", at+"/start", "", "", nil)
	s.want("200", own, "POST", at+"/start", "", "", nil)
	if err := bulk.New(s.DB, s.Box, s.Keeper, s.Orders.ShipmentImport(tenant.NewDirectory(s.DB, ""))).RunHere(s.Ctx, j.ID); err != nil {
		s.T.Fatal(err)
	}
	var lines struct{ Items []bulk.LineReport }
	s.want("200", own, "GET", at+"/lines", "", "", &lines)
	if len(lines.Items) != 2 || lines.Items[0].Verdict != bulk.Created || lines.Items[1].Code != "order.several_merchants" {
		s.T.Errorf("%+v", lines)
	}
	for _, end := range []string{"", "/lines", "/report"} {
		s.want("404 not_found", other, "GET", at+end, "", "", nil)
	}
	s.want("404 not_found", other, "POST", at+"/cancel", "", "", nil)
	s.want("200", s.operator, "GET", "/shop/imports/"+j.ID, "", "", &j)
	if j.MerchantID != s.Merchant(0) {
		s.T.Errorf("%+v", j)
	}
}
