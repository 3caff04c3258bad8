package setting

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/keeping"
	"yinbo/internal/tenant"
)

// The kinds of value.
const (
	Minutes = "minutes" // a whole number of them
	Days    = "days"
	Count   = "count"
	Fen     = "fen"
	Bps     = "bps" // hundredths of a per cent
	Flag    = "flag"
	Clock   = "clock" // HH:MM in the bank's zone
	Hours   = "hours" // tenant.Hours, null for always
)

// Item is a setting: its key is its place in tenant.Settings.
type Item struct {
	Key  string `json:"key"`
	Kind string `json:"kind" enum:"minutes,days,count,fen,bps,flag,clock,hours"`
	Min  int64  `json:"min" doc:"Of numbers"`
	Max  int64  `json:"max" doc:"Of numbers"`
}

// section is what is changed together.
type section struct {
	name  string
	byTwo bool // touches money or keeping
	items []Item
}

const day = 24 * 60

// sections are what a bank may set, in the order of the page.
func sections(classes []keeping.Class) []section {
	kept := make([]Item, len(classes))
	for i, c := range classes {
		kept[i] = Item{keepDays + c.Name, Days, int64(max(c.Least, 1)), 36_500}
	}
	return []section{
		{"review", false, []Item{
			{"work_hours", Hours, 0, 0},
			{"first_look_within", Minutes, 5, 30 * day},
			{"decision_within", Minutes, 5, 60 * day},
			{"supplement_within", Minutes, 5, 90 * day},
			{"claim_lease", Minutes, 1, day},
			{"assignment_lease", Minutes, 10, 30 * day},
			{"second_opinion_above_fen", Fen, 0, 1_000_000_000},
		}},
		{"intake", false, []Item{
			{"cool_off_days", Days, 1, 730},
			{"applications_per_address_hour", Count, 0, 10_000},
		}},
		{"promotions", false, []Item{
			{"promo_from", Clock, 0, 0},
			{"promo_to", Clock, 0, 0},
			{"promo_earliest", Clock, 0, 0},
			{"promo_latest", Clock, 0, 0},
			{"promo_per_day", Count, 1, 10},
			{"promo_per_week", Count, 1, 50},
		}},
		{"orders", false, []Item{{"complete_after_days", Days, 1, 90}}},
		{"reconciliation", true, []Item{
			{"reconciliation.second_above_fen", Fen, 1, 1_000_000_000_000},
			{"reconciliation.no_repair", Flag, 0, 0},
			{"reconciliation.refund_surplus_after_days", Days, 0, 365},
			{"reconciliation.write_off_up_to_fen", Fen, 0, 10_000},
			{"reconciliation.bankbox_fee_bps", Bps, 0, 1_000},
		}},
		{"keeping", true, kept},
	}
}

const keepDays = "keep_days."

// value reads a setting as the API shows it.
func (d *Desk) value(s tenant.Settings, i Item) any {
	if name, ok := strings.CutPrefix(i.Key, keepDays); ok {
		for _, c := range d.Classes {
			if c.Name == name {
				return int64(c.DaysAt(tenant.Bank{Settings: s}))
			}
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // plain data
	}
	var at any
	_ = json.Unmarshal(raw, &at)
	for part := range strings.SplitSeq(i.Key, ".") {
		all, _ := at.(map[string]any)
		at = all[part]
	}
	switch i.Kind {
	case Flag:
		on, _ := at.(bool)
		return on
	case Clock:
		text, _ := at.(string)
		return text
	case Hours:
		return at
	case Minutes:
		text, _ := at.(string)
		v, _ := time.ParseDuration(text) // as it was marshalled
		return int64(v / time.Minute)
	}
	n, _ := at.(float64)
	return int64(n)
}

var clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// sound is a value as it is kept, or what is wrong with it.
func (i Item) sound(value any) (any, error) {
	wrong := func(code string) (any, error) { return nil, fault.InvalidField("values."+i.Key, code) }
	switch v := value.(type) {
	case bool:
		if i.Kind == Flag {
			return v, nil
		}
	case string:
		if i.Kind == Clock {
			if !clockTime.MatchString(v) {
				return wrong("field.format")
			}
			return v, nil
		}
	case float64:
		if i.Kind == Flag || i.Kind == Clock || i.Kind == Hours {
			break
		}
		switch {
		case v != math.Trunc(v) || math.Abs(v) > 1<<53:
			return wrong("field.format")
		case int64(v) < i.Min:
			return wrong("field.too_small")
		case int64(v) > i.Max:
			return wrong("field.too_large")
		}
		return int64(v), nil
	case nil, map[string]any:
		if i.Kind != Hours {
			break
		}
		if v == nil {
			return nil, nil
		}
		var h tenant.Hours
		raw, _ := json.Marshal(v)
		if json.Unmarshal(raw, &h) != nil || !h.Valid() || len(h.Days) > 7 || len(h.Holidays)+len(h.Workdays) > 400 {
			return wrong("field.format")
		}
		return v, nil
	}
	return wrong("field.type")
}

// put writes sound values into s.
func (d *Desk) put(s *tenant.Settings, items []Item, values map[string]any) error {
	patch := map[string]any{}
	for _, i := range items {
		v, set := values[i.Key]
		if !set {
			continue
		}
		switch {
		case i.Kind == Hours:
			s.WorkHours = nil // not merged with what was there
		case i.Kind == Minutes:
			v = (time.Duration(whole(v)) * time.Minute).String()
		}
		into, key := patch, i.Key
		if outer, inner, nested := strings.Cut(i.Key, "."); nested {
			group, _ := patch[outer].(map[string]any)
			if group == nil {
				group = map[string]any{}
			}
			patch[outer], into, key = group, group, inner
		}
		into[key] = v
	}
	raw, err := json.Marshal(patch)
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err != nil {
		return fmt.Errorf("setting: %w", err)
	}
	return consistent(*s)
}

// whole is a number, read from JSON or checked before.
func whole(v any) int64 {
	if n, ok := v.(float64); ok {
		return int64(n)
	}
	n, _ := v.(int64)
	return n
}

// consistent holds settings against each other: the hours of promotions lie
// within their hard stops.
func consistent(s tenant.Settings) error {
	s = s.WithDefaults()
	switch {
	case s.PromoEarliest >= s.PromoLatest:
		return fault.InvalidField("values.promo_latest", "field.invalid")
	case s.PromoFrom < s.PromoEarliest || s.PromoFrom >= s.PromoTo:
		return fault.InvalidField("values.promo_from", "field.invalid")
	case s.PromoTo > s.PromoLatest:
		return fault.InvalidField("values.promo_to", "field.invalid")
	case s.PromoPerDay > s.PromoPerWeek:
		return fault.InvalidField("values.promo_per_day", "field.invalid")
	case s.FirstLookWithin > s.DecisionWithin:
		return fault.InvalidField("values.first_look_within", "field.invalid")
	}
	return nil
}
