package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yinbo/card"
	"yinbo/internal/config"
	"yinbo/internal/db"
)

// somebody is a person whose every value is found again wherever it turns up.
type somebody struct {
	name, idNo, phone, cardPhone, pan   string
	street, email, employer, note, code string

	// What the form asks for besides.
	pinyin, expires, workplace, workPhone string
	marital, education                    string
	contacts                              [2]contactPerson
	// What is told on the way, each value in one place alone.
	begun   string // in a draft that is never sent in
	redone  string // the supplement's answer
	asked   string // what the reviewer asks
	account string // of a merchant
}

// contactPerson is whom to ask in an emergency.
type contactPerson struct{ relation, name, phone string }

func newSomebody() somebody {
	return somebody{name: "慕容雪漪", idNo: residentID("44010619880818417"), phone: "13987650312", cardPhone: "13987650329", pan: pan("622599"),
		street: "梧桐巷十七号之三", email: "murong.xueyi@leak-test.cn", employer: "云岫茶业商行", note: "已致电慕容女士核对收入",
		pinyin: "MURONG XUEYI", expires: "2037-04-23", workplace: "栖霞大道六百零九号", workPhone: "020-83157246-805",
		marital: "widowed", education: "junior_college",
		contacts: [2]contactPerson{{"sibling", "慕容霁川", "13688240571"}, {"colleague", "欧阳砚秋", "13522907846"}},
		begun:    "青篱里三弄二号", redone: "松风路四十一号附一", asked: "请说明单位新址", account: "6222029917403386"}
}

// residentID adds the check digit (GB 11643).
func residentID(first17 string) string {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first17[i]-'0') * w
	}
	return first17 + string("10X98765432"[sum%11])
}

// secrets are the values that stand nowhere in clear. There is no place where the
// rules allow one: bankbox, whose the bank's own data is, has a database of its
// own (CONTRACT §8), and what people say in a room's chat is not looked for.
func (s somebody) secrets() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	values := map[string]string{"name": s.name, "id number": s.idNo, "phone": s.phone, "the card's phone": s.cardPhone, "PAN": s.pan,
		"street": s.street, "email": s.email, "employer": s.employer, "note": s.note,
		"pinyin": s.pinyin, "expiry of the id card": s.expires, "workplace": s.workplace, "work phone": s.workPhone,
		"draft": s.begun, "supplement": s.redone, "question": s.asked, "merchant's account": s.account}
	for i, c := range s.contacts {
		n := fmt.Sprintf("contact %d's ", i+1)
		values[n+"name"], values[n+"phone"] = c.name, c.phone
	}
	for name, v := range values {
		out[name] = regexp.MustCompile("(?i)" + regexp.QuoteMeta(v))
	}
	// Of closed lists a value is looked for beside its field or alone: the words are
	// in use elsewhere.
	for name, of := range map[string][2]string{"industry": {"industry", "culture"}, "title": {"title", "freelancer"}, "marital status": {"marital_status", s.marital}, "education": {"education", s.education},
		"relation": {"relation", s.contacts[0].relation}} {
		out[name] = regexp.MustCompile(`^` + of[1] + `$|` + of[0] + `[":\\= ]{1,6}` + of[1])
	}
	if s.code != "" { // six digits: within longer texts and fractions they mean nothing
		out["one-time code"] = regexp.MustCompile(`(^|[^0-9A-Za-z._+/-])` + s.code + `($|[^0-9A-Za-z._+/=-])`)
	}
	return out
}

// syncBuffer is a log that many write.
type syncBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// searched is everything that a product leaves behind.
type searched struct {
	*product
	logs    *syncBuffer
	passed  *syncBuffer // what was in Redis while it ran
	traces  *syncBuffer // what a collector was sent
	exports bytes.Buffer
}

