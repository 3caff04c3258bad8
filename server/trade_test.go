package server_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/internal/auth"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/addressbook"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
	"yinbo/order/desk"
	"yinbo/order/ordertest"
	"yinbo/order/voucher"
	"yinbo/server"
)

// shop is what viewers and hosts buy and sell by, over HTTP.
type shop struct {
	*ordertest.Stage
	url                    string
	texts                  *texts
	people                 *auth.Service
	viewer, host, operator string // tokens
}

// texts keeps the SMS that were sent.
type texts struct{ last string }

func (x *texts) SendSMS(_ context.Context, _ pii.Text, text, _ string) error {
	x.last = text
	return nil
}

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

func newShop(t *testing.T) *shop {
	s := &shop{Stage: ordertest.OnSQLite(t), texts: &texts{}}
	banks := tenant.NewDirectory(s.DB, "")
	people, err := auth.New(s.Ctx, s.DB, s.Keyring, banks, s.texts)
	if err != nil {
		t.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	vouchers := voucher.New(voucher.Deps{DB: s.DB, Box: s.Box, Keeper: s.Keeper, Keyring: s.Keyring, Orders: s.Orders})
	web := httptest.NewServer(server.New(server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Auth: people,
		Banks: banks, DB: s.DB, Keys: s.Keyring, Catalog: s.Catalog,
		Imports: bulk.New(s.DB, s.Box, s.Keeper, catalog.ProductLines, s.Orders.ShipmentImport(banks)), Flash: s.Sales, Orders: s.Orders, Coupons: s.Coupons, Payments: s.Payments,
		Vouchers: vouchers, Addresses: addressbook.New(s.DB, s.Keyring),
		OrderDesk: desk.New(desk.Deps{DB: s.DB, Keyring: s.Keyring, Payments: s.Payments, Vouchers: vouchers, Names: people})}).Handler())
	t.Cleanup(web.Close)
	s.people = people
	s.url = web.URL + "/api/v1"
	if err := people.SendOTP(s.Ctx, s.Bank, pii.Clear("13800001234")); err != nil {
		t.Fatal(err)
	}
	signedIn, err := people.VerifyOTP(s.Ctx, s.Bank, pii.Clear("13800001234"), sixDigits.FindString(s.texts.last), "")
	if err != nil {
		t.Fatal(err)
	}
	s.viewer = signedIn.Access
	s.host, s.operator = s.token(auth.Host), s.token(auth.Operator)
	return s
}

