package server_test

import (
	"strings"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
)

// What the department's routes refuse: wrong roles, what is not there, what does
// not validate.
func TestReviewRoutesRefuse(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		lead := d.apply(holder, holderID)["id"].(string)
		nobody := "/leads/" + id.New(id.Application)
		for _, c := range []struct {
			who, method, path string
			body              any
			want              int
		}{
			{"reviewer", "GET", "/review/queues", nil, 403}, {holder, "GET", "/review/reviewers", nil, 403}, {"auditor", "GET", "/review/figures?from=2026-01-01&to=2026-01-01", nil, 403},
			{"", "GET", "/staff/me/views/leads", nil, 401}, {"reviewer", "GET", "/leads/handoffs", nil, 403}, {"reviewer", "GET", "/leads/differences", nil, 403},
			{"reviewer", "POST", "/leads/assign", map[string]any{"lead_ids": []string{lead}, "staff_id": d.ids["reviewer"]}, 403},
			{"supervisor", "POST", "/leads/assign", map[string]any{"lead_ids": []string{}, "staff_id": d.ids["reviewer"]}, 422},
			{"supervisor", "POST", "/leads/assign", map[string]any{"lead_ids": []string{lead}, "staff_id": d.ids["auditor"]}, 422},
			{"reviewer", "POST", nobody + "/renew", nil, 404}, {"reviewer", "POST", "/leads/" + lead + "/renew", nil, 409},
			{"reviewer", "POST", nobody + "/confirm", map[string]any{}, 404}, {"reviewer", "POST", "/leads/" + lead + "/confirm", map[string]any{}, 409},
			{"reviewer", "POST", "/leads/" + lead + "/turn-down", map[string]any{}, 422}, {"reviewer", "POST", nobody + "/reopen", map[string]any{"comment": "x"}, 404},
			{"reviewer", "POST", "/leads/" + lead + "/reopen", map[string]any{"comment": "x"}, 409}, {"reviewer", "POST", "/leads/" + lead + "/reopen", map[string]any{}, 422},
			{"reviewer", "POST", "/leads/search", map[string]any{"field": "name", "value": "张三"}, 422}, {"reviewer", "POST", "/leads/search", map[string]any{"field": "phone", "value": "138"}, 422},
			{"auditor", "POST", "/leads/search", map[string]any{"field": "phone", "value": holder}, 403},
			{"supervisor", "POST", "/leads/handoffs/evt_no/retry", nil, 404}, {"supervisor", "POST", "/leads/handoffs/evt_no/resolve", map[string]any{"reason": "x"}, 404},
			{"supervisor", "POST", "/leads/handoffs/evt_no/resolve", map[string]any{}, 422}, {"supervisor", "GET", "/leads/handoffs?state=done", nil, 422},
			{"supervisor", "POST", "/leads/differences/dif_no/resolve", map[string]any{"reason": "x"}, 404}, {"supervisor", "POST", "/leads/differences/compare", map[string]any{"day": "soon"}, 422},
			{"supervisor", "POST", "/review/queues", map[string]any{"name": "", "position": 0, "members": []string{}}, 422},
			{"supervisor", "POST", "/review/queues", map[string]any{"name": "x", "position": 0, "members": []string{"stf_no"}}, 422},
			{"supervisor", "PUT", "/review/queues/que_no", map[string]any{"name": "x", "position": 0, "members": []string{}}, 404}, {"supervisor", "DELETE", "/review/queues/que_no", nil, 404},
			{"supervisor", "PUT", "/review/reviewers/" + d.ids["auditor"], map[string]any{"capacity": 1, "on_duty": true}, 404},
			{"supervisor", "PUT", "/review/reviewers/" + d.ids["reviewer"], map[string]any{"capacity": 1001, "on_duty": true}, 422},
			{"reviewer", "DELETE", "/staff/me/views/leads/none", nil, 404}, {"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"q": holder}, "columns": []string{}}, 422},
			// A saved filter has no room for a phone number, in any of its fields.
			{"reviewer", "PUT", "/staff/me/views/leads/" + holder, map[string]any{"query": map[string]any{"status": "queued"}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"status": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"assignee": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"from": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"queue": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"room": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"product": holder}, "columns": []string{}}, 422},
			{"reviewer", "PUT", "/staff/me/views/leads/x", map[string]any{"query": map[string]any{"income_band": holder}, "columns": []string{}}, 422},
			{"supervisor", "GET", "/review/figures?from=2026-01-01", nil, 422}, {"supervisor", "GET", "/review/figures?from=2026-01-01&to=2026-03-01", nil, 422},
			{"reviewer", "POST", "/review/handovers", map[string]any{"from": "stf_no", "reason": "x"}, 422}, {"supervisor", "POST", "/review/handovers/hov_no/approve", nil, 404},
			{"reviewer", "GET", "/leads?queue=all", nil, 422}, {"reviewer", "GET", "/leads?city=1", nil, 422}, {"reviewer", "GET", "/leads?screening=bad", nil, 422},
		} {
			if p := d.do(c.who, c.method, c.path, c.body, c.want); c.want == 422 && len(p["errors"].([]any)) == 0 {
				t.Errorf("%s %s: no field is named: %v", c.method, c.path, p)
			}
		}
	})
}

