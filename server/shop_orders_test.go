package server_test

import (
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/order/catalog"
)

// token signs a new member of staff in.
func (s *shop) token(role auth.Role) string {
	s.T.Helper()
	name := string(role)
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		_, err := s.people.CreateStaff(s.Ctx, tx, s.Bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: []auth.Role{role}})
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

const delivery = `{"name":"王小明","phone":"13800001234","province":"浙江省","city":"杭州市","district":"西湖区","street":"文三路 1 号"}`

// seen is an order as viewers and staff see it.
type seen struct {
	ID, Status string
	Refunded   int64 `json:"refunded_fen"`
	Address    *struct{ Name, Phone, Street string }
	Shipment   *struct {
		TrackingNo string `json:"tracking_no"`
	}
	Payments []struct{ Status string }
	Refunds  []struct{ Status, Cause string }
	Timeline []struct{ Kind string }
	Viewer   struct {
		Phone string `json:"phone_masked"`
	}
}

func TestFulfilmentOverHTTP(t *testing.T) {
	s := newShop(t)
	operator, auditor := s.operator, s.token(auth.Auditor)
	var o, v seen
	s.want("201", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+s.SKU(catalog.Physical, 2000, 5)+`","quantity":2}],"address":`+delivery+`}`, &o)
	at, mine := "/shop/orders/"+o.ID, "/orders/"+o.ID
	const parcel = `{"carrier":"顺丰","tracking_no":"sf100001"}`
	s.want("409 conflict order_id", operator, "POST", at+"/ship", "", parcel, nil)
	s.want("200", s.viewer, "POST", mine+"/pay", "p", `{"method":"bound_card","card_id":"card"}`, nil)

	for _, token := range []string{s.viewer, s.host} {
		s.want("403 auth.forbidden", token, "GET", at, "", "", nil)
	}
	s.want("403 auth.forbidden", auditor, "POST", at+"/ship", "", parcel, nil)
	s.want("422 validation tracking_no", operator, "POST", at+"/ship", "", `{"carrier":"顺丰","tracking_no":"sf 1"}`, nil)
	s.want("404 not_found", operator, "POST", "/shop/orders/ord_unknown/ship", "", parcel, nil)
	s.want("200", operator, "POST", at+"/ship", "", parcel, &v)
	if v.Status != "fulfilling" || v.Shipment.TrackingNo != "SF100001" || v.Viewer.Phone != "138****1234" {
		t.Errorf("%+v", v)
	}
	s.want("409 shipment.exists tracking_no", operator, "POST", at+"/ship", "", `{"carrier":"顺丰","tracking_no":"sf100002"}`, nil)
	s.want("200", operator, "PUT", at+"/shipment", "", `{"carrier":"顺丰","tracking_no":"sf100002"}`, nil)

	var page struct {
		Items []seen
		Next  *string `json:"next_cursor"`
	}
	s.want("200", auditor, "GET", "/shop/orders?q=SF100002&status=fulfilling&from=2020-01-01", "", "", &page)
	if len(page.Items) != 1 || page.Items[0].ID != o.ID {
		t.Errorf("%+v", page)
	}
	s.want("422 validation from", auditor, "GET", "/shop/orders?from=yesterday", "", "", nil)

	var shown struct{ Address struct{ Street string } }
	h := s.want("200", operator, "POST", at+"/reveal", "", `{"reason":"补打面单"}`, &shown)
	if shown.Address.Street != "文三路 1 号" || h.Get("RateLimit") != `"reveal";r=59;t=3600` {
		t.Errorf("%+v %s", shown, h.Get("RateLimit"))
	}
	s.want("403 auth.forbidden", auditor, "POST", at+"/reveal", "", `{"reason":"x"}`, nil)

	s.want("400 idempotency.required Idempotency-Key", operator, "POST", at+"/refunds", "", `{"amount_fen":100,"reason":"破损"}`, nil)
	s.want("409 refund.exceeds amount_fen", operator, "POST", at+"/refunds", "r", `{"amount_fen":4001,"reason":"破损"}`, nil)
	for range 2 {
		s.want("201", operator, "POST", at+"/refunds", "r", `{"amount_fen":100,"reason":"破损"}`, nil)
	}
	s.RunTasks()
	s.want("200", s.viewer, "POST", mine+"/confirm", "", "", &v)
	if v.Status != "completed" || v.Refunded != 100 || v.Address.Phone != "138****1234" || v.Address.Street != "文***" || len(v.Payments) != 1 || len(v.Refunds) != 1 {
		t.Errorf("%+v", v)
	}
	s.want("409 conflict", operator, "POST", at+"/complete", "", "", nil)
	s.want("409 conflict", operator, "POST", at+"/cancel", "", `{"reason":"x"}`, nil)
	s.want("200", auditor, "GET", at, "", "", &v)
	if len(v.Timeline) != 6 {
		t.Errorf("%+v", v.Timeline)
	}
}

