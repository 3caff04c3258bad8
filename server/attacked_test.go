package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/internal/auth"
	"yinbo/internal/bankbox"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
)

// codeOf is that of a problem, "" for any other answer.
func codeOf(raw []byte) string {
	var p struct{ Code string }
	_ = json.Unmarshal(raw, &p) // what is no problem has none
	return p.Code
}

// elsewhere has a supervisor of the other bank, and a viewer, sign in.
func (d *department) elsewhere(phone string) {
	d.t.Helper()
	const name = "other-supervisor"
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		_, err := d.people.CreateStaff(d.ctx, tx, d.other.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: []auth.Role{auth.Supervisor}})
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	in, err := d.people.Login(d.ctx, d.other, name, "pass-"+name, "")
	if err != nil {
		d.t.Fatal(err)
	}
	d.tokens[name] = in.Access
	d.signInAt(d.other.Slug, phone)
}

// What a person sends in or begins is theirs: nobody else is told of it, and
// nobody else changes it, whatever the state that it is in.
func TestAnApplicationIsItsViewersAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		const neighbour, stranger = "13912345678", "13712345678"
		d.elsewhere(stranger)
		d.signIn(neighbour)
		d.signIn(holder)
		lead := d.apply(holder, holderID)["id"].(string)
		products := d.do("", "GET", "/card-products", nil, 200)["items"].([]any)
		product := products[1].(map[string]any)["id"].(string)
		draft := map[string]any{"revision": 0, "step": "person", "fields": map[string]string{"name": "张三"}}
		d.do(holder, "PUT", "/card-products/"+product+"/draft", draft, 200)
		d.do("reviewer", "POST", "/leads/"+lead+"/claim", nil, 200)
		d.do("reviewer", "POST", "/leads/"+lead+"/request-info", map[string]any{"fields": []string{"employer"}, "message": "请补充"}, 200)
		d.tokens["forged"] = d.tokens[holder][:len(d.tokens[holder])-4] + "AAAA"

		own, mine := "/applications/"+lead, "/card-products/"+product+"/draft"
		draft["revision"] = 1
		acts := []struct {
			method, path string
			body         any
		}{{"GET", own, nil}, {"POST", own + "/supplements", map[string]any{"fields": map[string]string{"employer": "别人的单位"}}}, {"POST", own + "/withdraw", nil},
			{"PUT", mine, draft}, {"DELETE", mine, nil}, {"GET", "/application-drafts", nil}, {"GET", "/applications", nil}}
		// By whom: none, who is nobody, staff, another of the bank, another bank's.
		refused := map[string]map[string]int{"": {}, "forged": {}, "reviewer": {}, "supervisor": {}, neighbour: {}, stranger: {}}
		for who, want := range refused {
			for _, act := range acts {
				switch name := act.method + " " + act.path; {
				case who == "" || who == "forged":
					want[name] = 401
				case who == "reviewer" || who == "supervisor":
					want[name] = 403
				case act.method == "GET" && act.path != own: // their own, which are none
					want[name] = 200
				case who == neighbour && act.path == mine && act.method == "PUT": // over a revision that they have not
					want[name] = 409
				case who == neighbour && act.path == mine: // theirs, which is none
					want[name] = 204
				default:
					want[name] = 404
				}
			}
		}
		testkit.Unchanged(t, d.db, "who had no right", func() {
			for who, want := range refused {
				for _, act := range acts {
					status, raw, _ := d.try(d.url+act.path, who, act.method, nil, act.body)
					if name := act.method + " " + act.path; status != want[name] {
						t.Errorf("%s by %q: %d %s, want %d", name, who, status, raw, want[name])
					}
					for _, secret := range []string{lead, "张三", "张*", "请补充", "employer"} {
						if strings.Contains(string(raw), secret) && !strings.Contains(act.path, secret) {
							t.Errorf("%s %s tells %q of %s: %s", act.method, act.path, who, secret, raw)
						}
					}
				}
			}
			for act, body := range leadActs {
				if m, ok := body.(map[string]any); ok && m["staff_id"] != nil {
					body = map[string]any{"staff_id": d.ids["reviewer"]}
				}
				method, end, _ := strings.Cut(act, " ")
				if strings.HasPrefix(end, "/screening") {
					continue // risk's
				}
				status, raw, _ := d.try(d.url+"/leads/"+lead+end, "other-supervisor", method, nil, body)
				if status != 404 || codeOf(raw) != "not_found" {
					t.Errorf("%s by another bank's supervisor: %d %s", act, status, raw)
				}
			}
		})
		// To whom it belongs, all of it is there still.
		d.do(holder, "POST", own+"/supplements", map[string]any{"fields": map[string]string{"employer": "浦东机械厂"}}, 200)
		if saved := d.do(holder, "PUT", mine, draft, 200); saved["revision"] != 2.0 {
			t.Errorf("%v", saved)
		}
	})
}

