package review

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// SearchesPerHour is how often one person may look for a whole id or phone number.
const SearchesPerHour = 120

// searchLimit bounds what one search shows: a person has few applications.
const searchLimit = 50

// Search finds the leads of a whole id or phone number by its keyed hash, the
// newest first. The audit chain says who looked for which kind of value and why,
// never the value. Errors: validation; rate_limited (429) beyond SearchesPerHour;
// left is how many searches remain.
func (l *Leads) Search(ctx context.Context, bank tenant.Bank, p Person, field string, value pii.Text, reason string) (found []Lead, left int, err error) {
	text := value.Reveal()
	switch field {
	case "id_no":
		who, code := card.ParseIDNo(text)
		if code != "" {
			return nil, 0, fault.InvalidField("value", code)
		}
		text = who.No
	case "phone":
		if !card.ValidMobile(text) {
			return nil, 0, fault.InvalidField("value", "field.format")
		}
	default:
		return nil, 0, fault.InvalidField("field", "field.not_allowed")
	}
	c := &condition{where: "a.bank_id = ?", args: []any{bank.ID}}
	c.within(p.Scope)
	if err := l.whole(ctx, c, bank.ID, field, text); err != nil {
		return nil, 0, err
	}
	found, err = db.All(ctx, l.book.DB, scanLead, c.selectLead(l.book.DB.Dialect(), newest), append(c.args, searchLimit)...)
	if err != nil {
		return nil, 0, err
	}
	left, err = l.searched(ctx, bank.ID, p, field, reason, len(found))
	if err != nil {
		return nil, 0, err
	}
	return found, left, l.name(ctx, bank.ID, found)
}

// searched counts and audits a search before its result is shown.
func (l *Leads) searched(ctx context.Context, bank string, p Person, field, reason string, found int) (left int, err error) {
	err = l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		// The chain's head is held until the commit: two searches at once are counted
		// one after the other.
		err := card.Audit(ctx, tx, p.act(bank, "leads", "searched", map[string]any{"field": field, "reason": audit.Reason(reason), "found": found}))
		if err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM lead_search WHERE bank_id = ? AND staff_id = ? AND at > ?", bank, p.ID, tx.Now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= SearchesPerHour {
			return fault.New(fault.RateLimited, "rate_limited").After(10 * time.Minute)
		}
		left = SearchesPerHour - n - 1
		return tx.Insert(ctx, "lead_search (id, bank_id, staff_id, field, found, at)", [][]any{{id.New(id.Search), bank, p.ID, field, found, tx.Now}}, "")
	})
	return left, err
}
