package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/bankbox"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/keeping"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/savedview"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/payment"
	"yinbo/order/promo"
	"yinbo/server"
)

// department is the card department over HTTP, with a real bank on the other
// side that reaches it by its callbacks.
type department struct {
	t        *testing.T
	ctx      context.Context
	db       *db.DB
	bank     tenant.Bank
	other    tenant.Bank // on the same servers
	keys     *pii.Keyring
	box      *outbox.Box
	url      string
	theirs   *bankbox.Server
	handlers map[string]func(context.Context, outbox.Task) error
	tokens   map[string]string
	ids      map[string]string
	people   *auth.Service
}

type nowhere struct{}

func (nowhere) Private(string, string, string, any) {}

func (nowhere) RoomHost(context.Context, string, string) (string, string, bool, error) {
	return "", "", false, nil
}

func newDepartment(t *testing.T, d *db.DB) *department {
	dep := &department{t: t, ctx: testkit.Context(t), db: d, box: outbox.New(d), tokens: map[string]string{}, ids: map[string]string{}}
	keys := testkit.Keyring(t, d)
	dep.keys = keys
	dep.bank, dep.other = testkit.Bank(t, d, keys, "demo"), testkit.Bank(t, d, keys, "other")
	err := d.InTx(dep.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(dep.ctx, "UPDATE bank SET settings = ? WHERE id = ?", `{"own_bins":["622599","621799"]}`, dep.bank.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dep.theirs, err = bankbox.Open(dep.ctx, bankbox.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", CoreDelay: time.Millisecond, RetryBase: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	dep.url = dep.node()
	t.Cleanup(func() {
		if err := dep.theirs.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	dep.employ(dep.people)
	return dep
}

// node starts a server of the department, and gives its address. There may be
// several on the one database; what one of them remembers the others do not.
func (dep *department) node() string {
	t, d, keys := dep.t, dep.db, dep.keys
	banks, keeper := tenant.NewDirectory(d, "demo"), idem.NewKeeper(d)
	web := httptest.NewUnstartedServer(nil)
	gate := gateway.New(dep.theirs.URL(), "http://"+web.Listener.Addr().String())
	people, err := auth.New(dep.ctx, d, keys, banks, gate)
	if err != nil {
		t.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	book := &card.Book{DB: d, Keys: keys, Box: dep.box, Push: nowhere{}}
	screens := screen.New(book)
	book.Screens = screens
	followUps := follow.New(book)
	book.Journeys = followUps
	bindings := bind.New(book, keeper, gate)
	coupons := promo.New(promo.Deps{DB: d, Box: dep.box, Keeper: keeper, Banks: banks})
	leads := review.New(book, people, banks)
	dep.people, dep.handlers = people, map[string]func(context.Context, outbox.Task) error{
		screen.RunTask:     screens.HandleRun,
		card.TaskBound:     coupons.HandleBound,
		card.TaskApproved:  coupons.HandleApproved,
		card.TaskNotice:    (&card.Notices{Book: book, Banks: banks, SMS: gate}).Send,
		review.TaskPromise: leads.HandlePromise,
		review.TaskHandoff: (&review.Handoff{Book: book, Core: gate}).Send,
	}
	web.Config.Handler = server.New(server.Deps{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Metrics: prometheus.NewRegistry(), Auth: people,
		Banks: banks, Keys: keys, DB: d, Views: &savedview.Views{DB: d}, Applications: card.New(book, keeper, people, nowhere{}, banks), Leads: leads, Comparer: &review.Comparer{Leads: leads, Core: gate},
		Outcomes: review.NewOutcomes(book, keeper, banks, bindings, bankbox.DefaultCallbackKey), Bindings: bindings, Screens: screens, Touches: &funnel.Touches{DB: d, Rooms: nowhere{}, Log: slog.New(slog.DiscardHandler)},
		FollowUps: followUps, Replies: follow.NewReplies(followUps, banks, keeper, bankbox.DefaultCallbackKey),
		Keeper:   keeping.New(keeping.Deps{DB: d, Banks: banks, Parts: []keeping.Part{{Name: "sign-in", Erase: people.Erase}}}),
		Payments: payment.New(payment.Deps{DB: d, Box: dep.box, Keeper: keeper, Banks: banks})}).Handler()
	web.Start()
	t.Cleanup(func() {
		web.Close()
		gate.Close()
	})
	return "http://" + web.Listener.Addr().String() + "/api/v1"
}

func (d *department) employ(people *auth.Service) {
	for name, role := range map[string]auth.Role{"reviewer": auth.Reviewer, "reviewer2": auth.Reviewer, "supervisor": auth.Supervisor, "auditor": auth.Auditor, "risk": auth.Risk, "risk2": auth.Risk} {
		err := d.db.InTx(d.ctx, func(tx *db.Tx) (err error) {
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
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		_, err := card.CreateSamples(d.ctx, tx, d.bank)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// work runs tasks until cond holds.
func (d *department) work(what string, cond func() bool) {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); {
		if time.Now().After(end) {
			d.t.Fatalf("waited in vain for %s", what)
		}
		due, err := d.box.Due(d.ctx, 20)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, w := range due {
			task, ok, err := d.box.Take(d.ctx, w.ID)
			if err != nil {
				d.t.Fatal(err)
			}
			if !ok {
				continue
			}
			if err := d.handlers[task.Kind](d.ctx, task); err != nil {
				d.t.Fatal(err)
			}
			if err := d.box.Done(d.ctx, task); err != nil {
				d.t.Fatal(err)
			}
		}
	}
}

// do makes a request as someone and gives the answer; it wants the status.
func (d *department) do(who, method, path string, body any, want int) map[string]any {
	d.t.Helper()
	raw, _ := d.raw(who, method, path, "application/json", body, want)
	out := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			d.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return out
}

func (d *department) raw(who, method, path, kind string, body any, want int) ([]byte, http.Header) {
	d.t.Helper()
	status, raw, header := d.try(d.url+path, who, method, http.Header{"Content-Type": {kind}}, body)
	if status != want {
		d.t.Fatalf("%s %s as %q: %d %s, want %d", method, path, who, status, raw, want)
	}
	return raw, header
}

// try makes a request of any node, with headers besides the usual ones; a status
// of 0 is that there was no answer.
func (d *department) try(url, who, method string, headers http.Header, body any) (int, []byte, http.Header) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			d.t.Error(err)
		}
		in = strings.NewReader(string(raw))
	}
	req, err := http.NewRequestWithContext(d.ctx, method, url, in)
	if err != nil {
		d.t.Error(err)
		return 0, nil, nil
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Accept-Language": {"en"}, "Idempotency-Key": {id.New(id.Event)}}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+d.tokens[who])
	}
	for name, v := range headers {
		req.Header[http.CanonicalHeaderKey(name)] = v
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Error(err)
		return 0, nil, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Error(err)
	}
	return res.StatusCode, raw, res.Header
}

var otpDigits = regexp.MustCompile(`[0-9]{6}`)

// texts are the messages to a phone, as the bank shows them.
func (d *department) texts(phone string) (texts []string) {
	d.t.Helper()
	res, err := http.Get(d.theirs.URL() + "/sms/v1/messages?phone=" + url.QueryEscape(phone))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct{ Items []struct{ Text string } }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		d.t.Fatal(err)
	}
	for _, m := range list.Items {
		texts = append(texts, m.Text)
	}
	return texts
}

// code is the newest one sent to a phone.
func (d *department) code(phone string) (code string) {
	d.t.Helper()
	for _, text := range d.texts(phone) {
		if c := otpDigits.FindString(text); c != "" {
			code = c
		}
	}
	return code
}

func (d *department) signIn(phone string) { d.signInAt(d.bank.Slug, phone) }

func (d *department) signInAt(bank, phone string) {
	d.t.Helper()
	at := http.Header{"X-Bank": {bank}}
	if status, raw, _ := d.try(d.url+"/auth/otp", "", "POST", at, map[string]any{"phone": phone}); status != 202 {
		d.t.Fatalf("%d %s", status, raw)
	}
	status, raw, _ := d.try(d.url+"/auth/otp/verify", "", "POST", at, map[string]any{"phone": phone, "code": d.code(phone)})
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(raw, &tokens); err != nil || status != 200 {
		d.t.Fatalf("%d %s: %v", status, raw, err)
	}
	d.tokens[phone] = tokens.Access
}

const holder, holderID = "13812345678", "11010519491231002X"

// apply reads the products as the app does and sends an application in.
func (d *department) apply(phone, idNo string) map[string]any {
	d.t.Helper()
	products := d.do("", "GET", "/card-products", nil, 200)["items"].([]any)
	product := products[0].(map[string]any)
	var consents []map[string]any
	for _, raw := range product["consents"].([]any) {
		c := raw.(map[string]any)
		text := d.do("", "GET", strings.TrimPrefix(c["url"].(string), "/api/v1"), nil, 200)
		if text["title"] != c["title"] || len(text["text"].(string)) < 300 || len(text["hash"].(string)) != 64 {
			d.t.Fatalf("text %v", text)
		}
		consents = append(consents, map[string]any{"document": c["document"], "version": c["version"]})
	}
	return d.do(phone, "POST", "/applications", map[string]any{"card_product_id": product["id"], "consents": consents,
		"applicant": map[string]any{"name": "张三", "id_no": idNo, "phone": phone, "city_code": "110105", "email": "zs@example.com"}}, 201)
}

func (d *department) status(application string) string {
	return d.do(holder, "GET", "/applications/"+application, nil, 200)["status"].(string)
}

// The whole way over HTTP: apply, review, card core, card, binding.
func TestCardGoesFromApplicationToBinding(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, base *db.DB) {
		d := newDepartment(t, base)
		d.signIn(holder)
		app := d.apply(holder, holderID)
		lead := app["id"].(string)
		if app["status"] != "queued" || app["receipt_no"] == "" {
			t.Fatalf("%v", app)
		}
		if again := d.apply(holder, holderID); again["id"] != lead {
			t.Fatalf("the repeat got %v", again)
		}
		path := "/leads/" + lead
		d.do("reviewer", "POST", path+"/claim", nil, 200)
		if p := d.do("reviewer2", "POST", path+"/claim", nil, 409); p["code"] != "lead.taken" {
			t.Errorf("%v", p)
		}
		d.do("reviewer", "POST", path+"/notes", map[string]any{"text": "电话核实"}, 200)
		d.do("reviewer", "POST", path+"/assign", map[string]any{"staff_id": d.ids["reviewer2"]}, 403)
		revealed := d.do("reviewer", "POST", path+"/reveal", map[string]any{"fields": []string{"name", "id_no"}, "reason": "核对证件"}, 200)
		if f := revealed["fields"].(map[string]any); f["name"] != "张三" || f["id_no"] != holderID {
			t.Errorf("revealed %v", f)
		}
		decided := d.do("reviewer", "POST", path+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy", "comment": "合格"}, 200)
		if decided["status"] != "approved" || decided["claimed_by"] != nil {
			t.Errorf("%v", decided)
		}
		if p := d.do("reviewer2", "POST", path+"/decide", map[string]any{"decision": "reject", "reason_code": "risk"}, 409); p["code"] != "lead.taken" {
			t.Errorf("%v", p)
		}
		d.work("the card's issue", func() bool { return d.status(lead) == "issued" })
		d.bindCard()
		if s := d.status(lead); s != "bound" {
			t.Errorf("status %s", s)
		}
		d.work("the last message", func() bool { return strings.Contains(strings.Join(d.texts(holder), " "), "我的银行卡") })
		d.looksFromOutside(lead)
	})
}

func (d *department) bindCard() {
	d.t.Helper()
	factors := map[string]any{"pan": "6225990000000008", "name": "张三", "id_no": holderID, "phone": "13911112222"}
	started := d.do(holder, "POST", "/cards/bindings", factors, 201)
	if started["status"] != "otp_sent" {
		d.t.Fatalf("%v", started)
	}
	confirm := "/cards/bindings/" + started["id"].(string) + "/confirm"
	if p := d.do(holder, "POST", confirm, map[string]any{"code": "x"}, 422); p["code"] != "otp.wrong" {
		d.t.Errorf("%v", p)
	}
	bound := d.do(holder, "POST", confirm, map[string]any{"code": d.code("13911112222")}, 200)["card"].(map[string]any)
	if bound["last4"] != "0008" || bound["kind"] != "credit" || bound["bank_name"] == "" || bound["bound_at"] == "" {
		d.t.Errorf("%v", bound)
	}
	if items := d.do(holder, "GET", "/cards", nil, 200)["items"].([]any); len(items) != 1 {
		d.t.Errorf("%v", items)
	}
	for _, c := range []struct {
		name, pan string
		status    int
		code      string
	}{{"测试不符", "6217990000000008", 422, "binding.mismatch"}, {"测试锁定", "6217990000000016", 409, "binding.card_locked"}, {"张三", "4111111111111111", 422, "validation"}} {
		factors["name"], factors["pan"] = c.name, c.pan
		if p := d.do(holder, "POST", "/cards/bindings", factors, c.status); p["code"] != c.code {
			d.t.Errorf("%s: %v", c.name, p)
		}
	}
}

// looksFromOutside reads lists, export and audit as those do who may.
func (d *department) looksFromOutside(lead string) {
	d.t.Helper()
	found := d.do("reviewer", "GET", "/leads?q="+holder+"&status=bound&from=2020-01-01", nil, 200)["items"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["applicant"].(map[string]any)["phone"] != "138****5678" {
		d.t.Errorf("found %v", found)
	}
	d.do("reviewer", "GET", "/leads?status=lost", nil, 422)
	d.do("reviewer", "GET", "/leads?from=soon", nil, 422)
	d.do("reviewer", "GET", "/leads/export", nil, 403)
	file, header := d.raw("supervisor", "GET", "/leads/export?status=bound", "", nil, 200)
	if !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !strings.Contains(string(file), lead) || strings.Contains(string(file), holder) {
		d.t.Errorf("%v %s", header, file)
	}
	csv := "application_id,outcome,at\n" + lead + ",activated,2026-03-02T02:00:00Z\n"
	raw, _ := d.raw("supervisor", "POST", "/leads/outcomes", "text/csv", csv, 200)
	if !strings.Contains(string(raw), `"result":"unchanged"`) {
		d.t.Errorf("report %s", raw)
	}
	if p := d.do("supervisor", "POST", "/leads/outcomes", map[string]any{"items": []any{map[string]any{"application_id": lead, "x": 1}}}, 422); len(p["errors"].([]any)) != 1 {
		d.t.Errorf("%v", p)
	}
	for body, status := range map[string]int{"": 400, `{"items":`: 400, `[]`: 422, `{"items":[],"x":1}`: 422, `{"items":"` + strings.Repeat("a", 1<<20) + `"}`: 413} {
		d.raw("supervisor", "POST", "/leads/outcomes", "application/json", body, status)
	}
	if p := d.do("", "POST", "/callbacks/card-outcomes", map[string]any{"items": []any{}}, 401); p["code"] != "callback.signature" {
		d.t.Errorf("%v", p)
	}
	page := d.do("auditor", "GET", "/audit?limit=1&object="+lead, nil, 200)
	entries, cursor := page["items"].([]any), page["next_cursor"]
	if len(entries) != 1 || cursor == nil {
		d.t.Fatalf("%v", page)
	}
	next := d.do("auditor", "GET", fmt.Sprintf("/audit?object=%s&cursor=%s", lead, cursor), nil, 200)["items"].([]any)
	if first, second := entries[0].(map[string]any), next[0].(map[string]any); first["seq"].(float64) <= second["seq"].(float64) {
		d.t.Errorf("%v before %v", first, second)
	}
	revealed := d.do("auditor", "GET", "/audit?action=lead.revealed&actor="+d.ids["reviewer"], nil, 200)["items"].([]any)
	if len(revealed) != 1 {
		d.t.Errorf("%v", revealed)
	}
	d.do("reviewer", "GET", "/audit", nil, 403)
}
