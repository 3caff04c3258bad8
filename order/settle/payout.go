package settle

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
	"yinbo/order/terms"
)

// Payer pays merchants; *gateway.Client is one. It is idempotent by our number.
// Its errors are *gateway.Refusal or wrap gateway.ErrUnknown.
type Payer interface {
	CreatePayout(ctx context.Context, outPayoutNo string, amount money.Fen, payeeNo, payeeName string) (gateway.Payout, error)
	QueryPayout(ctx context.Context, outPayoutNo string) (gateway.Payout, error)
}

// Payees opens the account that a payout goes to; *terms.Book is one.
type Payees interface {
	Payee(ctx context.Context, bankID, accountID string) (number pii.Text, holder string, err error)
}

// Payout is money on its way to a merchant: what its approved settlements come
// to, those below zero taken off. Amounts in fen.
type Payout struct {
	ID          string       `json:"id"`
	Merchant    Merchant     `json:"merchant"`
	Amount      money.Fen    `json:"amount_fen"`
	Status      string       `json:"status" enum:"paying,paid,failed,returned"`
	PayoutNo    *string      `json:"payout_no" doc:"The bank's number"`
	Reason      *string      `json:"reason" doc:"Why it failed or came back"`
	Asked       int          `json:"asked_count" doc:"How often the bank was asked"`
	CreatedAt   clock.Stamp  `json:"created_at"`
	EndedAt     *clock.Stamp `json:"ended_at"`
	ReturnedAt  *clock.Stamp `json:"returned_at"`
	RetriedBy   *string      `json:"retried_by" doc:"Staff id of who had another one made"`
	AccountID   *string      `json:"account_id" doc:"Where it goes; null for a merchant without an account here"`
	Settlements []string     `json:"settlements,omitempty" doc:"Only when one payout is read"`
	Reserves    []string     `json:"reserves,omitempty" doc:"Settlements whose reserve is in it; only when one payout is read"`
}

// The tasks of payouts: ref is the merchant's id of the first, the payout's of the
// others.
const (
	TaskPayout       = "payout.make"
	TaskPay          = "payout.pay"
	TaskPayoutReturn = "payout.watch"
)

// When a payout is made, how often the bank is asked about a payout, and for how long after it paid it
// may say that the money came back.
const (
	// gatherFor is how long what is approved in one sitting gathers to one payout.
	gatherFor   = time.Minute
	firstAsk    = 5 * time.Second
	longestAsk  = time.Hour
	watchEvery  = 24 * time.Hour
	watchReturn = 7 * 24 * time.Hour
)

const payoutColumns = `SELECT id, merchant_id, merchant_name, amount_fen, status, payout_no, reason, asked_count, created_at, ended_at, returned_at, retried_by, account_id FROM payout`

func scanPayout(r db.Row) (p Payout, err error) {
	var created, ended, returned db.Time
	err = r.Scan(&p.ID, &p.Merchant.ID, &p.Merchant.Name, &p.Amount, &p.Status, &p.PayoutNo, &p.Reason, &p.Asked, &created, &ended, &returned, &p.RetriedBy, &p.AccountID)
	p.CreatedAt, p.EndedAt, p.ReturnedAt = clock.At(created.Time), clock.AtPtr(ended.Time), clock.AtPtr(returned.Time)
	return p, err
}

// PayoutList lists a bank's payouts, the newest first; empty fields do not filter.
func (k *Desk) PayoutList(ctx context.Context, bankID, status, merchant, after string, limit int) ([]Payout, error) {
	where, args := " WHERE bank_id = ?", []any{bankID}
	for _, c := range []struct{ cond, v string }{{"status = ?", status}, {"merchant_id = ?", merchant}, {"id < ?", after}} {
		if c.v != "" {
			where, args = where+" AND "+c.cond, append(args, c.v)
		}
	}
	return page(ctx, k.db, scanPayout, payoutColumns+where+" ORDER BY id DESC", args, limit)
}

// GetPayout gives one with its settlements; not_found where the bank has none such.
func (k *Desk) GetPayout(ctx context.Context, bankID, payoutID string) (Payout, error) {
	p, found, err := db.One(ctx, k.db, scanPayout, payoutColumns+" WHERE bank_id = ? AND id = ?", bankID, payoutID)
	if err != nil {
		return p, err
	}
	if !found {
		return p, notFound()
	}
	p.Settlements, err = db.All(ctx, k.db, scanText, "SELECT settlement_id FROM payout_settlement WHERE bank_id = ? AND payout_id = ? ORDER BY settlement_id", bankID, payoutID)
	if err != nil {
		return p, err
	}
	p.Reserves, err = db.All(ctx, k.db, scanText, "SELECT settlement_id FROM payout_reserve WHERE bank_id = ? AND payout_id = ? ORDER BY settlement_id", bankID, payoutID)
	return p, err
}

