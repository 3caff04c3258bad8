package auth_test

import (
	"sync"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// meddling is a clock that lets something happen when it is looked at: between two
// steps of what is tested.
type meddling struct {
	*clock.Fake
	mu   sync.Mutex
	next func()
}

func (c *meddling) Now() time.Time {
	c.mu.Lock()
	do := c.next
	c.next = nil
	c.mu.Unlock()
	if do != nil {
		do()
	}
	return c.Fake.Now()
}

// onEachMeddled is onEach with such a clock.
func onEachMeddled(t *testing.T, fn func(t *testing.T, d *desk, c *meddling)) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB} {
		t.Run(name, func(t *testing.T) {
			c := &meddling{Fake: clock.NewFake(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))}
			d := &desk{ctx: testkit.Context(t), now: c.Fake}
			d.db = open(t, c)
			keys := testkit.Keyring(t, d.db)
			d.bank = testkit.Bank(t, d.db, keys, "demo")
			var err error
			if d.Service, err = auth.New(d.ctx, d.db, keys, tenant.NewDirectory(d.db, ""), d); err != nil {
				t.Fatal(err)
			}
			d.PasswordCost = testkit.CheapPasswords
			fn(t, d, c)
		})
	}
}

// Who signs in while the password is changed, or a second factor is put into use,
// came with what is no longer good.
func TestASignInUnderWayDoesNotOutliveAChangeOfItsProof(t *testing.T) {
	onEachMeddled(t, func(t *testing.T, d *desk, c *meddling) {
		anna := d.hire(t, "anna", auth.Risk)
		var changed error
		c.next = func() { changed = d.ChangePassword(d.ctx, anna, password, "green-Kettle-78") }
		_, err := d.login("a", "anna", password, "")
		want(t, changed, "")
		want(t, err, "auth.login_failed")

		berta := d.hire(t, "berta", auth.Risk)
		f, err := d.EnrolTOTP(d.ctx, berta, password, "")
		if err != nil {
			t.Fatal(err)
		}
		c.next = func() { _, changed = d.ConfirmTOTP(d.ctx, berta, d.totp(t, f.Secret.Reveal())) }
		_, err = d.login("a", "berta", password, "")
		want(t, changed, "")
		want(t, err, "auth.login_failed")

		// A new secret is not begun without the factor that came meanwhile.
		clara := d.hire(t, "clara", auth.Risk)
		if f, err = d.EnrolTOTP(d.ctx, clara, password, ""); err != nil {
			t.Fatal(err)
		}
		c.next = func() { _, changed = d.ConfirmTOTP(d.ctx, clara, d.totp(t, f.Secret.Reveal())) }
		_, err = d.EnrolTOTP(d.ctx, clara, password, "")
		want(t, changed, "")
		want(t, err, "conflict")
	})
}

// What an admin asked for is not applied once they are none: whoever was put out
// for misuse leaves no wishes behind. Nor does a token that still says admin decide.
func TestARequestNeedsTwoWhoAreAdminsNow(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		clerk := d.hire(t, "clerk", auth.Risk)
		anna, berta, clara := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin), d.hire(t, "clara", auth.Admin)
		ask := func(by auth.Principal, n auth.NewRequest) auth.Request {
			t.Helper()
			n.Reason = "x"
			q, err := d.Ask(d.ctx, by, n)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		demoted := ask(anna, auth.NewRequest{Kind: auth.ReqRoles, StaffID: clerk.ID, Wish: auth.Wish{Roles: []auth.Role{auth.Admin}}})
		gone := ask(berta, auth.NewRequest{Kind: auth.ReqCreate, Wish: auth.Wish{Username: "friend", Name: "Freund", Roles: []auth.Role{auth.Admin}}})
		change := ask(clara, auth.NewRequest{Kind: auth.ReqRoles, StaffID: anna.ID, Wish: auth.Wish{Roles: []auth.Role{auth.Risk}}})
		if _, _, err := d.Approve(d.ctx, berta, change.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err := d.Approve(d.ctx, clara, demoted.ID)
		want(t, err, "staff.request_outdated")
		_, err = d.Ask(d.ctx, anna, auth.NewRequest{Kind: auth.ReqPassword, StaffID: clerk.ID, Reason: "x"})
		want(t, err, "auth.forbidden")
		_, _, err = d.Approve(d.ctx, anna, gone.ID)
		want(t, err, "auth.forbidden")
		want(t, d.SetDisabled(d.ctx, anna, clerk.ID, true, "x"), "auth.forbidden")
		if err := d.SetDisabled(d.ctx, clara, berta.ID, true, "x"); err != nil {
			t.Fatal(err)
		}
		dora := d.hire(t, "dora", auth.Admin)
		_, _, err = d.Approve(d.ctx, dora, gone.ID)
		want(t, err, "staff.request_outdated")
		_, _, err = d.Approve(d.ctx, berta, demoted.ID)
		want(t, err, "auth.forbidden")
		if _, err := d.Reject(d.ctx, clara, gone.ID, "x"); err != nil {
			t.Error(err)
		}
	})
}

// An admin of a branch can't look after the bank's staff: the last one of the head
// office does not become one.
func TestTheLastAdminOfTheHeadOfficeStaysThere(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		branch := id.New(id.Branch)
		err := d.db.InTx(d.ctx, func(tx *db.Tx) error {
			return tx.Insert(d.ctx, "branch (id, bank_id, name, created_at)", [][]any{{branch, d.bank.ID, "西", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		anna, berta := d.hire(t, "anna", auth.Admin), d.hire(t, "berta", auth.Admin)
		clara := d.hire(t, "clara", auth.Admin)
		move := func(asks, approves, whom auth.Principal) error {
			t.Helper()
			q, err := d.Ask(d.ctx, asks, auth.NewRequest{Kind: auth.ReqBranch, StaffID: whom.ID, Reason: "x", Wish: auth.Wish{BranchID: branch}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = d.Approve(d.ctx, approves, q.ID)
			return err
		}
		want(t, move(anna, berta, clara), "")
		want(t, d.SetDisabled(d.ctx, anna, berta.ID, true, "x"), "")
		want(t, d.SetDisabled(d.ctx, clara, anna.ID, true, "x"), "staff.last_admin")
		// Another way around: the two of the head office at once.
		dora := d.hire(t, "dora", auth.Admin)
		want(t, d.SetDisabled(d.ctx, dora, anna.ID, true, "x"), "")
		eva := d.hire(t, "eva", auth.Admin)
		q, err := d.Ask(d.ctx, dora, auth.NewRequest{Kind: auth.ReqBranch, StaffID: eva.ID, Reason: "x", Wish: auth.Wish{BranchID: branch}})
		if err != nil {
			t.Fatal(err)
		}
		other, err := d.Ask(d.ctx, eva, auth.NewRequest{Kind: auth.ReqBranch, StaffID: dora.ID, Reason: "x", Wish: auth.Wish{BranchID: branch}})
		if err != nil {
			t.Fatal(err)
		}
		frida := d.hire(t, "frida", auth.Admin)
		_, _, err = d.Approve(d.ctx, frida, q.ID)
		want(t, err, "")
		_, _, err = d.Approve(d.ctx, frida, other.ID)
		want(t, err, "staff.request_outdated") // who asked is of a branch now
		want(t, d.SetDisabled(d.ctx, dora, frida.ID, true, "x"), "")
	})
}
