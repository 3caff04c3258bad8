package terms

import (
	"context"
	"encoding/json"
	"fmt"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
)

// The kinds of a change.
const (
	Open       = "open" // a new merchant, with its terms and its account
	NewTerms   = "terms"
	NewAccount = "account"
)

// Change is what one person proposes of a merchant, and another decides on.
type Change struct {
	ID           string       `json:"id"`
	Kind         string       `json:"kind" enum:"open,terms,account"`
	MerchantID   string       `json:"merchant_id" doc:"Of an opening: the one that it will be"`
	Name         string       `json:"name" doc:"The merchant's"`
	Terms        *Asked       `json:"terms" doc:"null for a change of the account"`
	Account      *Account     `json:"account" doc:"null for a change of terms"`
	Reason       string       `json:"reason"`
	Status       string       `json:"status" enum:"proposed,approved,rejected,withdrawn"`
	Stale        bool         `json:"stale" doc:"Terms or account were changed since it was proposed: it can only be rejected"`
	ProposedBy   string       `json:"proposed_by" doc:"Staff id"`
	ProposedAt   clock.Stamp  `json:"proposed_at"`
	DecidedBy    *string      `json:"decided_by" doc:"Staff id"`
	DecidedAt    *clock.Stamp `json:"decided_at"`
	RejectReason *string      `json:"reject_reason"`
	WithdrawnAt  *clock.Stamp `json:"withdrawn_at" doc:"When who proposed it took it back"`

	base      int
	accountID *string
}

// Wish is a change that somebody wants.
type Wish struct {
	Kind       string
	MerchantID string // not for Open
	Name       string // for Open
	Terms      *Asked
	Account    *NewNumber
	Reason     string // kept without long numbers
}

// Person acts on changes.
type Person struct {
	ID, RequestID string
	Checker       bool // may approve and reject
}

func (p Person) audit(ctx context.Context, tx *db.Tx, bankID, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bankID, ActorKind: "staff", Actor: p.ID, RequestID: p.RequestID,
		Action: action, Object: object, Detail: detail})
}

// current is the version that a change of a kind is based on now.
const current = `CASE c.kind WHEN 'open' THEN 0 WHEN 'terms' THEN COALESCE(m.terms_version, 0) ELSE COALESCE(m.account_version, 0) END`

const changeColumns = `SELECT c.id, c.kind, c.merchant_id, c.name, c.asked_terms, c.account_id, c.base_version, c.reason, c.status, c.proposed_by, c.proposed_at,
	c.decided_by, c.decided_at, c.reject_reason, c.withdrawn_at, CASE WHEN c.status = 'proposed' AND c.base_version <> ` + current + ` THEN 1 ELSE 0 END,
	a.id, a.holder, a.bank_name, a.last4, a.status, a.created_at
	FROM merchant_change c LEFT JOIN merchant m ON m.bank_id = c.bank_id AND m.id = c.merchant_id
	LEFT JOIN merchant_account a ON a.bank_id = c.bank_id AND a.id = c.account_id WHERE c.bank_id = ?`

func scanChange(r db.Row) (c Change, err error) {
	var proposed, decided, withdrawn, created db.Time
	var asked *string
	var a struct{ id, holder, bank, last4, status *string }
	if err = r.Scan(&c.ID, &c.Kind, &c.MerchantID, &c.Name, &asked, &c.accountID, &c.base, &c.Reason, &c.Status, &c.ProposedBy, &proposed,
		&c.DecidedBy, &decided, &c.RejectReason, &withdrawn, &c.Stale, &a.id, &a.holder, &a.bank, &a.last4, &a.status, &created); err != nil {
		return c, err
	}
	c.ProposedAt, c.DecidedAt, c.WithdrawnAt = clock.At(proposed.Time), clock.AtPtr(decided.Time), clock.AtPtr(withdrawn.Time)
	if a.id != nil {
		c.Account = &Account{ID: *a.id, Holder: *a.holder, BankName: *a.bank, Last4: *a.last4, Status: *a.status, CreatedAt: clock.At(created.Time)}
	}
	if asked != nil {
		if err := json.Unmarshal([]byte(*asked), &c.Terms); err != nil {
			return c, fmt.Errorf("terms: what %s asks: %w", c.ID, err)
		}
	}
	return c, nil
}

// Changes lists a bank's, the newest first; empty fields do not filter.
func (b *Book) Changes(ctx context.Context, bankID, merchantID, status, after string, limit int) ([]Change, error) {
	query, args := changeColumns, []any{bankID}
	for _, c := range []struct{ cond, v string }{{"c.merchant_id = ?", merchantID}, {"c.status = ?", status}, {"c.id < ?", after}} {
		if c.v != "" {
			query, args = query+" AND "+c.cond, append(args, c.v)
		}
	}
	return db.All(ctx, b.db, scanChange, query+" ORDER BY c.id DESC LIMIT ?", append(args, limit)...)
}

