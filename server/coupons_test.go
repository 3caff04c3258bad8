package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"yinbo/internal/audit"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

// batchBody is a batch of 2 yuan coupons out of 10 yuan; change edits it.
func batchBody(s *shop, change func(map[string]any)) string {
	now := s.Clock.Now()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339Nano) }
	b := map[string]any{"kind": "coupon", "title": "减 2 元", "funded_by": "bank", "amount_fen": 200, "budget_fen": 1000, "per_person": 2,
		"granted_by": "claim", "grant_starts_at": at(0), "grant_ends_at": at(time.Hour), "use_starts_at": at(0), "use_ends_at": at(2 * time.Hour)}
	change(b)
	raw, err := json.Marshal(b)
	if err != nil {
		s.T.Fatal(err)
	}
	return string(raw)
}

func TestCouponsOverHTTP(t *testing.T) {
	s := newShop(t)
	sku := s.SKU(catalog.Voucher, 1000, 50)
	instant := batchBody(s, func(b map[string]any) { b["kind"], b["bins"] = "instant", []string{ordertest.OwnBIN} })
	dropped := batchBody(s, func(b map[string]any) { b["granted_by"], b["stacking"] = "drop", "stackable" })
	const batches = "/shop/coupon-batches"
	s.want("403 auth.forbidden", s.host, "POST", batches, "b", instant, nil)
	s.want("400 idempotency.required Idempotency-Key", s.operator, "POST", batches, "", instant, nil)
	s.want("422 validation bins", s.operator, "POST", batches, "b", strings.Replace(instant, "instant", "coupon", 1), nil)
	var cash, drops struct{ ID, State string }
	s.want("201", s.operator, "POST", batches, "b1", instant, &cash)
	s.want("201", s.operator, "POST", batches, "b2", dropped, &drops)
	s.want("404 not_found", s.viewer, "POST", "/coupons/claims", "c1", fmt.Sprintf(`{"batch_id":%q}`, cash.ID), nil)
	for _, id := range []string{cash.ID, drops.ID} {
		s.want("200", s.operator, "POST", batches+"/"+id+"/open", "", "", &cash)
		s.want("409 conflict", s.operator, "POST", batches+"/"+id+"/resume", "", "", nil)
	}
	s.want("200", s.operator, "GET", batches+"?state=open&limit=1", "", "", nil)

	var d struct {
		ID string `json:"drop_id"`
	}
	throw := fmt.Sprintf(`{"batch_id":%q,"quantity":3,"seconds":60}`, drops.ID)
	s.want("403 auth.forbidden", s.viewer, "POST", "/host/rooms/"+s.Room+"/coupons", "d", throw, nil)
	s.want("404 not_found", s.host, "POST", "/host/rooms/room_other/coupons", "d", throw, nil)
	s.want("201", s.host, "POST", "/host/rooms/"+s.Room+"/coupons", "d", throw, &d)
	var offers struct {
		Batches []struct {
			ID string `json:"batch_id"`
		}
		Drops []struct{ Left int }
	}
	s.want("200", "", "GET", "/rooms/"+s.Room+"/coupons", "", "", &offers)
	if len(offers.Batches) != 1 || len(offers.Drops) != 1 || offers.Drops[0].Left != 3 {
		t.Fatalf("%+v", offers)
	}
	var first, second struct{ ID, Status string }
	s.want("422 validation batch_id drop_id", s.viewer, "POST", "/coupons/claims", "c1", `{}`, nil)
	s.want("201", s.viewer, "POST", "/coupons/claims", "c1", fmt.Sprintf(`{"batch_id":%q}`, offers.Batches[0].ID), &first)
	s.want("201", s.viewer, "POST", "/coupons/claims", "c2", fmt.Sprintf(`{"drop_id":%q}`, d.ID), &second)
	s.want("409 coupon.limit_reached", s.viewer, "POST", "/coupons/claims", "c3", fmt.Sprintf(`{"drop_id":%q}`, d.ID), nil)
	var held struct{ Items []struct{ ID string } }
	s.want("200", s.viewer, "GET", "/coupons?status=granted", "", "", &held)
	if len(held.Items) != 2 || held.Items[0].ID != second.ID {
		t.Errorf("%+v", held)
	}

	var o struct {
		ID        string
		Payable   int64 `json:"payable_fen"`
		Discounts []struct {
			Kind     string
			Amount   int64  `json:"amount_fen"`
			FundedBy string `json:"funded_by"`
		}
	}
	cart := func(coupons ...string) string {
		raw, _ := json.Marshal(coupons)
		return fmt.Sprintf(`{"items":[{"sku_id":%q,"quantity":1}],"coupon_ids":%s}`, sku, raw)
	}
	s.want("422 validation coupon_ids[1]", s.viewer, "POST", "/orders", "o", cart(first.ID, "cpn_unknown"), nil)
	s.want("422 validation coupon_ids", s.viewer, "POST", "/orders", "o", cart("1", "2", "3", "4", "5", "6"), nil)
	s.want("201", s.viewer, "POST", "/orders", "o", cart(second.ID, first.ID), &o)
	if o.Payable != 600 || len(o.Discounts) != 2 || o.Discounts[0].Kind != "instant" || o.Discounts[1].Amount != 200 || o.Discounts[1].FundedBy != "bank" {
		t.Errorf("%+v", o)
	}
	s.want("409 coupon.taken coupon_ids[0]", s.viewer, "POST", "/orders", "o2", cart(second.ID), nil)
	s.want("409 payment.card_not_eligible", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"cashier"}`, nil)
	s.want("422 validation coupon_ids", s.viewer, "PUT", "/orders/"+o.ID+"/coupons", "", `{}`, nil)
	s.want("200", s.viewer, "PUT", "/orders/"+o.ID+"/coupons", "", fmt.Sprintf(`{"coupon_ids":[%q]}`, second.ID), &o)
	if o.Payable != 800 || len(o.Discounts) != 1 {
		t.Errorf("%+v", o)
	}
	s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"cashier"}`, nil)
	s.want("409 order.payment_open", s.viewer, "PUT", "/orders/"+o.ID+"/coupons", "", `{"coupon_ids":[]}`, nil)
	var grants struct {
		Items []struct {
			ID, Way, Status string
			Viewer          struct{ ID, Nickname string }
			GrantedAt       string `json:"granted_at"`
			ReturnedAt      string `json:"returned_at"`
			ExpiresAt       string `json:"expires_at"`
		}
		Next *string `json:"next_cursor"`
	}
	list := batches + "/" + drops.ID + "/grants"
	s.want("200", s.operator, "GET", list+"?limit=1", "", "", &grants)
	if len(grants.Items) != 1 || grants.Next != nil || grants.Items[0].ID != second.ID || grants.Items[0].Way != "drop" || grants.Items[0].Status != "reserved" {
		t.Errorf("%+v", grants)
	}
	granted := grants.Items[0]
	s.want("200", s.operator, "GET", list+"?status=used", "", "", &grants)
	if len(grants.Items) != 0 {
		t.Errorf("%+v", grants)
	}
	s.want("200", s.host, "GET", list, "", "", nil)
	s.want("403 auth.forbidden", s.viewer, "GET", list, "", "", nil)
	s.want("403 auth.forbidden", s.host, "GET", list+"/export", "", "", nil)
	var file string
	header := s.want("200", s.operator, "GET", list+"/export?status=reserved", "", "", &file)
	line := strings.Join([]string{second.ID, granted.Viewer.Nickname, "138****1234", "drop", "reserved", "2.00", o.ID, granted.GrantedAt, "", granted.ReturnedAt, granted.ExpiresAt}, ",")
	if want := "\ufeffcoupon_id,viewer,phone,way,status,amount_yuan,order_id,granted_at,used_at,returned_at,expires_at\n" + line + "\n"; file != want ||
		!strings.HasPrefix(header.Get("Content-Type"), "text/csv") {
		t.Errorf("%s\n%q, not\n%q", header.Get("Content-Type"), file, want)
	}
	s.want("404 not_found", s.operator, "GET", batches+"/cpb_unknown/grants", "", "", nil)
	s.want("404 not_found", s.operator, "GET", batches+"/cpb_unknown/grants/export", "", "", nil)
	s.want("422 validation cursor", s.operator, "GET", list+"?cursor=x", "", "", nil)
	acts, err := audit.List(s.Ctx, s.DB, s.Bank.ID, audit.Filter{Action: "coupon.grants_exported", Limit: 9})
	if err != nil || len(acts) != 1 || acts[0].Object != drops.ID || acts[0].Detail["status"] != "reserved" {
		t.Errorf("exports in the audit log: %+v %v", acts, err)
	}
	s.want("422 validation viewer_ids[0]", s.operator, "POST", batches+"/"+drops.ID+"/grants", "g", `{"viewer_ids":["vwr_unknown"]}`, nil)
	s.want("200", s.operator, "POST", batches+"/"+drops.ID+"/close", "", "", &drops)
	if drops.State != "closed" {
		t.Errorf("%+v", drops)
	}
}
