package terms

import (
	"context"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Book is the bank's contracts with its merchants.
type Book struct {
	db     *db.DB
	keeper *idem.Keeper
	keys   *pii.Keyring
}

// New makes a book on d.
func New(d *db.DB, keys *pii.Keyring) *Book {
	return &Book{db: d, keeper: idem.NewKeeper(d), keys: keys}
}

// Merchant is a merchant with what holds of it today.
type Merchant struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Terms     *Terms      `json:"terms" doc:"Of today; null for one without terms: it sells under commission_bps, is paid once a statement is approved, and nothing is kept back"`
	Bps       int64       `json:"commission_bps" doc:"Of a merchant without terms"`
	Account   *Account    `json:"account" doc:"Where it is paid; null for none"`
	Reserve   money.Fen   `json:"reserve_fen" doc:"Kept back of it now"`
	Pending   int         `json:"pending" doc:"Changes that wait for a second person"`
	CreatedAt clock.Stamp `json:"created_at"`
}

// Details are a merchant with its history.
type Details struct {
	Merchant
	History  []Terms   `json:"history" doc:"All terms, the newest first"`
	Accounts []Account `json:"accounts" doc:"All accounts, the newest first"`
	Changes  []Change  `json:"changes" doc:"The newest first, at most 100"`
}

const merchantColumns = `SELECT m.id, m.name, m.commission_bps, m.created_at,
	(SELECT COUNT(*) FROM merchant_change c WHERE c.bank_id = m.bank_id AND c.merchant_id = m.id AND c.status = 'proposed'),
	COALESCE((SELECT SUM(v.amount_fen) FROM merchant_reserve v WHERE v.bank_id = m.bank_id AND v.merchant_id = m.id AND v.released_at IS NULL), 0)
	FROM merchant m WHERE m.bank_id = ?`

func scanMerchant(r db.Row) (m Merchant, err error) {
	var created db.Time
	err = r.Scan(&m.ID, &m.Name, &m.Bps, &created, &m.Pending, &m.Reserve)
	m.CreatedAt = clock.At(created.Time)
	return m, err
}

// Merchants lists the bank's whose names have query in them, the oldest first.
func (b *Book) Merchants(ctx context.Context, bank tenant.Bank, query, after string, limit int) ([]Merchant, error) {
	where, args := " AND m.id > ?", []any{bank.ID, after}
	if query != "" {
		where, args = where+" AND m.name LIKE ? ESCAPE '!'", append(args, "%"+like.Replace(query)+"%")
	}
	all, err := db.All(ctx, b.db, scanMerchant, merchantColumns+where+" ORDER BY m.id LIMIT ?", append(args, limit)...)
	for i := range all {
		if err == nil {
			err = b.holding(ctx, bank, &all[i])
		}
	}
	return all, err
}

var like = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// holding adds what holds of a merchant today.
func (b *Book) holding(ctx context.Context, bank tenant.Bank, m *Merchant) error {
	t, err := At(ctx, b.db, bank.ID, m.ID, bank.BusinessDate(b.db.Clock().Now()))
	if err != nil {
		return err
	}
	if t.ID != "" {
		if t.Rates, err = rates(ctx, b.db, t.ID); err != nil {
			return err
		}
		m.Terms = &t
	}
	a, found, err := db.One(ctx, b.db, scanAccount, accountColumns+" AND current_key = ?", bank.ID, m.ID)
	if found {
		m.Account = &a
	}
	return err
}

// Merchant gives one with its history; 404 not_found.
func (b *Book) Merchant(ctx context.Context, bank tenant.Bank, merchantID string) (d Details, err error) {
	m, found, err := db.One(ctx, b.db, scanMerchant, merchantColumns+" AND m.id = ?", bank.ID, merchantID)
	if err != nil {
		return d, err
	}
	if !found {
		return d, fault.New(fault.NotFound, "not_found")
	}
	d.Merchant = m
	if err := b.holding(ctx, bank, &d.Merchant); err != nil {
		return d, err
	}
	if d.History, err = history(ctx, b.db, bank.ID, merchantID); err != nil {
		return d, err
	}
	if d.Accounts, err = db.All(ctx, b.db, scanAccount, accountColumns+" AND merchant_id = ? ORDER BY id DESC LIMIT 100", bank.ID, merchantID); err != nil {
		return d, err
	}
	d.Changes, err = b.Changes(ctx, bank.ID, merchantID, "", "", 100)
	return d, err
}

func rates(ctx context.Context, q db.Querier, termsID string) ([]Rate, error) {
	return db.All(ctx, q, func(r db.Row) (v Rate, err error) { return v, r.Scan(&v.CategoryID, &v.Category, &v.Bps) },
		"SELECT category_id, category_name, bps FROM merchant_rate WHERE terms_id = ? ORDER BY category_name", termsID)
}
