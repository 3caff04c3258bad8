package auth_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/obs"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// onEach runs fn with a desk on each engine.
func onEach(t *testing.T, fn func(t *testing.T, d *desk)) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB} {
		t.Run(name, func(t *testing.T) {
			d := &desk{ctx: testkit.Context(t), now: clock.NewFake(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))}
			d.db = open(t, d.now)
			keys := testkit.Keyring(t, d.db)
			d.bank = testkit.Bank(t, d.db, keys, "demo")
			var err error
			if d.Service, err = auth.New(d.ctx, d.db, keys, tenant.NewDirectory(d.db, ""), d); err != nil {
				t.Fatal(err)
			}
			d.PasswordCost = testkit.CheapPasswords
			fn(t, d)
		})
	}
}

const password = "blue-Kettle-77"

// hire makes a member of staff, whose password is that above.
func (d *desk) hire(t *testing.T, name string, roles ...auth.Role) auth.Principal {
	t.Helper()
	p := auth.Principal{Kind: auth.Staff, Bank: d.bank, Name: name, Roles: roles}
	err := d.db.InTx(d.ctx, func(tx *db.Tx) (err error) {
		p.ID, err = d.CreateStaff(d.ctx, tx, d.bank.ID, auth.NewStaff{Username: name, Name: name, Password: password, Roles: roles})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// from is a request from an address.
func (d *desk) from(address string) context.Context {
	return obs.WithRequest(d.ctx, obs.Request{ID: "req", IP: address, Agent: "Browser/1"})
}

func (d *desk) login(address, name, password, code string) (auth.Tokens, error) {
	return d.Login(d.from(address), d.bank, name, password, code)
}

func (d *desk) must(t *testing.T, tokens auth.Tokens, err error) auth.Principal {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Authenticate(d.ctx, tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// enrolled gives p a second factor and returns its secret and recovery codes.
func (d *desk) enrolled(t *testing.T, p auth.Principal) (secret string, codes []string) {
	t.Helper()
	f, err := d.EnrolTOTP(d.ctx, p, password, "")
	if err != nil {
		t.Fatal(err)
	}
	codes, err = d.ConfirmTOTP(d.ctx, p, d.totp(t, f.Secret.Reveal()))
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes: %v", len(codes), err)
	}
	return f.Secret.Reveal(), codes
}

func (d *desk) totp(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, d.now.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestASecondFactorCountsOnceItIsConfirmedAndEachCodeIsGoodOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		p := d.hire(t, "clerk", auth.Risk)
		_, err := d.ConfirmTOTP(d.ctx, p, "123456")
		want(t, err, "totp.not_begun")
		_, err = d.EnrolTOTP(d.ctx, p, "wrong", "")
		want(t, err, "validation")
		f, err := d.EnrolTOTP(d.ctx, p, password, "")
		if err != nil || len(f.QR.Reveal()) < 100 || f.URI.Reveal()[:15] != "otpauth://totp/" {
			t.Fatalf("%v %v", f.URI, err)
		}
		if _, err := d.login("a", "clerk", password, ""); err != nil {
			t.Errorf("a factor that is not confirmed counts: %v", err)
		}
		_, err = d.ConfirmTOTP(d.ctx, p, "000000")
		want(t, err, "validation")
		code := d.totp(t, f.Secret.Reveal())
		codes, err := d.ConfirmTOTP(d.ctx, p, code)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.login("a", "clerk", password, "")
		want(t, err, "auth.totp_required")
		_, err = d.login("a", "clerk", password, code)
		want(t, err, "auth.login_failed") // it confirmed the factor
		d.now.Advance(time.Minute)
		code = d.totp(t, f.Secret.Reveal())
		d.must2(t, "a", "clerk", code)
		_, err = d.login("a", "clerk", password, code)
		want(t, err, "auth.login_failed")
		d.now.Advance(20 * time.Minute)
		d.must2(t, "a", "clerk", codes[3])
		_, err = d.login("a", "clerk", password, codes[3])
		want(t, err, "auth.login_failed")

		// Another secret needs a code of the one in use.
		d.now.Advance(20 * time.Minute)
		_, err = d.EnrolTOTP(d.ctx, p, password, "")
		want(t, err, "validation")
		if _, err := d.EnrolTOTP(d.ctx, p, password, codes[4]); err != nil {
			t.Error(err)
		}
		own, err := d.Own(d.ctx, p)
		if err != nil || !own.TOTP || own.RecoveryLeft != 8 {
			t.Errorf("%+v %v", own, err)
		}
	})
}

func (d *desk) must2(t *testing.T, address, name, code string) {
	t.Helper()
	if _, err := d.login(address, name, password, code); err != nil {
		t.Fatalf("with %s: %v", code, err)
	}
}

// The same code twice at once signs in once.
func TestOneCodeSignsInOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		p := d.hire(t, "clerk", auth.Risk)
		secret, _ := d.enrolled(t, p)
		d.now.Advance(time.Minute)
		code := d.totp(t, secret)
		var all sync.WaitGroup
		good := make(chan bool, 4)
		for range 4 {
			all.Go(func() {
				_, err := d.login("a", "clerk", password, code)
				good <- err == nil
			})
		}
		all.Wait()
		close(good)
		n := 0
		for ok := range good {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d signed in", n)
		}
	})
}

