package card

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// FormPlan is what a bank's form asks for, in which order.
type FormPlan struct {
	Version      int        `json:"version" minimum:"0" doc:"0 is the built-in one; a change names the one that it was made from"`
	IncomePeriod string     `json:"income_period" enum:"year,month" doc:"What the bands of income are of"`
	Deliveries   []string   `json:"deliveries" required:"false" nullable:"false" minItems:"1" maxItems:"3" enum:"home,work,branch" doc:"The ways in which a card may come, where the form asks for one; all of them without"`
	Steps        []FormStep `json:"steps" nullable:"false" minItems:"1" maxItems:"5"`
}

// FormStep is a page of the form.
type FormStep struct {
	Key    string  `json:"key" enum:"person,home,work,contacts,wishes"`
	Fields []Asked `json:"fields" nullable:"false" minItems:"1" maxItems:"30"`
}

// Asked is a field that the form asks for.
type Asked struct {
	Name     string `json:"name" enum:"name,pinyin,id_no,id_expires_on,phone,email,marital_status,education,city_code,address,residence_years,employer,industry,title,employer_phone,employer_address,income_band,contact1,contact2,delivery_to,limit_wished_fen,auto_repay"`
	Required bool   `json:"required"`
}

// FormVersion is a form plan with who made it and who approved it.
type FormVersion struct {
	FormPlan
	By           *string      `json:"made_by" doc:"null for what came with the bank"`
	Name         *string      `json:"made_name"`
	ApprovedBy   *string      `json:"approved_by" doc:"null for what came with the bank, and before changes took two"`
	ApprovedName *string      `json:"approved_name"`
	At           *clock.Stamp `json:"made_at"`
}

// FormSteps are the pages that a form may have.
var FormSteps = []string{"person", "home", "work", "contacts", "wishes"}

func asked(required bool, names ...string) (out []Asked) {
	for _, n := range names {
		out = append(out, Asked{Name: n, Required: required || slices.Contains(minimum, n)})
	}
	return out
}

// StandardForm is what a bank's form asks for until it says otherwise: it
// requires the contract's minimum.
func StandardForm() FormPlan {
	return FormPlan{IncomePeriod: "year", Deliveries: Deliveries, Steps: []FormStep{
		{"person", asked(false, "name", "id_no", "phone", "email")},
		{"home", asked(false, "city_code", "address")},
		{"work", asked(false, "employer", "industry", "title", "employer_phone", "income_band")},
		{"contacts", asked(false, "contact1")},
		{"wishes", asked(false, "delivery_to", "limit_wished_fen")},
	}}
}

// FullForm asks for all of RULES §4, and requires the minimum.
func FullForm() FormPlan {
	return FormPlan{IncomePeriod: "year", Deliveries: Deliveries, Steps: []FormStep{
		{"person", asked(false, "name", "pinyin", "id_no", "id_expires_on", "phone", "email", "marital_status", "education")},
		{"home", asked(false, "city_code", "address", "residence_years")},
		{"work", asked(false, "employer", "industry", "title", "employer_phone", "employer_address", "income_band")},
		{"contacts", asked(false, "contact1", "contact2")},
		{"wishes", asked(false, "delivery_to", "limit_wished_fen", "auto_repay")},
	}}
}

// look finds a field that the plan asks for.
func (p FormPlan) look(name string) (a Asked, found bool) {
	for _, s := range p.Steps {
		for _, f := range s.Fields {
			if f.Name == name {
				return f, true
			}
		}
	}
	return a, false
}

