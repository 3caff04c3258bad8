package bankbox_test

import (
	"regexp"
	"strings"
	"testing"

	"yinbo/internal/bankbox"
)

// page fetches a cashier page and checks what holds for each of them.
func (b *bank) page(path string, status int, headers ...string) string {
	b.t.Helper()
	r := b.call("GET", path, nil, headers...)
	if r.status != status || r.header.Get("Content-Type") != "text/html; charset=utf-8" {
		b.t.Fatalf("%s: %d %s", path, r.status, r.header.Get("Content-Type"))
	}
	policy := r.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			b.t.Errorf("%s: policy %q lacks %s", path, policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || r.header.Get("Cache-Control") != "no-store" {
		b.t.Errorf("%s: policy %q, cache %q", path, policy, r.header.Get("Cache-Control"))
	}
	html := string(r.raw)
	if inline.MatchString(html) {
		b.t.Errorf("%s: the policy forbids what the page holds inline: %s", path, inline.FindString(html))
	}
	return html
}

var inline = regexp.MustCompile(`<script(?: defer)?>|<style|\sstyle="|\son[a-z]+="`)

func wantText(t *testing.T, html string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(html, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func TestCashierPageShowsWhatIsToBePaid(t *testing.T) {
	b := newBank(t)
	no := b.post("/pay/v1/payments", fields{
		"out_trade_no": "pay_1", "amount_fen": 123456789, "notify_url": nowhere,
		"subject": `<script>alert("茶")</script>`, "return_url": "https://shop.example/back?a=1&b=2",
	}).want(201).str("payment_no")
	html := b.page("/pay/cashier/"+no, 200)
	wantText(t, html, "1,234,567.89", `data-state="pending"`, no, "&lt;script&gt;alert",
		`href="https://shop.example/back?a=1&amp;b=2"`, `name="viewport"`,
		`src="/pay/cashier.js"`, `href="/pay/cashier.css"`)
	for path, kind := range map[string]string{
		"/pay/cashier.js": "text/javascript; charset=utf-8", "/pay/cashier.css": "text/css; charset=utf-8",
	} {
		r := b.get(path)
		if r.status != 200 || r.header.Get("Content-Type") != kind || len(r.raw) == 0 ||
			r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
	}
}

func TestCashierPageSpeaksTheReadersLanguage(t *testing.T) {
	b := newBank(t)
	path := "/pay/cashier/" + b.pending("pay_1", 1, nowhere)
	for _, c := range []struct{ name, query, accept, want string }{
		{"nothing said", "", "", "离开"},
		{"query", "?lang=en", "", "Leave"},
		{"query over header", "?lang=zh-CN", "en", "离开"},
		{"header", "", "en-GB,en;q=0.9", "Leave"},
		{"preferred in header", "", "fr, zh-TW;q=0.9, en;q=0.8", "离开"},
		{"unknown languages", "?lang=xx-yy-zz-%00", "fr;q=zzz", "离开"},
	} {
		html := b.page(path+c.query, 200, "Accept-Language", c.accept)
		if !strings.Contains(html, c.want) {
			t.Errorf("%s: the page lacks %q", c.name, c.want)
		}
	}
	wantText(t, b.page(path, 200), `lang="zh-CN"`, "支付失败", "English", "?lang=en")
	wantText(t, b.page(path+"?lang=en", 200), `lang="en"`, "Fail the payment", "中文")
}

func TestCashierPageShowsTheStateAfterAReload(t *testing.T) {
	b := newBank(t)
	paid, failed := b.pending("pay_1", 1, nowhere), b.pending("pay_2", 1, nowhere)
	b.post("/pay/cashier/"+paid+"/pay", nil).want(200)
	b.post("/pay/cashier/"+failed+"/fail", nil).want(200)
	wantText(t, b.page("/pay/cashier/"+paid, 200), `data-state="succeeded"`, "2026-03-10 10:0")
	wantText(t, b.page("/pay/cashier/"+failed, 200), `data-state="failed"`)
	wantText(t, b.page("/pay/cashier/no-such", 404), `data-state="missing"`, "没有这笔支付")
	b.post("/pay/cashier/no-such/pay", nil).refused(404, "not_found")
	b.post("/pay/cashier/no-such/fail", nil).refused(404, "not_found")
}

func TestPeopleReadAmountsInGroups(t *testing.T) {
	for fen, want := range map[int64]string{
		1: "0.01", 100: "1.00", 99999: "999.99", 100000: "1,000.00", 100000000: "1,000,000.00",
	} {
		if got := bankbox.YuanGrouped(fen); got != want {
			t.Errorf("%d fen: %s, want %s", fen, got, want)
		}
	}
}
