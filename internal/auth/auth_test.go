package auth_test

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

type desk struct {
	*auth.Service
	ctx  context.Context
	db   *db.DB
	now  *clock.Fake
	bank tenant.Bank

	mu   sync.Mutex
	text string
}

func (d *desk) SendSMS(_ context.Context, _ pii.Text, text, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text = text
	return nil
}

func (d *desk) code() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return regexp.MustCompile(`\d{6}`).FindString(d.text)
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{ctx: testkit.Context(t), now: clock.NewFake(time.Now())}
	d.db = testkit.SQLite(t, d.now)
	keys := testkit.Keyring(t, d.db)
	d.bank = testkit.Bank(t, d.db, keys, "demo")
	s, err := auth.New(d.ctx, d.db, keys, tenant.NewDirectory(d.db, ""), d)
	if err != nil {
		t.Fatal(err)
	}
	s.PasswordCost = testkit.CheapPasswords
	d.Service = s
	return d
}

func (d *desk) enter(t *testing.T, phone string) auth.Tokens {
	t.Helper()
	if err := d.SendOTP(d.ctx, d.bank, pii.Clear(phone)); err != nil {
		t.Fatal(err)
	}
	tokens, err := d.VerifyOTP(d.ctx, d.bank, pii.Clear(phone), d.code(), "device")
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

const phone = "13812345678"

// RULES §2: 6 digits, 5 min, 5 tries, 1/min · 5/h · 10/day a phone.
func TestCodesAreLimited(t *testing.T) {
	d := open(t)
	send := func() error { return d.SendOTP(d.ctx, d.bank, pii.Clear(phone)) }
	want(t, d.SendOTP(d.ctx, d.bank, pii.Clear("12345")), "validation")
	sent, firstHour := 0, 0
	for minute := range 24 * 60 {
		switch err := send(); fault.Code(err) {
		case "":
			sent++
			want(t, send(), "rate_limited")
		case "rate_limited":
		default:
			t.Fatal(err)
		}
		if minute == 59 {
			firstHour = sent
		}
		d.now.Advance(time.Minute)
	}
	if sent != 10 || firstHour != 5 {
		t.Errorf("%d codes in an hour, %d in a day", firstHour, sent)
	}
}

func TestACodeIsGoodOnceForFiveMinutesAndFiveTries(t *testing.T) {
	d := open(t)
	verify := func(code string) error {
		_, err := d.VerifyOTP(d.ctx, d.bank, pii.Clear(phone), code, "")
		return err
	}
	want(t, verify("000000"), "otp.wrong") // none was sent
	d.enter(t, phone)
	want(t, verify(d.code()), "otp.wrong")
	d.now.Advance(time.Minute)
	if err := d.SendOTP(d.ctx, d.bank, pii.Clear(phone)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		want(t, verify("wrong!"), "otp.wrong")
	}
	want(t, verify(d.code()), "otp.wrong")
	d.now.Advance(time.Minute)
	if err := d.SendOTP(d.ctx, d.bank, pii.Clear(phone)); err != nil {
		t.Fatal(err)
	}
	d.now.Advance(5*time.Minute + time.Second)
	want(t, verify(d.code()), "otp.wrong")
}

func TestAReusedRefreshTokenEndsTheWholeSession(t *testing.T) {
	d := open(t)
	first := d.enter(t, phone)
	second, err := d.Refresh(d.ctx, first.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Authenticate(d.ctx, second.Access); err != nil {
		t.Fatal(err)
	}
	_, err = d.Refresh(d.ctx, first.Refresh)
	want(t, err, "auth.refresh_reused")
	_, err = d.Refresh(d.ctx, second.Refresh)
	want(t, err, "auth.required")
	_, err = d.Authenticate(d.ctx, second.Access)
	want(t, err, "auth.required")
}

func TestTokensEndWithTheirTimeAndTheirSession(t *testing.T) {
	d := open(t)
	tokens := d.enter(t, phone)
	p, err := d.Authenticate(d.ctx, tokens.Access)
	if err != nil || p.Kind != auth.Viewer || p.Bank.ID != d.bank.ID {
		t.Fatalf("%+v %v", p, err)
	}
	_, err = d.Authenticate(d.ctx, tokens.Access+"x")
	want(t, err, "auth.required")
	d.now.Advance(2*time.Hour + time.Second)
	_, err = d.Authenticate(d.ctx, tokens.Access)
	want(t, err, "auth.required")
	again, err := d.Refresh(d.ctx, tokens.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Logout(d.ctx, p); err != nil {
		t.Fatal(err)
	}
	_, err = d.Authenticate(d.ctx, again.Access)
	want(t, err, "auth.required")
}

func TestStaffAreLockedAfterFailuresInARow(t *testing.T) {
	d := open(t)
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		_, err := d.CreateStaff(d.ctx, tx, d.bank.ID, auth.NewStaff{Username: "host", Name: "H", Password: "right", Roles: []auth.Role{auth.Host}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	login := func(password string) error {
		_, err := d.Login(d.ctx, d.bank, "host", password, "")
		return err
	}
	if err := login("right"); err != nil {
		t.Fatal(err)
	}
	_, err = d.Login(d.ctx, d.bank, "nobody", "right", "")
	want(t, err, "auth.login_failed")
	for range 5 {
		want(t, login("wrong"), "auth.login_failed")
	}
	want(t, login("right"), "rate_limited")
	d.now.Advance(15*time.Minute + time.Second)
	if err := login("right"); err != nil {
		t.Error(err)
	}
}

func TestAHandoffIsGoodOnce(t *testing.T) {
	d := open(t)
	d.bank.Settings.HandoffKey = "the bank's key"
	token := func(key, jti string, life time.Duration) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": "yinbo", "jti": jti, "phone": phone,
			"exp": d.now.Now().Add(life).Unix()}).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := token(d.bank.Settings.HandoffKey, "1", time.Minute)
	if _, err := d.Handoff(d.ctx, d.bank, good); err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]string{"used": good, "forged": token("other", "2", time.Minute),
		"too long": token(d.bank.Settings.HandoffKey, "3", time.Hour), "expired": token(d.bank.Settings.HandoffKey, "4", -time.Minute)} {
		_, err := d.Handoff(d.ctx, d.bank, bad)
		if fault.Code(err) != "auth.handoff_invalid" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAHandoffSetsTheBranchThatTheBankHas(t *testing.T) {
	d := open(t)
	d.bank.Settings.HandoffKey = "the bank's key"
	err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
		return tx.Insert(d.ctx, "branch (id, bank_id, name, created_at)", [][]any{{"brn_1", d.bank.ID, "西湖支行", tx.Now}, {"brn_2", "bank_b", "别行", tx.Now}}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	enter := func(jti, branch string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": "yinbo", "jti": jti, "phone": phone, "branch": branch,
			"exp": d.now.Now().Add(time.Minute).Unix()}).SignedString([]byte(d.bank.Settings.HandoffKey))
		if err != nil {
			t.Fatal(err)
		}
		in, err := d.Handoff(d.ctx, d.bank, token)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.ViewerBranch(d.ctx, d.bank.ID, in.Person.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.ChooseBranch(d.ctx, d.bank.ID, in.Person.ID, "brn_2"); fault.Code(err) != "validation" {
			t.Errorf("another bank's branch was chosen: %v", err)
		}
		return got
	}
	for i, c := range []struct{ branch, want string }{{"", ""}, {"brn_1", "brn_1"}, {"", "brn_1"}, {"brn_2", "brn_1"}, {"nonsense", "brn_1"}} {
		if got := enter(string(rune('a'+i)), c.branch); got != c.want {
			t.Errorf("after a token with %q the branch is %q, want %q", c.branch, got, c.want)
		}
	}
}