func TestVouchersOverHTTP(t *testing.T) {
	s := newShop(t)
	s.IssueVouchers()
	operator := s.operator
	var o seen
	s.want("201", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+s.SKU(catalog.Voucher, 2000, 5)+`","quantity":2}]}`, &o)
	s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"bound_card","card_id":"card"}`, nil)
	var page struct {
		Items []struct{ Code, Status string }
	}
	s.want("200", s.viewer, "GET", "/vouchers?order_id="+o.ID, "", "", &page)
	if len(page.Items) != 2 {
		t.Fatalf("%+v", page)
	}
	redeem := func(want, key, code string) {
		t.Helper()
		s.want(want, operator, "POST", "/shop/vouchers/redeem", key, `{"code":"`+code+`"}`, nil)
	}
	code := page.Items[0].Code
	s.want("403 auth.forbidden", s.viewer, "POST", "/shop/vouchers/redeem", "v", `{"code":"`+code+`"}`, nil)
	redeem("400 idempotency.required Idempotency-Key", "", code)
	redeem("422 validation code", "v", "1234")
	redeem("200", "v", strings.ToLower(code))
	redeem("409 voucher.redeemed", "v2", code)
	s.want("409 refund.exceeds amount_fen", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":2001,"reason":"x"}`, nil)
	s.want("201", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":2000,"reason":"x"}`, nil)
	redeem("409 voucher.void", "v3", page.Items[1].Code)
	s.RunTasks()
	s.want("200", s.viewer, "GET", "/orders/"+o.ID, "", "", &o)
	if o.Status != "completed" {
		t.Errorf("%+v", o)
	}
}

func TestAnAddressBookOverHTTP(t *testing.T) {
	s := newShop(t)
	type kept struct {
		ID, Phone, Street string
		Default           bool
	}
	var a kept
	s.want("403 auth.forbidden", s.host, "GET", "/addresses", "", "", nil)
	s.want("422 validation province", s.viewer, "POST", "/addresses", "", strings.Replace(delivery, "浙江省", "某省", 1), nil)
	s.want("422 validation phone", s.viewer, "POST", "/addresses", "", strings.Replace(delivery, "138", "038", 1), nil)
	s.want("201", s.viewer, "POST", "/addresses", "", delivery, &a)
	if a.Street != "文三路 1 号" || !a.Default {
		t.Errorf("%+v", a)
	}
	var page struct{ Items []kept }
	s.want("200", s.viewer, "GET", "/addresses", "", "", &page)
	if len(page.Items) != 1 || page.Items[0].Phone != "138****1234" || page.Items[0].Street != "文***" {
		t.Errorf("%+v", page)
	}
	s.want("200", s.viewer, "PUT", "/addresses/"+a.ID, "", strings.Replace(delivery, "文三路", "文二路", 1), nil)
	s.want("200", s.viewer, "GET", "/addresses/"+a.ID, "", "", &a)
	if a.Street != "文二路 1 号" || a.Phone != "13800001234" {
		t.Errorf("%+v", a)
	}
	s.want("404 not_found", s.viewer, "GET", "/addresses/adr_unknown", "", "", nil)
	s.want("204", s.viewer, "DELETE", "/addresses/"+a.ID, "", "", nil)
	s.want("404 not_found", s.viewer, "DELETE", "/addresses/"+a.ID, "", "", nil)
}