// copies are further applications like one, that were handed over.
func (d *department) copies(t *testing.T, lead string, n int) (ids []string) {
	t.Helper()
	const same = "bank_id, viewer_id, card_product_id, screening, id_no_hash, phone_hash, name_masked, id_no_masked, phone_masked, city_code, ip_hash, created_at, updated_at"
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		for i := range n {
			ids = append(ids, id.New(id.Application))
			if _, err := tx.Exec(d.ctx, "INSERT INTO application (id, receipt_no, status, "+same+") SELECT ?, ?, 'handed_off', "+same+" FROM application WHERE id = ?", ids[i], fmt.Sprint("C", i), lead); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// count is the number of rows that a query counts.
func (d *department) count(query string, args ...any) int {
	d.t.Helper()
	n, _, err := db.Value[int](d.ctx, d.db, query, args...)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// outcomes counts how often an outcome took effect.
func (d *department) outcomes(outcome string) int {
	return d.count("SELECT COUNT(*) FROM lead_event WHERE kind = 'outcome' AND detail LIKE ?", `%"outcome":"`+outcome+`"%`)
}

type outcomeReport struct {
	Items []struct {
		Line                int
		Result, Code, Field string
	}
}

func (r outcomeReport) of(result string) (n int) {
	for _, i := range r.Items {
		if i.Result == result {
			n++
		}
	}
	return n
}

// file hands a CSV file in at a node, under a key.
func (d *department) file(node, key, text string) (status int, report outcomeReport, raw []byte) {
	status, raw, _ = d.try(node+"/leads/outcomes", "supervisor", "POST", http.Header{"Content-Type": {"text/csv"}, "Idempotency-Key": {key}}, text)
	if status == 200 {
		if err := json.Unmarshal(raw, &report); err != nil {
			d.t.Error(err)
		}
	}
	return status, report, raw
}

// A file of ten thousand lines, every hundredth of them broken: each line is
// reported, what is good takes effect once, whoever sends it how often and where.
func TestAFileOfOutcomesTakesEffectOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.elsewhere("13712345678")
		second := d.node()
		d.signIn(holder)
		lead := d.apply(holder, holderID)["id"].(string)
		leads := d.copies(t, lead, 61)
		leads, last := leads[:60], leads[60]

		broken := []string{"x", `"` + leads[0] + ",issued,2026-01-01T00:00:00Z", leads[0] + ",lost,2026-01-01T00:00:00Z", "张三,issued,2026-01-01T00:00:00Z", leads[0] + ",issued"}
		text := strings.Builder{}
		text.WriteString("\ufeffapplication_id,outcome,at\r\n")
		for i := range 10_000 {
			line := leads[i%len(leads)] + ",issued,0000-01-01T00:00:00Z"
			switch {
			case i%100 == 99:
				line = broken[i/100%len(broken)]
			case i >= 5000 && i%2 == 0:
				line = leads[i%len(leads)] + ",activated,2999-01-01T00:00:00Z"
			}
			text.WriteString(line + "\r\n")
		}
		var both sync.WaitGroup
		reports := make([]outcomeReport, 2)
		for i, node := range []string{d.url, second} {
			both.Go(func() {
				status, report, raw := d.file(node, id.New(id.Event), text.String())
				if reports[i] = report; status != 200 || len(report.Items) != 10_000 {
					t.Errorf("%d: %d lines: %.300s", status, len(report.Items), raw)
				}
			})
		}
		both.Wait()
		applied := 0
		for _, r := range reports {
			applied += r.of("applied")
			if n := r.of("rejected"); n != 100 {
				t.Errorf("%d lines were rejected", n)
			}
			for i, item := range r.Items {
				if bad := i%100 == 99; item.Line != i+2 || (item.Result == "rejected") != bad || bad && item.Code == "" {
					t.Fatalf("line %d: %+v", i+2, item)
				}
			}
		}
		activated := d.outcomes("activated")
		if n := d.outcomes("issued"); n != len(leads) || activated != len(leads)/2 || applied != n+activated {
			t.Errorf("%d issued, %d activated, %d applied", n, activated, applied)
		}
		if n := d.count("SELECT COUNT(*) FROM application WHERE issued_at < created_at OR issued_at > updated_at"); n != 0 {
			t.Errorf("%d were issued before they were sent in, or are yet to be", n)
		}
		key := id.New(id.Event)
		if _, r, raw := d.file(second, key, text.String()); r.of("applied") != 0 || r.of("unchanged") != 9900 {
			t.Errorf("the file again: %.300s", raw)
		}
		testkit.Unchanged(t, d.db, "the same request", func() {
			if _, r, raw := d.file(d.url, key, text.String()); r.of("unchanged") != 9900 {
				t.Errorf("the answer again: %.300s", raw)
			}
			for what, file := range map[string]string{"another's columns": "申请号,结果\nx,y\n", "GBK": "\xc9\xea\xc7\xeb\xba\xc5,outcome,at\n", "no line": "application_id,outcome,at\n",
				"too long": text.String() + leads[0] + ",issued,2026-01-01T00:00:00Z\n"} {
				if status, _, raw := d.file(d.url, id.New(id.Event), file); status != 422 || len(raw) > 2000 {
					t.Errorf("%s: %d %.300s", what, status, raw)
				}
			}
			if status, _, raw := d.file(d.url, id.New(id.Event), strings.Repeat("x", 1<<20+1)); status != 413 {
				t.Errorf("%d %.300s", status, raw)
			}
		})
		// Another bank's are nobody's, and a line in another encoding breaks itself alone.
		status, raw, _ := d.try(d.url+"/leads/outcomes", "other-supervisor", "POST", http.Header{"Content-Type": {"text/csv"}}, "application_id,outcome,at\n"+last+",issued,2026-01-01T00:00:00Z\n")
		if status != 200 || !strings.Contains(string(raw), "outcome.application_unknown") || d.outcomes("issued") != len(leads) {
			t.Errorf("%d %s", status, raw)
		}
		_, r, raw := d.file(d.url, id.New(id.Event), "application_id,outcome,at\n\xd5\xc5\xc8\xfd,issued,2026-01-01T00:00:00Z\n"+last+",issued,2026-01-01T00:00:00Z\n")
		if len(r.Items) != 2 || r.Items[0].Field != "application_id" || r.Items[1].Result != "applied" {
			t.Errorf("%s", raw)
		}
	})
}