// Propose asks a second person to agree to a change. Refusals: 404 not_found of
// the merchant, 409 merchant.exists, 422 of the field that does not fit.
func (b *Book) Propose(ctx context.Context, req idem.Request, bank tenant.Bank, w Wish, by Person) (Change, bool, error) {
	if err := w.check(bank, b.db.Clock().Now()); err != nil {
		return Change{}, false, err
	}
	c := Change{ID: id.New(id.MerchantChange), Kind: w.Kind, MerchantID: w.MerchantID, Name: w.Name, Terms: w.Terms, Reason: audit.Reason(w.Reason)}
	if c.Kind == Open {
		c.MerchantID = id.New(id.Merchant)
	}
	var account *sealedAccount
	if w.Account != nil {
		a, err := b.seal(ctx, bank.ID, *w.Account)
		if err != nil {
			return c, false, err
		}
		account, c.accountID = &a, &a.ID
	}
	return idem.Do(ctx, b.keeper, req, func(tx *db.Tx) (Change, error) {
		if err := c.standsOn(ctx, tx, bank.ID); err != nil {
			return c, err
		}
		if err := c.nameCategories(ctx, tx, bank.ID); err != nil {
			return c, err
		}
		if account != nil {
			if err := account.insert(ctx, tx, bank.ID, c.MerchantID); err != nil {
				return c, err
			}
		}
		return c.insert(ctx, tx, bank.ID, by)
	})
}

// standsOn reads the merchant that a change is of, and the version it starts from.
func (c *Change) standsOn(ctx context.Context, tx *db.Tx, bankID string) error {
	if c.Kind == Open {
		_, taken, err := db.Value[string](ctx, tx, "SELECT id FROM merchant WHERE bank_id = ? AND name = ?", bankID, c.Name)
		if err == nil && taken {
			err = fault.New(fault.Conflict, "merchant.exists")
		}
		return err
	}
	type row struct {
		name           string
		terms, account int
	}
	m, found, err := db.One(ctx, tx, func(r db.Row) (m row, err error) { return m, r.Scan(&m.name, &m.terms, &m.account) },
		"SELECT name, terms_version, account_version FROM merchant WHERE bank_id = ? AND id = ?", bankID, c.MerchantID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if c.Name, c.base = m.name, m.terms; c.Kind == NewAccount {
		c.base = m.account
	}
	return err
}

// nameCategories writes down what the rates' categories are called, and refuses
// those that the bank does not have.
func (c *Change) nameCategories(ctx context.Context, tx *db.Tx, bankID string) error {
	if c.Terms == nil {
		return nil
	}
	asked := *c.Terms
	asked.Rates = make([]Rate, len(c.Terms.Rates)) // the caller's stay as they are
	for i, r := range c.Terms.Rates {
		name, found, err := db.Value[string](ctx, tx, "SELECT name FROM category WHERE bank_id = ? AND id = ?", bankID, r.CategoryID)
		if err != nil {
			return err
		}
		if !found {
			return fault.InvalidField(fmt.Sprintf("terms.rates[%d].category_id", i), "category.unknown")
		}
		asked.Rates[i] = Rate{CategoryID: r.CategoryID, Category: name, Bps: r.Bps}
	}
	c.Terms = &asked
	return nil
}

func (c *Change) insert(ctx context.Context, tx *db.Tx, bankID string, by Person) (Change, error) {
	var asked any
	if c.Terms != nil {
		text, err := json.Marshal(c.Terms)
		if err != nil {
			return *c, fmt.Errorf("terms: %w", err)
		}
		asked = string(text)
	}
	err := tx.Insert(ctx, "merchant_change (id, bank_id, merchant_id, kind, name, asked_terms, account_id, base_version, reason, status, proposed_by, proposed_at)",
		[][]any{{c.ID, bankID, c.MerchantID, c.Kind, c.Name, asked, c.accountID, c.base, c.Reason, "proposed", by.ID, tx.Now}}, "")
	if err != nil {
		return *c, err
	}
	if err := by.audit(ctx, tx, bankID, "merchant.change_proposed", c.ID, c.detail()); err != nil {
		return *c, err
	}
	made, _, err := db.One(ctx, tx, scanChange, changeColumns+" AND c.id = ?", bankID, c.ID)
	return made, err
}

// detail is for the audit log; the reason is what somebody wrote.
func (c *Change) detail() map[string]any {
	d := map[string]any{"kind": c.Kind, "merchant": c.MerchantID, "reason": c.Reason}
	if c.Terms != nil {
		d["valid_from"], d["commission_bps"], d["cycle"] = c.Terms.ValidFrom, c.Terms.CommissionBps, c.Terms.Cycle
		d["reserve_bps"], d["reserve_days"], d["rates"] = c.Terms.ReserveBps, c.Terms.ReserveDays, len(c.Terms.Rates)
	}
	if c.accountID != nil {
		d["account"] = *c.accountID
	}
	return d
}