// The department's way over HTTP: a queue, a search, a decision that takes two, a
// hand-over, the figures.
func TestDepartmentWorksOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		app := d.apply(holder, holderID)
		lead := app["id"].(string)
		made := d.do("supervisor", "POST", "/review/queues", map[string]any{"name": "全行", "position": 1, "members": []string{d.ids["reviewer"]}}, 201)
		d.do("supervisor", "PUT", "/review/queues/"+made["id"].(string), map[string]any{"name": "总行", "position": 1, "members": []string{d.ids["reviewer"]}}, 200)
		d.do("supervisor", "PUT", "/review/reviewers/"+d.ids["reviewer"], map[string]any{"capacity": 5, "on_duty": true}, 204)
		people := d.do("reviewer", "GET", "/review/reviewers", nil, 200)["items"].([]any)
		if len(people) != 3 {
			t.Errorf("%v", people)
		}
		if q := d.do("supervisor", "GET", "/review/queues", nil, 200)["items"].([]any); q[0].(map[string]any)["name"] != "总行" {
			t.Errorf("%v", q)
		}
		raw, header := d.raw("reviewer", "POST", "/leads/search", "application/json", map[string]any{"field": "phone", "value": holder, "reason": "来电"}, 200)
		if !strings.Contains(string(raw), lead) || strings.Contains(string(raw), holder) || !strings.Contains(header.Get("RateLimit"), "r=119") {
			t.Errorf("%s %v", raw, header)
		}
		d.do("reviewer", "PUT", "/staff/me/views/leads/今日待办", map[string]any{"query": map[string]any{"status": "queued", "sort": "oldest",
			"from": "2026-01-01", "to": "2026-01-31T00:00:00.000000Z", "assignee": d.ids["reviewer"], "queue": made["id"], "city": "310100", "income_band": "10k-20k"}, "columns": []string{}}, 204)
		if f := d.do("reviewer", "GET", "/staff/me/views/leads", nil, 200)["items"].([]any); len(f) != 1 {
			t.Errorf("%v", f)
		}
		report := d.do("supervisor", "POST", "/leads/assign", map[string]any{"lead_ids": []string{lead}, "staff_id": d.ids["reviewer"]}, 200)["items"].([]any)
		if report[0].(map[string]any)["result"] != "assigned" {
			t.Errorf("%v", report)
		}
		d.do("reviewer", "POST", "/leads/"+lead+"/renew", nil, 200)
		d.do("reviewer", "POST", "/leads/"+lead+"/decide", map[string]any{"decision": "reject", "reason_code": "risk"}, 200)
		d.do("reviewer", "POST", "/leads/"+lead+"/reopen", map[string]any{"comment": "有新材料"}, 200)
		if p := d.do("reviewer", "POST", "/leads/"+lead+"/confirm", map[string]any{}, 403); p["code"] != "lead.same_person" {
			t.Errorf("%v", p)
		}
		if v := d.do("supervisor", "POST", "/leads/"+lead+"/confirm", map[string]any{}, 200); v["status"] != "queued" || v["proposal"] != nil {
			t.Errorf("%v", v)
		}
		d.do("reviewer2", "POST", "/leads/"+lead+"/claim", nil, 200)
		v := d.do("reviewer2", "POST", "/leads/"+lead+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy"}, 200)
		if v["status"] != "in_review" || v["proposal"] == nil {
			t.Fatalf("%v", v)
		}
		d.do("reviewer", "GET", "/leads?proposed=true&sort=oldest&screening=pass&city=110105", nil, 200)
		today := v["proposal"].(map[string]any)["at"].(string)[:10]
		ask := d.do("reviewer2", "POST", "/review/handovers", map[string]any{"from": d.ids["reviewer2"], "reason": "调岗"}, 201)
		d.do("supervisor", "POST", "/review/handovers/"+ask["id"].(string)+"/reject", nil, 200)
		d.do("supervisor", "GET", "/review/handovers?state=rejected", nil, 200)
		figures := d.do("supervisor", "GET", "/review/figures?from="+today+"&to="+today, nil, 200)
		if figures["days"] == nil || len(figures["waiting"].([]any)) != 1 {
			t.Errorf("%v", figures)
		}
		d.do("supervisor", "POST", "/leads/differences/compare", map[string]any{"day": "2026-01-01"}, 200)
		d.do("supervisor", "GET", "/leads/differences?state=resolved", nil, 200)
		d.do("supervisor", "GET", "/leads/handoffs?state=pending", nil, 200)
	})
}
