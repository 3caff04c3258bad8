package reach

import (
	"fmt"
	"time"

	"yinbo/internal/tenant"
)

// hours are when promotions may reach people, by the bank's clock (RULES §6).
type hours struct {
	zone     *time.Location
	from, to time.Duration // since midnight; to is exclusive
}

func hoursOf(bank tenant.Bank) (hours, error) {
	h := hours{zone: bank.Zone}
	var earliest, latest time.Duration
	for _, b := range []struct {
		text string
		into *time.Duration
	}{{bank.Settings.PromoFrom, &h.from}, {bank.Settings.PromoTo, &h.to},
		{bank.Settings.PromoEarliest, &earliest}, {bank.Settings.PromoLatest, &latest}} {
		var err error
		if *b.into, err = timeOfDay(b.text); err != nil {
			return h, fmt.Errorf("reach: hours of %s: %w", bank.Slug, err)
		}
	}
	h.from, h.to = max(h.from, earliest), min(h.to, latest)
	if h.from >= h.to {
		return h, fmt.Errorf("reach: hours of %s leave no time to send", bank.Slug)
	}
	return h, nil
}

// timeOfDay reads HH:MM up to 24:00, the end of the day.
func timeOfDay(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// at is a time of day on the day of t, days later.
func (h hours) at(t time.Time, days int, since time.Duration) time.Time {
	y, m, d := t.In(h.zone).Date()
	return time.Date(y, m, d+days, 0, int(since/time.Minute), 0, 0, h.zone)
}

// open is t when promotions may be sent then, else the next opening.
func (h hours) open(t time.Time) time.Time {
	switch {
	case t.Before(h.at(t, 0, h.from)):
		return h.at(t, 0, h.from)
	case t.Before(h.at(t, 0, h.to)):
		return t
	}
	return h.at(t, 1, h.from)
}

// next is the first time from now at which the hours and the caps allow one
// more message; sent are the times of those before. A cap below one would be a
// way to lose follow-ups, so it counts as one.
func (h hours) next(now time.Time, sent []time.Time, perDay, perWeek int) time.Time {
	perDay, perWeek = max(perDay, 1), max(perWeek, 1)
	for t := h.open(now); ; t = h.at(t, 1, h.from) {
		today, week := h.at(t, 0, 0), h.at(t, -6, 0)
		day7, day1 := 0, 0
		for _, s := range sent {
			if !s.Before(week) {
				day7++
			}
			if !s.Before(today) {
				day1++
			}
		}
		if day1 < perDay && day7 < perWeek {
			return t
		}
	}
}
