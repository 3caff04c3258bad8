package flash

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

const columns = `SELECT id, bank_id, room_id, sku_id, state, price_fen, total, sold, per_user_limit, starts_at, ends_at, sold_ever, epoch FROM flash_sale WHERE `

func scanRow(r db.Row) (v row, err error) {
	var starts, ends db.Time
	err = r.Scan(&v.ID, &v.Bank, &v.Room, &v.SKU, &v.State, &v.Price, &v.Total, &v.Sold, &v.Limit, &starts, &ends, &v.Ever, &v.Epoch)
	v.Starts, v.Ends = starts.Time, ends.Time
	return v, err
}

func readRows(ctx context.Context, q db.Querier, where string, args ...any) ([]row, error) {
	return db.All(ctx, q, scanRow, columns+where, args...)
}

func readSale(ctx context.Context, q db.Querier, bank, flashID string) (row, error) {
	return oneSale(ctx, q, bank, flashID, "")
}

// lockSale holds the row until the commit; it is what serialises a sale.
func lockSale(ctx context.Context, tx *db.Tx, bank, flashID string) (row, error) {
	return oneSale(ctx, tx, bank, flashID, tx.Dialect().ForUpdate())
}

func oneSale(ctx context.Context, q db.Querier, bank, flashID, lock string) (row, error) {
	r, found, err := db.One(ctx, q, scanRow, columns+"bank_id = ? AND id = ?"+lock, bank, flashID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return r, err
}

// claimsOf reads what some viewers hold; viewers without a claim are absent.
func claimsOf(ctx context.Context, q db.Querier, flashID string, viewers []string) (map[string]int64, error) {
	return readClaims(ctx, q, "flash_id = ? AND viewer_id IN "+db.Marks(len(viewers)), append([]any{flashID}, db.Args(viewers)...)...)
}

// allClaims reads every viewer who ever bought, also those who gave all back.
func allClaims(ctx context.Context, q db.Querier, flashID string) (map[string]int64, error) {
	return readClaims(ctx, q, "flash_id = ?", flashID)
}

func readClaims(ctx context.Context, q db.Querier, where string, args ...any) (map[string]int64, error) {
	type claim struct {
		viewer string
		n      int64
	}
	claims, err := db.All(ctx, q, func(r db.Row) (c claim, err error) {
		return c, r.Scan(&c.viewer, &c.n)
	}, "SELECT viewer_id, quantity FROM flash_claim WHERE "+where, args...)
	out := make(map[string]int64, len(claims))
	for _, c := range claims {
		out[c.viewer] = c.n
	}
	return out, err
}

// sell moves n units of a sale to sold; the row itself refuses too many.
func sell(ctx context.Context, tx *db.Tx, flashID string, n int64) error {
	rows, err := tx.Exec(ctx, "UPDATE flash_sale SET sold = sold + ?, sold_ever = sold_ever + ? WHERE id = ? AND sold + ? <= total", n, n, flashID, n)
	if err == nil && rows != 1 {
		err = fmt.Errorf("flash: %s has no %d units", flashID, n)
	}
	return err
}

// sellIfOn is sell for a sale that is on at tx.Now; ok is false, and nothing
// sold, when it is not or has fewer.
func sellIfOn(ctx context.Context, tx *db.Tx, flashID string, n int64) (ok bool, err error) {
	rows, err := tx.Exec(ctx, `UPDATE flash_sale SET sold = sold + ?, sold_ever = sold_ever + ? WHERE id = ? AND sold + ? <= total
		AND state = 'open' AND starts_at <= ? AND ends_at > ?`, n, n, flashID, n, tx.Now, tx.Now)
	return rows == 1, err
}

// raise adds units to a sale's total.
func raise(ctx context.Context, tx *db.Tx, r row, units int64) error {
	_, err := tx.Exec(ctx, "UPDATE flash_sale SET total = total + ? WHERE bank_id = ? AND id = ? AND state = 'open'", units, r.Bank, r.ID)
	return err
}

// addClaims adds units to viewers' claims.
func addClaims(ctx context.Context, tx *db.Tx, r row, units map[string]int64) error {
	rows := make([][]any, 0, len(units))
	for viewer, n := range units {
		rows = append(rows, []any{r.ID, viewer, r.Bank, n, r.Limit})
	}
	return tx.Insert(ctx, "flash_claim (flash_id, viewer_id, bank_id, quantity, per_user_limit)", rows,
		tx.Dialect().OnDuplicate("flash_id, viewer_id", "quantity = quantity + NEW(quantity)"))
}

// unsell gives back n units of a viewer; both rows refuse what was not sold.
func unsell(ctx context.Context, tx *db.Tx, flashID, viewer string, n int64) error {
	rows, err := tx.Exec(ctx, "UPDATE flash_sale SET sold = sold - ? WHERE id = ? AND sold >= ?", n, flashID, n)
	if err != nil {
		return err
	}
	if rows != 1 {
		return fmt.Errorf("flash: %s did not sell %d units", flashID, n)
	}
	rows, err = tx.Exec(ctx, "UPDATE flash_claim SET quantity = quantity - ? WHERE flash_id = ? AND viewer_id = ? AND quantity >= ?", n, flashID, viewer, n)
	if err == nil && rows != 1 {
		err = fmt.Errorf("flash: %s has no claim of %d units to give back", flashID, n)
	}
	return err
}

// setEpoch names the picture that admission is to have of a sale.
func setEpoch(ctx context.Context, tx *db.Tx, r row) error {
	_, err := tx.Exec(ctx, "UPDATE flash_sale SET epoch = ? WHERE bank_id = ? AND id = ?", r.Epoch, r.Bank, r.ID)
	return err
}