// signedAt is a header of the bank's for a body.
func signedAt(at time.Time, body string) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(bankbox.DefaultCallbackKey))
	mac.Write([]byte(stamp + "." + body))
	return http.Header{"X-Bank-Signature": {"t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))}}
}

// The card core's reports, as whoever has its wire may send them: once more, late,
// in another order, cut, swollen, at two nodes.
func TestReportsOfOutcomesUnderAttack(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		nodes := []string{d.url, d.node()}
		d.signIn(holder)
		lead := d.apply(holder, holderID)["id"].(string)
		leads, now := d.copies(t, lead, 8), time.Now()
		report := func(items ...string) string {
			var all []string
			for _, i := range items {
				application, outcome, _ := strings.Cut(i, " ")
				all = append(all, fmt.Sprintf(`{"application_id":%q,"outcome":%q,"card_last4":"4242","at":"2026-11-01T00:00:00Z"}`, application, outcome))
			}
			return `{"items":[` + strings.Join(all, ",") + `]}`
		}
		send := func(node string, h http.Header, body string) (int, string) {
			status, raw, _ := d.try(node+"/callbacks/card-outcomes", "", "POST", h, body)
			return status, string(raw)
		}
		good := report(leads[0] + " issued")
		testkit.Unchanged(t, d.db, "what the core did not send", func() {
			for what, c := range map[string]struct {
				header http.Header
				body   string
				want   int
			}{
				"unsigned": {nil, good, 401}, "another body's": {signedAt(now, report(leads[1]+" issued")), good, 401},
				"another key's": {http.Header{"X-Bank-Signature": {"t=" + fmt.Sprint(now.Unix()) + ",v1=" + strings.Repeat("ab", 32)}}, good, 401},
				"old":           {signedAt(now.Add(-6*time.Minute), good), good, 401}, "of the future": {signedAt(now.Add(6*time.Minute), good), good, 401},
				"cut": {signedAt(now, good[:len(good)-9]), good[:len(good)-9], 400}, "cut on its way": {signedAt(now, good), good[:len(good)-9], 401},
				"nobody's": {signedAt(now, report(id.New(id.Application)+" issued")), report(id.New(id.Application) + " issued"), 401},
				"swollen":  {signedAt(now, good+strings.Repeat(" ", 1<<20)), good + strings.Repeat(" ", 1<<20), 413},
			} {
				if status, raw := send(nodes[0], c.header, c.body); status != c.want {
					t.Errorf("%s: %d %s, want %d", what, status, raw, c.want)
				}
			}
			unknown := report(id.New(id.Application) + " issued")
			if status, raw := send(nodes[0], signedAt(now, unknown), unknown); status != 404 {
				t.Errorf("nobody's: %d %s", status, raw)
			}
		})
		// Two at once at each of two nodes, forth and back: whatever comes first, each
		// ends alike and each outcome is one effect.
		bodies := []string{report(leads[0]+" issued", leads[1]+" issued", leads[2]+" activated"), report(leads[2]+" issued", leads[1]+" activated", leads[0]+" activated")}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if status, raw := send(nodes[i%2], signedAt(now, bodies[i/2%2]), bodies[i/2%2]); status != 200 {
					t.Errorf("%d %s", status, raw)
				}
			})
		}
		all.Wait()
		if n := d.count("SELECT COUNT(*) FROM application WHERE status = 'activated'"); n != 3 || d.outcomes("activated") != 3 {
			t.Errorf("%d are activated, by %d", n, d.outcomes("activated"))
		}
		if n := d.count("SELECT COUNT(*) FROM (SELECT application_id FROM follow_up WHERE journey = 'bind_card' GROUP BY application_id, step HAVING COUNT(*) > 1) x"); n != 0 {
			t.Errorf("%d steps were planned twice", n)
		}
		// Declined after it was issued, and issued after it was declined, is said and done nothing about.
		last := report(leads[3]+" declined", leads[4]+" issued")
		send(nodes[0], signedAt(now, last), last)
		against := report(leads[3]+" issued", leads[4]+" declined", leads[0]+" declined")
		testkit.Unchanged(t, d.db, "a contradiction", func() {
			if status, raw := send(nodes[1], signedAt(now, against), against); status != 200 || strings.Count(raw, "outcome.contradicts") != 3 {
				t.Errorf("%d %s", status, raw)
			}
		})
	})
}