// askPayout writes, within tx, the task that pays a merchant what is due by then.
func (k *Desk) askPayout(ctx context.Context, tx *db.Tx, bankID, merchantID string, due time.Time) error {
	if k.Payer == nil {
		return nil
	}
	return k.box.Add(ctx, tx, outbox.Task{Bank: bankID, Kind: TaskPayout, Ref: merchantID, Payload: struct{}{}, Due: later(due, tx.Now.Add(gatherFor))})
}

// OnPayout makes a payout of what a merchant's approved settlements come to: none
// while one is under way, none where that is nothing or below zero, which is
// carried, and none after one that failed or came back, until a person has seen to
// it.
func (k *Desk) OnPayout(ctx context.Context, t outbox.Task) error {
	bank, err := k.bank(ctx, t.Bank)
	if err != nil {
		return err
	}
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		stand, err := unfinished(ctx, tx, bank.ID, t.Ref)
		if err != nil || len(stand) > 0 {
			return err
		}
		_, err = k.makePayout(ctx, tx, bank, t.Ref)
		return err
	})
}

// unfinished are a merchant's payouts that stand in the way of another: one that is
// under way, and those that failed or came back and that nobody has seen to.
func unfinished(ctx context.Context, tx *db.Tx, bankID, merchantID string) ([]Payout, error) {
	return db.All(ctx, tx, scanPayout, payoutColumns+` WHERE bank_id = ? AND merchant_id = ? AND status <> 'paid' AND (status = 'paying' OR retried_by IS NULL)
		ORDER BY id`+tx.Dialect().ForUpdate(), bankID, merchantID)
}

// makePayout gathers what is approved, due and in no payout that is under way or
// paid, and the reserves that were released. made is "" where that comes to nothing.
func (k *Desk) makePayout(ctx context.Context, tx *db.Tx, bank tenant.Bank, merchantID string) (made string, err error) {
	due, err := db.All(ctx, tx, scanSettlement, settlementColumns+` WHERE bank_id = ? AND merchant_id = ? AND status = 'approved'
		AND (due_date IS NULL OR due_date <= ?) AND NOT EXISTS (SELECT 1 FROM payout_settlement ps WHERE ps.active = settlement.id) ORDER BY id`+tx.Dialect().ForUpdate(),
		bank.ID, merchantID, bank.BusinessDate(tx.Now))
	if err != nil {
		return "", err
	}
	released, err := releasedReserves(ctx, tx, bank.ID, merchantID)
	if err != nil {
		return "", err
	}
	var sum money.Fen
	for _, s := range due {
		if sum, err = money.Add(sum, s.Payable-s.Reserve); err != nil {
			return "", err
		}
	}
	for _, r := range released {
		if sum, err = money.Add(sum, r.amount); err != nil {
			return "", err
		}
	}
	if sum <= 0 {
		return "", nil
	}
	payoutID, name := id.New(id.Payout), ""
	for _, r := range released {
		name = r.merchantName
	}
	for _, s := range due {
		name = s.Merchant.Name
	}
	account, hasOne, err := terms.AccountOf(ctx, tx, bank.ID, merchantID)
	if err != nil {
		return "", err
	}
	var accountID *string
	if hasOne {
		accountID = &account
	}
	err = tx.Insert(ctx, "payout (id, bank_id, merchant_id, merchant_name, amount_fen, status, open_key, created_at, account_id)",
		[][]any{{payoutID, bank.ID, merchantID, name, sum, "paying", merchantID, tx.Now, accountID}}, "")
	if err != nil {
		return "", err
	}
	rows := make([][]any, len(due))
	for i, s := range due {
		rows[i] = []any{s.ID, payoutID, bank.ID, s.ID}
	}
	if err := tx.Insert(ctx, "payout_settlement (settlement_id, payout_id, bank_id, active)", rows, ""); err != nil {
		return "", err
	}
	if err := payReserves(ctx, tx, bank.ID, payoutID, released); err != nil {
		return "", err
	}
	if err := k.postPayout(ctx, tx, bank, ledger.PayoutSent, payoutID, ledger.PayoutDue(merchantID), ledger.PayoutUnderWay(merchantID), sum); err != nil {
		return "", err
	}
	if err := audit.Write(ctx, tx, System.entry(bank.ID, "payout.made", payoutID, map[string]any{"merchant": merchantID, "amount_fen": sum})); err != nil {
		return "", err
	}
	return payoutID, k.box.Add(ctx, tx, outbox.Task{Bank: bank.ID, Kind: TaskPay, Ref: payoutID, Payload: struct{}{}})
}

