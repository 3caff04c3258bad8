package settle

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Sheet is a settlement as it is printed and signed. Amounts in fen.
type Sheet struct {
	Settlement
	BankName string    `json:"bank_name"`
	Given    []Given   `json:"given" doc:"Discounts of what was sold, by who funds them; those of the bank and the platform less given_back_fen are discounts_fen"`
	Back     money.Fen `json:"given_back_fen" doc:"Of the bank's and the platform's discounts, what refunds gave back"`
	Carried  money.Fen `json:"carried_fen" doc:"Of earlier settlements below zero: taken off by its payout, or still to be taken off; never above zero"`
	Paid     *PaidBy   `json:"payout" doc:"The payout that it is in"`
}

// Given is what a funder's discounts of a settlement's sales come to.
type Given struct {
	Funder string    `json:"funder" enum:"bank,platform,merchant" doc:"A merchant's own are in no figure: it asked for that much less"`
	Amount money.Fen `json:"amount_fen"`
}

// PaidBy is a payout in short.
type PaidBy struct {
	ID     string    `json:"id"`
	Status string    `json:"status" enum:"paying,paid,failed,returned"`
	Amount money.Fen `json:"amount_fen" doc:"Of all settlements that it pays"`
}

// GetSheet gives a settlement with what its printed statement says besides;
// not_found as of Get.
func (k *Desk) GetSheet(ctx context.Context, bank tenant.Bank, settlementID string) (sheet Sheet, err error) {
	sheet = Sheet{BankName: bank.Name}
	if sheet.Settlement, err = k.Get(ctx, bank.ID, settlementID); err != nil {
		return sheet, err
	}
	sheet.Given, err = db.All(ctx, k.db, func(r db.Row) (g Given, err error) { return g, r.Scan(&g.Funder, &g.Amount) },
		`SELECT d.funded_by, SUM(d.amount_fen) FROM settlement_line l
		JOIN order_line o ON o.order_id = l.order_id AND l.ref = CONCAT(o.order_id, '/', o.line_no)
		JOIN order_discount d ON d.order_id = o.order_id AND d.line_no = o.line_no
		WHERE l.bank_id = ? AND l.settlement_id = ? AND l.kind = 'sale' GROUP BY d.funded_by ORDER BY d.funded_by`, bank.ID, settlementID)
	if err != nil {
		return sheet, err
	}
	sheet.Back = -sheet.Discounts
	for _, g := range sheet.Given {
		if g.Funder != "merchant" {
			sheet.Back += g.Amount
		}
	}
	if sheet.PayoutID == nil {
		sheet.Carried, _, err = db.Value[money.Fen](ctx, k.db, `SELECT COALESCE(SUM(payable_fen), 0) FROM settlement WHERE bank_id = ? AND merchant_id = ?
			AND business_date < ? AND status = 'approved' AND payable_fen < 0
			AND NOT EXISTS (SELECT 1 FROM payout_settlement ps WHERE ps.active = settlement.id)`, bank.ID, sheet.Merchant.ID, sheet.BusinessDate)
		return sheet, err
	}
	p, _, err := db.One(ctx, k.db, func(r db.Row) (p PaidBy, err error) { return p, r.Scan(&p.ID, &p.Status, &p.Amount) },
		"SELECT id, status, amount_fen FROM payout WHERE bank_id = ? AND id = ?", bank.ID, *sheet.PayoutID)
	if err != nil {
		return sheet, err
	}
	sheet.Paid = &p
	sheet.Carried, _, err = db.Value[money.Fen](ctx, k.db, `SELECT COALESCE(SUM(s.payable_fen), 0) FROM payout_settlement ps JOIN settlement s ON s.id = ps.settlement_id
		WHERE ps.bank_id = ? AND ps.payout_id = ? AND s.id <> ? AND s.payable_fen < 0`, bank.ID, p.ID, settlementID)
	return sheet, err
}
