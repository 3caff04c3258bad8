package review

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"yinbo/internal/fault"
)

// MaxOutcomes is how many outcomes one request may hold.
const MaxOutcomes = 1000

var (
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
// byte-order mark is allowed, as spreadsheets write one. Errors: validation
// (422).
func ReadCSV(raw []byte) ([]Outcome, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	in.TrimLeadingSpace = true
	header, err := in.Read()
	if err != nil {
		return nil, fault.InvalidField("body", "csv.header")
	}
	for i, h := range header {
		header[i] = strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains(outcomeColumns, header[i]) || slices.Contains(header[:i], header[i]) {
			return nil, fault.InvalidField("body", "csv.header")
		}
	}
	var rows []map[string]string
	for line := 2; ; line++ {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return outcomes(rows)
		}
		if err != nil || len(rows) > MaxOutcomes {
			return nil, fault.InvalidField("body", "csv.format", line)
		}
		row := map[string]string{}
		for i, c := range cells {
			row[header[i]] = strings.TrimSpace(c)
		}
		rows = append(rows, row)
	}
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
		o := Outcome{ApplicationID: row["application_id"], Outcome: row["outcome"], CardLast4: row["card_last4"]}
		note := func(field, code string) { bad.With(fmt.Sprintf("items[%d].%s", i, field), code) }
		if o.ApplicationID == "" {
			note("application_id", "field.required")
		}
		if !slices.Contains([]string{issued, declined, activated}, o.Outcome) {
			note("outcome", "field.not_allowed")
		}
		if o.CardLast4 != "" && !last4Shape.MatchString(o.CardLast4) {
			note("card_last4", "field.format")
		}
		if err := o.At.UnmarshalText([]byte(row["at"])); err != nil {
			note("at", "field.format")
		}
		out[i] = o
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return out, nil
}
