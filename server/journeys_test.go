package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

func journey(text string) map[string]any {
	return map[string]any{"name": "测试", "enabled": true, "trigger": "issued", "promotion": true, "stop": []string{"bound"},
		"steps": []any{map[string]any{"after": "trigger", "wait_s": 60, "when": map[string]any{"bound": false}, "channel": "sms", "text": text}}}
}

func TestJourneysOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.hire("operator", auth.Operator)
		const good = "{bank}提醒您绑定{product}。拒收请回复T"
		for path, who := range map[string][]string{
			"GET /journeys": {"reviewer"}, "GET /journeys/bind_card": {"reviewer"}, "GET /journeys/bind_card/figures": {"reviewer"},
			"POST /journeys/test/submit": {"supervisor", "auditor"}, "POST /journeys/test/approve": {"auditor", "reviewer"},
		} {
			method, url, _ := strings.Cut(path, " ")
			for _, w := range who {
				d.do(w, method, url, nil, 403)
			}
			d.do("", method, url, nil, 401)
		}
		d.do("supervisor", "PUT", "/journeys/test/draft", journey(good), 403)
		if list := d.do("auditor", "GET", "/journeys", nil, 200)["items"].([]any); len(list) != 2 {
			t.Fatalf("built in are %v", list)
		}
		field := func(body map[string]any, name string) {
			t.Helper()
			p := d.do("operator", "PUT", "/journeys/test/draft", body, 422)
			for _, e := range p["errors"].([]any) {
				if e.(map[string]any)["field"] == name {
					return
				}
			}
			t.Errorf("%v does not name %s", p, name)
		}
		field(journey("{nobody}。拒收请回复T"), "steps[0].text")
		field(journey("没有结尾"), "steps[0].text")
		unknown := journey(good)
		unknown["colour"] = "red"
		field(unknown, "colour")
		d.do("operator", "PUT", "/journeys/Bad/draft", journey(good), 422)
		if v := d.do("operator", "PUT", "/journeys/test/draft", journey(good), 200); v["status"] != "draft" || v["version"] != 1.0 {
			t.Fatalf("%v", v)
		}
		d.do("operator", "POST", "/journeys/test/approve", nil, 403)
		d.do("operator", "POST", "/journeys/test/submit", nil, 200)
		d.do("operator", "POST", "/journeys/test/submit", nil, 409)
		if p := d.do("operator", "POST", "/journeys/test/approve", nil, 403); p["code"] != "journey.same_person" {
			t.Errorf("%v", p)
		}
		d.do("supervisor", "POST", "/journeys/test/reject", map[string]any{"reason": ""}, 422)
		if v := d.do("supervisor", "POST", "/journeys/test/approve", nil, 200); v["status"] != "active" {
			t.Errorf("%v", v)
		}
		d.do("supervisor", "POST", "/journeys/nothing/approve", nil, 404)
		d.do("operator", "GET", "/journeys/nothing", nil, 404)
		d.do("operator", "GET", "/journeys/nothing/figures", nil, 404)
		d.do("auditor", "GET", "/journeys/test/figures?days=0", nil, 422)
		if f := d.do("auditor", "GET", "/journeys/test/figures?days=3", nil, 200); f["version"] != 1.0 || len(f["steps"].([]any)) != 1 {
			t.Errorf("%v", f)
		}
		if p := d.do("operator", "POST", "/journeys/preview", map[string]any{"text": good, "channel": "sms", "promotion": true}, 200); p["text"] != "【demo】demo提醒您绑定银播联名卡。拒收请回复T" {
			t.Errorf("%v", p)
		}
	})
}

func TestAnswersAndChoicesOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		d.do("reviewer", "GET", "/privacy/promotions", nil, 403)
		d.do("", "GET", "/messages", nil, 401)
		if p := d.do("", "POST", "/callbacks/sms-replies", map[string]any{"replies": []any{}}, 401); p["code"] != "callback.signature" {
			t.Errorf("%v", p)
		}
		// As the bank's person does: an answer to a message that asks for reports.
		d.bankPost("/sms/v1/messages", map[string]any{"phone": holder, "text": "推广。拒收请回复T", "out_id": "fup_x", "notify_url": d.url + "/callbacks/sms-replies"})
		d.bankPost("/sms/v1/replies", map[string]any{"phone": holder, "text": "退 订"})
		d.work("the opt-out", func() bool { return d.do(holder, "GET", "/privacy/promotions", nil, 200)["promotions"] == false })
		messages := d.do(holder, "GET", "/messages", nil, 200)["items"].([]any)
		if len(messages) != 1 {
			t.Fatalf("%v", messages)
		}
		d.do(holder, "POST", "/messages/read", nil, 204)
		d.do(holder, "PUT", "/privacy/promotions", map[string]any{"promotions": "no"}, 422)
		if c := d.do(holder, "PUT", "/privacy/promotions", map[string]any{"promotions": true}, 200); c["promotions"] != true || c["stopped_at"] != nil {
			t.Errorf("%v", c)
		}
		d.do(holder, "PUT", "/cards/"+id.New(id.Binding)+"/default", nil, 404)
		d.do("reviewer", "PUT", "/cards/x/default", nil, 403)
	})
}

// A person reads what they agreed to and may have themselves erased: right after
// signing in, while no application is with the card system.
func TestAPersonErasesThemselves(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		d.do("reviewer", "GET", "/privacy/consents", nil, 403)
		d.do("reviewer", "POST", "/privacy/erasure", nil, 403)
		if all := d.do(holder, "GET", "/privacy/consents", nil, 200)["items"].([]any); len(all) != 0 {
			t.Errorf("%v", all)
		}
		signedIn := func(ago time.Duration) {
			err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(d.ctx, "UPDATE session SET created_at = ? WHERE kind = 'viewer'", tx.Now.Add(-ago))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		signedIn(11 * time.Minute)
		if p := d.do(holder, "POST", "/privacy/erasure", nil, 403); p["code"] != "privacy.sign_in_again" {
			t.Errorf("%v", p)
		}
		signedIn(9 * time.Minute)
		if p := d.do(holder, "POST", "/privacy/erasure", nil, 201); p["id"] == "" || p["digest"] == "" {
			t.Errorf("%v", p)
		}
		d.do(holder, "GET", "/privacy/consents", nil, 401)
		d.signIn(holder) // as somebody new
		d.do(holder, "GET", "/privacy/promotions", nil, 200)
	})
}

// hire makes another member of staff.
func (d *department) hire(name string, role auth.Role) {
	d.t.Helper()
	people, err := auth.New(d.ctx, d.db, d.keys, tenant.NewDirectory(d.db, "demo"), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	err = d.db.InTx(d.ctx, func(tx *db.Tx) (err error) {
		d.ids[name], err = people.CreateStaff(d.ctx, tx, d.bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: []auth.Role{role}})
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	t, err := people.Login(d.ctx, d.bank, name, "pass-"+name, "")
	if err != nil {
		d.t.Fatal(err)
	}
	d.tokens[name] = t.Access
}

// bankPost calls the bank on the other side.
func (d *department) bankPost(path string, body any) {
	d.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := http.Post(d.theirs.URL()+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		d.t.Fatalf("%s: %d", path, res.StatusCode)
	}
}
