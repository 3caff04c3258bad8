package bankbox_test

import (
	"strings"
	"testing"
)

// posts are the calls that read a body.
var posts = []string{
	"POST /pay/v1/payments", "POST /pay/v1/refunds",
	"POST /bind/v1/verifications", "POST /bind/v1/verifications/x/confirm", "POST /bind/v1/charges",
	"POST /sms/v1/messages", "POST /core/v1/applications", "POST /sandbox/v1/payments", "PUT /faults",
}

func TestABodyThatIsNoJSONObjectIsRefused(t *testing.T) {
	b := newBank(t)
	for _, route := range posts {
		method, path, _ := strings.Cut(route, " ")
		for _, raw := range []string{"", "{", `{"a":1}{"b":2}`, "amount_fen=1", "\xff"} {
			b.call(method, path, raw).refused(400, "bad_request")
		}
		for _, raw := range []string{"[]", "null", `"text"`, "1"} {
			b.call(method, path, raw).refused(422, "validation")
		}
	}
}

func TestABodyOverTheLimitIsRefused(t *testing.T) {
	b := newBank(t)
	big := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, route := range posts {
		if route == "POST /sandbox/v1/payments" { // takes a year at once
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		b.call(method, path, big).refused(413, "too_large")
	}
}

func TestBadValuesAreRefusedNamingTheField(t *testing.T) {
	b := newBank(t)
	long := strings.Repeat("x", 3000)
	for _, c := range []struct{ path, body, field string }{
		{"/pay/v1/payments", `{"amount_fen":1,"notify_url":"http://x/y"}`, "out_trade_no"},
		{"/pay/v1/payments", `{"out_trade_no":"a/b","amount_fen":1,"notify_url":"http://x/y"}`, "out_trade_no"},
		{"/pay/v1/payments", `{"out_trade_no":7,"amount_fen":1,"notify_url":"http://x/y"}`, "out_trade_no"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":0,"notify_url":"http://x/y"}`, "amount_fen"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":-5,"notify_url":"http://x/y"}`, "amount_fen"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":1.5,"notify_url":"http://x/y"}`, "amount_fen"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":"1","notify_url":"http://x/y"}`, "amount_fen"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":99999999999999999999,"notify_url":"http://x/y"}`, "amount_fen"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":1}`, "notify_url"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":1,"notify_url":"/relative"}`, "notify_url"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":1,"notify_url":"http://x/y","return_url":"javascript:alert(1)"}`, "return_url"},
		{"/pay/v1/payments", `{"out_trade_no":"a","amount_fen":1,"notify_url":"http://x/y","subject":"` + long + `"}`, "subject"},
		{"/pay/v1/refunds", `{"out_trade_no":"a","amount_fen":1}`, "out_refund_no"},
		{"/pay/v1/refunds", `{"out_refund_no":"a","amount_fen":1}`, "out_trade_no"},
		{"/pay/v1/refunds", `{"out_refund_no":"a","out_trade_no":"a"}`, "amount_fen"},
		{"/pay/v1/refunds", `{"out_refund_no":"a","out_trade_no":"a","amount_fen":1,"notify_url":"x"}`, "notify_url"},
		{"/bind/v1/verifications", `{"id_no":"1","phone":"13800138000","pan":"6217990000000000003"}`, "name"},
		{"/bind/v1/verifications", `{"name":"王","phone":"13800138000","pan":"6217990000000000003"}`, "id_no"},
		{"/bind/v1/verifications", `{"name":"王","id_no":"1","phone":"138","pan":"6217990000000000003"}`, "phone"},
		{"/bind/v1/verifications/x/confirm", `{}`, "code"},
		{"/bind/v1/charges", `{"out_trade_no":"a","amount_fen":1}`, "card_token"},
		{"/bind/v1/charges", `{"card_token":"t","amount_fen":1}`, "out_trade_no"},
		{"/bind/v1/charges", `{"card_token":"t","out_trade_no":"a"}`, "amount_fen"},
		{"/sms/v1/messages", `{"text":"x"}`, "phone"},
		{"/sms/v1/messages", `{"phone":"13800138000"}`, "text"},
		{"/sms/v1/messages", `{"phone":"13800138000","text":"` + long + `"}`, "text"},
		{"/core/v1/applications", `{"applicant":{},"notify_url":"http://x/y"}`, "application_id"},
		{"/core/v1/applications", `{"application_id":"a","notify_url":"http://x/y"}`, "applicant"},
		{"/core/v1/applications", `{"application_id":"a","applicant":[],"notify_url":"http://x/y"}`, "applicant"},
		{"/core/v1/applications", `{"application_id":"a","applicant":{"name":1},"notify_url":"http://x/y"}`, "name"},
		{"/core/v1/applications", `{"application_id":"a","applicant":{}}`, "notify_url"},
	} {
		r := b.post(c.path, c.body)
		r.refused(422, "validation")
		if detail := r.want(422).str("detail"); !strings.Contains(detail, c.field) {
			t.Errorf("%s %.80s: the detail %q does not name %s", c.path, c.body, detail, c.field)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	b := newBank(t)
	for _, path := range []string{"/pay/v1/payments/x", "/pay/v1/refunds/x", "/core/v1/applications/x"} {
		b.get(path).refused(404, "not_found")
	}
	b.del("/bind/v1/tokens/x").refused(404, "not_found")
	b.post("/bind/v1/verifications/x/confirm", fields{"code": "123456"}).refused(404, "not_found")
	b.post("/bind/v1/charges", fields{"out_trade_no": "a", "amount_fen": 1, "card_token": "tok_x"}).refused(404, "not_found")
}
