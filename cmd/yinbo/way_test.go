package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
)

// The product's main job, as its people do it: over HTTP and sockets, through a
// real database, real workers and the bank on the other side.
func TestTheWholeWay(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { theWholeWay(t, startProduct(t, shortOrders)) })
	t.Run("mariadb and redis", func(t *testing.T) {
		theWholeWay(t, startProduct(t, shortOrders, realServers(t)))
	})
}

func shortOrders(c *config.Config) { c.OrderTTL = 5 * time.Second }

func realServers(t *testing.T) func(*config.Config) {
	return func(c *config.Config) {
		c.MySQLDSN = config.Secret(testkit.MariaDSN(t))
		c.RedisURL = config.Secret(testkit.RedisURL(t))
	}
}

type product1 struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	SKUs []struct {
		ID    string `json:"id"`
		Price int64  `json:"price_fen"`
	} `json:"skus"`
}

type flash1 struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Left   int64  `json:"left"`
	Total  int64  `json:"total"`
}

type order1 struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Payable int64  `json:"payable_fen"`
	Paid    int64  `json:"paid_fen"`
}

func theWholeWay(t *testing.T, p *product) {
	host := p.staff(t, "demo", "host")
	number := phone()
	viewer := p.signIn(t, number)

	// 1. The host's room.
	var goods struct{ Items []product1 }
	p.get(t, "", "/products?limit=50", 200, &goods)
	phoneSKU := goods.Items[slices.IndexFunc(goods.Items, func(g product1) bool { return g.Kind == "physical" })].SKUs[0]
	var room struct{ ID, Status string }
	p.post(t, host, "/host/rooms", map[string]any{"title": "周末专场", "starts_at": time.Now().UTC().Format(time.RFC3339)}, 201, &room)
	p.call(t, host, http.MethodPut, "/host/rooms/"+room.ID+"/shelf", map[string]any{"items": []any{map[string]any{"sku_id": phoneSKU.ID}}}, 200, nil)
	p.post(t, host, "/host/rooms/"+room.ID+"/start", nil, 200, &room)
	if room.Status != "live" {
		t.Fatalf("the room is %s", room.Status)
	}

	// 2. The viewer in the room, live as the host acts.
	s := p.join(t, room.ID, viewer, nil)
	p.post(t, host, "/host/rooms/"+room.ID+"/pin", map[string]any{"sku_id": phoneSKU.ID}, 200, nil)
	s.heard(t, "product.pinned", map[string]any{"sku_id": phoneSKU.ID})
	p.post(t, host, "/host/rooms/"+room.ID+"/notice", map[string]any{"text": "欢迎"}, 200, nil)
	s.heard(t, "notice", map[string]any{"text": "欢迎"})
	s.say(t, map[string]any{"type": "chat", "id": "c1", "text": "你好"})
	s.heard(t, "chat", map[string]any{"text": "你好"})
	s.say(t, map[string]any{"type": "like", "count": 7})
	s.heard(t, "likes", map[string]any{"total": 7.0})
	s.heard(t, "viewers", map[string]any{"count": 1.0})
	var flash flash1
	start := time.Now().Add(700 * time.Millisecond)
	p.post(t, host, "/host/rooms/"+room.ID+"/flash", map[string]any{"sku_id": phoneSKU.ID, "price_fen": 9900, "total": 2, "per_user_limit": 1,
		"starts_at": start.UTC().Format(time.RFC3339Nano), "ends_at": start.Add(time.Hour).UTC().Format(time.RFC3339Nano)}, 201, &flash)
	s.heard(t, "flash.scheduled", map[string]any{"flash_id": flash.ID})
	s.heard(t, "flash.started", map[string]any{"flash_id": flash.ID})

	// 3. Buys, pays at the cashier, and sees it without asking.
	buy := map[string]any{"quantity": 1, "room_id": room.ID, "address": map[string]any{"name": "王小明", "phone": number,
		"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路 1 号"}}
	var o order1
	p.post(t, viewer, "/flash/"+flash.ID+"/orders", buy, 201, &o)
	p.post(t, viewer, "/flash/"+flash.ID+"/orders", buy, 409, nil) // one each
	p.pay(t, viewer, o.ID)
	s.heard(t, "order.updated", map[string]any{"order_id": o.ID, "status": "paid"})
	s.heard(t, "order.ticker", nil)
	p.get(t, viewer, "/orders/"+o.ID, 200, &o)
	if o.Status != "paid" || o.Paid != 9900 {
		t.Fatalf("the order is %+v", o)
	}

	// 6. An unpaid order expires by itself and its unit is sold again.
	second := p.signIn(t, phone())
	var unpaid, again order1
	p.post(t, second, "/flash/"+flash.ID+"/orders", buy, 201, &unpaid)
	s.heard(t, "flash.sold_out", map[string]any{"flash_id": flash.ID})
	third := p.signIn(t, phone())
	p.post(t, third, "/flash/"+flash.ID+"/orders", buy, 409, nil)
	wait(t, "the unpaid order to expire", func() bool {
		p.get(t, second, "/orders/"+unpaid.ID, 200, &unpaid)
		return unpaid.Status == "cancelled"
	})
	wait(t, "the unit to be on sale again", func() bool {
		p.get(t, "", "/flash/"+flash.ID, 200, &flash)
		return flash.Left == 1
	})
	<-time.After(2 * time.Second) // the contract gives all nodes five
	p.post(t, third, "/flash/"+flash.ID+"/orders", buy, 201, &again)
	p.pay(t, third, again.ID)

	p.discounted(t, viewer, p.card(t, s, viewer, number, room.ID))
	p.settled(t, o.ID)
}