// look names the places where one of the person's values stands.
func (s *searched) look(t *testing.T, who somebody) (found []string) {
	t.Helper()
	secrets := who.secrets()
	at := func(place string, text []byte) {
		for name, v := range secrets {
			if v.Match(text) {
				found = append(found, name+" in "+place)
			}
		}
	}
	s.eachCell(t, func(place string, cell []byte) { at(place, cell) })
	if s.cfg.MySQLDSN == "" { // its pages too, those that are free as well
		err := filepath.WalkDir(s.cfg.Var, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			for name, v := range secrets {
				if name != "one-time code" && v.Match(raw) {
					found = append(found, name+" in the file "+d.Name())
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	readRedis(t.Context(), s.node.app.redis, s.passed)
	at("Redis", []byte(s.passed.String()))
	at("the log", []byte(s.logs.String()))
	at("traces", []byte(s.traces.String()))
	at("exports", s.exports.Bytes())
	families, err := s.node.app.metrics.Gather()
	if err != nil || len(families) < 5 {
		t.Fatalf("%d metrics: %v", len(families), err)
	}
	for _, f := range families {
		at("metric "+f.GetName(), []byte(f.String()))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// eachCell gives every value of every column of every table.
func (p *product) eachCell(t *testing.T, do func(place string, cell []byte)) {
	t.Helper()
	d := p.node.core.db
	tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if d.Dialect() == db.MySQL {
		tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	names, err := db.All(t.Context(), d, func(r db.Row) (s string, err error) { return s, r.Scan(&s) }, tables)
	if err != nil || len(names) < 60 {
		t.Fatalf("%d tables: %v", len(names), err)
	}
	for _, name := range names {
		rows, err := d.Query(t.Context(), "SELECT * FROM "+name)
		if err != nil {
			t.Fatal(err)
		}
		cols, _ := rows.Columns()
		for rows.Next() {
			cells, into := make([]any, len(cols)), make([]any, len(cols))
			for i := range cells {
				into[i] = &cells[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, c := range cells {
				cell, raw := c.([]byte)
				if !raw {
					cell = fmt.Append(nil, c)
				}
				do(name+"."+cols[i], cell)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}

// readRedis writes down all keys and values.
func readRedis(ctx context.Context, r redis.UniversalClient, into *syncBuffer) {
	keys, err := r.Keys(ctx, "*").Result()
	if err != nil {
		return
	}
	for _, key := range keys {
		kind, _ := r.Type(ctx, key).Result()
		var value any
		switch kind {
		case "string":
			value, _ = r.Get(ctx, key).Result()
		case "hash":
			value, _ = r.HGetAll(ctx, key).Result()
		case "list":
			value, _ = r.LRange(ctx, key, 0, -1).Result()
		case "set":
			value, _ = r.SMembers(ctx, key).Result()
		case "zset":
			value, _ = r.ZRange(ctx, key, 0, -1).Result()
		case "stream":
			value, _ = r.XRange(ctx, key, "-", "+").Result()
		}
		fmt.Fprintln(into, key, value)
	}
}

// watchRedis writes down what passes through Redis until the test ends: its keys
// again and again, and all that is published.
func (s *searched) watchRedis(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sub := s.node.app.redis.PSubscribe(ctx, "*")
	var all sync.WaitGroup
	all.Go(func() {
		for m := range sub.Channel() {
			fmt.Fprintln(s.passed, m.Channel, m.Payload)
		}
	})
	all.Go(func() {
		for ctx.Err() == nil {
			readRedis(ctx, s.node.app.redis, s.passed)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		sub.Close()
		all.Wait()
	})
}

// Class C2 and C3 stand nowhere in clear after the product did its main work: not
// in the database, nor in Redis, logs, metrics, payloads and exports.
func TestNothingPersonalIsLeftInClear(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { nothingLeaks(t, startProduct(t, talkative)) })
	t.Run("mariadb and redis", func(t *testing.T) { nothingLeaks(t, startProduct(t, talkative, realServers(t))) })
}

func talkative(c *config.Config) { c.LogLevel = "debug" }

func nothingLeaks(t *testing.T, p *product) {
	if err := p.node.stop(); err != nil {
		t.Fatal(err)
	}
	s := &searched{product: p, logs: &syncBuffer{}, passed: &syncBuffer{}, traces: &syncBuffer{}}
	p.logs = s.logs
	p.cfg.TraceURL, p.cfg.TraceShare = s.collect(t), 1
	p.start(t)
	s.watchRedis(t)
	who := newSomebody()
	viewer := s.live(t, &who)
	for _, part := range []string{"POST /api/v1/applications", "task application.", "transaction", "call POST "} {
		for end := time.Now().Add(20 * time.Second); !strings.Contains(s.traces.String(), part); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no trace of %q", part)
			}
		}
	}
	if found := s.look(t, who); len(found) > 0 {
		t.Errorf("in clear: %v", found)
	}
	if !strings.Contains(s.logs.String(), "/api/v1/applications") || !strings.Contains(s.passed.String(), "asynq") || s.exports.Len() < 1000 {
		t.Error("the log, Redis or the exports were not seen at all")
	}
	s.plant(t, who)
	s.goes(t, &who, viewer)
}

// collect is a collector of traces, in clear.
func (s *searched) collect(t *testing.T) string {
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(r.Body); err != nil {
				t.Error(err)
				return
			}
		}
		if _, err := io.Copy(s.traces, body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(c.Close)
	return c.URL
}

// plant puts values where they may not be: the search finds each of them.
func (s *searched) plant(t *testing.T, who somebody) {
	t.Helper()
	s.exec(t, "INSERT INTO meta (name, value) VALUES ('planted', ?)", `{"id_no":"`+who.idNo+`","code":"`+who.code+`"}`)
	if err := s.node.app.redis.HSet(t.Context(), "planted", "pan", who.pan).Err(); err != nil {
		t.Fatal(err)
	}
	s.node.core.log.Info("planted", "email", who.email)
	s.exports.WriteString(who.street)
	want := []string{"PAN in Redis", "email in the log", "id number in meta.value", "one-time code in meta.value", "street in exports"}
	found := slices.DeleteFunc(s.look(t, who), func(f string) bool { return strings.Contains(f, "in the file") })
	if !slices.Equal(found, want) {
		t.Errorf("planted %v, found %v", want, found)
	}
	s.exec(t, "DELETE FROM meta WHERE name = 'planted'")
	s.node.app.redis.Del(t.Context(), "planted")
}

// live is the main way with the person's values, and a few wrong turns.
func (s *searched) live(t *testing.T, who *somebody) (viewer string) {
	t.Helper()
	viewer = s.signIn(t, who.phone)
	address := map[string]any{"name": who.name, "phone": who.phone, "province": "广东省", "city": "广州市", "district": "天河区", "street": who.street}
	s.post(t, viewer, "/addresses", address, 201, nil)
	var goods struct{ Items []product1 }
	s.get(t, "", "/products?limit=50", 200, &goods)
	sku := goods.Items[slices.IndexFunc(goods.Items, func(g product1) bool { return g.Kind == "physical" })].SKUs[0]
	buy := map[string]any{"items": []any{map[string]any{"sku_id": sku.ID, "quantity": 1}}, "address": address}
	var paid, unpaid order1
	s.post(t, viewer, "/orders", buy, 201, &paid)
	s.pay(t, viewer, paid.ID)
	s.post(t, viewer, "/orders", buy, 201, &unpaid)
	s.post(t, viewer, "/orders/"+unpaid.ID+"/cancel", nil, 200, nil)
	var rooms struct{ Items []struct{ ID string } }
	s.get(t, "", "/rooms?status=live", 200, &rooms)
	s.post(t, viewer, "/flash/"+s.liveFlash(t, rooms.Items[0].ID)+"/orders", map[string]any{"quantity": 1, "address": address}, 201, nil)

	s.begins(t, viewer, who)
	app := s.applies(t, viewer, who)
	s.contracts(t, who)
	s.reviewed(t, viewer, app, who)
	var binding struct{ ID string }
	s.post(t, viewer, "/cards/bindings", map[string]any{"pan": who.pan, "name": who.name, "id_no": who.idNo, "phone": who.cardPhone}, 201, &binding)
	who.code = s.code(t, who.cardPhone)
	s.post(t, viewer, "/cards/bindings/"+binding.ID+"/confirm", map[string]any{"code": who.code}, 200, nil)

	// Wrong turns: what is refused is not written down either.
	s.post(t, viewer, "/cards/bindings", map[string]any{"pan": who.pan[:15] + "0", "name": who.name, "id_no": who.idNo, "phone": who.cardPhone}, 422, nil)
	s.post(t, "", "/auth/otp/verify", map[string]any{"phone": who.phone, "code": who.code, "more": who.name}, 422, nil)
	s.call(t, viewer, http.MethodPost, "/addresses", json.RawMessage(`{"street":"`+who.street), 400, nil)
	s.exported(t, who)
	return viewer
}

// begins saves a draft that stays one, reads it as another device does, and
// writes it again.
func (s *searched) begins(t *testing.T, viewer string, who *somebody) {
	t.Helper()
	var products struct{ Items []struct{ ID string } }
	s.get(t, "", "/card-products", 200, &products)
	path := "/card-products/" + products.Items[1].ID + "/draft"
	fields := map[string]string{"address": who.begun}
	for name, v := range who.fields() {
		if name != "id_no" && name != "address" {
			fields[name] = v
		}
	}
	s.call(t, viewer, http.MethodPut, path, map[string]any{"revision": 0, "step": "person", "fields": fields}, 200, nil)
	var kept struct {
		Items []struct {
			Revision int
			Fields   map[string]string
		}
	}
	s.get(t, viewer, "/application-drafts", 200, &kept)
	if len(kept.Items) != 1 || !maps.Equal(kept.Items[0].Fields, fields) {
		t.Fatalf("the draft holds %v", kept)
	}
	s.call(t, viewer, http.MethodPut, path, map[string]any{"revision": 1, "step": "home", "fields": fields}, 200, nil)
	s.call(t, viewer, http.MethodPut, path, map[string]any{"revision": 1, "step": "home", "fields": fields}, 409, nil)
	s.call(t, viewer, http.MethodPut, path, map[string]any{"revision": 2, "step": "home", "fields": map[string]string{"nickname": who.begun}}, 422, nil)
}

// fields are all values of the form, by the names under which they are kept.
func (s somebody) fields() map[string]string {
	out := map[string]string{"name": s.name, "id_no": s.idNo, "phone": s.phone, "email": s.email, "employer": s.employer, "address": s.street,
		"city_code": "440100", "income_band": "200-500k", "limit_wished_fen": "7350000", "pinyin": s.pinyin, "id_expires_on": s.expires,
		"marital_status": s.marital, "education": s.education, "residence_years": "7", "industry": "culture", "title": "freelancer",
		"employer_phone": s.workPhone, "employer_address": s.workplace, "delivery_to": "home", "auto_repay": "yes"}
	for i, c := range s.contacts {
		n := fmt.Sprintf("contact%d_", i+1)
		out[n+"relation"], out[n+"name"], out[n+"phone"] = c.relation, c.name, c.phone
	}
	return out
}

// sealed are those of fields that have no column of their own.
func (s somebody) sealed() map[string]string {
	out := s.fields()
	maps.DeleteFunc(out, func(name, _ string) bool { return !slices.Contains(card.FormFields(), name) })
	return out
}

// form is the application's body: every field that there is, of each step of the
// form.
func (s somebody) form(t *testing.T) map[string]any {
	t.Helper()
	fields, out := s.fields(), map[string]any{}
	for _, name := range append(card.FormFields(), "city_code", "income_band", "limit_wished_fen") {
		if fields[name] == "" {
			t.Fatalf("the form's field %s is not put in", name)
		}
	}
	for name, v := range fields {
		if !strings.HasPrefix(name, "contact") {
			out[name] = v
		}
	}
	out["limit_wished_fen"], out["residence_years"], out["auto_repay"] = 7350000, 7, true
	contacts := []any{}
	for _, c := range s.contacts {
		contacts = append(contacts, map[string]any{"relation": c.relation, "name": c.name, "phone": c.phone})
	}
	out["contacts"] = contacts
	return out
}

func (s *searched) applies(t *testing.T, viewer string, who *somebody) (app string) {
	t.Helper()
	var products struct {
		Items []struct {
			ID       string
			Consents []struct{ Document, Version string }
		}
	}
	s.get(t, "", "/card-products", 200, &products)
	consents := []any{}
	for _, c := range products.Items[0].Consents {
		consents = append(consents, map[string]any{"document": c.Document, "version": c.Version})
	}
	form := who.form(t)
	body := map[string]any{"card_product_id": products.Items[0].ID, "consents": consents, "applicant": form}
	form["id_no"] = who.idNo[:17] + "?"
	s.post(t, viewer, "/applications", body, 422, nil)
	form["id_no"] = who.idNo
	var out struct{ ID string }
	s.post(t, viewer, "/applications", body, 201, &out)
	return out.ID
}

// contracts changes where a merchant is paid; two people do.
func (s *searched) contracts(t *testing.T, who *somebody) {
	t.Helper()
	var merchants struct{ Items []struct{ ID string } }
	finance, checker := s.staff(t, "demo", "finance"), s.staff(t, "demo", "finance_checker")
	s.get(t, finance, "/merchants", 200, &merchants)
	var change struct {
		ID      string
		Account struct{ ID string }
	}
	s.post(t, finance, "/merchants/changes", map[string]any{"kind": "account", "merchant_id": merchants.Items[0].ID, "reason": "换开户行，新账号 " + who.account,
		"account": map[string]any{"holder": "某商户", "bank_name": "某银行", "number": who.account}}, 201, &change)
	s.post(t, checker, "/merchants/accounts/"+change.Account.ID+"/reveal", map[string]any{"reason": "核对" + who.account}, 200, nil)
	s.post(t, checker, "/merchants/changes/"+change.ID+"/approve", nil, 200, nil)
}

// reviewed brings the application to an issued card, with notes and a look at
// what is sealed.
func (s *searched) reviewed(t *testing.T, viewer, app string, who *somebody) {
	t.Helper()
	reviewer := s.staff(t, "demo", "reviewer")
	s.get(t, reviewer, "/leads?q="+who.phone, 200, nil)
	s.get(t, reviewer, "/leads?q="+who.idNo, 200, nil)
	s.post(t, reviewer, "/leads/"+app+"/claim", nil, 200, nil)
	s.post(t, reviewer, "/leads/"+app+"/notes", map[string]any{"text": who.note + who.phone}, 200, nil)
	s.post(t, reviewer, "/leads/"+app+"/request-info", map[string]any{"fields": []string{"employer", "employer_address"}, "message": who.name + "，" + who.asked}, 200, nil)
	s.post(t, viewer, "/applications/"+app+"/supplements", map[string]any{"fields": map[string]any{"employer": who.employer, "employer_address": who.redone}}, 200, nil)
	s.post(t, reviewer, "/leads/"+app+"/reveal", map[string]any{"fields": slices.Collect(maps.Keys(who.sealed())), "reason": "核对" + who.idNo}, 200, nil)
	s.post(t, reviewer, "/leads/"+app+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy", "comment": who.note}, 200, nil)
	wait(t, "the card to be issued", func() bool {
		var a struct{ Status string }
		s.get(t, viewer, "/applications/"+app, 200, &a)
		return a.Status == "issued"
	})
}

// exported takes everything that staff may take away.
func (s *searched) exported(t *testing.T, who *somebody) {
	t.Helper()
	for who, paths := range map[string][]string{
		"supervisor": {"/leads/export", "/leads"},
		"operator":   {"/shop/orders", "/shop/orders?q=" + who.phone},
		"auditor":    {"/audit?limit=100"},
		"finance":    {"/settlements", "/merchants", "/merchants/changes"},
		"reviewer":   {"/leads?limit=50"},
	} {
		for _, path := range paths {
			status, _, raw := s.send(t, http.MethodGet, path, http.Header{"Authorization": {"Bearer " + s.staff(t, "demo", who)}}, nil)
			if status != http.StatusOK {
				t.Errorf("%s: %d %s", path, status, raw)
			}
			s.exports.Write(raw)
		}
	}
}
