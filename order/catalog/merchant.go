package catalog

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Merchant is who sells, and is paid by settlements.
type Merchant struct {
	ID            string      `json:"id"`
	Name          string      `json:"name"`
	CommissionBps int64       `json:"commission_bps" doc:"The bank's part of what is sold, in ten-thousandths; categories may have rates of their own, see /merchants/{id}"`
	Products      int64       `json:"products" doc:"How many products it has, hidden ones too"`
	CreatedAt     clock.Stamp `json:"created_at"`
}

// MerchantChange is what an edit sets; nil fields stay.
type MerchantChange struct {
	Name          *string
	CommissionBps *int64
}

// merchantColumns take the time as their first argument.
const merchantColumns = `SELECT m.id, m.name, COALESCE((SELECT t.commission_bps` + termsNow + `), m.commission_bps), m.created_at,
	(SELECT COUNT(*) FROM product p WHERE p.bank_id = m.bank_id AND p.merchant_id = m.id) FROM merchant m WHERE m.bank_id = ?`

func scanMerchant(r db.Row) (m Merchant, err error) {
	var created db.Time
	err = r.Scan(&m.ID, &m.Name, &m.CommissionBps, &created, &m.Products)
	m.CreatedAt = clock.At(created.Time)
	return m, err
}

// Merchants gives the bank's merchants whose names have query in them, oldest
// first, after the one named: one more than limit when there are further ones.
func (c *Catalog) Merchants(ctx context.Context, bank, query, after string, limit int) ([]Merchant, error) {
	where, args := " AND m.id > ?", []any{c.db.Clock().Now(), bank, after}
	if query != "" {
		where, args = where+" AND m.name LIKE ? ESCAPE '!'", append(args, "%"+escapeLike(query)+"%")
	}
	return db.All(ctx, c.db, scanMerchant, merchantColumns+where+" ORDER BY m.id LIMIT ?", append(args, limit+1)...)
}

// CreateMerchant adds a merchant; 409 merchant.exists.
func (c *Catalog) CreateMerchant(ctx context.Context, bank string, by Actor, name string, commissionBps int64) (Merchant, error) {
	var merchantID string
	err := c.db.InTx(ctx, func(tx *db.Tx) (err error) {
		if merchantID, err = AddMerchant(ctx, tx, bank, name, commissionBps); err != nil {
			return taken(err, "merchant.exists")
		}
		return audit.Write(ctx, tx, by.entry(bank, "merchant.created", merchantID, map[string]any{"name": name, "commission_bps": commissionBps}))
	})
	if err != nil {
		return Merchant{}, err
	}
	return c.merchant(ctx, bank, merchantID)
}

// EditMerchant changes a merchant's name or commission. A commission counts for
// what is ordered from then on: an order's lines keep the one they were sold
// under, and a flash sale the one it was opened under. 404 not_found, 409
// merchant.exists, merchant.by_terms for the commission of one with terms, which
// two people change.
func (c *Catalog) EditMerchant(ctx context.Context, bank string, by Actor, merchantID string, change MerchantChange) (Merchant, error) {
	err := c.db.InTx(ctx, func(tx *db.Tx) error {
		var terms int
		old, found, err := db.One(ctx, tx, func(r db.Row) (m Merchant, err error) { return m, r.Scan(&m.Name, &m.CommissionBps, &terms) },
			"SELECT name, commission_bps, terms_version FROM merchant WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, merchantID)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		now := old
		if change.Name != nil {
			now.Name = *change.Name
		}
		if change.CommissionBps != nil && terms > 0 {
			return fault.New(fault.Conflict, "merchant.by_terms")
		}
		if change.CommissionBps != nil {
			now.CommissionBps = *change.CommissionBps
		}
		_, err = tx.Exec(ctx, "UPDATE merchant SET name = ?, commission_bps = ? WHERE bank_id = ? AND id = ?",
			now.Name, now.CommissionBps, bank, merchantID)
		if err != nil {
			return taken(err, "merchant.exists")
		}
		return audit.Write(ctx, tx, by.entry(bank, "merchant.edited", merchantID, map[string]any{"name": now.Name,
			"commission_bps": now.CommissionBps, "was_name": old.Name, "was_commission_bps": old.CommissionBps}))
	})
	if err != nil {
		return Merchant{}, err
	}
	return c.merchant(ctx, bank, merchantID)
}

func (c *Catalog) merchant(ctx context.Context, bank, merchantID string) (Merchant, error) {
	m, found, err := db.One(ctx, c.db, scanMerchant, merchantColumns+" AND m.id = ?", c.db.Clock().Now(), bank, merchantID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return m, err
}
