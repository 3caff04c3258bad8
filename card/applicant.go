package card

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Applicant is who applies, as the form says.
type Applicant struct {
	Name     pii.Text
	IDNo     pii.Text
	Phone    pii.Text
	Email    pii.Text // optional
	Employer pii.Text // optional
	Address  pii.Text // optional
	// EmployerPhone is optional; with an area code and an extension, or a mobile.
	EmployerPhone pii.Text
	IncomeBand    string // optional
	CityCode      string // six digits, GB/T 2260
}

// Form is an application as it is sent in.
type Form struct {
	CardProductID string
	Applicant     Applicant
	Consents      []ConsentRef
	RoomID        string // optional: the room that brought the person here
	ShareCode     string // optional
	DeviceID      string // optional
	IP            string
	Agent         string // what the request came from: wechat, app, mobile, desktop, bot, none
	By            Actor
}

var (
	emailShape  = regexp.MustCompile(`^[^\s@<>"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	shareShape  = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)
	officeShape = regexp.MustCompile(`^\+?[0-9][0-9-]{4,24}$`)
	deviceShape = regexp.MustCompile(`^[\x21-\x7e]{1,100}$`)
)

// check normalises the form in place and names every field that is wrong
// (422 validation); who is the person of the id number.
func (f *Form) check(bank tenant.Bank, now time.Time) (who Identity, err error) {
	bad := fault.New(fault.Invalid, "validation")
	note := func(field, code string) {
		if code != "" {
			bad.With(field, code)
		}
	}
	a := &f.Applicant
	a.Name = pii.Clear(strings.TrimSpace(a.Name.Reveal()))
	note("applicant.name", CheckName(a.Name.Reveal()))
	who, code := ParseIDNo(a.IDNo.Reveal())
	if code == "" && who.Age(now, bank.Zone) < AdultAge {
		code = "applicant.underage"
	}
	a.IDNo = pii.Clear(who.No)
	note("applicant.id_no", code)
	if !ValidMobile(a.Phone.Reveal()) {
		note("applicant.phone", "phone.format")
	}
	if !KnownRegion(f.Applicant.CityCode) {
		note("applicant.city_code", "city_code.unknown")
	}
	note("applicant.email", checkOptional("email", &a.Email))
	note("applicant.employer", checkOptional("employer", &a.Employer))
	note("applicant.address", checkOptional("address", &a.Address))
	note("applicant.employer_phone", checkOptional("employer_phone", &a.EmployerPhone))
	if a.IncomeBand != "" {
		note("applicant.income_band", checkText("income_band", a.IncomeBand))
	}
	if f.ShareCode != "" && !shareShape.MatchString(f.ShareCode) {
		note("share_code", "field.format")
	}
	if f.DeviceID != "" && !deviceShape.MatchString(f.DeviceID) {
		note("device_id", "field.format")
	}
	if len(bad.Fields) > 0 {
		return who, bad
	}
	return who, nil
}

// checkOptional trims a text that may be left out and checks it by its name.
func checkOptional(field string, t *pii.Text) string {
	*t = pii.Clear(strings.TrimSpace(t.Reveal()))
	if t.Empty() {
		return ""
	}
	return checkText(field, t.Reveal())
}

// The lengths of free fields, in characters.
const (
	maxText = 200
	maxBand = 20
)

// checkText gives the code of what is wrong with a field's value, or "".
func checkText(field, v string) string {
	switch {
	case v == "":
		return "field.required"
	case !plainText(v):
		return "field.format"
	case utf8.RuneCountInString(v) > maxText:
		return "field.too_long"
	}
	switch field {
	case "name":
		return CheckName(v)
	case "email":
		if !emailShape.MatchString(v) {
			return "email.format"
		}
	case "employer_phone":
		if !officeShape.MatchString(v) {
			return "phone.format"
		}
	case "city_code":
		if !KnownRegion(v) {
			return "city_code.unknown"
		}
	case "income_band":
		if utf8.RuneCountInString(v) > maxBand {
			return "field.too_long"
		}
	}
	return ""
}

// CheckName gives the code of what is wrong with a person's name, or "". Whether
// it is the person's is for the bank to say; here only what can be no name is
// refused. Names of minorities run to some forty characters.
func CheckName(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "field.required"
	case n > 40, strings.ContainsFunc(name, notInName):
		return "name.format"
	}
	return ""
}

// notInName allows letters of any script with their marks, digits, inner dots,
// brackets and spaces.
func notInName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("·•. '-()（）", r)
}

// plainText refuses broken UTF-8 and control characters.
func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// sealed are the fields that are stored encrypted.
func (a Applicant) sealed() map[string]pii.Text {
	return map[string]pii.Text{"name": a.Name, "id_no": a.IDNo, "phone": a.Phone,
		"email": a.Email, "employer": a.Employer, "address": a.Address, "employer_phone": a.EmployerPhone}
}

// checkConsents wants exactly the texts that the product requires, each once.
func checkConsents(given []ConsentRef, required []ConsentItem) error {
	for i, c := range given {
		if slices.Contains(given[:i], c) {
			return fault.InvalidField("consents", "field.duplicate")
		}
	}
	match := len(given) == len(required)
	for _, r := range required {
		match = match && slices.Contains(given, r.ConsentRef)
	}
	if !match {
		return fault.InvalidField("consents", "consents.mismatch")
	}
	return nil
}

// Mask shows a field's value as screens may show it.
func Mask(field string, t pii.Text) string {
	v := t.Reveal()
	switch field {
	case "name":
		return pii.MaskName(v)
	case "id_no":
		return pii.MaskIDNo(v)
	case "phone":
		return pii.MaskPhone(v)
	case "email":
		return pii.MaskEmail(v)
	}
	return pii.MaskAny(v)
}
