package catalog

import "yinbo/internal/invariant"

// Invariants are what holds of the catalogue. That no stock is lost or made
// cannot be seen from it alone: order/flash and order say what they hold.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:   "catalog.stock",
		Means:  "no stock and no price is below nothing",
		Of:     "sku",
		Broken: "SELECT bank_id, id, CONCAT_WS('', 'stock ', stock, ', price ', price_fen) FROM sku WHERE stock < 0 OR price_fen < 0 OR list_price_fen < 0",
	}, {
		Name:  "catalog.owner",
		Means: "a SKU is of a product, and that of a merchant, of the same bank",
		Of:    "sku",
		Broken: `SELECT s.bank_id, s.id, CONCAT_WS('', 'product ', s.product_id, ', merchant ', COALESCE(p.merchant_id, 'none'))
			FROM sku s LEFT JOIN product p ON p.id = s.product_id AND p.bank_id = s.bank_id
			LEFT JOIN merchant m ON m.id = p.merchant_id AND m.bank_id = s.bank_id WHERE p.id IS NULL OR m.id IS NULL`,
	}}
}