// inReview is a lead that was claimed by a person.
func (d *department) inReview(by string, n int) string {
	d.t.Helper()
	phone := fmt.Sprintf("1381235%04d", n)
	d.signIn(phone)
	lead := d.apply(phone, idNo(n))["id"].(string)
	if by != "" {
		d.do(by, "POST", "/leads/"+lead+"/claim", nil, 200)
	}
	return lead
}

// atOnce runs requests at the same moment and gives their statuses and codes.
func atOnce(requests ...func() (int, []byte, http.Header)) []string {
	out := make([]string, len(requests))
	var start, all sync.WaitGroup
	start.Add(1)
	for i, request := range requests {
		all.Go(func() {
			start.Wait()
			status, raw, _ := request()
			out[i] = strings.TrimSpace(fmt.Sprint(status, " ", codeOf(raw)))
		})
	}
	start.Done()
	all.Wait()
	return out
}

// Two at once, at two nodes: of claims, of decisions, of second opinions and of a
// decision and a withdrawal one wins, and the other is told that it came second.
func TestTwoWhoDecideAtOnceAtTwoNodes(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		nodes := []string{d.url, d.node()}
		d.hire("supervisor2", auth.Supervisor)
		in, err := d.people.Login(d.ctx, d.bank, "reviewer", "pass-reviewer", "")
		if err != nil {
			t.Fatal(err)
		}
		d.tokens["reviewer at home"] = in.Access
		post := func(node int, who, path string, body any) func() (int, []byte, http.Header) {
			return func() (int, []byte, http.Header) { return d.try(nodes[node]+path, who, "POST", nil, body) }
		}
		approve, reject := map[string]any{"decision": "approve", "reason_code": "meets_policy"}, map[string]any{"decision": "reject", "reason_code": "risk"}
		one := func(what string, got []string, lost ...string) {
			t.Helper()
			slices.Sort(got)
			if got[0] != "200" || !slices.Contains(lost, got[1]) {
				t.Errorf("%s: %v", what, got)
			}
		}
		for n := range 6 {
			lead := d.inReview("", n)
			path := "/leads/" + lead
			one("claims", atOnce(post(0, "reviewer", path+"/claim", nil), post(1, "reviewer2", path+"/claim", nil)), "409 lead.taken")
			one("decisions of two", atOnce(post(0, "reviewer", path+"/decide", approve), post(1, "reviewer2", path+"/decide", reject)), "409 lead.taken")
			if k := d.count("SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind = 'decided'", lead); k != 1 {
				t.Errorf("%d decisions", k)
			}

			// One person twice, by two sessions.
			lead = d.inReview("reviewer", 20+n)
			path = "/leads/" + lead
			one("decisions of one", atOnce(post(0, "reviewer", path+"/decide", approve), post(1, "reviewer at home", path+"/decide", reject)), "409 lead.taken")

			// A decision that takes two: not the same person, by whatever session; of two
			// others one.
			lead = d.inReview("reviewer", 40+n)
			path = "/leads/" + lead
			d.exec(t, "UPDATE application SET reopened = 1 WHERE id = ?", lead)
			if v := d.do("reviewer", "POST", path+"/decide", approve, 200); v["proposal"] == nil {
				t.Fatalf("%v", v)
			}
			got := atOnce(post(0, "reviewer", path+"/confirm", map[string]any{}), post(1, "reviewer at home", path+"/confirm", map[string]any{}), post(1, "reviewer at home", path+"/turn-down", map[string]any{"comment": "x"}))
			if !slices.Equal(got, []string{"403 lead.same_person", "403 lead.same_person", "403 lead.same_person"}) {
				t.Errorf("one's own second: %v", got)
			}
			one("second opinions", atOnce(post(0, "supervisor", path+"/confirm", map[string]any{}), post(1, "supervisor2", path+"/turn-down", map[string]any{"comment": "不妥"})), "409 lead.taken", "409 lead.not_proposed")

			// The applicant withdraws at that moment.
			lead = d.inReview("reviewer", 60+n)
			phone := fmt.Sprintf("1381235%04d", 60+n)
			got = atOnce(post(n%2, "reviewer", "/leads/"+lead+"/decide", approve), post(1-n%2, phone, "/applications/"+lead+"/withdraw", nil))
			status, _, err := db.Value[card.Status](d.ctx, d.db, "SELECT status FROM application WHERE id = ?", lead)
			switch {
			case err != nil:
				t.Fatal(err)
			case status == card.Approved && got[0] == "200" && got[1] == "409 conflict":
			case status == card.Withdrawn && got[0] == "409 lead.taken" && got[1] == "200":
				if k := d.count("SELECT COUNT(*) FROM outbox WHERE ref = ? AND kind = 'card.handoff'", lead); k != 0 {
					t.Error("what was withdrawn is handed over")
				}
			default:
				t.Errorf("%s: %v", status, got)
			}

			// They press twice.
			lead = d.inReview("", 80+n)
			phone = fmt.Sprintf("1381235%04d", 80+n)
			got = atOnce(post(0, phone, "/applications/"+lead+"/withdraw", nil), post(1, phone, "/applications/"+lead+"/withdraw", nil))
			if !slices.Equal(got, []string{"200", "200"}) {
				t.Errorf("withdrawn twice: %v", got)
			}
		}
		if k := d.count("SELECT COUNT(*) FROM (SELECT application_id FROM lead_event WHERE kind IN ('decided', 'withdrawn', 'confirmed') GROUP BY application_id HAVING COUNT(*) > 1) x"); k != 0 {
			t.Errorf("%d were ended twice", k)
		}
	})
}