func TestRolesThatNeedASecondFactorDoNothingBeforeIt(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		p := d.hire(t, "clerk", auth.Risk)
		err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
			return tenant.Change(d.ctx, tx, d.bank.ID, func(s *tenant.Settings) { s.TOTPRoles = []string{"risk"} })
		})
		if err != nil {
			t.Fatal(err)
		}
		d.now.Advance(10 * time.Second) // banks are known anew
		tokens, err := d.login("a", "clerk", password, "")
		in := d.must(t, tokens, err)
		if in.Due != auth.DueTOTP || len(in.Roles) != 0 || in.Has(auth.Risk) {
			t.Fatalf("%+v", in)
		}
		p.Bank, p.Session = in.Bank, in.Session
		d.enrolled(t, p)
		tokens, err = d.Refresh(d.ctx, tokens.Refresh)
		if in = d.must(t, tokens, err); in.Due != "" || !in.Has(auth.Risk) {
			t.Errorf("%+v", in)
		}
	})
}

func TestPasswordsFollowTheRules(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		p := d.hire(t, "clerk", auth.Risk)
		for _, bad := range []string{"short-1", "xx-CLERK-xx-xx", "password1234", "ababababababab", password} {
			want(t, d.ChangePassword(d.ctx, p, password, bad), "validation")
		}
		want(t, d.ChangePassword(d.ctx, p, "not this", "green-Kettle-77"), "validation")
		first, err := d.login("a", "clerk", password, "")
		here, elsewhere := d.must(t, first, err), auth.Principal{}
		second, err := d.login("b", "clerk", password, "")
		elsewhere = d.must(t, second, err)
		old := password
		for _, next := range []string{"green-Kettle-78", "green-Kettle-79", "green-Kettle-80", "green-Kettle-81"} {
			if err := d.ChangePassword(d.ctx, here, old, next); err != nil {
				t.Fatal(err)
			}
			d.now.Advance(time.Minute)
			want(t, d.ChangePassword(d.ctx, here, next, password), "validation") // among the last five
			old = next
		}
		if _, err := d.Authenticate(d.ctx, first.Access); err != nil {
			t.Errorf("one's own session ended: %v", err)
		}
		_, err = d.Authenticate(d.ctx, second.Access)
		want(t, err, "auth.required")
		if err := d.ChangePassword(d.ctx, here, old, "green-Kettle-82"); err != nil {
			t.Fatal(err)
		}
		d.now.Advance(time.Minute)
		if err := d.ChangePassword(d.ctx, here, "green-Kettle-82", password); err != nil {
			t.Errorf("the sixth last may come again: %v", err)
		}
		if elsewhere.ID != here.ID {
			t.Error("two people")
		}
	})
}

