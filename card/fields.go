package card

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// The closed lists of the form. Their texts stand in the apps' languages.
var (
	MaritalStatuses = []string{"single", "married", "divorced", "widowed"}
	Educations      = []string{"doctor", "master", "bachelor", "junior_college", "high_school", "below"}
	Industries      = []string{"government", "finance", "it", "education", "health", "manufacturing", "construction", "trade",
		"transport", "hospitality", "energy", "agriculture", "culture", "services", "other"}
	Titles     = []string{"owner", "executive", "manager", "professional", "staff", "worker", "freelancer", "retired", "student", "other"}
	Relations  = []string{"spouse", "parent", "child", "sibling", "relative", "friend", "colleague"}
	Deliveries = []string{"home", "work", ToOutlet}
)

// ToOutlet is the delivery of a card that is collected: the outlet is named beside it.
const ToOutlet = "branch"

// closed are the fields whose values are of a list.
var closed = map[string][]string{
	"marital_status": MaritalStatuses, "education": Educations, "industry": Industries, "title": Titles, "delivery_to": Deliveries,
	"contact1_relation": Relations, "contact2_relation": Relations, "auto_repay": {"yes", "no"},
}

// LongTerm is the expiry of an id card that has none.
const LongTerm = "long_term"

// MaxLimitFen bounds the limit that a person may wish for: ten million yuan.
const MaxLimitFen = 1_000_000_000

// askable are the fields that a form may ask for; a contact is asked for as one.
var askable = []string{"name", "pinyin", "id_no", "id_expires_on", "phone", "email", "marital_status", "education",
	"city_code", "address", "residence_years", "employer", "industry", "title", "employer_phone", "employer_address", "income_band",
	"contact1", "contact2", "delivery_to", "limit_wished_fen", "auto_repay"}

// minimum are the fields that every form asks for and requires: the contract's.
var minimum = []string{"name", "id_no", "phone", "city_code"}

// always are the contract's optional fields, taken whatever the form asks for.
var always = []string{"email", "employer", "income_band", "address"}

// contactParts are what is asked of a contact.
var contactParts = []string{"relation", "name", "phone"}

// parts are the names under which the values of an asked field are kept.
func parts(asked string) []string {
	if asked != "contact1" && asked != "contact2" {
		return []string{asked}
	}
	out := make([]string, len(contactParts))
	for i, p := range contactParts {
		out[i] = asked + "_" + p
	}
	return out
}

// askedAs is the field of the form that a value belongs to.
func askedAs(name string) string {
	for _, c := range []string{"contact1", "contact2"} {
		if strings.HasPrefix(name, c+"_") {
			return c
		}
	}
	return comesWith(name)
}

// comesWith is the field that a value is asked for with: an outlet with how the card
// comes.
func comesWith(name string) string {
	if name == "delivery_outlet_id" {
		return "delivery_to"
	}
	return name
}

// FormFields are the names of all values of the form that are kept sealed.
func FormFields() []string {
	var out []string
	for _, a := range askable {
		for _, p := range parts(a) {
			if !slices.Contains(columns, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// columns are the fields that have a column of their own, by which people filter
// and rules of review go.
var columns = []string{"city_code", "income_band", "limit_wished_fen", "delivery_outlet_id"}

var (
	pinyinShape = regexp.MustCompile(`^[A-Z]([A-Z' -]{0,78}[A-Z])?$`)
	yearsShape  = regexp.MustCompile(`^[0-9]{1,2}$`)
)

// checkText gives the code of what is wrong with a field's value, or "". Names
// that no form has are free texts: reviewers ask for what they need.
func checkText(field, v string) string {
	switch {
	case v == "":
		return "field.required"
	case !plainText(v):
		return "field.format"
	case utf8.RuneCountInString(v) > maxText:
		return "field.too_long"
	}
	if list, ok := closed[field]; ok {
		if !slices.Contains(list, v) {
			return "field.not_allowed"
		}
		return ""
	}
	switch field {
	case "name", "contact1_name", "contact2_name":
		return CheckName(v)
	case "pinyin":
		return match(pinyinShape, v, "pinyin.format")
	case "email":
		return match(emailShape, v, "email.format")
	case "employer_phone":
		return match(officeShape, v, "employer_phone.format")
	case "contact1_phone", "contact2_phone":
		return match(mobileShape, v, "phone.format")
	case "id_expires_on":
		if _, err := time.Parse(time.DateOnly, v); err != nil && v != LongTerm {
			return "field.format"
		}
	case "residence_years":
		return match(yearsShape, v, "field.format")
	case "limit_wished_fen":
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n <= 0 || n > MaxLimitFen {
			return "limit_wished.range"
		}
	case "city_code":
		if !KnownRegion(v) {
			return "city_code.unknown"
		}
	case "delivery_outlet_id":
		if !id.Is(id.Branch, v) {
			return "field.format"
		}
	case "income_band":
		if utf8.RuneCountInString(v) > maxBand {
			return "field.too_long"
		}
	}
	return ""
}

func match(shape *regexp.Regexp, v, code string) string {
	if shape.MatchString(v) {
		return ""
	}
	return code
}

// expired tells whether an id card is no longer good on the bank's calendar.
func expired(v string, bank tenant.Bank, now time.Time) bool {
	_, err := time.Parse(time.DateOnly, v)
	return err == nil && v < bank.BusinessDate(now)
}

// normal is how a field's value is kept.
func normal(field, v string) string {
	v = strings.TrimSpace(v)
	if field == "pinyin" {
		v = strings.Join(strings.Fields(strings.ToUpper(v)), " ")
	}
	return v
}

// Mask shows a field's value as screens may show it. Values of closed lists and
// numbers of years say nothing about who somebody is: they are shown.
func Mask(field string, t pii.Text) string {
	v := t.Reveal()
	if _, list := closed[field]; list {
		return v
	}
	switch field {
	case "residence_years", "id_expires_on":
		return v
	case "name", "contact1_name", "contact2_name":
		return pii.MaskName(v)
	case "id_no":
		return pii.MaskIDNo(v)
	case "phone", "contact1_phone", "contact2_phone":
		return pii.MaskPhone(v)
	case "email":
		return pii.MaskEmail(v)
	}
	return pii.MaskAny(v)
}