// A bank in which nothing has happened yet is an empty list to every question.
func TestAnEmptyBankAnswers(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		stf, brn := id.New(id.Staff), id.New(id.Branch)
		for _, query := range []string{"", "?status=queued", "?assignee=me", "?assignee=none", "?assignee=" + stf, "?q=1234", "?q=13812345678", "?q=张*", "?q=138****5678", "?q=" + id.New(id.Application),
			"?q=%25", "?q=%27%3B--", "?q=%00", "?from=2026-01-01&to=2026-01-02", "?from=2026-01-02&to=2026-01-01", "?from=0001-01-01&to=9999-12-31", "?branch=" + brn, "?screening=refer&city=110105&income_band=none",
			"?escalated=true", "?proposed=true", "?sort=oldest", "?limit=1", "?status=bound&sort=oldest&assignee=me&limit=100"} {
			if items := d.do("supervisor", "GET", "/leads"+query, nil, 200)["items"].([]any); len(items) != 0 {
				t.Errorf("%s: %v", query, items)
			}
			if raw, _ := d.raw("supervisor", "GET", "/leads/export"+query, "", nil, 200); strings.Count(string(raw), "\n") != 1 {
				t.Errorf("the export of %s: %s", query, raw)
			}
		}
		for _, path := range []string{"/review/queues", "/leads/handoffs?state=dead", "/leads/handoffs?state=pending", "/leads/differences?state=open", "/review/handovers", "/screening/lists"} {
			if items := d.do("supervisor", "GET", path, nil, 200)["items"].([]any); len(items) != 0 {
				t.Errorf("%s: %v", path, items)
			}
		}
		for _, limit := range []string{"0", "101", "-1", "x", ""} {
			if status, raw, _ := d.try(d.url+"/leads?limit="+limit, "supervisor", "GET", nil, nil); status != 422 && limit != "" || status >= 500 {
				t.Errorf("limit=%s: %d %s", limit, status, raw)
			}
		}
		d.do("supervisor", "GET", "/leads?cursor=x", nil, 422)
		d.do("supervisor", "GET", "/review/figures?from=2026-01-01&to=2026-01-07", nil, 200)
		if n := d.do("supervisor", "POST", "/leads/differences/compare", map[string]any{"day": "2026-01-01"}, 200)["found"]; n != 0.0 {
			t.Errorf("%v differences", n)
		}
	})
}