func TestFailuresMakeWaitEverLongerAndNobodyIsKeptOutForEver(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		d.hire(t, "clerk", auth.Risk)
		if _, err := d.login("home", "clerk", password, ""); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"clerk", "nobody"} { // names that do not exist are answered alike
			for range 5 {
				_, err := d.login("far", name, "wrong", "")
				want(t, err, "auth.login_failed")
			}
			_, err := d.login("far", name, password, "")
			want(t, err, "rate_limited")
			_, err = d.login("farther", name, password, "")
			want(t, err, "rate_limited")
		}
		// From where the person signs in, others' failures count for nothing.
		if _, err := d.login("home", "clerk", password, ""); err != nil {
			t.Errorf("kept out by somebody else: %v", err)
		}
		d.now.Advance(time.Minute + time.Second)
		_, err := d.login("far", "clerk", "wrong", "")
		want(t, err, "auth.login_failed")
		d.now.Advance(time.Minute + time.Second)
		_, err = d.login("far", "clerk", password, "") // the second wait is longer
		want(t, err, "rate_limited")

		admin := d.hire(t, "boss", auth.Admin)
		m, err := d.Members(d.ctx, d.bank.ID, auth.MemberFilter{Query: "cler", Limit: 10})
		if err != nil || len(m) != 1 || m[0].LockedUntil == nil {
			t.Fatalf("%+v %v", m, err)
		}
		if err := d.Unlock(d.ctx, admin, m[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.login("far", "clerk", password, ""); err != nil {
			t.Error(err)
		}
		want(t, d.Unlock(d.ctx, admin, id.New(id.Staff)), "not_found")

		// An address that guesses at many names waits as a whole.
		for i := range 50 {
			_, err := d.login("crowd", "name"+string(rune('A'+i)), "wrong", "")
			want(t, err, "auth.login_failed")
		}
		_, err = d.login("crowd", "another", "wrong", "")
		want(t, err, "rate_limited")
		d.now.Advance(16 * time.Minute)
		_, err = d.login("crowd", "another", "wrong", "")
		want(t, err, "auth.login_failed")
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		d.hire(t, "clerk", auth.Risk)
		admin := d.hire(t, "boss", auth.Admin)
		var tokens []auth.Tokens
		for _, address := range []string{"a", "b", "c"} {
			in, err := d.login(address, "clerk", password, "")
			if err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, in)
			d.now.Advance(time.Minute)
		}
		p := d.must(t, tokens[0], nil)
		list, err := d.Devices(d.ctx, d.bank.ID, p.ID, p.Session)
		if err != nil || len(list) != 3 || list[0].Agent != "Browser/1" || len(list[0].Address) != 8 || !list[2].Current || list[0].Address == list[1].Address {
			t.Fatalf("%+v %v", list, err)
		}
		want(t, d.EndDevice(d.ctx, admin, admin.ID, list[0].ID), "not_found")
		if err := d.EndDevice(d.ctx, admin, p.ID, list[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err = d.Authenticate(d.ctx, tokens[2].Access)
		want(t, err, "auth.required")
		if n, err := d.EndDevices(d.ctx, p, p.ID); err != nil || n != 1 {
			t.Errorf("%d ended: %v", n, err)
		}
		if _, err := d.Authenticate(d.ctx, tokens[0].Access); err != nil {
			t.Error(err)
		}
		_, err = d.Authenticate(d.ctx, tokens[1].Access)
		want(t, err, "auth.required")
	})
}

