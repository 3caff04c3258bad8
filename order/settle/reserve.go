package settle

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/invariant"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
	"yinbo/order/terms"
)

// TaskRelease gives a reserve back; its ref is the settlement.
const TaskRelease = "reserve.release"

// byTerms says from when a settlement may be paid, by the merchant's cycle on its
// date, and keeps back what the terms say: until the reserve's task releases it.
func (k *Desk) byTerms(ctx context.Context, tx *db.Tx, bank tenant.Bank, s Settlement) (kept money.Fen, due time.Time, err error) {
	t, err := terms.At(ctx, tx, bank.ID, s.Merchant.ID, s.BusinessDate)
	if err != nil {
		return 0, due, err
	}
	if t.ID == "" { // due at once, whole
		return 0, tx.Now, nil
	}
	date, err := t.Due(s.BusinessDate)
	if err != nil {
		return 0, due, err
	}
	if _, err := tx.Exec(ctx, "UPDATE settlement SET due_date = ? WHERE bank_id = ? AND id = ?", date, bank.ID, s.ID); err != nil {
		return 0, due, err
	}
	if due, err = terms.Begins(bank, date); err != nil {
		return 0, due, err
	}
	if _, kept, err = t.Reserve(s.Payable); err != nil || kept == 0 {
		return 0, due, err
	}
	until, err := t.Until(date)
	if err != nil {
		return 0, due, err
	}
	err = tx.Insert(ctx, "merchant_reserve (settlement_id, bank_id, merchant_id, amount_fen, until_date)",
		[][]any{{s.ID, bank.ID, s.Merchant.ID, kept, until}}, "")
	if err != nil {
		return 0, due, err
	}
	at, err := terms.Begins(bank, until)
	if err != nil {
		return 0, due, err
	}
	return kept, due, k.box.Add(ctx, tx, outbox.Task{Bank: bank.ID, Kind: TaskRelease, Ref: s.ID, Payload: struct{}{}, Due: later(at, tx.Now)})
}

// OnRelease gives back what was kept of a settlement, once, and has it paid.
func (k *Desk) OnRelease(ctx context.Context, t outbox.Task) error {
	bank, err := k.bank(ctx, t.Bank)
	if err != nil {
		return err
	}
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE merchant_reserve SET released_at = ? WHERE bank_id = ? AND settlement_id = ? AND released_at IS NULL", tx.Now, bank.ID, t.Ref)
		if err != nil || n == 0 {
			return err
		}
		r, _, err := db.One(ctx, tx, scanReserve, reserveColumns+" WHERE v.bank_id = ? AND v.settlement_id = ?", bank.ID, t.Ref)
		if err != nil {
			return err
		}
		_, err = k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.ReserveReleased, Ref: t.Ref,
			Lines: move(ledger.Reserve(r.merchantID), ledger.PayoutDue(r.merchantID), r.amount)})
		if err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, System.entry(bank.ID, "reserve.released", t.Ref, map[string]any{"merchant": r.merchantID, "amount_fen": r.amount})); err != nil {
			return err
		}
		return k.askPayout(ctx, tx, bank.ID, r.merchantID, tx.Now)
	})
}

// reserve is what was kept of a settlement.
type reserve struct {
	settlementID, merchantID, merchantName string
	amount                                 money.Fen
}

const reserveColumns = `SELECT v.settlement_id, v.merchant_id, s.merchant_name, v.amount_fen FROM merchant_reserve v JOIN settlement s ON s.id = v.settlement_id`

func scanReserve(r db.Row) (v reserve, err error) {
	return v, r.Scan(&v.settlementID, &v.merchantID, &v.merchantName, &v.amount)
}

// releasedReserves are those of a merchant that are in no payout under way or paid.
func releasedReserves(ctx context.Context, tx *db.Tx, bankID, merchantID string) ([]reserve, error) {
	return db.All(ctx, tx, scanReserve, reserveColumns+` WHERE v.bank_id = ? AND v.merchant_id = ? AND v.released_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM payout_reserve pr WHERE pr.active = v.settlement_id) ORDER BY v.settlement_id`+tx.Dialect().ForUpdate(), bankID, merchantID)
}

