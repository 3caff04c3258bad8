package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
)

// field is the first field that a problem names.
func field(problem map[string]any) (name, message string) {
	errors, _ := problem["errors"].([]any)
	if len(errors) == 0 {
		return "", ""
	}
	first := errors[0].(map[string]any)
	return first["field"].(string), first["message"].(string)
}

// The whole way over HTTP: draft, test, dry run, submit, approve, replay.
func TestScreeningRulesOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		lead := d.apply(holder, holderID)["id"].(string)
		versions := d.do("auditor", "GET", "/screening/versions", nil, 200)["items"].([]any)
		first := versions[0].(map[string]any)
		if len(versions) != 1 || first["state"] != "active" || first["created_by"] != nil {
			t.Fatalf("%v", versions)
		}
		for _, who := range []string{"auditor", "supervisor"} {
			d.do(who, "POST", "/screening/versions", map[string]any{"name": "x"}, 403)
		}
		d.do("reviewer", "GET", "/screening/versions", nil, 403)
		v := d.do("risk", "POST", "/screening/versions", map[string]any{"name": "七十岁以上"}, 201)
		path := "/screening/versions/" + v["id"].(string)

		rules := v["rules"].([]any)
		with := func(when string) map[string]any {
			return map[string]any{"revision": v["revision"], "name": "七十岁以上", "note": "", "cases": []any{},
				"rules": append(rules[:len(rules):len(rules)], map[string]any{"id": "old", "name": "老人", "when": when, "verdict": "refer", "reason_code": "age"})}
		}
		p := d.do("risk", "PUT", path, with("age >= 70 &&\n agee > 1"), 422)
		if name, message := field(p); name != "rules[11].when" || !strings.Contains(message, "line 2, column 2") {
			t.Errorf("%s: %s", name, message)
		}
		if name, _ := field(d.do("risk", "PUT", path, with(""), 422)); name != "rules[11].when" {
			t.Errorf("named %s", name)
		}
		v = d.do("risk", "PUT", path, with("age >= 70"), 200)
		if p := d.do("risk2", "PUT", path, with("false"), 200); p["revision"] == v["revision"] {
			t.Errorf("%v", p)
		}
		if p := d.do("risk", "PUT", path, with("age >= 70"), 409); p["code"] != "screening.outdated" {
			t.Errorf("%v", p)
		}
		v = d.do("risk", "GET", path, nil, 200)
		v = d.do("risk", "PUT", path, with("age >= 70"), 200)
		if out := d.do("risk", "POST", path+"/test", nil, 200); out["passed"] != true {
			t.Errorf("%v", out)
		}
		run := d.do("risk", "POST", path+"/dry-runs", map[string]any{"leads": 100}, 201)["id"].(string)
		d.work("the dry run", func() bool { return d.do("supervisor", "GET", "/screening/dry-runs/"+run, nil, 200)["state"] == "done" })
		if out := d.do("risk", "GET", "/screening/dry-runs/"+run, nil, 200); out["done"] != 1.0 || out["changed"] != 0.0 {
			t.Errorf("%v", out) // 77 years old: referred then as now
		}
		d.do("risk", "GET", "/screening/dry-runs/"+run+"/changes", nil, 200)

		act := map[string]any{"revision": v["revision"]}
		d.do("risk", "POST", path+"/submit", act, 200)
		if p := d.do("risk", "POST", path+"/approve", act, 403); p["code"] != "screening.same_person" {
			t.Errorf("%v", p)
		}
		d.do("auditor", "POST", path+"/approve", act, 403)
		// Two checkers at once, at two nodes: one puts it in force.
		d.hire("risk3", auth.Risk)
		second := d.node()
		got := atOnce(func() (int, []byte, http.Header) { return d.try(d.url+path+"/approve", "supervisor", "POST", nil, act) },
			func() (int, []byte, http.Header) { return d.try(second+path+"/approve", "risk3", "POST", nil, act) },
			func() (int, []byte, http.Header) { return d.try(second+path+"/approve", "risk2", "POST", nil, act) }) // who wrote some of it
		if got[2] != "403 screening.same_person" && got[2] != "409 conflict" {
			t.Errorf("who wrote it: %v", got)
		}
		slices.Sort(got[:2])
		if !slices.Equal(got[:2], []string{"200", "409 conflict"}) {
			t.Errorf("%v", got)
		}
		if v = d.do("risk", "GET", path, nil, 200); v["state"] != "active" || v["created_name"] != "risk" || v["submitted_name"] != "risk" ||
			v["approved_name"] != "supervisor" && v["approved_name"] != "risk3" {
			t.Errorf("%v", v)
		}
		dec := d.do("risk", "GET", "/leads/"+lead+"/screening", nil, 200)
		if dec["version_no"] != 1.0 || dec["verdict"] != "refer" {
			t.Errorf("%v", dec)
		}
		again := d.do("auditor", "POST", "/leads/"+lead+"/screening/replay", map[string]any{}, 200)
		if again["same"] != true {
			t.Errorf("%v", again)
		}
		d.do("reviewer", "GET", "/leads/"+lead+"/screening", nil, 403)
		d.do("risk", "GET", "/leads/"+v["id"].(string)+"/screening", nil, 404)
		d.do("risk", "POST", "/leads/"+lead+"/screening/replay", map[string]any{"version_id": lead}, 404)
		detail := d.do("reviewer", "GET", "/leads/"+lead, nil, 200)
		for _, raw := range detail["screening_results"].([]any) {
			r := raw.(map[string]any)
			if (r["verdict"] == "refer") != (r["rule"] == "age_senior") || r["name"] == "" || r["reason_code"] == "" || r["version"] != "1" {
				t.Errorf("%v", r)
			}
		}
		if log := d.do("auditor", "GET", "/audit?action=screening.approved", nil, 200)["items"].([]any); len(log) != 1 {
			t.Errorf("%v", log)
		}
	})
}

func TestListsAndIntakeOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		entry := map[string]any{"list": "black", "kind": "person", "value": holderID, "reason": "欺诈"}
		d.do("auditor", "POST", "/screening/lists", entry, 403)
		e := d.do("risk", "POST", "/screening/lists", entry, 201)
		if p := d.do("risk", "POST", "/screening/lists", entry, 409); p["code"] != "screening.listed" {
			t.Errorf("%v", p)
		}
		entry["value"] = "1"
		if name, _ := field(d.do("risk", "POST", "/screening/lists", entry, 422)); name != "value" {
			t.Errorf("named %s", name)
		}
		raw, _ := d.raw("risk", "POST", "/screening/lists/import", "text/csv", "list,kind,value,reason\nwhite,phone,"+holder+",员工\nwhite,phone,1,员工\n", 200)
		if s := string(raw); !strings.Contains(s, `"added":1`) || !strings.Contains(s, `"line":3`) || strings.Contains(s, holder) {
			t.Errorf("%s", s)
		}
		if items := d.do("supervisor", "GET", "/screening/lists?list=black", nil, 200)["items"].([]any); len(items) != 1 {
			t.Errorf("%v", items)
		}
		if items := d.do("auditor", "POST", "/screening/lists/find", map[string]any{"kind": "phone", "value": holder}, 200)["items"].([]any); len(items) != 1 {
			t.Errorf("%v", items)
		}
		d.signIn(holder)
		if app := d.apply(holder, holderID); app["status"] != "rejected" {
			t.Errorf("%v", app)
		}
		if e = d.do("risk2", "POST", "/screening/lists/"+e["id"].(string)+"/remove", map[string]any{"reason": "误报"}, 200); e["in_force"] != false {
			t.Errorf("%v", e)
		}
		d.do("risk", "POST", "/screening/lists/lse_none/remove", map[string]any{"reason": "x"}, 404)

		d.do("supervisor", "PUT", "/screening/intake", map[string]any{"long_sleep_bps": 2500, "close_over_limit": true}, 403)
		if name, _ := field(d.do("risk", "PUT", "/screening/intake", map[string]any{"long_sleep_bps": 10001, "close_over_limit": true}, 422)); name != "long_sleep_bps" {
			t.Errorf("named %s", name)
		}
		if s := d.do("risk", "PUT", "/screening/intake", map[string]any{"long_sleep_bps": 2500, "close_over_limit": true}, 200); s["closed"] != true {
			t.Errorf("%v", s)
		}
		if s := d.do("auditor", "GET", "/screening/intake", nil, 200); s["closed"] != true || s["limit_bps"] != 2000.0 {
			t.Errorf("%v", s)
		}
	})
}
