package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/order/settle"
)

// merchant makes a merchant's own account and signs it in under its name.
func (b *back) merchant(name, merchantID string) {
	b.t.Helper()
	err := b.db.InTx(b.ctx, func(tx *db.Tx) error {
		_, err := b.people.CreateStaff(b.ctx, tx, b.bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Merchant: merchantID, Roles: []auth.Role{auth.Merchant}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	in, err := b.people.Login(b.ctx, b.bank, name, "pass-"+name, "")
	if err != nil {
		b.t.Fatal(err)
	}
	b.token[name] = in.Access
}

// A merchant sees its own statements once they are approved, and nobody else's;
// every other route of staff is closed to it.
func TestAMerchantSeesItsOwnAndNothingElse(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		if err := d.InTx(b.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(b.ctx, "UPDATE merchant SET name = '蜂场'")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b.sell()
		today := b.bank.BusinessDate(d.Clock().Now())
		var made struct{ Items []settle.Settlement }
		b.want(200, &made, "finance", "POST", "/settlements/run", `{"date":"`+today+`"}`)
		if len(made.Items) != 2 {
			t.Fatalf("%+v", made)
		}
		mine, other := made.Items[0], made.Items[1]
		b.merchant("tea", mine.Merchant.ID)
		b.want(404, nil, "tea", "GET", "/my/settlements/"+mine.ID, "") // a draft
		for _, s := range made.Items {
			b.want(200, nil, "finance", "POST", "/settlements/"+s.ID+"/submit", "")
			b.want(200, nil, "checker", "POST", "/settlements/"+s.ID+"/approve", "")
			b.want(201, nil, "finance", "POST", "/settlements/"+s.ID+"/invoices", `{"kind":"sales"}`)
		}
		var list struct{ Items []settle.Settlement }
		b.want(200, &list, "tea", "GET", "/my/settlements", "")
		if len(list.Items) != 1 || list.Items[0].ID != mine.ID || list.Items[0].SubmittedBy != nil || list.Items[0].DecidedBy != nil {
			t.Errorf("%+v", list)
		}
		var one settle.Settlement
		b.want(200, &one, "tea", "GET", "/my/settlements/"+mine.ID, "")
		if len(one.Lines) != 1 || one.Payable != 9_500 {
			t.Errorf("%+v", one)
		}
		for _, end := range []string{"", "/file", "/file?format=xlsx"} {
			b.want(404, nil, "tea", "GET", "/my/settlements/"+other.ID+end, "")
			if status, raw, _ := b.call("tea", "GET", "/my/settlements/"+mine.ID+end, ""); status != 200 {
				t.Errorf("%s: %d %s", end, status, raw)
			}
		}
		var invoices struct{ Items []settle.Invoice }
		b.want(200, &invoices, "tea", "GET", "/my/invoices", "")
		if len(invoices.Items) != 1 || invoices.Items[0].SettlementID != mine.ID || invoices.Items[0].RequestedBy != "" {
			t.Errorf("%+v", invoices)
		}
		var contract struct{ ID string }
		b.want(200, &contract, "tea", "GET", "/my/contract", "")
		if contract.ID != mine.Merchant.ID {
			t.Errorf("%+v", contract)
		}
		b.want(200, nil, "tea", "GET", "/my/payouts", "")
		b.want(403, nil, "finance", "GET", "/my/settlements", "")
		b.closedTo("tea")
		testkit.Holds(t, d, auth.Invariants()...)
	})
}

// closedTo proves that every operation of staff but the merchant's and those of
// one's own account is 403 to who.
func (b *back) closedTo(who string) {
	b.t.Helper()
	_, raw, _ := b.call("", "GET", "/openapi.json", "")
	var doc struct {
		Paths map[string]map[string]struct{ Description string }
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		b.t.Fatal(err)
	}
	closed := 0
	for path, item := range doc.Paths {
		for method, op := range item {
			roles, staffs := strings.CutPrefix(op.Description, "Roles: ")
			if !staffs || strings.Contains(roles, string(auth.Merchant)) {
				continue
			}
			at := strings.NewReplacer("{id}", id.New(id.Settlement), "{no}", "1").Replace(path)
			if status, raw, _ := b.call(who, strings.ToUpper(method), at, ""); status != http.StatusForbidden {
				b.t.Errorf("%s %s as a merchant: %d %s", method, path, status, raw)
			}
			closed++
		}
	}
	if closed < 100 {
		b.t.Errorf("only %d operations were tried", closed)
	}
}

// A merchant's own account is made by two administrators, of one merchant, with one
// role, and stays so.
func TestAMerchantsAccountIsBoundToIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		merchantID, _, err := db.Value[string](b.ctx, d, "SELECT id FROM merchant LIMIT 1")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"root1", "root2"} {
			err := d.InTx(b.ctx, func(tx *db.Tx) error {
				_, err := b.people.CreateStaff(b.ctx, tx, b.bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: []auth.Role{auth.Admin}})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			in, err := b.people.Login(b.ctx, b.bank, name, "pass-"+name, "")
			if err != nil {
				t.Fatal(err)
			}
			b.token[name] = in.Access
		}
		ask := func(want int, rest string) (r auth.Request) {
			t.Helper()
			b.want(want, &r, "root1", "POST", "/staff/requests", `{"reason":"新商户","kind":"create","username":"cha","name":"茶庄",`+rest+`}`)
			return r
		}
		for _, bad := range []string{`"roles":["merchant"]`, `"roles":["merchant"],"merchant_id":"mch_x"`, `"roles":["merchant","finance"],"merchant_id":"` + merchantID + `"`,
			`"roles":["finance"],"merchant_id":"` + merchantID + `"`} {
			ask(422, bad)
		}
		r := ask(201, `"roles":["merchant"],"merchant_id":"`+merchantID+`"`)
		b.want(200, nil, "root2", "POST", "/staff/requests/"+r.ID+"/approve", "")
		var m auth.Member
		b.want(200, &m, "root1", "GET", "/staff/"+r.StaffID, "")
		if m.MerchantID == nil || *m.MerchantID != merchantID {
			t.Errorf("%+v", m)
		}
		b.want(422, nil, "root1", "POST", "/staff/requests", `{"reason":"x","kind":"roles","staff_id":"`+m.ID+`","roles":["finance"]}`)
		testkit.Holds(t, d, auth.Invariants()...)
	})
}
