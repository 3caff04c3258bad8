package terms

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
)

// Account is where a merchant is paid, its number masked.
type Account struct {
	ID        string      `json:"id"`
	Holder    string      `json:"holder" doc:"The account's name"`
	BankName  string      `json:"bank_name"`
	Last4     string      `json:"last4" doc:"The number's last four digits"`
	Status    string      `json:"status" enum:"proposed,current,former,refused"`
	CreatedAt clock.Stamp `json:"created_at"`
}

// NewNumber is an account as it is proposed.
type NewNumber struct {
	Holder   string `json:"holder" minLength:"1" maxLength:"100" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$" doc:"The account's name"`
	BankName string `json:"bank_name" minLength:"1" maxLength:"100" pattern:"^\\S([^\\x00-\\x1f]*\\S)?$"`
	Number   string `json:"number" minLength:"8" maxLength:"32" pattern:"^[0-9]{8,32}$"`
}

// sealedAccount is an account with its number as it is kept.
type sealedAccount struct {
	Account
	sealed string
}

func place(bankID, accountID string) pii.Place {
	return pii.Place{Bank: bankID, Table: "merchant_account", Column: "number_sealed", Row: accountID}
}

func (b *Book) seal(ctx context.Context, bankID string, n NewNumber) (a sealedAccount, err error) {
	a.Account = Account{ID: id.New(id.MerchantAccount), Holder: n.Holder, BankName: n.BankName, Last4: n.Number[len(n.Number)-4:]}
	a.sealed, err = b.keys.Seal(ctx, place(bankID, a.ID), pii.Clear(n.Number))
	return a, err
}

func (a sealedAccount) insert(ctx context.Context, tx *db.Tx, bankID, merchantID string) error {
	return tx.Insert(ctx, "merchant_account (id, bank_id, merchant_id, holder, bank_name, last4, number_sealed, status, created_at)",
		[][]any{{a.ID, bankID, merchantID, a.Holder, a.BankName, a.Last4, a.sealed, "proposed", tx.Now}}, "")
}

const accountColumns = `SELECT id, holder, bank_name, last4, status, created_at FROM merchant_account WHERE bank_id = ?`

func scanAccount(r db.Row) (a Account, err error) {
	var created db.Time
	err = r.Scan(&a.ID, &a.Holder, &a.BankName, &a.Last4, &a.Status, &created)
	a.CreatedAt = clock.At(created.Time)
	return a, err
}

// Number is an account's number in clear.
type Number struct {
	Number string `json:"number"`
}

// Reveal opens an account's number for a person and leaves the reason in the audit
// log. 404 not_found, 409 merchant.number_wiped of one that was refused.
func (b *Book) Reveal(ctx context.Context, bankID, accountID, reason string, by Person) (n Number, err error) {
	var sealed string
	err = b.db.InTx(ctx, func(tx *db.Tx) (err error) {
		if sealed, err = sealedNumber(ctx, tx, bankID, accountID); err != nil {
			return err
		}
		return by.audit(ctx, tx, bankID, "merchant.account_revealed", accountID, map[string]any{"reason": audit.Reason(reason)})
	})
	if err != nil {
		return n, err
	}
	clear, err := b.keys.Open(ctx, place(bankID, accountID), sealed)
	return Number{clear.Reveal()}, err
}

func sealedNumber(ctx context.Context, q db.Querier, bankID, accountID string) (string, error) {
	sealed, found, err := db.Value[string](ctx, q, "SELECT number_sealed FROM merchant_account WHERE bank_id = ? AND id = ?", bankID, accountID)
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", fault.New(fault.NotFound, "not_found")
	case sealed == pii.Erased:
		return "", fault.New(fault.Conflict, "merchant.number_wiped")
	}
	return sealed, nil
}

// AccountOf is the account that a merchant is paid to now.
func AccountOf(ctx context.Context, q db.Querier, bankID, merchantID string) (accountID string, found bool, err error) {
	return db.Value[string](ctx, q, "SELECT id FROM merchant_account WHERE bank_id = ? AND current_key = ?", bankID, merchantID)
}

// Payee gives the number and the name that a payout to an account goes to.
func (b *Book) Payee(ctx context.Context, bankID, accountID string) (number pii.Text, holder string, err error) {
	sealed, err := sealedNumber(ctx, b.db, bankID, accountID)
	if err != nil {
		return number, "", err
	}
	if holder, _, err = db.Value[string](ctx, b.db, "SELECT holder FROM merchant_account WHERE bank_id = ? AND id = ?", bankID, accountID); err != nil {
		return number, "", err
	}
	number, err = b.keys.Open(ctx, place(bankID, accountID), sealed)
	return number, holder, err
}
