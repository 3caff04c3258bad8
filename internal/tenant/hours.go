package tenant

import (
	"slices"
	"time"
)

// Hours are when a bank's people work; nil is always.
type Hours struct {
	// Days are the days of the week, 1 for Monday to 7 for Sunday; none is Monday to
	// Friday.
	Days []int `json:"days,omitempty"`
	// From and To are HH:MM in the bank's zone; 09:00 and 18:00.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Holidays are days off, YYYY-MM-DD; Workdays are worked although they fall on
	// another day of the week, as around China's holidays.
	Holidays []string `json:"holidays,omitempty"`
	Workdays []string `json:"workdays,omitempty"`
}

// Valid tells whether the hours can be kept: times that are, in order, days that
// are.
func (h Hours) Valid() bool {
	from, to, ok := h.clock()
	for _, d := range h.Days {
		ok = ok && d >= 1 && d <= 7
	}
	for _, d := range slices.Concat(h.Holidays, h.Workdays) {
		_, err := time.Parse(time.DateOnly, d)
		ok = ok && err == nil
	}
	return ok && from < to
}

// clock gives the hours as time from midnight.
func (h Hours) clock() (from, to time.Duration, ok bool) {
	at := func(text, otherwise string) (time.Duration, bool) {
		if text == "" {
			text = otherwise
		}
		t, err := time.Parse("15:04", text)
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil
	}
	from, okFrom := at(h.From, "09:00")
	to, okTo := at(h.To, "18:00")
	return from, to, okFrom && okTo
}

func (h Hours) works(day time.Time) bool {
	date := day.Format(time.DateOnly)
	if slices.Contains(h.Workdays, date) {
		return true
	}
	if slices.Contains(h.Holidays, date) {
		return false
	}
	n := (int(day.Weekday())+6)%7 + 1
	if len(h.Days) == 0 {
		return n <= 5
	}
	return slices.Contains(h.Days, n)
}

// lookahead bounds the search for a day that is worked: with a year of holidays
// there is none.
const lookahead = 400

// After is the moment at which the bank's people have worked for so long since a
// time. Where hours are not set, or cannot be kept, all hours count.
func (b Bank) After(since time.Time, worked time.Duration) time.Time {
	h := b.Settings.WorkHours
	if h == nil || !h.Valid() {
		return since.Add(worked)
	}
	from, to, _ := h.clock()
	y, m, d := since.In(b.Zone).Date()
	left := worked
	for n, idle := 0, 0; idle < lookahead; n++ {
		day := time.Date(y, m, d+n, 12, 0, 0, 0, b.Zone)
		if !h.works(day) {
			idle++
			continue
		}
		idle = 0
		opens, closes := on(day, from), on(day, to)
		if since.After(opens) {
			opens = since
		}
		if !closes.After(opens) {
			continue
		}
		if today := closes.Sub(opens); left > today {
			left -= today
			continue
		}
		return opens.Add(left).UTC()
	}
	return since.Add(worked)
}

// on is a time of day on a day, by the clock on the wall.
func on(day time.Time, at time.Duration) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, int(at/time.Hour), int(at%time.Hour/time.Minute), 0, 0, day.Location())
}