func payReserves(ctx context.Context, tx *db.Tx, bankID, payoutID string, released []reserve) error {
	rows := make([][]any, len(released))
	for i, r := range released {
		rows[i] = []any{r.settlementID, payoutID, bankID, r.settlementID}
	}
	return tx.Insert(ctx, "payout_reserve (settlement_id, payout_id, bank_id, active)", rows, "")
}

// letGo frees what a payout that failed or came back was to pay.
func letGo(ctx context.Context, tx *db.Tx, payoutID string) error {
	if _, err := tx.Exec(ctx, "UPDATE payout_settlement SET active = NULL WHERE payout_id = ?", payoutID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE payout_reserve SET active = NULL WHERE payout_id = ?", payoutID)
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// keptBack is what approvals put on each merchant's reserve.
const keptBack = `SELECT e.bank_id, e.ref, p.account, SUM(p.credit_fen - p.debit_fen) AS net FROM ledger_entry e
	JOIN ledger_posting p ON p.entry_id = e.id AND p.account LIKE 'reserve:%' WHERE e.event = 'settlement.approved' GROUP BY e.bank_id, e.ref, p.account`

// ReserveInvariants are what holds of reserves.
func ReserveInvariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "reserve.posted",
		Means: "a reserve is paid once, after it was released, to its merchant; and it is what the ledger kept back and gave back",
		Of:    "merchant_reserve",
		Broken: `SELECT v.bank_id, v.settlement_id, CONCAT_WS('', v.amount_fen, ' kept of ', COALESCE(s.payable_fen, 'nothing'), ', posted ', COALESCE(k.net, 0), ', released ', COALESCE(e.total_fen, 0), ', in ', p.id)
			FROM merchant_reserve v LEFT JOIN settlement s ON s.id = v.settlement_id AND s.bank_id = v.bank_id AND s.merchant_id = v.merchant_id AND s.status IN ('approved', 'paid') AND s.payable_fen >= v.amount_fen
			LEFT JOIN (` + keptBack + `) k ON k.bank_id = v.bank_id AND k.ref = v.settlement_id AND k.account = CONCAT('reserve:', v.merchant_id)
			LEFT JOIN ledger_entry e ON e.bank_id = v.bank_id AND e.event = 'reserve.released' AND e.ref = v.settlement_id
			LEFT JOIN payout_reserve pr ON pr.settlement_id = v.settlement_id AND pr.active IS NOT NULL LEFT JOIN payout p ON p.id = pr.payout_id
			WHERE s.id IS NULL OR COALESCE(k.net, 0) <> v.amount_fen OR COALESCE(e.total_fen, 0) <> CASE WHEN v.released_at IS NULL THEN 0 ELSE v.amount_fen END
				OR pr.payout_id IS NOT NULL AND (v.released_at IS NULL OR p.id IS NULL OR p.merchant_id <> v.merchant_id OR p.status NOT IN ('paying', 'paid'))
			UNION ALL SELECT k.bank_id, k.ref, CONCAT_WS('', k.net, ' kept on ', k.account, ', of no reserve') FROM (` + keptBack + `) k
				WHERE NOT EXISTS (SELECT 1 FROM merchant_reserve v WHERE v.bank_id = k.bank_id AND v.settlement_id = k.ref)
			UNION ALL SELECT pr.bank_id, pr.settlement_id, CONCAT_WS('', 'let go of ', p.id, ', which is ', p.status) FROM payout_reserve pr JOIN payout p ON p.id = pr.payout_id
				WHERE pr.active IS NULL AND p.status IN ('paying', 'paid')`,
	}, {
		Name:  "reserve.release",
		Means: "a reserve that is kept has the task that releases it",
		Of:    "merchant_reserve",
		Broken: `SELECT v.bank_id, v.settlement_id, CONCAT_WS('', v.amount_fen, ' until ', v.until_date, ', and nobody releases it') FROM merchant_reserve v WHERE v.released_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.bank_id = v.bank_id AND o.ref = v.settlement_id AND o.kind = '` + TaskRelease + `' AND o.state IN ('pending', 'dead'))`,
	}}
}
