package bankbox_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestMessagesAreShownOldestFirstByPhone(t *testing.T) {
	b := newBank(t)
	send := func(phone, text string) {
		b.post("/sms/v1/messages", fields{"phone": phone, "text": text}).want(201).has(t, fields{"accepted": true})
	}
	send("13800138000", "一")
	send("13900139000", "<二> & 二")
	send("13800138000", "三")
	texts := func(query string) (all []string) {
		for _, item := range b.get("/sms/v1/messages" + query).want(200).items() {
			all = append(all, item.str("text"))
			isTime(t, "at", item.str("at"))
		}
		return all
	}
	for query, want := range map[string]string{
		"?phone=13800138000": `["一" "三"]`, "?phone=13900139000": `["<二> & 二"]`,
		"": `["一" "<二> & 二" "三"]`, "?phone=13700137000": `[]`,
	} {
		if got := quoted(texts(query)); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	if raw := b.get("/sms/v1/messages?phone=13700137000").text(); raw != `{"items":[]}` {
		t.Errorf("no messages: %s", raw)
	}
	b.reopen()
	if got := len(texts("")); got != 3 {
		t.Errorf("%d messages after a restart", got)
	}
}

func quoted(texts []string) string {
	out := "["
	for i, text := range texts {
		if i > 0 {
			out += " "
		}
		out += strconv.Quote(text)
	}
	return out + "]"
}

func TestMessageIsSentOnceForANumber(t *testing.T) {
	b := newBank(t)
	for range 3 {
		b.post("/sms/v1/messages", fields{"phone": "13800138000", "text": "验证码 123456", "out_id": "msg_1"}).want(201)
	}
	b.post("/sms/v1/messages", fields{"phone": "13800138000", "text": "验证码 123456", "out_id": "msg_2"}).want(201)
	if n := len(b.get("/sms/v1/messages?phone=13800138000").want(200).items()); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

func TestWhoAsksForReportsIsToldOfDeliveriesAndAnswers(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.post("/sms/v1/replies", fields{"phone": "13800138000", "text": "T"}).refused(404, "not_found")
	for range 2 { // sent once, reported once
		b.post("/sms/v1/messages", fields{"phone": "13800138000", "text": "一", "out_id": "fup_1", "notify_url": m.url}).want(201)
	}
	b.post("/sms/v1/messages", fields{"phone": "13800138000", "text": "验证码", "out_id": "otp_1"}).want(201)
	b.post("/sms/v1/replies", fields{"phone": "13800138000", "text": "Ｔ"}).want(201)
	for _, want := range []string{`"deliveries":[{"out_id":"fup_1","delivered":true`, `"replies":[{"phone":"13800138000","text":"Ｔ","out_id":"fup_1","at":"`} {
		eventually(t, want, func() bool { return strings.Contains(heard(m), want) })
	}
	b.post("/sms/v1/messages", fields{"phone": "13800138000", "text": "一", "notify_url": "here"}).refused(422, "validation")
	b.post("/sms/v1/replies", fields{"phone": "1", "text": "T"}).refused(422, "validation")
}

// heard is all that the merchant was told.
func heard(m *merchant) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all strings.Builder
	for _, d := range m.got {
		all.Write(d.raw)
	}
	return all.String()
}
