package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"yinbo/internal/csvfile"
	"yinbo/internal/fault"
)

// MaxOutcomes is how many outcomes one request may hold, MaxLines how many lines a
// file.
const (
	MaxOutcomes = 1000
	MaxLines    = 10_000
)

var (
	idShape        = regexp.MustCompile(`^app_[0-9a-z]{26}$`)
	last4Shape     = regexp.MustCompile(`^[0-9]{4}$`)
	outcomeColumns = []string{"application_id", "outcome", "card_last4", "at"}
)

// ReadJSON reads {"items":[…]}. Errors: bad_request (400) when it is not JSON;
// validation (422) with items[i].field.
func ReadJSON(raw []byte) ([]Outcome, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(raw, &body); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fault.InvalidField("body", "field.type")
		}
		return nil, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	for name := range body {
		if name != "items" {
			return nil, fault.InvalidField(name, "field.unknown")
		}
	}
	var items []map[string]json.RawMessage
	if body["items"] == nil {
		return nil, fault.InvalidField("items", "field.required")
	}
	if err := json.Unmarshal(body["items"], &items); err != nil {
		return nil, fault.InvalidField("items", "field.type")
	}
	rows := make([]map[string]string, len(items))
	for i, item := range items {
		rows[i] = map[string]string{}
		for name, v := range item {
			where := fmt.Sprintf("items[%d].%s", i, name)
			if !slices.Contains(outcomeColumns, name) {
				return nil, fault.InvalidField(where, "field.unknown")
			}
			var text *string
			if err := json.Unmarshal(v, &text); err != nil {
				return nil, fault.InvalidField(where, "field.type")
			}
			if text != nil {
				rows[i][name] = *text
			}
		}
	}
	return outcomes(rows)
}

// ReadCSV reads a file whose first line names the columns, in any order; a
// byte-order mark is allowed, as spreadsheets write one. No value has a line break,
// so that one line that is broken breaks no other: it bears its code. Errors:
// validation (422) for what is no such file.
func ReadCSV(raw []byte) ([]Line, error) {
	var header []string
	var lines []Line
	for no, cells := range csvfile.Read(raw) {
		switch {
		case header == nil:
			if header = cells; !csvfile.Columns(cells, outcomeColumns) {
				return nil, fault.InvalidField("body", "csv.header")
			}
			continue
		case len(lines) == MaxLines:
			return nil, fault.InvalidField("body", "csv.long", MaxLines)
		case len(cells) != len(header):
			lines = append(lines, Line{No: no, Code: "csv.format"})
			continue
		}
		row := map[string]string{}
		for i, c := range cells {
			row[header[i]] = strings.TrimSpace(c)
		}
		l := Line{No: no}
		var bad []wrong
		if l.Outcome, bad = outcome(row); !idShape.MatchString(l.ApplicationID) {
			l.ApplicationID = "" // whatever it is, it is not repeated
			bad = append([]wrong{{"application_id", "field.format"}}, bad...)
		}
		if len(bad) > 0 {
			l.Field, l.Code = bad[0].field, bad[0].code
		}
		lines = append(lines, l)
	}
	if header == nil {
		return nil, fault.InvalidField("body", "csv.header")
	}
	if len(lines) == 0 {
		return nil, fault.InvalidField("items", "field.required")
	}
	return lines, nil
}

func outcomes(rows []map[string]string) ([]Outcome, error) {
	if len(rows) == 0 {
		return nil, fault.InvalidField("items", "field.required")
	}
	if len(rows) > MaxOutcomes {
		return nil, fault.InvalidField("items", "field.too_long")
	}
	bad := fault.New(fault.Invalid, "validation")
	out := make([]Outcome, len(rows))
	for i, row := range rows {
		var wrongs []wrong
		out[i], wrongs = outcome(row)
		for _, w := range wrongs {
			bad.With(fmt.Sprintf("items[%d].%s", i, w.field), w.code)
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return out, nil
}

// wrong is a field that can't be.
type wrong struct{ field, code string }

// outcome reads one, and says what is wrong with it.
func outcome(row map[string]string) (o Outcome, bad []wrong) {
	o = Outcome{ApplicationID: row["application_id"], Outcome: row["outcome"], CardLast4: row["card_last4"]}
	if o.ApplicationID == "" {
		bad = append(bad, wrong{"application_id", "field.required"})
	}
	if !slices.Contains([]string{issued, declined, activated}, o.Outcome) {
		bad = append(bad, wrong{"outcome", "field.not_allowed"})
	}
	if o.CardLast4 != "" && !last4Shape.MatchString(o.CardLast4) {
		bad = append(bad, wrong{"card_last4", "field.format"})
	}
	if err := o.At.UnmarshalText([]byte(row["at"])); err != nil {
		bad = append(bad, wrong{"at", "field.format"})
	}
	return o, bad
}
