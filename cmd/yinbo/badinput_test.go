package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/id"
)

// operation is one of the OpenAPI document, as a stranger would read it.
type operation struct {
	method, path string
	public       bool
	roles        []string // of staff; empty for viewers and public
	signed       bool     // a callback
	idempotent   bool
	query        []string
	body         map[string]any // JSON schema, nil for none
	bare         bool           // it may come without a body
	file         bool           // the body is bytes, not JSON
}

// example is a body that the operation could take, nil for none.
func (o operation) example() any {
	if o.file {
		return json.RawMessage("bytes")
	}
	return example(o.body)
}

func (o operation) String() string { return o.method + " " + o.path }

type openapi struct {
	Paths      map[string]map[string]any `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

func (d openapi) resolve(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	return d.resolve(d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")])
}

func readOperations(t *testing.T, p *product) (openapi, []operation) {
	t.Helper()
	var doc openapi
	p.get(t, "", "/openapi.json", 200, &doc)
	var all []operation
	for path, item := range doc.Paths {
		for method, raw := range item {
			op, ok := raw.(map[string]any)
			if !ok || !slices.Contains([]string{"get", "post", "put", "patch", "delete"}, method) {
				continue
			}
			if path == "/ws" { // not HTTP behind the upgrade: live/hub tests its frames
				continue
			}
			o := operation{method: strings.ToUpper(method), path: path}
			_, secured := op["security"]
			o.public = !secured
			o.signed = strings.HasPrefix(path, "/callbacks/")
			if d, _ := op["description"].(string); strings.HasPrefix(d, "Roles: ") {
				o.roles = strings.Split(strings.TrimSuffix(strings.TrimPrefix(d, "Roles: "), "."), ", ")
			}
			for _, raw := range list(op["parameters"]) {
				param := raw.(map[string]any)
				switch {
				case param["in"] == "query":
					o.query = append(o.query, param["name"].(string))
				case param["name"] == "Idempotency-Key":
					o.idempotent = true
				}
			}
			if rb, ok := op["requestBody"].(map[string]any); ok {
				o.bare = rb["required"] != true
				js, ok := rb["content"].(map[string]any)["application/json"].(map[string]any)
				if o.file = !ok; ok {
					if schema, ok := js["schema"].(map[string]any); ok {
						o.body = doc.resolve(schema)
					}
				}
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.String(), b.String()) })
	if len(all) < 40 {
		t.Fatalf("the document has %d operations", len(all))
	}
	return doc, all
}

func list(v any) []any { l, _ := v.([]any); return l }

// someIDs fill the path's parameters with well-formed ids of nobody.
func (o operation) somePath() string {
	path := o.path
	for _, p := range []struct{ param, value string }{
		{"{event_id}", id.New(id.Event)}, {"{sku_id}", id.New(id.SKU)}, {"{document}", "no-such-document"}, {"{version}", "1"}, {"{no}", "1"}, {"{seq}", "999999999"},
		{"{id}", id.New(o.idPrefix())},
	} {
		path = strings.ReplaceAll(path, p.param, p.value)
	}
	return path
}

func (o operation) idPrefix() string {
	for part, prefix := range map[string]string{"rooms": id.Room, "flash": id.Flash, "orders": id.Order, "products": id.Product, "addresses": id.Address,
		"cards": id.Binding, "applications": id.Application, "leads": id.Application, "settlements": id.Settlement, "coupon-batches": id.CouponBatch,
		"reconciliations": id.Reconciliation, "ledger/entries": id.Entry, "proposals": id.Proposal, "exceptions": id.Exception, "statements": id.Statement, "payouts": id.Payout, "categories": id.Category, "merchants": id.Merchant, "changes": id.MerchantChange, "accounts": id.MerchantAccount, "invoices": id.Invoice,
		"skus": id.SKU, "imports": id.Import, "lotteries": id.Lottery, "polls": id.Poll, "red-packets": id.RedPacket, "cues": id.Cue,
		"coupon-drops": id.CouponDrop, "versions": id.RuleSet, "dry-runs": id.DryRun, "lists": id.ListEntry,
		"costs": id.Cost, "card-products": id.CardProduct, "proofs": id.Proof, "staff": id.Staff, "hosts": id.Staff, "requests": id.StaffRequest, "sessions": id.Session, "share-codes": id.ShareCode} {
		if strings.Contains(o.path, "/"+part+"/{id}") || strings.Contains(o.path, "/bindings/{id}") {
			return prefix
		}
	}
	return id.Event
}

// token is one whom the operation serves.
func (o operation) token(t *testing.T, p *product) string {
	switch {
	case o.signed:
		return ""
	case len(o.roles) > 0:
		return p.staff(t, "demo", o.roles[0])
	}
	return p.viewer(t)
}

// Bad input on every operation gives a 4xx problem that names the field, never a
// 500: wrong types, missing and unknown fields, oversized bodies, bad pages, no
// token, a wrong token, a wrong role.
func TestEveryOperationRefusesBadInput(t *testing.T) {
	p := startProduct(t)
	doc, all := readOperations(t, p)
	for _, o := range all {
		t.Run(o.String(), func(t *testing.T) {
			doors(t, p, o)
			pages(t, p, o)
			bodies(t, p, doc, o)
			strangersIDs(t, p, o)
		})
	}
}

func doors(t *testing.T, p *product, o operation) {
	path := o.somePath()
	valid := example(o.body)
	if !o.signed {
		p.refused(t, o, "Bearer nonsense", path, valid, 401)
	}
	if o.public {
		return
	}
	p.refused(t, o, "", path, valid, 401)
	switch {
	case len(o.roles) > 0:
		p.refused(t, o, "Bearer "+p.viewer(t), path, valid, 403)
		for _, role := range []string{"risk", "auditor", "host", "reviewer", "finance"} {
			if !slices.Contains(o.roles, role) {
				p.refused(t, o, "Bearer "+p.staff(t, "demo", role), path, valid, 403)
				break
			}
		}
	case !strings.HasPrefix(o.path, "/auth/"):
		p.refused(t, o, "Bearer "+p.staff(t, "demo", "risk"), path, valid, 403)
	}
}

func pages(t *testing.T, p *product, o operation) {
	auth := "Bearer " + o.token(t, p)
	if slices.Contains(o.query, "limit") {
		for _, bad := range []string{"0", "101", "-1", "many", "1.5"} {
			prob := p.refused(t, o, auth, o.somePath()+"?limit="+bad, nil, 422)
			prob.names(t, "limit")
		}
	}
	if slices.Contains(o.query, "cursor") && !strings.Contains(o.path, "{") {
		for _, bad := range []string{"!!!", "bm90IG91cnM"} {
			prob := p.refused(t, o, auth, o.somePath()+"?cursor="+bad, nil, 422)
			prob.names(t, "cursor")
		}
	}
}

func bodies(t *testing.T, p *product, doc openapi, o operation) {
	if o.body == nil || o.signed {
		return
	}
	auth := ""
	if token := o.token(t, p); !o.public {
		auth = "Bearer " + token
	}
	path := o.somePath()
	p.refused(t, o, auth, path, json.RawMessage(`{"half":`), 400, 422)
	if !o.bare {
		p.refused(t, o, auth, path, json.RawMessage(``), 400)
	}
	p.refused(t, o, auth, path, json.RawMessage(`[]`), 422)
	big := append([]byte(`{"x":"`), bytes.Repeat([]byte("a"), 1<<20)...)
	p.refused(t, o, auth, path, json.RawMessage(append(big, `"}`...)), 413)

	valid, _ := example(o.body).(map[string]any)
	strange := maps.Clone(valid)
	strange["no_such_field"] = 1
	p.refused(t, o, auth, path, strange, 422).names(t, "no_such_field")
	for _, name := range list(o.body["required"]) {
		less := maps.Clone(valid)
		delete(less, name.(string))
		p.refused(t, o, auth, path, less, 422).names(t, name.(string))
	}
	properties, _ := o.body["properties"].(map[string]any)
	for name, raw := range properties {
		wrong := maps.Clone(valid)
		wrong[name] = wrongFor(doc.resolve(raw.(map[string]any)))
		p.refused(t, o, auth, path, wrong, 422).names(t, name)
	}
}

// strangersIDs: a well-formed body for an object that is not there, or not
// ours, is 404; malformed ids are too.
func strangersIDs(t *testing.T, p *product, o operation) {
	if !strings.Contains(o.path, "{") || o.signed {
		return
	}
	auth := "Bearer " + o.token(t, p)
	for _, path := range []string{o.somePath(), strings.NewReplacer("{id}", "nonsense", "{event_id}", "x", "{sku_id}", "x", "{document}", "x", "{version}", "x", "{no}", "1").Replace(o.path)} {
		p.refused(t, o, auth, path, o.example(), 404, 422)
	}
}

// example makes a body that fits the schema's types.
func example(schema map[string]any) any {
	if schema == nil {
		return nil
	}
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range list(schema["required"]) {
		out[name.(string)] = exampleValue(properties[name.(string)].(map[string]any))
	}
	return out
}

func exampleValue(schema map[string]any) any {
	if e := list(schema["enum"]); len(e) > 0 {
		return e[0]
	}
	switch typeOf(schema) {
	case "integer", "number":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	if schema["format"] == "date-time" {
		return "2030-01-02T03:04:05.000Z"
	}
	if schema["format"] == "date" {
		return "2026-01-02"
	}
	return "x"
}

func wrongFor(schema map[string]any) any {
	switch typeOf(schema) {
	case "string":
		return 7
	case "object":
		return "text"
	}
	return map[string]any{"a": 1}
}

func typeOf(schema map[string]any) string {
	switch v := schema["type"].(type) {
	case string:
		return v
	case []any:
		for _, x := range v {
			if x != "null" {
				return x.(string)
			}
		}
	}
	if schema["properties"] != nil || schema["$ref"] != nil {
		return "object"
	}
	return ""
}

type problemBody struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
	Errors    []struct{ Field, Code, Message string }
	what      string
}

func (b problemBody) names(t *testing.T, field string) {
	t.Helper()
	for _, e := range b.Errors {
		if e.Field == field || strings.HasPrefix(e.Field, field+".") || strings.HasPrefix(e.Field, field+"[") {
			if e.Code == "" || e.Message == "" {
				t.Errorf("%s: field %s has no code or message", b.what, field)
			}
			return
		}
	}
	t.Errorf("%s: %s is not named in %+v", b.what, field, b.Errors)
}

// refused sends a request and wants a problem with one of the statuses.
func (p *product) refused(t *testing.T, o operation, auth, path string, body any, want ...int) problemBody {
	t.Helper()
	headers := http.Header{"X-Bank": {"demo"}}
	if auth != "" {
		headers.Set("Authorization", auth)
	}
	if o.idempotent {
		headers.Set("Idempotency-Key", id.New(id.Event))
	}
	status, got, raw := p.send(t, o.method, path, headers, body)
	what := fmt.Sprintf("%s %s", o.method, path)
	if len(what) > 120 {
		what = what[:120]
	}
	prob := problemBody{what: what}
	if !slices.Contains(want, status) {
		sent, _ := json.Marshal(body)
		t.Errorf("%s with %.200s: %d, want %v: %.400s", what, sent, status, want, raw)
		return prob
	}
	if err := json.Unmarshal(raw, &prob); err != nil || got.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: not a problem: %s %.200s", what, got.Get("Content-Type"), raw)
	}
	if prob.Code == "" || prob.Status != status || prob.Title == "" || prob.RequestID != got.Get("X-Request-Id") {
		t.Errorf("%s: incomplete problem %+v", what, prob)
	}
	return prob
}
