package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/order/catalog"
)

// branches makes two branches, one with an outlet below it, people of them, and a
// lead of each.
func (d *department) branches(t *testing.T) (leads map[string]string) {
	t.Helper()
	d.ids["west"], d.ids["outlet"], d.ids["east"] = id.New(id.Branch), id.New(id.Branch), id.New(id.Branch)
	leads = map[string]string{}
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		return tx.Insert(d.ctx, "branch (id, bank_id, parent_id, name, created_at)", [][]any{{d.ids["west"], d.bank.ID, nil, "西", tx.Now},
			{d.ids["outlet"], d.bank.ID, d.ids["west"], "西网点", tx.Now}, {d.ids["east"], d.bank.ID, nil, "东", tx.Now}}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, branch := range []string{"west", "outlet", "east", ""} {
		phone := fmt.Sprint("1381234560", i)
		d.signIn(phone)
		leads[branch] = d.apply(phone, idNo(i))["id"].(string)
		d.exec(t, "UPDATE application SET branch_id = ? WHERE id = ?", orNull(d.ids[branch]), leads[branch])
	}
	for name, role := range map[string]auth.Role{"west-reviewer": auth.Reviewer, "west-supervisor": auth.Supervisor, "east-reviewer": auth.Reviewer, "west-risk": auth.Risk} {
		branch, _, _ := strings.Cut(name, "-")
		err := d.db.InTx(d.ctx, func(tx *db.Tx) (err error) {
			d.ids[name], err = d.people.CreateStaff(d.ctx, tx, d.bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Branch: d.ids[branch], Roles: []auth.Role{role}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		in, err := d.people.Login(d.ctx, d.bank, name, "pass-"+name, "")
		if err != nil {
			t.Fatal(err)
		}
		d.tokens[name] = in.Access
	}
	return leads
}

// idNo is a well-formed number of a person of 1990.
func idNo(n int) string {
	digits := fmt.Sprintf("11010519900101%03d", n)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (d *department) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(d.ctx, query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// seen are the leads that a list shows.
func (d *department) seen(who, query string) []string {
	d.t.Helper()
	var ids []string
	for _, v := range d.do(who, "GET", "/leads"+query, nil, 200)["items"].([]any) {
		ids = append(ids, v.(map[string]any)["id"].(string))
	}
	slices.Sort(ids)
	return ids
}

// acts on a lead, with a body that each takes.
var leadActs = map[string]any{
	"GET ": nil, "POST /claim": nil, "POST /renew": nil, "POST /release": nil, "POST /notes": map[string]any{"text": "x"},
	"POST /assign":           map[string]any{"staff_id": "west-reviewer"},
	"POST /request-info":     map[string]any{"fields": []string{"employer"}, "message": "x"},
	"POST /decide":           map[string]any{"decision": "approve", "reason_code": "meets_policy"},
	"POST /reveal":           map[string]any{"fields": []string{"name"}, "reason": "x"},
	"POST /confirm":          map[string]any{},
	"POST /turn-down":        map[string]any{"comment": "x"},
	"POST /reopen":           map[string]any{"comment": "x"},
	"GET /screening":         nil,
	"POST /screening/replay": map[string]any{},
}

func TestStaffOfABranchSeeItsLeadsAndThoseBelow(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		leads := d.branches(t)
		inWest := []string{leads["west"], leads["outlet"]}
		slices.Sort(inWest)
		all := slices.Sorted(maps.Values(leads))
		for _, c := range []struct {
			who, query string
			want       []string
		}{{"reviewer", "", all}, {"west-reviewer", "", inWest}, {"west-supervisor", "", inWest}, {"east-reviewer", "", []string{leads["east"]}},
			{"reviewer", "?branch=" + d.ids["west"], inWest}, {"reviewer", "?branch=" + d.ids["outlet"], []string{leads["outlet"]}},
			{"west-reviewer", "?branch=" + d.ids["east"], nil}, {"west-reviewer", "?branch=" + d.ids["outlet"], []string{leads["outlet"]}},
			{"west-reviewer", "?sort=oldest&status=queued", inWest}, {"reviewer", "?branch=" + id.New(id.Branch), nil},
			{"west-reviewer", "?q=" + leads["east"], nil}, {"west-reviewer", "?q=13812345602", nil}, {"west-reviewer", "?q=5602", nil}} {
			if got := d.seen(c.who, c.query); !slices.Equal(got, c.want) {
				t.Errorf("%s sees with %q: %v, want %v", c.who, c.query, got, c.want)
			}
		}
		if found := d.do("west-reviewer", "POST", "/leads/search", map[string]any{"field": "phone", "value": "13812345602"}, 200)["items"].([]any); len(found) != 0 {
			t.Errorf("a search shows another branch's: %v", found)
		}
		raw, _ := d.raw("west-supervisor", "GET", "/leads/export", "application/json", nil, 200)
		if file := string(raw); strings.Contains(file, leads["east"]) || strings.Contains(file, leads[""]) || !strings.Contains(file, leads["outlet"]) {
			t.Errorf("the export of a branch:\n%s", file)
		}
		for _, strange := range []string{leads["east"], leads[""]} {
			for act, body := range leadActs {
				if m, ok := body.(map[string]any); ok && m["staff_id"] != nil {
					body = map[string]any{"staff_id": d.ids["west-reviewer"]}
				}
				method, end, _ := strings.Cut(act, " ")
				if out := d.do("west-supervisor", method, "/leads/"+strange+end, body, 404); out["code"] != "not_found" {
					t.Errorf("%s: %v", act, out)
				}
			}
			out := d.do("west-supervisor", "POST", "/leads/assign", map[string]any{"lead_ids": []string{strange, leads["west"]}, "staff_id": d.ids["west-reviewer"]}, 200)
			for _, r := range out["items"].([]any) {
				r := r.(map[string]any)
				if ours := r["lead_id"] == leads["west"]; ours != (r["result"] == "assigned") || !ours && r["code"] != "not_found" {
					t.Errorf("%v", r)
				}
			}
		}
		// Nobody is given what they do not see, and what is the whole bank's is not a branch's.
		d.do("supervisor", "POST", "/leads/"+leads["east"]+"/assign", map[string]any{"staff_id": d.ids["west-reviewer"]}, 422)
		for _, act := range []string{"POST /review/queues", "POST /leads/differences/compare", "GET /leads/handoffs"} {
			method, path, _ := strings.Cut(act, " ")
			if out := d.do("west-supervisor", method, path, body(method, act), 403); out["code"] != "auth.head_office" {
				t.Errorf("%s: %v", act, out)
			}
		}
		if out := d.do("west-risk", "GET", "/screening/versions", nil, 403); out["code"] != "auth.head_office" {
			t.Errorf("%v", out)
		}
		// A queue of no branch is the head office's; its figures too.
		d.do("supervisor", "POST", "/review/queues", map[string]any{"name": "all", "position": 1, "members": []string{}}, 201)
		d.do("supervisor", "POST", "/review/queues", map[string]any{"name": "outlet", "position": 0, "branch_id": d.ids["outlet"], "members": []string{}}, 201)
		if queues := d.do("west-supervisor", "GET", "/review/queues", nil, 200)["items"].([]any); len(queues) != 1 {
			t.Errorf("%v", queues)
		}
		// Who works for another branch is not told either.
		people := map[string]bool{}
		for _, v := range d.do("west-supervisor", "GET", "/review/reviewers", nil, 200)["items"].([]any) {
			people[v.(map[string]any)["id"].(string)] = true
		}
		if people[d.ids["east-reviewer"]] || !people[d.ids["west-reviewer"]] || len(people) < 3 {
			t.Errorf("the reviewers that a branch sees: %v", people)
		}
		d.do("west-reviewer", "POST", "/leads/"+leads["outlet"]+"/claim", nil, 200)
	})
}

func body(method, act string) any {
	switch {
	case method == http.MethodGet:
		return nil
	case strings.HasSuffix(act, "compare"):
		return map[string]any{"day": "2026-01-01"}
	}
	return map[string]any{"name": "x", "position": 1, "members": []string{}}
}

// tokenOf signs in an operator of a branch.
func (s *shop) tokenOf(branch string) string {
	s.T.Helper()
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		_, err := s.people.CreateStaff(s.Ctx, tx, s.Bank.ID, auth.NewStaff{Username: branch, Name: "运营", Password: "pass-of-a-branch", Branch: branch, Roles: []auth.Role{auth.Operator}})
		return err
	})
	if err != nil {
		s.T.Fatal(err)
	}
	in, err := s.people.Login(s.Ctx, s.Bank, branch, "pass-of-a-branch", "")
	if err != nil {
		s.T.Fatal(err)
	}
	return in.Access
}

// An order is of the branch of the room that it was placed in; one of no room is
// the head office's.
func TestStaffOfABranchSeeTheOrdersOfItsRooms(t *testing.T) {
	s := newShop(t)
	west, east := s.branch("西"), s.branch("东")
	outlet := s.branch("西网点")
	orders := map[string]string{}
	sku := s.SKU(catalog.Physical, 2000, 50)
	for i, branch := range []string{west, outlet, east, ""} {
		var o seen
		s.want("201", s.viewer, "POST", "/orders", fmt.Sprint("scope", i), `{"items":[{"sku_id":"`+sku+`","quantity":1}],"address":`+delivery+`}`, &o)
		orders[branch] = o.ID
		err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(s.Ctx, "UPDATE branch SET parent_id = ? WHERE id = ?", west, outlet); err != nil || branch == "" {
				return err
			}
			room := id.New(id.Room)
			if err := tx.Insert(s.Ctx, "room (id, bank_id, title, cover_url, status, host_id, host_name, branch_id, playback_url, starts_at, epoch, created_at)",
				[][]any{{room, s.Bank.ID, "专场", "", "ended", "stf_x", "主播", branch, "", tx.Now, id.New(id.Event), tx.Now}}, ""); err != nil {
				return err
			}
			_, err := tx.Exec(s.Ctx, "UPDATE orders SET room_id = ? WHERE id = ?", room, o.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	acts := map[string]string{"GET ": "", "POST /reveal": `{"reason":"核对"}`, "POST /ship": `{"carrier":"顺丰","tracking_no":"SF9"}`,
		"PUT /shipment": `{"carrier":"顺丰","tracking_no":"SF9"}`, "POST /complete": "", "POST /cancel": `{"reason":"x"}`, "POST /refunds": `{"amount_fen":1,"reason":"x"}`}
	for _, c := range []struct {
		token string
		sees  []string
	}{{s.operator, []string{west, outlet, east, ""}}, {s.tokenOf(west), []string{west, outlet}}, {s.tokenOf(outlet), []string{outlet}}, {s.tokenOf(east), []string{east}}} {
		var page struct{ Items []seen }
		s.want("200", c.token, "GET", "/shop/orders?limit=50", "", "", &page)
		if len(page.Items) != len(c.sees) {
			t.Errorf("sees %d orders, want those of %v", len(page.Items), c.sees)
		}
		for branch, order := range orders {
			if slices.Contains(c.sees, branch) {
				s.want("200", c.token, "GET", "/shop/orders/"+order, "", "", nil)
				continue
			}
			for act, body := range acts {
				method, end, _ := strings.Cut(act, " ")
				s.want("404 not_found", c.token, method, "/shop/orders/"+order+end, id.New(id.Event), body, nil)
			}
			s.want("200", c.token, "GET", "/shop/orders?q="+order, "", "", &page)
			if len(page.Items) != 0 {
				t.Errorf("a search shows another branch's order")
			}
		}
	}
	s.want("403 auth.head_office", s.tokenOf(s.branch("北")), "POST", "/shop/categories", "", `{"name":"x"}`, nil)
}

// The catalogue and the batches of coupons are the head office's to keep; a branch
// reads them whole, for what its rooms sell.
func TestABranchReadsTheCatalogueAndChangesNothingOfIt(t *testing.T) {
	s := newShop(t)
	west, east := s.tokenOf(s.branch("西")), s.branch("东")
	s.SKU(catalog.Physical, 2000, 50)
	var all, read struct{ Items []struct{ ID string } }
	s.want("200", s.operator, "GET", "/shop/products", "", "", &all)
	product := "/shop/products/" + all.Items[0].ID
	s.want("200", s.operator, "PATCH", product, "", `{"branch_id":"`+east+`"}`, nil)
	s.want("200", west, "GET", "/shop/products", "", "", &read)
	if len(read.Items) != len(all.Items) {
		t.Errorf("reads %d products of %d", len(read.Items), len(all.Items))
	}
	for _, path := range []string{product, "/shop/categories", "/shop/merchants", "/shop/coupon-batches"} {
		s.want("200", west, "GET", path, "", "", nil)
	}
	for act, body := range map[string]string{"PATCH " + product: `{"title":"x"}`, "POST " + product + "/hide": "", "POST /shop/coupon-batches/x/open": ""} {
		method, path, _ := strings.Cut(act, " ")
		s.want("403 auth.head_office", west, method, path, "", body, nil)
	}
}
