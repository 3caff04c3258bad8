package order_test

import (
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// byHand has two people put the book right: a difference is adjusted, an entry
// is posted by hand and reversed, another proposal waits.
func (x trade) byHand() {
	x.t.Helper()
	book := ledger.New(x.DB)
	desk := settle.New(x.DB, book, x.Box, tenant.NewDirectory(x.DB, ""), noStatement{})
	maker, checker := ledger.Person{ID: id.New(id.Staff)}, ledger.Person{ID: id.New(id.Staff), Checker: true}
	exceptions := []string{id.New(id.Exception), id.New(id.Exception), id.New(id.Exception)}
	err := x.DB.InTx(x.Ctx, func(tx *db.Tx) error {
		return tx.Insert(x.Ctx, "money_exception (id, bank_id, kind, ref, ours_fen, theirs_fen, status, created_at)",
			[][]any{{exceptions[0], x.Bank.ID, "surplus", "nobody", 0, 70, "open", tx.Now}, {exceptions[1], x.Bank.ID, "surplus", "lost", 0, 71, "open", tx.Now},
				{exceptions[2], x.Bank.ID, "duplicate", "large", 0, 1_000_001, "open", tx.Now}}, "")
	})
	for i, resolution := range []string{"adjusted", "written_off", "adjusted"} {
		if err == nil {
			_, err = desk.Resolve(x.Ctx, x.Bank, exceptions[i], resolution, "多出一笔", settle.Actor{Kind: "staff", ID: maker.ID})
		}
	}
	if err == nil {
		_, err = desk.Confirm(x.Ctx, x.Bank, exceptions[2], settle.Actor{Kind: "staff", ID: checker.ID, Checker: true})
	}
	if err != nil {
		x.t.Fatal(err)
	}
	propose := func() ledger.Proposal {
		p, _, err := book.ProposeAdjustment(x.Ctx, x.Request(maker.ID, "POST /ledger/adjustments"), x.Bank,
			[]ledger.Posting{{Account: ledger.Suspense, Debit: 70}, {Account: ledger.Cash, Credit: 70}}, "退回原主", maker)
		if err != nil {
			x.t.Fatal(err)
		}
		return p
	}
	p := propose()
	propose()
	if err := book.TurnPage(x.Ctx, x.Bank.ID); err != nil {
		x.t.Fatal(err)
	}
	if _, err := book.Approve(x.Ctx, x.Bank, p.ID, checker); err != nil {
		x.t.Fatal(err)
	}
	list, err := book.Entries(x.Ctx, x.Bank.ID, ledger.Filter{Ref: p.ID}, "", 2)
	if err != nil || len(list) != 1 {
		x.t.Fatalf("%d entries: %v", len(list), err)
	}
	r, _, err := book.ProposeReversal(x.Ctx, x.Request(maker.ID, "POST /ledger/entries/reverse"), x.Bank, list[0].ID, "记错", maker)
	if err == nil {
		_, err = book.Approve(x.Ctx, x.Bank, r.ID, checker)
	}
	if err != nil {
		x.t.Fatal(err)
	}
}

var reversal = one("ledger_entry", "event = 'ledger.reversed'")

var ledgerBreaks = []testkit.Break{
	testkit.Wrong("more back than came in", "ledger.order",
		"UPDATE ledger_entry SET order_id = 'ord_x' WHERE event = 'payment.returned'"),
	testkit.Wrong("an account of no kind", "ledger.account",
		"DELETE FROM ledger_account WHERE account = 'suspense'"),
	testkit.Wrong("an asset taken for income", "ledger.chart",
		"UPDATE ledger_account SET kind = 'income' WHERE account = 'gateway:bankbox'"),
	testkit.Wrong("an account that the chart lacks", "ledger.chart",
		"UPDATE ledger_account SET party_id = 'wechatpay' WHERE account = 'gateway:bankbox'"),
	testkit.Wrong("a roll-up of other money", "ledger.day",
		"UPDATE ledger_day SET credit_fen = credit_fen + 1 WHERE account = 'commission'"),
	testkit.Wrong("a roll-up lost", "ledger.day",
		"DELETE FROM ledger_day WHERE account = 'commission'"),
	testkit.Wrong("a closed date posted to", "ledger.day ledger.posting ledger.balance",
		"UPDATE ledger_posting SET business_date = '2001-01-01' WHERE account = 'cash' AND debit_fen > 0"),
	testkit.Wrong("rolled up by event as something else", "ledger.day", "UPDATE ledger_day_event SET debit_fen = debit_fen + 1 WHERE account = 'gateway:bankbox'"),
	testkit.Wrong("a page of other money", "ledger.page", "UPDATE ledger_page_sum SET first_count = first_count + 1 WHERE account = 'gateway:bankbox'"),
	testkit.Wrong("a page that was lost", "ledger.page", "DELETE FROM ledger_page_sum WHERE account = 'gateway:bankbox'"),
	testkit.Wrong("a page still to come", "ledger.page_open", "UPDATE ledger_entry SET page_no = 99 WHERE event = 'ledger.reversed'"),
	testkit.Wrong("rolled up before it was closed", "ledger.rolled",
		"INSERT INTO ledger_day (bank_id, business_date, account, debit_fen, credit_fen) SELECT bank_id, '9999-01-01', 'cash', 0, 0 FROM book"),
	testkit.Wrong("approved and not posted", "ledger.proposal ledger.by_hand",
		"UPDATE ledger_entry SET ref = 'ppl_x' WHERE event = 'ledger.adjusted'"),
	testkit.Wrong("posted and not approved", "ledger.proposal ledger.by_hand",
		"UPDATE ledger_proposal SET status = 'proposed' WHERE kind = 'adjustment'"),
	testkit.Wrong("approved by who proposed", "ledger.proposal",
		"UPDATE ledger_proposal SET decided_by = proposed_by WHERE status = 'approved'"),
	testkit.Wrong("a reversal of other accounts", "ledger.reversal",
		"UPDATE ledger_posting SET account = 'commission' WHERE account = 'cash' AND entry_id = "+reversal),
	testkit.Wrong("a loss that the book lacks", "exception.posted ledger.page",
		"UPDATE ledger_entry SET event = 'x' WHERE event = 'exception.resolved'"),
	testkit.Wrong("a difference that suspense lacks", "exception.held ledger.page",
		"UPDATE ledger_entry SET event = 'x' WHERE event = 'exception.held'"),
	testkit.Wrong("suspense for what matched", "exception.held",
		"UPDATE money_exception SET resolution = 'matched' WHERE ref = 'nobody'"),
	testkit.Wrong("a loss that is still open", "exception.posted",
		"UPDATE money_exception SET status = 'open', resolution = NULL, resolved_by = NULL, resolved_at = NULL WHERE ref = 'lost'"),
	testkit.Wrong("confirmed by who proposed", "exception.second",
		"UPDATE money_exception SET confirmed_by = resolved_by WHERE ref = 'large'"),
	testkit.Wrong("figures of a file that nobody read", "reconciliation.figures",
		"UPDATE reconciliation SET status = 'matched'"),
	testkit.Wrong("fees that nobody posted", "reconciliation.fee reconciliation.figures",
		"UPDATE reconciliation SET fee_fen = fee_fen + 1"),
}
