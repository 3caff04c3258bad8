package card

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
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
	// LimitWishedFen is optional, 0 for none.
	LimitWishedFen int64
	// DeliveryOutletID is where the card is collected; "" for one that is sent.
	DeliveryOutletID string
	// More are further values of the form, by their names; see FormFields.
	More map[string]pii.Text
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

// check normalises the form in place and names every field that is wrong, that
// the bank's plan requires and is not there, or that it does not ask for
// (422 validation); who is the person of the id number.
func (f *Form) check(bank tenant.Bank, now time.Time, plan FormPlan) (who Identity, err error) {
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
	if a.LimitWishedFen != 0 {
		note("applicant.limit_wished_fen", checkText("limit_wished_fen", strconv.FormatInt(a.LimitWishedFen, 10)))
	}
	if a.DeliveryOutletID != "" {
		note("applicant.delivery_outlet_id", checkText("delivery_outlet_id", a.DeliveryOutletID))
	}
	a.More = maps.Clone(a.More)
	for _, name := range slices.Sorted(maps.Keys(a.More)) {
		v := normal(name, a.More[name].Reveal())
		a.More[name] = pii.Clear(v)
		code := checkText(name, v)
		if v == "" {
			delete(a.More, name)
			continue
		}
		if code == "" && name == "id_expires_on" && expired(v, bank, now) {
			code = "id_no.expired"
		}
		note(path(name), code)
	}
	a.follow(plan, bad)
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

// values are all fields that are given, by the names under which they are kept.
func (a Applicant) values() map[string]pii.Text {
	all := a.sealed()
	all["city_code"], all["income_band"], all["delivery_outlet_id"] = pii.Clear(a.CityCode), pii.Clear(a.IncomeBand), pii.Clear(a.DeliveryOutletID)
	if a.LimitWishedFen != 0 {
		all["limit_wished_fen"] = pii.Clear(strconv.FormatInt(a.LimitWishedFen, 10))
	}
	maps.DeleteFunc(all, func(_ string, t pii.Text) bool { return t.Empty() })
	return all
}

// follow holds what is given against what the form asks for. The contract's
// fields are always taken; a contact is whole or not there at all.
func (a Applicant) follow(plan FormPlan, bad *fault.Error) {
	given := a.values()
	named := func(field string) bool {
		return slices.ContainsFunc(bad.Fields, func(f fault.Field) bool { return f.Name == field })
	}
	note := func(name, code string) {
		if !named(path(name)) {
			bad.With(path(name), code)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		asked := askedAs(name)
		if _, ok := plan.look(asked); !ok && !slices.Contains(minimum, asked) && !slices.Contains(always, asked) {
			note(name, "field.not_asked")
		}
	}
	for _, name := range askable {
		asked, _ := plan.look(name)
		of := parts(name)
		some := slices.ContainsFunc(of, func(p string) bool { return !given[p].Empty() })
		for _, p := range of {
			if given[p].Empty() && (asked.Required || some) {
				note(p, "field.required")
			}
		}
	}
	// A card can be sent only to where the form says that there is something.
	for delivery, field := range map[string]string{"home": "address", "work": "employer_address"} {
		if _, ok := plan.look(field); ok && given["delivery_to"].Reveal() == delivery && given[field].Empty() {
			note(field, "delivery.address")
		}
	}
	way, outlet := given["delivery_to"].Reveal(), !given["delivery_outlet_id"].Empty()
	if way != "" && !slices.Contains(plan.Deliveries, way) {
		note("delivery_to", "field.not_allowed")
	}
	if code := outletFits(way, outlet); code != "" {
		note("delivery_outlet_id", code)
	}
}

// outletFits wants an outlet for a card that is collected, and none for one that
// is sent.
func outletFits(way string, outlet bool) string {
	switch {
	case way == ToOutlet && !outlet:
		return "delivery.outlet"
	case way != ToOutlet && outlet:
		return "field.not_asked"
	}
	return ""
}

// path is where the API's body has a field.
func path(name string) string {
	asked := askedAs(name)
	at, contact := map[string]string{"contact1": "0", "contact2": "1"}[asked]
	if !contact {
		return "applicant." + name
	}
	return "applicant.contacts[" + at + "]." + strings.TrimPrefix(name, asked+"_")
}

// sealed are the fields that are stored encrypted.
func (a Applicant) sealed() map[string]pii.Text {
	all := map[string]pii.Text{"name": a.Name, "id_no": a.IDNo, "phone": a.Phone,
		"email": a.Email, "employer": a.Employer, "address": a.Address, "employer_phone": a.EmployerPhone}
	maps.Copy(all, a.More)
	return all
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