func TestAChangeOfRolesTakesTwoAndIsMadeOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		clerk := d.hire(t, "clerk", auth.Risk)
		anna, berta, clara := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin), d.hire(t, "clara", auth.Admin)
		in, err := d.login("a", "clerk", password, "")
		d.must(t, in, err)
		roles := func(of string, r ...auth.Role) auth.NewRequest {
			return auth.NewRequest{Kind: auth.ReqRoles, StaffID: of, Reason: "调岗 13812345678", Wish: auth.Wish{Roles: r}}
		}
		_, err = d.Ask(d.ctx, anna, roles(anna.ID, auth.Admin, auth.Finance))
		want(t, err, "staff.own")
		_, err = d.Ask(d.ctx, anna, roles(clerk.ID, auth.Risk))
		want(t, err, "conflict")
		_, err = d.Ask(d.ctx, anna, roles(clerk.ID))
		want(t, err, "validation")
		_, err = d.Ask(d.ctx, anna, roles(id.New(id.Staff), auth.Risk))
		want(t, err, "not_found")
		q, err := d.Ask(d.ctx, anna, roles(clerk.ID, auth.Finance, auth.Auditor))
		if err != nil || q.State != auth.Asked || q.Reason != "调岗 ***" || !slices.Equal(q.Base.Roles, []auth.Role{auth.Risk}) {
			t.Fatalf("%+v %v", q, err)
		}
		_, err = d.Ask(d.ctx, berta, roles(clerk.ID, auth.Host))
		want(t, err, "staff.request_open")
		_, _, err = d.Approve(d.ctx, anna, q.ID)
		want(t, err, "staff.same_person")
		_, err = d.Withdraw(d.ctx, berta, q.ID)
		want(t, err, "staff.not_yours")
		_, _, err = d.Approve(d.ctx, clerk, q.ID)
		want(t, err, "staff.own")

		var all sync.WaitGroup
		results := make(chan error, 2)
		for _, by := range []auth.Principal{berta, clara} { // at once: one is the second person
			all.Go(func() {
				_, _, err := d.Approve(d.ctx, by, q.ID)
				results <- err
			})
		}
		all.Wait()
		a, b := <-results, <-results
		if (a == nil) == (b == nil) {
			t.Errorf("%v, %v", a, b)
		}
		m, err := d.Member(d.ctx, d.bank.ID, clerk.ID)
		if err != nil || !slices.Equal(m.Roles, []auth.Role{auth.Auditor, auth.Finance}) || m.Revision != 2 {
			t.Errorf("%+v %v", m, err)
		}
		_, err = d.Authenticate(d.ctx, in.Access)
		want(t, err, "auth.required")
		entries, err := audit.List(d.ctx, d.db, d.bank.ID, audit.Filter{Object: clerk.ID, Action: "staff.roles_applied", Limit: 5})
		if err != nil || len(entries) != 1 || entries[0].Detail["asked_by"] != anna.ID {
			t.Errorf("%+v %v", entries, err)
		}
		testkit.Holds(t, d.db, auth.Invariants()...)
	})
}

