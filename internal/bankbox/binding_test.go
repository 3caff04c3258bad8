package bankbox_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinbo/internal/bankbox"
)

// Card numbers of the demo's ranges.
var (
	debitCard  = card("621799", 19)
	creditCard = card("622599", 16)
	otherCard  = card("621700", 19)
)

// card makes a number of that length with a right check digit.
func card(bin string, length int) string {
	body := bin + strings.Repeat("1", length-len(bin)-1)
	for check := range 10 {
		if pan := body + strconv.Itoa(check); bankbox.LuhnValid(pan) {
			return pan
		}
	}
	panic("no check digit fits")
}

func factors(pan, phone, name string) fields {
	return fields{"name": name, "id_no": "11010519491231002X", "phone": phone, "pan": pan}
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// lastCode reads the newest code sent to a phone, as a person would.
func (b *bank) lastCode(phone string) string {
	b.t.Helper()
	items := b.get("/sms/v1/messages?phone=" + phone).want(200).items()
	if len(items) == 0 {
		b.t.Fatalf("no message to %s", phone)
	}
	return sixDigits.FindString(items[len(items)-1].str("text"))
}

// verification begins a binding and gives its id.
func (b *bank) verification(pan, phone, name string) string {
	b.t.Helper()
	f := b.post("/bind/v1/verifications", factors(pan, phone, name)).want(201)
	f.has(b.t, fields{"status": "otp_sent"})
	return f.str("id")
}

func (b *bank) confirm(id, code string) reply {
	b.t.Helper()
	return b.post("/bind/v1/verifications/"+id+"/confirm", fields{"code": code})
}

// bound binds a card and gives its token.
func (b *bank) bound(pan, phone, name string) string {
	b.t.Helper()
	id := b.verification(pan, phone, name)
	return b.confirm(id, b.lastCode(phone)).want(200).str("card_token")
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestBindingGivesATokenForTheCard(t *testing.T) {
	b := newBank(t)
	for _, c := range []struct{ pan, bank, kind string }{
		{debitCard, "演示银行", "debit"}, {creditCard, "演示银行", "credit"}, {otherCard, "其他银行", "debit"},
	} {
		id := b.verification(c.pan, "13800138000", "王小明")
		code := b.lastCode("13800138000")
		got := b.confirm(id, code).want(200)
		got.has(t, fields{
			"bin": c.pan[:6], "last4": c.pan[len(c.pan)-4:], "bank_name": c.bank, "kind": c.kind,
		})
		if got.str("card_token") == "" || strings.Contains(got.str("card_token"), c.pan[6:]) {
			t.Errorf("token %q", got.str("card_token"))
		}
		b.clock.forward(time.Hour)
		b.confirm(id, code).want(200).has(t, got) // again, and late: the same
	}
	one, other := b.bound(debitCard, "13800138000", "王小明"), b.bound(debitCard, "13800138000", "王小明")
	if one == other {
		t.Error("two verifications share a token")
	}
}

func TestBindingMessageReadsAsTheContractSays(t *testing.T) {
	b := newBank(t)
	b.verification(debitCard, "13800138000", "王小明")
	raw := b.get("/sms/v1/messages?phone=13800138000").text()
	whole := regexp.MustCompile(`^\{"items":\[\{"text":"【演示银行】绑卡验证码 (\d{6})，5分钟内有效，请勿告诉他人。",` +
		`"phone":"13800138000","at":"2026-03-10T02:0\d:\d\d\.\d{3}Z"\}\]\}$`)
	if !whole.MatchString(raw) {
		t.Errorf("messages: %s", raw)
	}
}

func TestCardsThatCannotBeBound(t *testing.T) {
	b := newBank(t)
	badCheck := debitCard[:len(debitCard)-1] + strconv.Itoa((int(debitCard[len(debitCard)-1]-'0')+1)%10)
	for _, c := range []struct{ pan, name, code string }{
		{badCheck, "王小明", "pan.invalid"},
		{"621799000000", "王小明", "pan.invalid"},
		{strings.Repeat("6", 20), "王小明", "pan.invalid"},
		{"62179900000000000a", "王小明", "pan.invalid"},
		{"", "王小明", "pan.invalid"},
		{card("400000", 16), "王小明", "bin.unsupported"},
		{debitCard, "测试不符", "factor.mismatch"},
	} {
		b.post("/bind/v1/verifications", factors(c.pan, "13800138000", c.name)).refused(422, c.code)
	}
	b.post("/bind/v1/verifications", factors(debitCard, "13800138000", "测试锁定")).refused(423, "card.locked")
	if items := b.get("/sms/v1/messages").want(200).items(); len(items) != 0 {
		t.Errorf("a refused binding sent %v", items)
	}
}

func TestCodeIsGoodForFiveTries(t *testing.T) {
	b := newBank(t)
	id := b.verification(debitCard, "13800138000", "王小明")
	code := b.lastCode("13800138000")
	for range 5 {
		b.confirm(id, wrong(code)).refused(422, "otp.wrong")
	}
	b.confirm(id, code).refused(410, "otp.expired")

	id = b.verification(debitCard, "13800138000", "王小明")
	code = b.lastCode("13800138000")
	for range 4 {
		b.confirm(id, wrong(code)).refused(422, "otp.wrong")
	}
	b.confirm(id, code).want(200)
	// A bound card's code can't be guessed either.
	b.confirm(id, wrong(code)).refused(422, "otp.wrong")
	b.confirm(id, code).refused(410, "otp.expired")
}

func TestCodeIsGoodForFiveMinutes(t *testing.T) {
	b := newBank(t)
	id := b.verification(debitCard, "13800138000", "王小明")
	b.clock.forward(5*time.Minute + time.Second)
	b.confirm(id, b.lastCode("13800138000")).refused(410, "otp.expired")
}

func TestCardIsLockedAfterThreeMismatchesInARow(t *testing.T) {
	b := newBank(t)
	ask := func(pan, name string) reply {
		return b.post("/bind/v1/verifications", factors(pan, "13800138000", name))
	}
	ask(debitCard, "测试不符").refused(422, "factor.mismatch")
	ask(debitCard, "测试不符").refused(422, "factor.mismatch")
	ask(debitCard, "王小明").want(201) // not in a row
	for range 3 {
		ask(debitCard, "测试不符").refused(422, "factor.mismatch")
	}
	ask(debitCard, "王小明").refused(423, "card.locked")
	ask(creditCard, "王小明").want(201) // another card is not touched
	b.reopen()
	ask(debitCard, "王小明").refused(423, "card.locked")
	b.clock.forward(24 * time.Hour)
	ask(debitCard, "王小明").want(201)
}

func TestCardIsLockedAfterTenCallsADay(t *testing.T) {
	b := newBank(t)
	for range 10 {
		b.verification(debitCard, "13800138000", "王小明")
	}
	b.post("/bind/v1/verifications", factors(debitCard, "13800138000", "王小明")).refused(423, "card.locked")
	b.clock.forward(24 * time.Hour)
	b.verification(debitCard, "13800138000", "王小明")
}

func TestTimeoutHasNoAnswerInTime(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.TimeoutHang = 60 * time.Millisecond })
	began := time.Now()
	b.post("/bind/v1/verifications", factors(debitCard, "13800138000", "测试超时")).refused(504, "timeout")
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestTimeoutEndsWhenTheCallerLeaves(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.TimeoutHang = time.Hour })
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	body := `{"name":"测试超时","id_no":"1","phone":"13800138000","pan":"` + debitCard + `"}`
	req := httptest.NewRequestWithContext(ctx, "POST", "/bind/v1/verifications", strings.NewReader(body))
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.server.Handler().ServeHTTP(httptest.NewRecorder(), req)
	}()
	select {
	case <-done:
	case <-time.After(soon):
		t.Fatal("the call is held though its caller has left")
	}
}
