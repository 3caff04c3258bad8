package bankbox_test

import (
	"strconv"
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