func TestAnOutdatedRequestIsNotApplied(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		clerk := d.hire(t, "clerk", auth.Risk)
		anna, berta := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin)
		ask := func(kind string, w auth.Wish) auth.Request {
			t.Helper()
			q, err := d.Ask(d.ctx, anna, auth.NewRequest{Kind: kind, StaffID: clerk.ID, Reason: "x", Wish: w})
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		roles, reset := ask(auth.ReqRoles, auth.Wish{Roles: []auth.Role{auth.Host}}), ask(auth.ReqPassword, auth.Wish{})
		_, once, err := d.Approve(d.ctx, berta, reset.ID)
		if err != nil || len(once) != 16 {
			t.Fatalf("%q %v", once, err)
		}
		if q, err := d.Request(d.ctx, d.bank, roles.ID); err != nil || !q.Outdated {
			t.Errorf("%+v %v", q, err)
		}
		_, _, err = d.Approve(d.ctx, berta, roles.ID)
		want(t, err, "staff.request_outdated")
		if _, err := d.Reject(d.ctx, berta, roles.ID, "新"); err != nil {
			t.Error(err)
		}
		_, err = d.Reject(d.ctx, berta, roles.ID, "again")
		want(t, err, "staff.request_decided")

		// What was given by others must be changed at once.
		d.now.Advance(time.Minute)
		_, err = d.login("a", "clerk", password, "")
		want(t, err, "auth.login_failed")
		tokens, err := d.login("a", "clerk", once, "")
		in := d.must(t, tokens, err)
		if in.Due != auth.DuePassword || in.Has(auth.Risk) {
			t.Errorf("%+v", in)
		}
		if err := d.ChangePassword(d.ctx, in, once, "green-Kettle-78"); err != nil {
			t.Fatal(err)
		}
		tokens, err = d.Refresh(d.ctx, tokens.Refresh)
		if in = d.must(t, tokens, err); in.Due != "" || !in.Has(auth.Risk) {
			t.Errorf("%+v", in)
		}
	})
}

func TestANewPersonComesInByTwo(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		anna, berta := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin)
		n := auth.NewRequest{Kind: auth.ReqCreate, Reason: "入职", Wish: auth.Wish{Username: "new", Name: "新人", Roles: []auth.Role{auth.Host, auth.Host}}}
		for _, w := range []auth.Wish{{Username: "a b", Name: "x", Roles: n.Wish.Roles}, {Username: "anna", Name: "x", Roles: n.Wish.Roles},
			{Username: "x", Roles: n.Wish.Roles}, {Username: "x", Name: "x"}, {Username: "x", Name: "x", Roles: n.Wish.Roles, BranchID: "brn_x"}} {
			_, err := d.Ask(d.ctx, anna, auth.NewRequest{Kind: auth.ReqCreate, Reason: "x", Wish: w})
			want(t, err, "validation")
		}
		q, err := d.Ask(d.ctx, anna, n)
		if err != nil {
			t.Fatal(err)
		}
		_, once, err := d.Approve(d.ctx, berta, q.ID)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := d.login("a", "new", once, "")
		if p := d.must(t, tokens, err); p.Due != auth.DuePassword || p.ID != q.StaffID {
			t.Errorf("%+v", p)
		}
		testkit.Breaks(t, d.db, auth.Invariants(), []testkit.Break{
			testkit.Wrong("decided by who asked", "access.two", "UPDATE staff_request SET decided_by = asked_by"),
			testkit.Wrong("recovery without a factor", "access.recovery", "INSERT INTO staff_recovery (bank_id, staff_id, code_hash, created_at) SELECT bank_id, id, 'x', created_at FROM staff WHERE username = 'new'"),
			testkit.Wrong("roles of nobody", "access.roles", "INSERT INTO staff_role (bank_id, staff_id, role) VALUES ('"+d.bank.ID+"', 'stf_none', 'admin')"),
			testkit.Wrong("an account of no merchant", "access.merchant", "UPDATE staff SET merchant_id = 'mch_none' WHERE username = 'new'"),
		})
	})
}

func TestTheLastAdminStays(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		anna, berta := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin)
		want(t, d.SetDisabled(d.ctx, anna, anna.ID, true, "x"), "staff.own")
		var all sync.WaitGroup
		results := make(chan error, 2)
		for _, pair := range [][2]auth.Principal{{anna, berta}, {berta, anna}} { // each the other, at once
			all.Go(func() { results <- d.SetDisabled(d.ctx, pair[0], pair[1].ID, true, "x") })
		}
		all.Wait()
		a, b := <-results, <-results
		if (a == nil) == (b == nil) {
			t.Errorf("%v, %v", a, b)
		}
		for _, err := range []error{a, b} {
			if err != nil {
				want(t, err, "staff.last_admin")
			}
		}
	})
}