// call makes a request and reads the answer; status and problem code together
// name what came, "201" or "409 flash.sold_out".
func (s *shop) call(token, method, path, key, body string, out any) (result string, header http.Header) {
	s.T.Helper()
	req, err := http.NewRequestWithContext(s.Ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.T.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	if res.StatusCode < 300 {
		if file, ok := out.(*string); ok {
			*file = string(raw)
		} else if out != nil {
			if err := json.Unmarshal(raw, out); err != nil {
				s.T.Fatalf("%s: %v", raw, err)
			}
		}
		return fmt.Sprint(res.StatusCode), res.Header
	}
	var p struct {
		Code   string
		Errors []struct{ Field string }
	}
	if err := json.Unmarshal(raw, &p); err != nil || res.Header.Get("Content-Type") != "application/problem+json" {
		s.T.Errorf("%s %s: %s is no problem", method, path, raw)
	}
	result = fmt.Sprint(res.StatusCode, " ", p.Code)
	for _, f := range p.Errors {
		result += " " + f.Field
	}
	return result, res.Header
}

func (s *shop) want(result, token, method, path, key, body string, out any) http.Header {
	s.T.Helper()
	got, header := s.call(token, method, path, key, body, out)
	if got != result {
		s.T.Errorf("%s %s %s: %s, want %s", method, path, body, got, result)
	}
	return header
}

func TestAFlashSaleOverHTTP(t *testing.T) {
	s := newShop(t)
	sku := s.SKU(catalog.Voucher, 1000, 50)
	now := s.Clock.Now()
	terms := fmt.Sprintf(`{"sku_id":%q,"price_fen":990,"total":20,"per_user_limit":2,"starts_at":%q,"ends_at":%q}`,
		sku, now.Format(time.RFC3339Nano), now.Add(time.Hour).Format(time.RFC3339Nano))
	path := "/host/rooms/" + s.Room + "/flash"
	var f struct {
		ID, Status  string
		Total, Left int64
		ServerTime  string `json:"server_time"`
	}
	s.want("403 auth.forbidden", s.viewer, "POST", path, "k", terms, nil)
	s.want("400 idempotency.required Idempotency-Key", s.host, "POST", path, "", terms, nil)
	s.want("404 not_found", s.host, "POST", "/host/rooms/room_other/flash", "k", terms, nil)
	s.want("201", s.host, "POST", path, "k", terms, &f)
	s.want("409 flash.overlap", s.host, "POST", path, "k2", terms, nil)
	s.want("200", "", "GET", "/flash/"+f.ID, "", "", &f)
	if f.Status != "on_sale" || f.Total != 20 || f.Left != 20 || !strings.HasSuffix(f.ServerTime, "Z") || len(f.ServerTime) != 24 {
		t.Errorf("%+v", f)
	}
	s.want("404 not_found", "", "GET", "/flash/flash_unknown", "", "", nil)

	orders := "/flash/" + f.ID + "/orders"
	var o, again map[string]any
	s.want("401 auth.required", "", "POST", orders, "b1", `{"quantity":1}`, nil)
	s.want("400 idempotency.required Idempotency-Key", s.viewer, "POST", orders, "", `{"quantity":1}`, nil)
	s.want("422 validation quantity", s.viewer, "POST", orders, "b1", `{"quantity":0}`, nil)
	s.want("422 validation room_id", s.viewer, "POST", orders, "b1", `{"quantity":1,"room_id":"room_other"}`, nil)
	s.want("409 flash.limit_reached", s.viewer, "POST", orders, "b1", `{"quantity":3}`, nil)
	s.want("201", s.viewer, "POST", orders, "b1", `{"quantity":2}`, &o)
	if h := s.want("201", s.viewer, "POST", orders, "b1", `{"quantity":2}`, &again); h.Get("Idempotent-Replayed") != "true" || fmt.Sprint(o) != fmt.Sprint(again) {
		t.Errorf("replayed %v, not %v", again, o)
	}
	s.want("422 idempotency.mismatch Idempotency-Key", s.viewer, "POST", orders, "b1", `{"quantity":1}`, nil)
	s.want("409 flash.limit_reached", s.viewer, "POST", orders, "b2", `{"quantity":1}`, nil)
	for _, field := range []string{"id", "status", "items", "goods_fen", "discounts", "payable_fen", "paid_fen", "refunded_fen", "expires_at", "created_at", "room_id"} {
		if _, ok := o[field]; !ok {
			t.Errorf("an order has no %s", field)
		}
	}
	s.want("200", s.host, "POST", "/host/flash/"+f.ID+"/cancel", "", "", &f)
	s.want("410 flash.ended", s.viewer, "POST", orders, "b3", `{"quantity":1}`, nil)
	if f.Status != "cancelled" || s.Stock(sku) != 48 {
		t.Errorf("%s, stock %d", f.Status, s.Stock(sku))
	}
}

func TestAnOrderOverHTTP(t *testing.T) {
	s := newShop(t)
	voucher, rice := s.SKU(catalog.Voucher, 1000, 50), s.SKU(catalog.Physical, 2000, 50)
	var o struct{ ID, Status string }
	const address = `{"name":"王小明","phone":"13800001234","province":"浙江省","city":"杭州市","district":"西湖区","street":"文三路 1 号"}`
	s.want("422 validation address", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+rice+`","quantity":1}]}`, nil)
	s.want("422 validation address.phone", s.viewer, "POST", "/orders", "a",
		`{"items":[{"sku_id":"`+rice+`","quantity":1}],"address":`+strings.Replace(address, "138", "038", 1)+`}`, nil)
	s.want("422 validation items[0].price_fen", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+rice+`","quantity":1,"price_fen":1}]}`, nil)
	s.want("409 stock.insufficient items[1].quantity", s.viewer, "POST", "/orders", "a",
		`{"items":[{"sku_id":"`+rice+`","quantity":1},{"sku_id":"`+voucher+`","quantity":51}],"address":`+address+`}`, nil)
	s.want("201", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+rice+`","quantity":1},{"sku_id":"`+voucher+`","quantity":2}],"address":`+address+`}`, &o)

	var page struct {
		Items []struct{ ID string }
		Next  *string `json:"next_cursor"`
	}
	s.want("200", s.viewer, "GET", "/orders?status=pending_payment", "", "", &page)
	if len(page.Items) != 1 || page.Items[0].ID != o.ID || page.Next != nil {
		t.Errorf("%+v", page)
	}
	s.want("422 validation status", s.viewer, "GET", "/orders?status=lost", "", "", nil)
	s.want("422 validation cursor", s.viewer, "GET", "/orders?cursor=xx", "", "", nil)
	s.want("404 not_found", s.viewer, "GET", "/orders/ord_unknown", "", "", nil)
	s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/cancel", "", "", &o)
	s.want("409 conflict", s.viewer, "POST", "/orders/"+o.ID+"/cancel", "", "", nil)
	if o.Status != "cancelled" || s.Stock(rice) != 50 {
		t.Errorf("%s, stock %d", o.Status, s.Stock(rice))
	}
	var goods struct{ Items []catalog.Product }
	s.want("200", "", "GET", "/products?q=wcdm&limit=1", "", "", &goods)
	s.want("200", "", "GET", "/products/"+goods.Items[0].ID, "", "", nil)
	s.want("404 not_found", "", "GET", "/products/prd_unknown", "", "", nil)
}

func TestPayingAndRefundingOverHTTP(t *testing.T) {
	s := newShop(t)
	var o struct {
		ID, Status string
		Refunded   int64 `json:"refunded_fen"`
	}
	s.want("201", s.viewer, "POST", "/orders", "a", `{"items":[{"sku_id":"`+s.SKU(catalog.Voucher, 1000, 5)+`","quantity":1}]}`, &o)
	var out struct {
		Payment struct {
			ID, Status string
			Cashier    string `json:"cashier_url"`
		}
	}
	s.want("422 validation method", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"cash"}`, nil)
	s.want("409 conflict", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":1,"reason":"x"}`, nil)
	s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"cashier"}`, &out)
	if out.Payment.Status != "pending" || out.Payment.Cashier == "" {
		t.Errorf("%+v", out)
	}
	if h := s.want("200", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p", `{"method":"cashier"}`, &out); h.Get("Idempotent-Replayed") != "true" {
		t.Error("paid anew")
	}
	report := func(amount int, key string) string {
		body := fmt.Appendf(nil, `{"out_trade_no":%q,"payment_no":"n","kind":"payment","amount_fen":%d,"status":"succeeded","at":%q}`,
			out.Payment.ID, amount, s.Clock.Now().Format(time.RFC3339Nano))
		stamp := fmt.Sprint(s.Clock.Now().Unix())
		mac := hmac.New(sha256.New, []byte(key))
		fmt.Fprintf(mac, "%s.%s", stamp, body)
		req, err := http.NewRequestWithContext(s.Ctx, "POST", s.url+"/callbacks/payments", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Bank-Signature", "t="+stamp+",v1="+hex.EncodeToString(mac.Sum(nil)))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var p struct{ Code string }
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", p.Code))
	}
	for want, got := range map[string]string{"401 callback.signature": report(1000, "wrong"), "409 payment.amount_mismatch": report(999, ordertest.CallbackKey)} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	s.want("413 too_large body", "", "POST", "/callbacks/payments", "", strings.Repeat(" ", 1<<20+1), nil)
	s.want("404 not_found", "", "POST", "/callbacks/wechatpay", "", "{}", nil) // it is off
	s.want("422 validation channel", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p1", `{"method":"cashier","channel":"wechatpay"}`, nil)
	s.want("422 validation instalments", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p1", `{"method":"bound_card","card_id":"card","instalments":1}`, nil)
	s.want("200", s.viewer, "GET", "/orders/"+o.ID+"/instalments", "", "", nil)
	var channels struct{ Items []string }
	s.want("200", s.viewer, "GET", "/payment-channels", "", "", &channels)
	if fmt.Sprint(channels.Items) != "[bankbox]" {
		t.Errorf("%v", channels.Items)
	}
	for range 2 {
		if got := report(1000, ordertest.CallbackKey); got != "200" {
			t.Errorf("a good callback: %s", got)
		}
	}
	s.want("409 order.not_payable", s.viewer, "POST", "/orders/"+o.ID+"/pay", "p2", `{"method":"cashier"}`, nil)
	s.want("422 validation amount_fen", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":0,"reason":"x"}`, nil)
	s.want("409 refund.exceeds amount_fen", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":1001,"reason":"x"}`, nil)
	s.want("201", s.viewer, "POST", "/orders/"+o.ID+"/refunds", "r", `{"amount_fen":400,"reason":"不想要了"}`, nil)
	s.RunTasks()
	s.want("200", s.viewer, "GET", "/orders/"+o.ID, "", "", &o)
	if o.Status != "paid" || o.Refunded != 400 {
		t.Errorf("%+v", o)
	}
}
