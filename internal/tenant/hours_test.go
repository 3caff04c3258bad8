package tenant_test

import (
	"testing"
	"time"

	"yinbo/internal/tenant"
)

func TestPromisesCountTheHoursThatAreWorked(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	office := &tenant.Hours{From: "09:00", To: "17:00", Holidays: []string{"2026-03-04"}, Workdays: []string{"2026-03-07"}}
	for _, c := range []struct {
		name, since, want string
		hours             *tenant.Hours
		worked            time.Duration
	}{
		{"always, where none are set", "2026-03-06 20:00", "2026-03-07 00:00", nil, 4 * time.Hour},
		{"within a day", "2026-03-02 10:00", "2026-03-02 14:00", office, 4 * time.Hour},
		{"to the minute at which the day ends", "2026-03-02 13:00", "2026-03-02 17:00", office, 4 * time.Hour},
		{"over a night", "2026-03-02 15:00", "2026-03-03 11:00", office, 4 * time.Hour},
		{"from before the day begins", "2026-03-02 03:00", "2026-03-02 13:00", office, 4 * time.Hour},
		{"from the evening", "2026-03-02 21:00", "2026-03-03 13:00", office, 4 * time.Hour},
		{"over a holiday", "2026-03-03 16:00", "2026-03-05 12:00", office, 4 * time.Hour},
		{"on a Saturday that is worked", "2026-03-06 16:00", "2026-03-07 12:00", office, 4 * time.Hour},
		{"over a weekend", "2026-03-07 16:00", "2026-03-09 12:00", office, 4 * time.Hour},
		{"three working days", "2026-03-02 09:00", "2026-03-05 17:00", office, 24 * time.Hour},
		{"Sundays only", "2026-03-02 09:00", "2026-03-08 10:00", &tenant.Hours{Days: []int{7}}, time.Hour},
		{"hours that end before they begin", "2026-03-02 09:00", "2026-03-02 10:00", &tenant.Hours{From: "18:00", To: "09:00"}, time.Hour},
	} {
		b := tenant.Bank{Zone: zone, Settings: tenant.Settings{WorkHours: c.hours}}
		since, err := time.ParseInLocation("2006-01-02 15:04", c.since, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.After(since, c.worked).In(zone).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestHoursThatCannotBeKeptAreNotValid(t *testing.T) {
	for _, h := range []tenant.Hours{{From: "18:00", To: "09:00"}, {From: "nine"}, {Days: []int{8}}, {Holidays: []string{"1 May"}}} {
		if h.Valid() {
			t.Errorf("%+v", h)
		}
	}
	if !(tenant.Hours{Days: []int{1, 7}, Workdays: []string{"2026-02-28"}}).Valid() {
		t.Error("good hours are not valid")
	}
}
