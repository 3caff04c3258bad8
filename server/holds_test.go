package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/invariant"
	"yinbo/internal/keeping"
	"yinbo/internal/setting"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/server"
)

// orders is a class that a bank may set the time of.
var orders = keeping.Class{Name: "orders", Means: "where they went", Days: 400, Least: 100}

// newWatch is a back office that watches over what may not be deleted.
func newWatch(t *testing.T, d *db.DB) *back {
	b := &back{t: t, ctx: testkit.Context(t), db: d, token: map[string]string{}}
	keys := testkit.Keyring(t, d)
	b.bank = testkit.Bank(t, d, keys, "demo")
	theirs := testkit.Bank(t, d, keys, "other")
	banks := tenant.NewDirectory(d, "demo")
	people, err := auth.New(b.ctx, d, keys, banks, nil)
	if err != nil {
		t.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	web := httptest.NewServer(server.New(server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Auth: people,
		Banks: banks, Keys: keys, DB: d, Settings: &setting.Desk{DB: d, Classes: []keeping.Class{orders}},
		Keeper: keeping.New(keeping.Deps{DB: d, Banks: banks, Classes: []keeping.Class{orders}})}).Handler())
	t.Cleanup(web.Close)
	b.url = web.URL + "/api/v1"
	for name, role := range map[string]auth.Role{"risk": auth.Risk, "auditor": auth.Auditor, "finance": auth.Finance, "admin": auth.Admin, "second": auth.Admin, "stranger": auth.Risk} {
		bank := b.bank
		if name == "stranger" {
			bank = theirs
		}
		err := d.InTx(b.ctx, func(tx *db.Tx) error {
			_, err := people.CreateStaff(b.ctx, tx, bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: []auth.Role{role}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := people.Login(b.ctx, bank, name, "pass-"+name, "")
		if err != nil {
			t.Fatal(err)
		}
		b.token[name] = tokens.Access
	}
	return b
}

func TestHoldsAreSetByRiskSeenByAuditors(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newWatch(t, d)
		viewer := id.New(id.Viewer)
		err := d.InTx(b.ctx, func(tx *db.Tx) error {
			return tx.Insert(b.ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
				[][]any{{viewer, b.bank.ID, "h", "erased", "", "甲", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		good := `{"object_id":"` + viewer + `","reason":"法院来函 13812345678"}`
		for _, c := range []struct {
			who, method, path, body string
			status                  int
			says                    string
		}{
			{"", "POST", "/holds", good, 401, "auth.required"},
			{"finance", "POST", "/holds", good, 403, "auth.forbidden"},
			{"auditor", "POST", "/holds", good, 403, "auth.forbidden"},
			{"finance", "GET", "/holds", "", 403, "auth.forbidden"},
			{"finance", "GET", "/proofs", "", 403, "auth.forbidden"},
			{"risk", "POST", "/holds", `{`, 400, "bad_request"},
			{"risk", "POST", "/holds", `{"object_id":"` + viewer + `"}`, 422, `"reason"`},
			{"risk", "POST", "/holds", `{"object_id":"` + viewer + `","reason":""}`, 422, `"reason"`},
			{"risk", "POST", "/holds", `{"object_id":"` + viewer + `","reason":"x","who":1}`, 422, `"who"`},
			{"risk", "POST", "/holds", `{"object_id":"` + id.New(id.Viewer) + `","reason":"x"}`, 404, "object_id"},
			{"risk", "POST", "/holds", `{"object_id":"` + id.New(id.Product) + `","reason":"x"}`, 404, "object_id"},
			{"risk", "POST", "/holds", `{"object_id":"nonsense","reason":"x"}`, 404, "object_id"},
			{"stranger", "POST", "/holds", good, 404, "object_id"},
			{"risk", "GET", "/holds?cursor=!", "", 422, `"cursor"`},
			{"risk", "GET", "/holds?limit=0", "", 422, `"limit"`},
			{"auditor", "GET", "/proofs?kind=other", "", 422, `"kind"`},
			{"auditor", "GET", "/proofs", "", 200, `"items":[]`},
		} {
			if status, raw, _ := b.call(c.who, c.method, c.path, c.body); status != c.status || !strings.Contains(string(raw), c.says) {
				t.Errorf("%s %s %s %s: %d %s", c.who, c.method, c.path, c.body, status, raw)
			}
		}
		status, raw, _ := b.call("risk", "POST", "/holds", good)
		var h keeping.Hold
		if err := json.Unmarshal(raw, &h); err != nil || status != http.StatusCreated || h.ObjectKind != "person" || strings.Contains(h.Reason, "138") || h.LiftedAt != nil {
			t.Fatalf("%d %s: %v", status, raw, err)
		}
		for _, c := range []struct {
			who, method, path, body string
			status                  int
			says                    string
		}{
			{"auditor", "GET", "/holds/" + h.ID, "", 200, h.ID},
			{"auditor", "GET", "/holds?standing=true&object_id=" + viewer, "", 200, h.ID},
			{"stranger", "GET", "/holds/" + h.ID, "", 404, "not_found"},
			{"stranger", "GET", "/holds", "", 200, `"items":[]`},
			{"stranger", "POST", "/holds/" + h.ID + "/lift", `{"reason":"x"}`, 404, "not_found"},
			{"auditor", "POST", "/holds/" + h.ID + "/lift", `{"reason":"x"}`, 403, "auth.forbidden"},
			{"risk", "POST", "/holds/" + h.ID + "/lift", `{}`, 422, `"reason"`},
			{"risk", "POST", "/holds/" + h.ID + "/lift", `{"reason":"结案"}`, 200, `"lift_reason":"结案"`},
			{"risk", "POST", "/holds/" + h.ID + "/lift", `{"reason":"结案"}`, 409, "hold.lifted"},
			{"risk", "GET", "/holds?standing=true", "", 200, `"items":[]`},
			{"risk", "GET", "/holds", "", 200, h.ID},
		} {
			if status, raw, _ := b.call(c.who, c.method, c.path, c.body); status != c.status || !strings.Contains(string(raw), c.says) {
				t.Errorf("%s %s %s %s: %d %s", c.who, c.method, c.path, c.body, status, raw)
			}
		}
		for _, action := range []string{"hold.set", "hold.lifted"} {
			if entries, err := audit.List(b.ctx, d, b.bank.ID, audit.Filter{Action: action, Object: viewer, Limit: 5}); err != nil || len(entries) != 1 {
				t.Errorf("%s: %d entries: %v", action, len(entries), err)
			}
		}
	})
}

// What touches keeping takes two administrators; the rest holds at once.
func TestTwoAdministratorsSetHowLongDataIsKept(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newWatch(t, d)
		var change struct{ ID, State string }
		ask := func(who, body string, status int, says string) {
			t.Helper()
			got, raw, _ := b.call(who, "POST", "/settings/changes", body)
			if got != status || !strings.Contains(string(raw), says) {
				t.Errorf("%s %s: %d %s", who, body, got, raw)
			}
			if got == 201 {
				if err := json.Unmarshal(raw, &change); err != nil {
					t.Fatal(err)
				}
			}
		}
		days := func(n string) string {
			return `{"section":"keeping","reason":"内控要求","values":{"keep_days.orders":` + n + `}}`
		}
		ask("risk", days("200"), 403, "auth.forbidden")
		ask("admin", `{"section":"keeping","reason":"x","values":{"keep_days.nothing":200}}`, 422, "keep_days.nothing")
		ask("admin", days("99"), 422, "field.too_small")
		ask("admin", days("400"), 409, "conflict") // as it is
		ask("admin", days("200"), 201, `"state":"asked"`)
		ask("admin", days("300"), 409, "setting.open")
		for _, c := range []struct {
			who, method, path, body string
			status                  int
			says                    string
		}{
			{"finance", "GET", "/settings", "", 403, "auth.forbidden"},
			{"auditor", "GET", "/settings", "", 200, `"by_two":true`},
			{"auditor", "GET", "/keeping", "", 200, `"days":400`}, // nothing yet
			{"admin", "POST", "/settings/changes/" + change.ID + "/confirm", "", 403, "setting.same_person"},
			{"second", "POST", "/settings/changes/" + change.ID + "/withdraw", "", 403, "setting.not_yours"},
			{"second", "POST", "/settings/changes/stc_none/confirm", "", 404, "not_found"},
			{"second", "POST", "/settings/changes/" + change.ID + "/confirm", "", 200, `"state":"applied"`},
			{"second", "POST", "/settings/changes/" + change.ID + "/reject", `{"reason":"x"}`, 409, "setting.decided"},
			{"risk", "GET", "/keeping", "", 200, `"days":200`},
			{"stranger", "GET", "/keeping", "", 200, `"days":400`},
			{"auditor", "GET", "/settings/changes?section=keeping", "", 200, change.ID},
		} {
			if status, raw, _ := b.call(c.who, c.method, c.path, c.body); status != c.status || !strings.Contains(string(raw), c.says) {
				t.Errorf("%s %s %s %s: %d %s", c.who, c.method, c.path, c.body, status, raw)
			}
		}
		// What was changed by other means since is not overwritten.
		ask("admin", `{"section":"reconciliation","reason":"x","values":{"reconciliation.second_above_fen":5000,"reconciliation.no_repair":true}}`, 201, "asked")
		err := d.InTx(b.ctx, func(tx *db.Tx) error {
			return tenant.Change(b.ctx, tx, b.bank.ID, func(s *tenant.Settings) { s.Reconciliation.SecondAboveFen = 100 })
		})
		if err != nil {
			t.Fatal(err)
		}
		if status, raw, _ := b.call("second", "POST", "/settings/changes/"+change.ID+"/confirm", ""); status != 409 || !strings.Contains(string(raw), "setting.outdated") {
			t.Errorf("%d %s", status, raw)
		}
		// One person is enough for the rest, within the limits.
		ask("admin", `{"section":"review","reason":"x","values":{"work_hours":{"from":"18:00","to":"09:00"}}}`, 422, "work_hours")
		ask("admin", `{"section":"review","reason":"x","values":{"first_look_within":90,"decision_within":60}}`, 422, "first_look_within")
		ask("admin", `{"section":"promotions","reason":"x","values":{"promo_to":"22:00"}}`, 422, "promo_to")
		ask("admin", `{"section":"review","reason":"x","values":{"work_hours":{"from":"09:00","to":"17:30","days":[1,2]},"claim_lease":20}}`, 201, "applied")
		s, err := tenant.ReadSettings(b.ctx, d, b.bank.ID)
		if err != nil || s.WorkHours == nil || s.WorkHours.To != "17:30" || s.ClaimLease != tenant.Duration(20*time.Minute) || s.KeepDays["orders"] != 200 {
			t.Errorf("%+v %v", s, err)
		}
		ask("admin", `{"section":"review","reason":"x","values":{"work_hours":null}}`, 201, "applied")
		for _, action := range []string{"setting.asked", "setting.applied", "setting.changed"} {
			if entries, err := audit.List(b.ctx, d, b.bank.ID, audit.Filter{Action: action, Limit: 5}); err != nil || len(entries) == 0 {
				t.Errorf("%s: %v", action, err)
			}
		}
		for _, r := range setting.Invariants() {
			if v, err := invariant.Check(b.ctx, d, d.Clock().Now(), r, 5); err != nil || len(v.Rows) > 0 {
				t.Errorf("%s: %+v %v", r.Name, v, err)
			}
		}
	})
}

// A proof that was changed by hand is shown as such.
func TestAProofIsHeldAgainstTheChain(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newWatch(t, d)
		viewer := id.New(id.Viewer)
		err := d.InTx(b.ctx, func(tx *db.Tx) error {
			return tx.Insert(b.ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
				[][]any{{viewer, b.bank.ID, "h", "erased", "", "甲", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := keeping.New(keeping.Deps{DB: d}).Erase(b.ctx, b.bank.ID, viewer, "asked for", keeping.Actor{Kind: "system", ID: "test"})
		if err != nil {
			t.Fatal(err)
		}
		fits := func(who string, want int, says string) {
			t.Helper()
			if status, raw, _ := b.call(who, "GET", "/proofs/"+p.ID, ""); status != want || !strings.Contains(string(raw), says) {
				t.Errorf("%d %s", status, raw)
			}
		}
		fits("auditor", 200, `"fits":true`)
		fits("auditor", 200, `"subject":"`+viewer+`"`)
		fits("stranger", 404, "not_found")
		fits("finance", 403, "auth.forbidden")
		if err := d.InTx(b.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(b.ctx, "UPDATE proof SET reason = 'nothing' WHERE id = ?", p.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fits("risk", 200, `"fits":false`)
	})
}
