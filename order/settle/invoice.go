package settle

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/invariant"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Invoice is asked of a merchant for a settlement, and compared with it. Amounts in
// fen.
type Invoice struct {
	ID           string       `json:"id"`
	MerchantID   string       `json:"merchant_id"`
	SettlementID string       `json:"settlement_id"`
	BusinessDate string       `json:"business_date" doc:"The settlement's"`
	Merchant     string       `json:"merchant_name"`
	Kind         string       `json:"kind" enum:"sales,commission" doc:"sales: what buyers paid less what they got back; commission: what the platform kept"`
	Expected     money.Fen    `json:"expected_fen" doc:"The statement's"`
	Status       string       `json:"status" enum:"requested,received,matched"`
	Number       *string      `json:"number"`
	Amount       *money.Fen   `json:"amount_fen"`
	IssuedOn     *string      `json:"issued_on" doc:"YYYY-MM-DD"`
	RequestedBy  string       `json:"requested_by" doc:"Staff id"`
	RequestedAt  clock.Stamp  `json:"requested_at"`
	ReceivedBy   *string      `json:"received_by" doc:"Staff id"`
	ReceivedAt   *clock.Stamp `json:"received_at"`
	MatchedBy    *string      `json:"matched_by" doc:"Staff id"`
	MatchedAt    *clock.Stamp `json:"matched_at"`
}

const invoiceColumns = `SELECT i.id, i.merchant_id, i.settlement_id, s.business_date, s.merchant_name, i.kind, i.expected_fen, i.status, i.number, i.amount_fen, i.issued_on,
	i.requested_by, i.requested_at, i.received_by, i.received_at, i.matched_by, i.matched_at
	FROM merchant_invoice i JOIN settlement s ON s.id = i.settlement_id WHERE i.bank_id = ?`

func scanInvoice(r db.Row) (v Invoice, err error) {
	var requested, received, matched db.Time
	err = r.Scan(&v.ID, &v.MerchantID, &v.SettlementID, &v.BusinessDate, &v.Merchant, &v.Kind, &v.Expected, &v.Status, &v.Number, &v.Amount, &v.IssuedOn,
		&v.RequestedBy, &requested, &v.ReceivedBy, &received, &v.MatchedBy, &matched)
	v.RequestedAt, v.ReceivedAt, v.MatchedAt = clock.At(requested.Time), clock.AtPtr(received.Time), clock.AtPtr(matched.Time)
	return v, err
}

// Invoices lists a bank's, the newest first; empty fields do not filter.
func (k *Desk) Invoices(ctx context.Context, bankID, merchantID, settlementID, status, after string, limit int) ([]Invoice, error) {
	query, args := invoiceColumns, []any{bankID}
	for _, c := range []struct{ cond, v string }{{"i.merchant_id = ?", merchantID}, {"i.settlement_id = ?", settlementID}, {"i.status = ?", status}, {"i.id < ?", after}} {
		if c.v != "" {
			query, args = query+" AND "+c.cond, append(args, c.v)
		}
	}
	return db.All(ctx, k.db, scanInvoice, query+" ORDER BY i.id DESC LIMIT ?", append(args, limit)...)
}

// RequestInvoice asks a settlement's merchant for its invoice, once of each kind.
// 409 conflict where it was asked for or the settlement is not approved,
// invoice.nothing where the statement has nothing to invoice.
func (k *Desk) RequestInvoice(ctx context.Context, bank tenant.Bank, settlementID, kind string, actor Actor) (v Invoice, err error) {
	invoiceID := id.New(id.Invoice)
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		s, found, err := db.One(ctx, tx, scanSettlement, settlementColumns+" WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, settlementID)
		switch {
		case err != nil:
			return err
		case !found:
			return notFound()
		case s.Status == "draft" || s.Status == "submitted" || s.Status == "rejected":
			return conflict()
		}
		expected := s.Commission
		if kind == "sales" {
			expected = s.Sales - s.Refunds
		}
		if expected <= 0 {
			return fault.New(fault.Conflict, "invoice.nothing")
		}
		err = tx.Insert(ctx, "merchant_invoice (id, bank_id, merchant_id, settlement_id, kind, expected_fen, status, requested_by, requested_at)",
			[][]any{{invoiceID, bank.ID, s.Merchant.ID, s.ID, kind, expected, "requested", actor.ID, tx.Now}}, "")
		if db.IsDuplicate(err) {
			return conflict()
		}
		if err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor.entry(bank.ID, "invoice.requested", invoiceID, map[string]any{"settlement": s.ID, "kind": kind, "expected_fen": expected})); err != nil {
			return err
		}
		v, err = readInvoice(ctx, tx, bank.ID, invoiceID)
		return err
	})
	return v, err
}