func (k *Desk) postPayout(ctx context.Context, tx *db.Tx, bank tenant.Bank, event, payoutID, debit, credit string, amount money.Fen) error {
	_, err := k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: event, Ref: payoutID, Lines: move(debit, credit, amount)})
	return err
}

// Retry makes another payout after one that failed or came back, of all that is due
// to its merchant: 409 payout.open while one is under way, 409 conflict for one that
// is paid or was seen to, or where nothing is due any more.
func (k *Desk) Retry(ctx context.Context, bank tenant.Bank, payoutID string, actor Actor) (p Payout, err error) {
	made := ""
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		p, found, err := db.One(ctx, tx, scanPayout, payoutColumns+" WHERE bank_id = ? AND id = ?", bank.ID, payoutID)
		if err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		stand, err := unfinished(ctx, tx, bank.ID, p.Merchant.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(stand, func(o Payout) bool { return o.Status == "paying" }) {
			return fault.New(fault.Conflict, "payout.open")
		}
		if !slices.ContainsFunc(stand, func(o Payout) bool { return o.ID == payoutID }) {
			return conflict()
		}
		if made, err = k.makePayout(ctx, tx, bank, p.Merchant.ID); err != nil {
			return err
		}
		if made == "" {
			return conflict()
		}
		// The new one pays what is due of all that failed or came back.
		if _, err := tx.Exec(ctx, `UPDATE payout SET retried_by = ? WHERE bank_id = ? AND merchant_id = ? AND status IN ('failed', 'returned')
			AND retried_by IS NULL`, actor.ID, bank.ID, p.Merchant.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.entry(bank.ID, "payout.retried", payoutID, map[string]any{"payout": made}))
	})
	if err != nil {
		return p, err
	}
	return k.GetPayout(ctx, bank.ID, made)
}

// OnPay pays a payout, or asks what became of it, until the bank says. Its number
// makes a repeat harmless.
func (k *Desk) OnPay(ctx context.Context, t outbox.Task) error {
	bank, err := k.bank(ctx, t.Bank)
	if err != nil {
		return err
	}
	p, found, err := db.One(ctx, k.db, scanPayout, payoutColumns+" WHERE bank_id = ? AND id = ?", t.Bank, t.Ref)
	if err != nil || !found || p.Status != "paying" {
		return err
	}
	now := k.db.Clock().Now()
	again := &outbox.Postponed{At: now.Add(min(max(now.Sub(p.CreatedAt.Time)/2, firstAsk), longestAsk))}
	if k.Payer == nil {
		return again
	}
	// That it was asked is written before it is.
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE payout SET asked_count = asked_count + 1 WHERE id = ?", p.ID)
		return err
	})
	if err != nil {
		return err
	}
	g, err := k.askBank(ctx, bank.ID, p)
	var no *gateway.Refusal
	switch {
	case errors.As(err, &no):
		return k.endPayout(ctx, bank, p, "failed", "", no.Code)
	case err != nil:
		return again // unknown is not no
	case g.AmountFen != p.Amount:
		return again // of another payout; a person finds it by how often it was asked
	case g.Status == "succeeded" || g.Status == "returned": // that it came back is seen next
		return k.endPayout(ctx, bank, p, "paid", g.PayoutNo, "")
	case g.Status == "failed":
		return k.endPayout(ctx, bank, p, "failed", g.PayoutNo, g.Reason)
	}
	return again
}

// askBank asks for a payout that may be known already before it asks to pay.
func (k *Desk) askBank(ctx context.Context, bankID string, p Payout) (gateway.Payout, error) {
	if p.Asked > 0 {
		g, err := k.Payer.QueryPayout(ctx, p.ID)
		var no *gateway.Refusal
		switch {
		case !errors.As(err, &no):
			return g, err
		case no.Status != http.StatusNotFound: // the question was refused: that says nothing of the payout
			return g, fmt.Errorf("settle: payout %s: %w: %w", p.ID, gateway.ErrUnknown, errors.New(no.Error()))
		}
	}
	if p.AccountID == nil {
		return k.Payer.CreatePayout(ctx, p.ID, p.Amount, p.Merchant.ID, p.Merchant.Name)
	}
	if k.Payees == nil {
		return gateway.Payout{}, fmt.Errorf("settle: nobody opens the account of %s", p.ID)
	}
	number, holder, err := k.Payees.Payee(ctx, bankID, *p.AccountID)
	if err != nil {
		return gateway.Payout{}, err
	}
	return k.Payer.CreatePayout(ctx, p.ID, p.Amount, number.Reveal(), holder)
}