// check wants each field at most once, known, and the minimum required. Errors:
// validation (422) with steps[i].fields[j].
func (p FormPlan) check() error {
	bad := fault.New(fault.Invalid, "validation")
	if p.IncomePeriod != "year" && p.IncomePeriod != "month" {
		bad.With("income_period", "field.not_allowed")
	}
	for i, way := range p.Deliveries {
		if !slices.Contains(Deliveries, way) {
			bad.With(fmt.Sprintf("deliveries[%d]", i), "field.not_allowed")
		} else if slices.Contains(p.Deliveries[:i], way) {
			bad.With(fmt.Sprintf("deliveries[%d]", i), "field.duplicate")
		}
	}
	var seen, pages []string
	for i, s := range p.Steps {
		if !slices.Contains(FormSteps, s.Key) {
			bad.With(fmt.Sprintf("steps[%d].key", i), "field.not_allowed")
		} else if slices.Contains(pages, s.Key) {
			bad.With(fmt.Sprintf("steps[%d].key", i), "field.duplicate")
		}
		pages = append(pages, s.Key)
		for j, f := range s.Fields {
			where := fmt.Sprintf("steps[%d].fields[%d].name", i, j)
			switch {
			case !slices.Contains(askable, f.Name):
				bad.With(where, "field.not_allowed")
			case slices.Contains(seen, f.Name):
				bad.With(where, "field.duplicate")
			case slices.Contains(minimum, f.Name) && !f.Required:
				bad.With(fmt.Sprintf("steps[%d].fields[%d].required", i, j), "form.minimum")
			}
			seen = append(seen, f.Name)
		}
	}
	for _, m := range minimum {
		if !slices.Contains(seen, m) {
			bad.With("steps", "form.minimum")
			break
		}
	}
	if slices.Contains(seen, "contact2") && !slices.Contains(seen, "contact1") {
		bad.With("steps", "form.contact_order")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// FormPlan is the bank's form as it is in use.
func (a *Applications) FormPlan(ctx context.Context, bank string) (FormPlan, error) {
	return readPlan(ctx, a.book.DB, bank)
}

func readPlan(ctx context.Context, q db.Querier, bank string) (FormPlan, error) {
	p, found, err := db.One(ctx, q, scanPlan, selectPlan+" ORDER BY version DESC LIMIT 1", bank)
	if err == nil && !found {
		p.FormPlan = StandardForm()
	}
	return p.FormPlan, err
}

const selectPlan = `SELECT version, body, made_by, (SELECT name FROM staff s WHERE s.id = made_by), approved_by, (SELECT name FROM staff s WHERE s.id = approved_by), made_at
	FROM application_form WHERE bank_id = ?`

func scanPlan(r db.Row) (v FormVersion, err error) {
	var body string
	var version int
	var at db.Time
	if err := r.Scan(&version, &body, &v.By, &v.Name, &v.ApprovedBy, &v.ApprovedName, &at); err != nil {
		return v, err
	}
	if v.FormPlan, err = formOf(body); err != nil {
		return v, fmt.Errorf("card: form %d: %w", version, err)
	}
	v.Version, v.At = version, clock.AtPtr(at.Time)
	return v, nil
}

// FormVersions gives the bank's forms, the newest first, below a version (0 for
// from the newest on): one more than limit when there are further ones.
func (a *Applications) FormVersions(ctx context.Context, bank string, below, limit int) ([]FormVersion, error) {
	where, args := "", []any{bank}
	if below > 0 {
		where, args = " AND version < ?", append(args, below)
	}
	return db.All(ctx, a.book.DB, scanPlan, selectPlan+where+" ORDER BY version DESC LIMIT ?", append(args, limit+1)...)
}

func (p FormPlan) names(required bool) (out []string) {
	for _, s := range p.Steps {
		for _, f := range s.Fields {
			if f.Required || !required {
				out = append(out, f.Name)
			}
		}
	}
	return out
}

// WriteForm writes the form that comes with a bank: its first version.
func WriteForm(ctx context.Context, tx *db.Tx, bank string, p FormPlan) error {
	return writeForm(ctx, tx, bank, "", "", p)
}

// writeForm writes the version after p.Version; by and approver are "" for what
// comes with the bank.
func writeForm(ctx context.Context, tx *db.Tx, bank, by, approver string, p FormPlan) error {
	p.Version++
	body, err := p.body()
	if err != nil {
		return err
	}
	return tx.Insert(ctx, "application_form (bank_id, version, body, made_by, approved_by, made_at)",
		[][]any{{bank, p.Version, body, nullable(by), nullable(approver), tx.Now}}, "")
}

// formOf reads a form as it was written down; one from before the ways of delivery
// could be chosen has them all.
func formOf(body string) (p FormPlan, err error) {
	if err = json.Unmarshal([]byte(body), &p); err == nil && len(p.Deliveries) == 0 {
		p.Deliveries = Deliveries
	}
	return p, err
}

func (p FormPlan) body() (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("card: form: %w", err)
	}
	return string(text), nil
}
