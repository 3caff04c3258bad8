package terms

import (
	"fmt"
	"regexp"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

var number = regexp.MustCompile(`^[0-9]{8,32}$`)

// check refuses a wish whose parts do not fit its kind, or each other.
func (w Wish) check(bank tenant.Bank, now time.Time) error {
	bad := fault.New(fault.Invalid, "validation")
	needs := func(field string, wanted, there bool) {
		if wanted && !there {
			bad.With(field, "field.required")
		} else if !wanted && there {
			bad.With(field, "field.not_allowed")
		}
	}
	needs("merchant_id", w.Kind != Open, w.MerchantID != "")
	needs("name", w.Kind == Open, w.Name != "")
	needs("terms", w.Kind != NewAccount, w.Terms != nil)
	needs("account", w.Kind != NewTerms, w.Account != nil)
	if w.Terms != nil {
		w.Terms.check(bad, bank.BusinessDate(now))
	}
	if w.Account != nil && !number.MatchString(w.Account.Number) {
		bad.With("account.number", "field.format")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (a Asked) check(bad *fault.Error, today string) {
	if _, err := time.Parse(time.DateOnly, a.ValidFrom); err != nil {
		bad.With("terms.valid_from", "field.format")
	} else if a.ValidFrom < today {
		bad.With("terms.valid_from", "date.past")
	}
	if (a.ReserveBps == 0) != (a.ReserveDays == 0) {
		bad.With("terms.reserve_days", "merchant.reserve")
	}
	seen := map[string]bool{}
	for i, r := range a.Rates {
		if seen[r.CategoryID] {
			bad.With(fmt.Sprintf("terms.rates[%d].category_id", i), "merchant.rate_twice")
		}
		seen[r.CategoryID] = true
	}
}
