package bankbox_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"yinbo/internal/bankbox"
)

func application(id, name, notifyURL string) fields {
	return fields{
		"application_id": id, "card_product": "gold", "notify_url": notifyURL,
		"applicant": fields{"name": name, "id_no": "11010519491231002X", "anything": []int{1}},
	}
}

func TestApplicationIsIssuedOnceAndTold(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, func(n int, _ delivery) int {
		if n == 0 {
			return http.StatusBadGateway
		}
		return http.StatusOK
	})
	for range 2 {
		b.post("/core/v1/applications", application("app_1", "王小明", m.url)).want(202).
			has(t, fields{"application_id": "app_1", "status": "accepted"})
	}
	told := m.wait(2)
	state := b.get("/core/v1/applications/app_1").want(200)
	state.has(t, fields{"application_id": "app_1", "card_product": "gold", "status": "issued"})
	if !regexp.MustCompile(`^\d{4}$`).MatchString(state.str("card_last4")) {
		t.Errorf("card_last4 %q", state.str("card_last4"))
	}
	items := told[1].body.items()
	if len(items) != 1 || string(told[0].raw) != string(told[1].raw) {
		t.Fatalf("told %s, then %s", told[0].raw, told[1].raw)
	}
	items[0].has(t, fields{
		"application_id": "app_1", "outcome": "issued",
		"card_last4": state.str("card_last4"), "at": state.str("decided_at"),
	})
	isTime(t, "accepted_at", state.str("accepted_at"))

	b.post("/core/v1/applications", application("app_1", "王小明", m.url)).want(202)
	if n := len(b.settled(m)); n != 2 {
		t.Errorf("%d callbacks, want the refused and the taken one", n)
	}
}

func TestApplicationIsDeclinedByName(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.post("/core/v1/applications", application("app_1", "王测试拒绝", m.url)).want(202)
	item := m.wait(1)[0].body.items()[0]
	item.has(t, fields{"application_id": "app_1", "outcome": "declined"})
	if _, there := item["card_last4"]; there {
		t.Error("a declined application has a card")
	}
	b.get("/core/v1/applications/app_1").want(200).has(t, fields{"status": "declined", "card_last4": nil})
}

func TestIssuingTakesItsTimeAndSurvivesARestart(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.CoreDelay = time.Hour })
	m := newMerchant(b, nil)
	b.post("/core/v1/applications", application("app_1", "王小明", m.url)).want(202)
	b.get("/core/v1/applications/app_1").want(200).has(t, fields{"status": "accepted", "card_last4": nil, "decided_at": nil})
	b.reopen()
	b.get("/core/v1/applications/app_1").want(200).has(t, fields{"status": "accepted"})
	b.close()
	b.clock.forward(time.Hour)
	b.open()
	m.wait(1)
	b.get("/core/v1/applications/app_1").want(200).has(t, fields{"status": "issued"})
}

func TestApplicationsAreListedByBusinessDate(t *testing.T) {
	b := newBank(t)
	b.post("/core/v1/applications", application("app_1", "王小明", nowhere)).want(202)
	b.clock.forward(14 * time.Hour) // past midnight in Shanghai
	b.post("/core/v1/applications", application("app_2", "王小明", nowhere)).want(202)
	for query, want := range map[string]string{
		"?date=2026-03-10": "app_1", "?date=2026-03-11": "app_2", "": "app_2",
	} {
		items := b.get("/core/v1/applications" + query).want(200).items()
		if len(items) != 1 || items[0].str("application_id") != want {
			t.Errorf("%q: %v, want %s", query, items, want)
		}
	}
	if raw := b.get("/core/v1/applications?date=2026-01-01").text(); raw != `{"items":[]}` {
		t.Errorf("an empty day: %s", raw)
	}
	b.get("/core/v1/applications?date=today").refused(422, "validation")
}

func TestOnlyWhatIsDueIsIssued(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.CoreDelay = time.Hour })
	m := newMerchant(b, nil)
	b.post("/core/v1/applications", application("app_1", "王小明", m.url)).want(202)
	b.clock.forward(30 * time.Minute)
	b.post("/core/v1/applications", application("app_2", "王小明", m.url)).want(202)
	b.clock.forward(31 * time.Minute)
	b.reopen() // looks at the clock again
	m.wait(1)
	b.get("/core/v1/applications/app_1").want(200).has(t, fields{"status": "issued"})
	b.get("/core/v1/applications/app_2").want(200).has(t, fields{"status": "accepted"})
}
