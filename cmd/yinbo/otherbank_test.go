package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/id"
)

// objects are real ones of the demo bank, by the part of the path that names
// them.
func (p *product) objects(t *testing.T) map[string]string {
	t.Helper()
	var products struct{ Items []struct{ ID string } }
	var rooms struct {
		Items []struct {
			ID   string
			Host struct{ ID string }
		}
	}
	p.get(t, "", "/rooms?status=live", 200, &rooms)
	p.get(t, "", "/products", 200, &products)
	room := rooms.Items[0].ID
	out := map[string]string{"rooms": room, "hosts": rooms.Items[0].Host.ID, "products": products.Items[0].ID, "flash": p.liveFlash(t, room)}

	number := phone()
	viewer := p.signIn(t, number)
	var o order1
	p.post(t, viewer, "/flash/"+out["flash"]+"/orders", map[string]any{"quantity": 1, "address": map[string]any{"name": "甲",
		"phone": number, "province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "一号"}}, 201, &o)
	out["orders"] = o.ID
	var kept struct{ ID string }
	p.post(t, viewer, "/addresses", map[string]any{"name": "甲", "phone": number, "province": "浙江省", "city": "杭州市", "district": "", "street": "一号"}, 201, &kept)
	out["addresses"] = kept.ID
	var cards struct {
		Items []struct {
			ID       string
			Consents []struct{ Document, Version string }
		}
	}
	p.get(t, "", "/card-products", 200, &cards)
	var consents []any
	for _, c := range cards.Items[0].Consents {
		consents = append(consents, map[string]any{"document": c.Document, "version": c.Version})
	}
	var app struct{ ID string }
	p.post(t, viewer, "/applications", map[string]any{"card_product_id": cards.Items[0].ID, "consents": consents,
		"applicant": map[string]any{"name": "甲乙", "id_no": "440524188001010014", "phone": number, "city_code": "440500"}}, 201, &app)
	out["applications"], out["leads"], out["card-products"] = app.ID, app.ID, cards.Items[0].ID
	var cost struct{ ID string }
	p.post(t, p.staff(t, "demo", "operator"), "/funnel/costs", map[string]any{"by": "product", "value": cards.Items[0].ID, "kind": "other",
		"from": "2026-03-01", "to": "2026-03-02", "amount_fen": 100}, 201, &cost)
	out["costs"] = cost.ID
	var hold struct{ ID string }
	p.post(t, p.staff(t, "demo", "risk"), "/holds", map[string]any{"object_id": out["orders"], "reason": "法院调查"}, 201, &hold)
	out["holds"] = hold.ID

	var batches struct{ Items []struct{ ID string } }
	p.get(t, p.staff(t, "demo", "operator"), "/shop/coupon-batches", 200, &batches)
	out["coupon-batches"] = batches.Items[0].ID
	finance := p.staff(t, "demo", "finance")
	var list struct{ Items []struct{ ID string } }
	p.get(t, finance, "/settlements", 200, &list)
	out["settlements"] = list.Items[0].ID
	p.get(t, finance, "/reconciliations", 200, &list)
	out["reconciliations"] = list.Items[0].ID
	out["card-products"] = cards.Items[0].ID
	var share struct{ ID string }
	p.post(t, p.staff(t, "demo", "operator"), "/share-codes", map[string]any{"kind": "room", "room_id": room}, 201, &share)
	out["share-codes"] = share.ID
	p.get(t, finance, "/ledger/entries", 200, &list)
	out["ledger/entries"] = list.Items[0].ID
	p.post(t, finance, "/ledger/adjustments", map[string]any{"reason": "更正", "postings": []any{
		map[string]any{"account": "cash", "debit_fen": 1, "credit_fen": 0}, map[string]any{"account": "suspense", "debit_fen": 0, "credit_fen": 1}}}, 201, &kept)
	out["proposals"] = kept.ID
	p.post(t, finance, "/statements", map[string]any{"date": "2026-01-02", "channel": "bankbox", "name": "x.csv"}, 201, &kept)
	out["statements"] = kept.ID
	out["invoices"] = p.invoice(t)
	p.screeningObjects(t, out)
	p.staffObjects(t, out)
	p.shopObjects(t, out)
	p.playObjects(t, room, out)
	return out
}

// invoice asks for one of a settlement, the oldest, which two people agree to first.
func (p *product) invoice(t *testing.T) string {
	t.Helper()
	maker := p.staff(t, "demo", "finance")
	var drafts struct{ Items []struct{ ID string } }
	p.get(t, maker, "/settlements?status=draft", 200, &drafts)
	settlementID := drafts.Items[len(drafts.Items)-1].ID
	p.post(t, maker, "/settlements/"+settlementID+"/submit", nil, 200, nil)
	p.post(t, p.staff(t, "demo", "finance_checker"), "/settlements/"+settlementID+"/approve", nil, 200, nil)
	var v struct{ ID string }
	p.post(t, maker, "/settlements/"+settlementID+"/invoices", map[string]any{"kind": "sales"}, 201, &v)
	return v.ID
}

// screeningObjects adds those of the risk people.
func (p *product) screeningObjects(t *testing.T, out map[string]string) {
	t.Helper()
	risk := p.staff(t, "demo", "risk")
	var v struct{ ID string }
	p.post(t, risk, "/screening/versions", map[string]any{"name": "x"}, 201, &v)
	out["versions"] = v.ID
	p.post(t, risk, "/screening/versions/"+v.ID+"/dry-runs", map[string]any{"leads": 1}, 201, &v)
	out["dry-runs"] = v.ID
	p.post(t, risk, "/screening/lists", map[string]any{"list": "black", "kind": "ip", "value": "192.0.2.1", "reason": "x"}, 201, &v)
	out["lists"] = v.ID
}

// staffObjects adds a member of staff and a change that waits.
func (p *product) staffObjects(t *testing.T, out map[string]string) {
	t.Helper()
	admin := p.staff(t, "demo", "admin")
	var members struct{ Items []struct{ ID string } }
	p.get(t, admin, "/staff?q=reviewer2", 200, &members)
	out["staff"] = members.Items[0].ID
	var request struct{ ID string }
	p.post(t, admin, "/staff/requests", map[string]any{"kind": "roles", "staff_id": out["staff"], "roles": []string{"reviewer", "operator"}, "reason": "x"}, 201, &request)
	out["requests"] = request.ID
}

// playObjects adds what a room plays and its rundown has.
func (p *product) playObjects(t *testing.T, room string, out map[string]string) {
	t.Helper()
	operator := p.staff(t, "demo", "operator")
	var batches struct {
		Items []struct {
			ID        string
			GrantedBy string `json:"granted_by"`
		}
	}
	p.get(t, operator, "/shop/coupon-batches?state=open", 200, &batches)
	batch := ""
	for _, b := range batches.Items {
		if b.GrantedBy == "drop" {
			batch = b.ID
		}
	}
	host := "/host/rooms/" + room
	var drop struct {
		ID string `json:"drop_id"`
	}
	p.post(t, operator, host+"/coupons", map[string]any{"batch_id": batch, "quantity": 1, "seconds": 600}, 201, &drop)
	var packet struct {
		ID string `json:"packet_id"`
	}
	p.post(t, operator, host+"/red-packets", map[string]any{"batch_id": batch, "title": "红包", "total_fen": 10, "shares": 2, "seconds": 600}, 201, &packet)
	var lottery struct {
		ID string `json:"lottery_id"`
	}
	p.post(t, operator, host+"/lotteries", map[string]any{"title": "抽奖", "entry_rule": "none", "seconds": 600,
		"prizes": []any{map[string]any{"title": "大米", "quantity": 1, "batch_id": nil}}}, 201, &lottery)
	var poll struct {
		ID string `json:"poll_id"`
	}
	p.post(t, operator, host+"/polls", map[string]any{"question": "?", "options": []string{"a", "b"}, "seconds": 600}, 201, &poll)
	var plan struct{ Cues []struct{ ID string } }
	p.call(t, operator, http.MethodPut, host+"/rundown", map[string]any{"cues": []any{map[string]any{"after_seconds": 80000, "notice": map[string]any{"text": "x"}}}}, 200, &plan)
	out["coupon-drops"], out["red-packets"], out["lotteries"], out["polls"], out["cues"] = drop.ID, packet.ID, lottery.ID, poll.ID, plan.Cues[0].ID
}

// shopObjects adds those of the shop's keeping.
func (p *product) shopObjects(t *testing.T, out map[string]string) {
	t.Helper()
	operator := p.staff(t, "demo", "operator")
	var list struct{ Items []struct{ ID string } }
	for _, part := range []string{"categories", "merchants"} {
		p.get(t, operator, "/shop/"+part, 200, &list)
		out[part] = list.Items[0].ID
	}
	var entries struct {
		Items []struct{ SKUs []struct{ ID string } }
	}
	p.get(t, operator, "/shop/products", 200, &entries)
	out["skus"] = entries.Items[0].SKUs[0].ID
	var change struct {
		ID      string
		Account struct{ ID string }
	}
	p.post(t, operator, "/merchants/changes", map[string]any{"kind": "account", "merchant_id": out["merchants"], "reason": "x",
		"account": map[string]any{"holder": "商户", "bank_name": "某银行", "number": "6222020200001234"}}, 201, &change)
	out["changes"], out["accounts"] = change.ID, change.Account.ID
	var job struct{ ID string }
	p.post(t, operator, "/shop/imports", map[string]any{"kind": "products", "name": "f.csv"}, 201, &job)
	out["imports"] = job.ID
}

// Another bank's object, and another viewer's, is 404: existence is not leaked.
func TestAnotherBanksObjectsAreNotFound(t *testing.T) {
	p := startProduct(t)
	_, all := readOperations(t, p)
	objects := p.objects(t)
	theirs := p.otherViewer(t)
	seen := 0
	for _, o := range all {
		for part, objectID := range objects {
			if !strings.Contains(o.path, "/"+part+"/{id}") || o.signed {
				continue
			}
			seen++
			path := strings.NewReplacer("{id}", objectID, "{event_id}", id.New(id.Event), "{sku_id}", id.New(id.SKU), "{no}", "1").Replace(o.path)
			if slices.Contains(o.query, "amount_fen") {
				path += "?amount_fen=1"
			}
			h := http.Header{"X-Bank": {"other"}, "Idempotency-Key": {id.New(id.Event)}}
			switch {
			case len(o.roles) > 0:
				h.Set("Authorization", "Bearer "+p.staff(t, "other", o.roles[0]))
			case !o.public:
				h.Set("Authorization", "Bearer "+theirs)
			}
			status, _, raw := p.send(t, o.method, path, h, o.example())
			// A body that only the object's own rules could judge may be refused first.
			if status != http.StatusNotFound && !(status == http.StatusUnprocessableEntity && o.body != nil) {
				t.Errorf("%s at another bank: %d %s", o, status, raw)
			}
			if !o.public && len(o.roles) == 0 { // another viewer of the same bank
				h.Set("Authorization", "Bearer "+p.viewer(t))
				h.Set("Idempotency-Key", id.New(id.Event))
				status, _, raw := p.send(t, o.method, path, h, o.example())
				own := part != "orders" && part != "applications"
				if !own && status != http.StatusNotFound && !(status == http.StatusUnprocessableEntity && o.body != nil) {
					t.Errorf("%s by another viewer: %d %s", o, status, raw)
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d operations were tried", seen)
	}
}

// otherViewer signs in at the other bank.
func (p *product) otherViewer(t *testing.T) string {
	t.Helper()
	number := phone()
	h := http.Header{"X-Bank": {"other"}}
	if status, _, raw := p.send(t, http.MethodPost, "/auth/otp", h, map[string]string{"phone": number}); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, raw)
	}
	status, _, raw := p.send(t, http.MethodPost, "/auth/otp/verify", h, map[string]string{"phone": number, "code": p.code(t, number)})
	_, token, found := strings.Cut(string(raw), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	if status != http.StatusOK || !found {
		t.Fatalf("%d %s", status, raw)
	}
	return token
}