// pay pays at the cashier, as its button does.
func (p *product) pay(t *testing.T, viewer, orderID string) {
	t.Helper()
	var out struct {
		Payment struct {
			ID      string `json:"id"`
			Cashier string `json:"cashier_url"`
		} `json:"payment"`
	}
	p.post(t, viewer, "/orders/"+orderID+"/pay", map[string]any{"method": "cashier"}, 200, &out)
	status, _, raw := p.send(t, http.MethodPost, out.Payment.Cashier+"/pay", nil, nil)
	if status != 200 {
		t.Fatalf("cashier: %d %s", status, raw)
	}
	wait(t, "the order to be paid", func() bool {
		var o order1
		p.get(t, viewer, "/orders/"+orderID, 200, &o)
		return o.Status == "paid"
	})
}

const (
	applicant = "王小明"
	idNo      = "11010519491231002X"
)

// card is steps 4 and 5: applies, is reviewed, the card is issued, the
// follow-up comes, the card is bound, and no more come. It gives the bound card.
func (p *product) card(t *testing.T, s *socket, viewer, number, room string) string {
	t.Helper()
	var products struct {
		Items []struct {
			ID       string           `json:"id"`
			Consents []map[string]any `json:"consents"`
		}
	}
	p.get(t, "", "/card-products", 200, &products)
	var consents []any
	for _, c := range products.Items[0].Consents {
		consents = append(consents, map[string]any{"document": c["document"], "version": c["version"]})
	}
	form := map[string]any{"card_product_id": products.Items[0].ID, "room_id": room, "consents": consents,
		"applicant": map[string]any{"name": applicant, "id_no": idNo, "phone": number, "city_code": "330100"}}
	var app struct{ ID, Status string }
	p.post(t, viewer, "/applications", form, 201, &app)
	p.sealed(t, applicant, idNo, number)

	reviewer := p.staff(t, "demo", "reviewer")
	p.post(t, p.staff(t, "other", "reviewer"), "/leads/"+app.ID+"/claim", nil, 404, nil)
	p.post(t, reviewer, "/leads/"+app.ID+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy"}, 409, nil)
	p.post(t, reviewer, "/leads/"+app.ID+"/claim", nil, 200, nil)
	var lead map[string]any
	p.get(t, reviewer, "/leads/"+app.ID, 200, &lead)
	if text := fmt.Sprint(lead); strings.Contains(text, applicant) || strings.Contains(text, idNo) || strings.Contains(text, number) {
		t.Fatalf("the lead is not masked: %s", text)
	}
	p.post(t, p.staff(t, "demo", "reviewer2"), "/leads/"+app.ID+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy"}, 409, nil)
	p.post(t, reviewer, "/leads/"+app.ID+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy"}, 200, nil)
	wait(t, "the card to be issued", func() bool {
		p.get(t, viewer, "/applications/"+app.ID, 200, &app)
		return app.Status == "issued"
	})
	s.heard(t, "application.updated", nil)
	bindTexts := func() (n int) {
		for _, text := range p.texts(t, number) {
			if strings.Contains(text, "绑定") && !strings.Contains(text, "验证码") {
				n++
			}
		}
		return n
	}
	wait(t, "the follow-up", func() bool { return bindTexts() == 1 })

	var binding struct{ ID, Status string }
	cardPhone := phone()
	p.post(t, viewer, "/cards/bindings", map[string]any{"pan": pan("622599"), "name": applicant, "id_no": idNo, "phone": cardPhone}, 201, &binding)
	var bound struct {
		Card struct{ ID, Kind string } `json:"card"`
	}
	p.post(t, viewer, "/cards/bindings/"+binding.ID+"/confirm", map[string]any{"code": p.code(t, cardPhone)}, 200, &bound)
	wait(t, "the lead to be bound", func() bool {
		p.get(t, viewer, "/applications/"+app.ID, 200, &app)
		return app.Status == "bound"
	})
	p.sealed(t, applicant, idNo, number, pan("622599"))
	waiting, _, err := db.Value[int](t.Context(), p.node.core.db, "SELECT COUNT(*) FROM follow_up WHERE application_id = ? AND journey = 'bind_card' AND status IN ('waiting','sending')", app.ID)
	if err != nil || waiting != 0 {
		t.Fatalf("%d follow-ups still wait: %v", waiting, err)
	}
	return bound.Card.ID
}

// discounted buys in the demo's room with an instant discount, which only the
// bank's card pays, and finds itself in the room's bind rate.
func (p *product) discounted(t *testing.T, viewer, card string) {
	t.Helper()
	var rooms, coupon struct {
		ID    string
		Items []struct{ ID string }
	}
	p.get(t, "", "/rooms?status=live&limit=50", 200, &rooms)
	room := rooms.Items[len(rooms.Items)-1].ID // the oldest: the demo's
	type offer struct {
		ID   string `json:"batch_id"`
		Kind string
	}
	var offers struct{ Batches []offer }
	p.get(t, "", "/rooms/"+room+"/coupons", 200, &offers)
	at := slices.IndexFunc(offers.Batches, func(o offer) bool { return o.Kind == "instant" })
	p.post(t, viewer, "/coupons/claims", map[string]any{"batch_id": offers.Batches[at].ID}, 201, &coupon)
	var goods struct{ Items []product1 }
	p.get(t, "", "/products?limit=50", 200, &goods)
	voucher := goods.Items[slices.IndexFunc(goods.Items, func(g product1) bool { return g.Kind == "voucher" })].SKUs[0]
	n := 9900/voucher.Price + 1
	var o order1
	p.post(t, viewer, "/orders", map[string]any{"items": []any{map[string]any{"sku_id": voucher.ID, "quantity": n}}, "room_id": room,
		"coupon_ids": []string{coupon.ID}}, 201, &o)
	if o.Payable != n*voucher.Price-2000 {
		t.Fatalf("the order is %+v", o)
	}
	p.post(t, viewer, "/orders/"+o.ID+"/pay", map[string]any{"method": "cashier"}, 409, nil)
	p.post(t, viewer, "/orders/"+o.ID+"/pay", map[string]any{"method": "bound_card", "card_id": card}, 200, nil)
	wait(t, "the discounted order to be paid", func() bool {
		p.get(t, viewer, "/orders/"+o.ID, 200, &o)
		return o.Status == "paid"
	})
	var board struct {
		Payers int64 `json:"coupon_payers"`
		Rate   int64 `json:"bind_rate_bps"`
	}
	p.get(t, p.staff(t, "demo", "host"), "/host/rooms/"+room+"/board", 200, &board)
	if board.Payers != 1 || board.Rate != 10_000 {
		t.Errorf("the board says %+v", board)
	}
}

// pan is a number with a right check digit (Luhn) under a BIN.
func pan(bin string) string {
	digits := bin + "123456789"
	for sum, i := 0, 0; ; i++ {
		if i == len(digits) {
			return digits + fmt.Sprint((10-sum%10)%10)
		}
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
}

// sealed looks through every column of every table for the clear values.
func (p *product) sealed(t *testing.T, clear ...string) {
	t.Helper()
	p.eachCell(t, func(place string, cell []byte) {
		for _, v := range clear {
			if bytes.Contains(cell, []byte(v)) {
				t.Errorf("%s holds personal data in clear", place)
			}
		}
	})
}

// settled is step 7: the day's settlement adds up, one submits, another approves.
func (p *product) settled(t *testing.T, orderID string) {
	t.Helper()
	finance, checker := p.staff(t, "demo", "finance"), p.staff(t, "demo", "finance_checker")
	today := p.node.core.today(t)
	var run struct {
		Items []struct{ ID, Status string }
	}
	p.post(t, finance, "/settlements/run", map[string]any{"date": today}, 200, &run)
	if len(run.Items) == 0 {
		t.Fatal("no settlement of today")
	}
	found := false
	for _, item := range run.Items {
		var st struct {
			ID         string
			Sales      int64 `json:"sales_fen"`
			Refunds    int64 `json:"refunds_fen"`
			Commission int64 `json:"commission_fen"`
			Discounts  int64 `json:"discounts_fen"`
			Payable    int64 `json:"payable_fen"`
			Lines      []struct {
				Order      string `json:"order_id"`
				Amount     int64  `json:"amount_fen"`
				Commission int64  `json:"commission_fen"`
				Net        int64  `json:"net_fen"`
			}
		}
		p.get(t, finance, "/settlements/"+item.ID, 200, &st)
		var amount, commission, net int64
		for _, l := range st.Lines {
			amount, commission, net = amount+l.Amount, commission+l.Commission, net+l.Net
			found = found || l.Order == orderID
		}
		if amount != st.Sales-st.Refunds+st.Discounts || commission != st.Commission || net != st.Payable || net != amount-commission {
			t.Errorf("lines of %s sum to %d − %d = %d, the statement says %+v", st.ID, amount, commission, net, st)
		}
		_, _, raw := p.send(t, http.MethodGet, "/settlements/"+st.ID+"/file", http.Header{"Authorization": {"Bearer " + finance}}, nil)
		if rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(raw), "\ufeff"))).ReadAll(); err != nil || len(rows) < len(st.Lines) {
			t.Errorf("the file of %s: %d rows, %v", st.ID, len(rows), err)
		}
	}
	if !found {
		t.Errorf("order %s is in no settlement of %s", orderID, today)
	}
	first := run.Items[0].ID
	p.post(t, finance, "/settlements/"+first+"/submit", nil, 200, nil)
	p.post(t, finance, "/settlements/"+first+"/approve", nil, 403, nil)
	p.post(t, checker, "/settlements/"+first+"/approve", nil, 200, nil)
	var balance struct {
		Debit  int64 `json:"debit_fen"`
		Credit int64 `json:"credit_fen"`
	}
	p.get(t, finance, "/ledger/trial-balance?date="+today, 200, &balance)
	if balance.Debit != balance.Credit || balance.Debit == 0 {
		t.Errorf("the trial balance is %+v", balance)
	}
}

func (c *core) today(t *testing.T) string {
	b, found, err := c.banks.BySlug(t.Context(), "demo")
	if err != nil || !found {
		t.Fatal(err)
	}
	return b.BusinessDate(time.Now())
}