func readInvoice(ctx context.Context, q db.Querier, bankID, invoiceID string) (Invoice, error) {
	v, found, err := db.One(ctx, q, scanInvoice, invoiceColumns+" AND i.id = ?", bankID, invoiceID)
	if err == nil && !found {
		err = notFound()
	}
	return v, err
}

// ReceiveInvoice writes down an invoice that came in; until it is matched another
// may take its place. 409 conflict for one that is matched, invoice.number_taken for
// a number that the bank has on another, 422 of a date that is none or to come.
func (k *Desk) ReceiveInvoice(ctx context.Context, bank tenant.Bank, invoiceID, number string, amount money.Fen, issuedOn string, actor Actor) (Invoice, error) {
	if err := checkDate(bank, k.db.Clock().Now(), issuedOn); err != nil {
		return Invoice{}, err
	}
	return k.moveInvoice(ctx, bank, invoiceID, "invoice.received", actor, func(tx *db.Tx, _ Invoice) (int64, error) {
		n, err := tx.Exec(ctx, `UPDATE merchant_invoice SET status = 'received', number = ?, amount_fen = ?, issued_on = ?, received_by = ?, received_at = ?
			WHERE bank_id = ? AND id = ? AND status <> 'matched'`, number, amount, issuedOn, actor.ID, tx.Now, bank.ID, invoiceID)
		if db.IsDuplicate(err) {
			err = fault.New(fault.Conflict, "invoice.number_taken").Because(err)
		}
		return n, err
	})
}

// MatchInvoice says that an invoice is the statement's: 409 invoice.amount where
// its amount is another, conflict for what was not received or is matched.
func (k *Desk) MatchInvoice(ctx context.Context, bank tenant.Bank, invoiceID string, actor Actor) (Invoice, error) {
	return k.moveInvoice(ctx, bank, invoiceID, "invoice.matched", actor, func(tx *db.Tx, v Invoice) (int64, error) {
		if v.Status == "received" && *v.Amount != v.Expected {
			return 0, fault.New(fault.Conflict, "invoice.amount")
		}
		return tx.Exec(ctx, `UPDATE merchant_invoice SET status = 'matched', matched_by = ?, matched_at = ?
			WHERE bank_id = ? AND id = ? AND status = 'received' AND amount_fen = expected_fen`, actor.ID, tx.Now, bank.ID, invoiceID)
	})
}

func (k *Desk) moveInvoice(ctx context.Context, bank tenant.Bank, invoiceID, action string, actor Actor, step func(tx *db.Tx, v Invoice) (int64, error)) (v Invoice, err error) {
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		was, err := readInvoice(ctx, tx, bank.ID, invoiceID)
		if err != nil {
			return err
		}
		n, err := step(tx, was)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict()
		}
		if v, err = readInvoice(ctx, tx, bank.ID, invoiceID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.entry(bank.ID, action, invoiceID, map[string]any{"settlement": v.SettlementID, "kind": v.Kind, "number": v.Number, "amount_fen": v.Amount}))
	})
	return v, err
}

// InvoiceInvariants are what holds of invoices.
func InvoiceInvariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "invoice.statement",
		Means: "an invoice asks for what its statement says, of its merchant, once that is approved; one that is matched is of that amount",
		Of:    "merchant_invoice",
		Broken: `SELECT i.bank_id, i.id, CONCAT_WS('', i.kind, ' ', i.status, ', expects ', i.expected_fen, ', is ', i.amount_fen) FROM merchant_invoice i
			LEFT JOIN settlement s ON s.id = i.settlement_id AND s.bank_id = i.bank_id AND s.merchant_id = i.merchant_id AND s.status IN ('approved', 'paid')
			WHERE s.id IS NULL OR i.expected_fen <> CASE i.kind WHEN 'sales' THEN s.sales_fen - s.refunds_fen ELSE s.commission_fen END
				OR i.status = 'matched' AND COALESCE(i.amount_fen, 0) <> i.expected_fen`,
	}}
}