// endPayout ends a payout that is under way, once.
func (k *Desk) endPayout(ctx context.Context, bank tenant.Bank, p Payout, to, no, reason string) error {
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE payout SET status = ?, open_key = NULL, payout_no = NULLIF(?, ''), reason = NULLIF(?, ''), ended_at = ?
			WHERE id = ? AND status = 'paying'`, to, no, short(reason), tx.Now, p.ID)
		if err != nil || n == 0 {
			return err
		}
		if err := audit.Write(ctx, tx, System.entry(bank.ID, "payout."+to, p.ID, map[string]any{"merchant": p.Merchant.ID, "amount_fen": p.Amount})); err != nil {
			return err
		}
		under, m := ledger.PayoutUnderWay(p.Merchant.ID), p.Merchant.ID
		if to == "failed" {
			if err := letGo(ctx, tx, p.ID); err != nil {
				return err
			}
			return k.postPayout(ctx, tx, bank, ledger.PayoutFailed, p.ID, under, ledger.PayoutDue(m), p.Amount)
		}
		if _, err := tx.Exec(ctx, `UPDATE settlement SET status = 'paid', paid_at = ? WHERE bank_id = ? AND status = 'approved'
			AND id IN (SELECT active FROM payout_settlement WHERE payout_id = ?)`, tx.Now, bank.ID, p.ID); err != nil {
			return err
		}
		if err := k.postPayout(ctx, tx, bank, ledger.PayoutPaid, p.ID, under, ledger.Cash, p.Amount); err != nil {
			return err
		}
		watch := outbox.Task{Bank: bank.ID, Kind: TaskPayoutReturn, Ref: p.ID, Payload: struct{}{}, Due: tx.Now.Add(watchEvery)}
		if err := k.box.Add(ctx, tx, watch); err != nil {
			return err
		}
		return k.askPayout(ctx, tx, bank.ID, m, tx.Now) // others may have been approved meanwhile
	})
}

// OnWatch asks once a day for a week whether a payout came back.
func (k *Desk) OnWatch(ctx context.Context, t outbox.Task) error {
	bank, err := k.bank(ctx, t.Bank)
	if err != nil {
		return err
	}
	p, found, err := db.One(ctx, k.db, scanPayout, payoutColumns+" WHERE bank_id = ? AND id = ?", t.Bank, t.Ref)
	if err != nil || !found || p.Status != "paid" || k.Payer == nil {
		return err
	}
	g, err := k.Payer.QueryPayout(ctx, p.ID)
	if err == nil && g.Status == "returned" {
		return k.returnPayout(ctx, bank, p, g.Reason)
	}
	now := k.db.Clock().Now()
	if now.Sub(p.EndedAt.Time) >= watchReturn {
		return nil
	}
	return &outbox.Postponed{At: now.Add(watchEvery)}
}

// returnPayout puts back what a payout had paid, once.
func (k *Desk) returnPayout(ctx context.Context, bank tenant.Bank, p Payout, reason string) error {
	return k.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE payout SET status = 'returned', reason = ?, returned_at = ? WHERE id = ? AND status = 'paid'", short(reason), tx.Now, p.ID)
		if err != nil || n == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE settlement SET status = 'approved', paid_at = NULL WHERE bank_id = ? AND status = 'paid'
			AND id IN (SELECT active FROM payout_settlement WHERE payout_id = ?)`, bank.ID, p.ID); err != nil {
			return err
		}
		if err := letGo(ctx, tx, p.ID); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, System.entry(bank.ID, "payout.returned", p.ID, map[string]any{"merchant": p.Merchant.ID, "amount_fen": p.Amount})); err != nil {
			return err
		}
		return k.postPayout(ctx, tx, bank, ledger.PayoutReturned, p.ID, ledger.Cash, ledger.PayoutDue(p.Merchant.ID), p.Amount)
	})
}

func (k *Desk) bank(ctx context.Context, bankID string) (tenant.Bank, error) {
	banks, err := k.banks.All(ctx)
	if err != nil {
		return tenant.Bank{}, err
	}
	for _, b := range banks {
		if b.ID == bankID {
			return b, nil
		}
	}
	return tenant.Bank{}, errors.New("settle: a task of the unknown bank " + bankID)
}
