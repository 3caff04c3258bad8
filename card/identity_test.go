package card_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/card"
)

func TestResidentIDNumbers(t *testing.T) {
	for no, want := range map[string]string{
		"11010519491231002X":  "",
		"11010519491231002x":  "",
		"440524188001010014":  "",
		"370101190102039973":  "",
		"513101198201130014":  "",
		"110105194912310021":  "id_no.checksum",
		"990105194912310021":  "id_no.region",
		"110105194913310021":  "id_no.date",
		"110105190002290021":  "id_no.date", // 1900 was no leap year
		"11010519491231002":   "id_no.format",
		"1101051949123100 2X": "id_no.format",
		"":                    "id_no.format",
	} {
		who, code := card.ParseIDNo(no)
		if code != want {
			t.Errorf("%s: %q, want %q", no, code, want)
		}
		if want == "" && who.No[17] == 'x' {
			t.Errorf("%s is not normalised", no)
		}
	}
}

func TestIDNumberNeverPanicsAndHasOneCheckDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.StringMatching(`11010519(4|9)[0-9]0[1-9][01][1-9][0-9]{3}`).Draw(t, "base")
		valid := 0
		for _, c := range "0123456789X" {
			if _, code := card.ParseIDNo(base + string(c)); code == "" {
				valid++
			}
		}
		if valid != 1 {
			t.Fatalf("%s has %d check digits", base, valid)
		}
		card.ParseIDNo(rapid.String().Draw(t, "any"))
	})
}

// The eighteenth birthday counts by the bank's calendar, not by UTC.
func TestAgeTurnsAtMidnightInTheBanksZone(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		birth, now string
		want       int
	}{
		{"2008-06-15", "2026-06-14T15:59:59Z", 17},
		{"2008-06-15", "2026-06-14T16:00:00Z", 18},
		{"2008-02-29", "2026-02-28T04:00:00Z", 17},
		{"2008-02-29", "2026-03-01T04:00:00Z", 18},
		{"2008-12-31", "2026-12-30T04:00:00Z", 17},
	} {
		birth, _ := time.Parse(time.DateOnly, c.birth)
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := (card.Identity{Birth: birth}).Age(now, zone); got != c.want {
			t.Errorf("born %s, at %s: %d, want %d", c.birth, c.now, got, c.want)
		}
	}
}
