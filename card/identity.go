package card

import (
	"regexp"
	"strings"
	"time"
)

// AdultAge is the age from which a person may apply, in years (RULES §2).
const AdultAge = 18

// Identity is what a resident id number says.
type Identity struct {
	No    string    // normalised: x is written X
	Birth time.Time // a date, at midnight UTC
}

var (
	idShape     = regexp.MustCompile(`^[0-9]{17}[0-9X]$`)
	mobileShape = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	idWeights   = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
)

const idCheckDigits = "10X98765432"

// ParseIDNo reads a resident id number by GB 11643-1999. code is "" when it is
// valid, else id_no.format, id_no.region, id_no.date or id_no.checksum.
func ParseIDNo(s string) (who Identity, code string) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if !idShape.MatchString(s) {
		return who, "id_no.format"
	}
	if !KnownRegion(s[:6]) {
		return who, "id_no.region"
	}
	birth, err := time.Parse("20060102", s[6:14])
	if err != nil {
		return who, "id_no.date"
	}
	sum := 0
	for i, w := range idWeights {
		sum += int(s[i]-'0') * w
	}
	if idCheckDigits[sum%11] != s[17] {
		return who, "id_no.checksum"
	}
	return Identity{No: s, Birth: birth}, ""
}

// Age is the number of birthdays that the person has had on the calendar day of
// now in zone. Someone born on 29 February has it on 1 March in common years.
func (i Identity) Age(now time.Time, zone *time.Location) int {
	y, m, d := now.In(zone).Date()
	by, bm, bd := i.Birth.Date()
	age := y - by
	if m < bm || m == bm && d < bd {
		age--
	}
	return age
}

// ValidMobile tells whether s is a mainland mobile number.
func ValidMobile(s string) bool { return mobileShape.MatchString(s) }

// provinces are the first two digits of administrative codes (GB/T 2260), with
// the codes of residence permits of Taiwan, Hong Kong and Macao. Codes below the
// province come and go with reforms, and an id number keeps the one of its day,
// so only the province is checked.
const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 " +
	"50 51 52 53 54 61 62 63 64 65 71 81 82 83"

var regionShape = regexp.MustCompile(`^[0-9]{6}$`)

// KnownRegion tells whether a six-digit administrative code lies in a province
// that there is.
func KnownRegion(code string) bool {
	return regionShape.MatchString(code) && strings.Contains(provinces, code[:2])
}
