package catalog

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"yinbo/internal/money"
	"yinbo/order/bulk"
)

// parsedLine is a line whose cells are of the right shape, or bad.
type parsedLine struct {
	bad                                     bulk.Verdict
	code, merchant, category, title, branch string
	kind                                    Kind
	spec                                    []Attribute
	images                                  []string
	price, list                             money.Fen
	stock, limit, validDays                 int64
	hasSpec, hasList, hasStock, hasLimit    bool
}

// kindNames are what a file may call the kinds.
var kindNames = map[string]Kind{"": "", "physical": Physical, "voucher": Voucher, "card_offer": CardOffer,
	"实物": Physical, "卡券": Voucher, "办卡": CardOffer}

func parseLine(l bulk.Line) (p parsedLine) {
	c := cells{Line: l}
	p.code = c.text("code", maxCode, false)
	p.merchant, p.category, p.title = c.text("merchant", 100, true), c.text("category", 60, true), c.text("title", 200, true)
	p.branch = c.text("branch", 100, false)
	var ok bool
	if p.kind, ok = kindNames[l.Get("kind")]; !ok {
		c.fail("kind", "field.not_allowed")
	}
	p.hasSpec = l.Get("spec") != ""
	if p.spec, ok = ParseSpec(l.Get("spec")); !ok {
		c.fail("spec", "sku.spec")
	}
	if p.price, ok = c.amount("price"); !ok {
		c.fail("price", "field.required")
	}
	p.list, p.hasList = c.amount("list_price")
	p.stock, p.hasStock = c.number("stock", MaxStock)
	p.limit, p.hasLimit = c.number("per_person_limit", MaxLimit)
	p.validDays, _ = c.number("valid_days", MaxValidDays)
	for url := range strings.SplitSeq(l.Get("images"), "|") {
		if url = strings.TrimSpace(url); url != "" {
			p.images = append(p.images, url)
		}
	}
	if len(p.images) > maxImages {
		c.fail("images", "field.too_long")
	}
	p.bad = c.bad
	return p
}

// cells reads a line's cells, and keeps what was first found wrong with them.
type cells struct {
	bulk.Line
	bad bulk.Verdict
}

func (c *cells) fail(field, code string) {
	if c.bad.Result == "" {
		c.bad = bulk.Fail(field, code)
	}
}

func (c *cells) text(field string, most int, required bool) string {
	v := c.Get(field)
	switch {
	case v == "" && required:
		c.fail(field, "field.required")
	case utf8.RuneCountInString(v) > most:
		c.fail(field, "field.too_long")
	}
	return v
}

func (c *cells) number(field string, most int64) (n int64, given bool) {
	v := c.Get(field)
	if v == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil && strings.TrimLeft(v, "0123456789") != "":
		c.fail(field, "field.type")
	case n < 0:
		c.fail(field, "field.too_small")
	case err != nil || n > most:
		c.fail(field, "field.too_large")
	}
	return n, true
}

func (c *cells) amount(field string) (fen money.Fen, given bool) {
	v := c.Get(field)
	if v == "" {
		return 0, false
	}
	fen, ok := parseYuan(v)
	if !ok {
		c.fail(field, "sku.price")
	}
	return fen, true
}

// MaxValidDays bounds how long a voucher is good for: ten years.
const MaxValidDays = 3660

var yuan = regexp.MustCompile(`^[0-9]{1,13}(\.[0-9]{1,2})?$`)

// parseYuan reads an amount in yuan; spreadsheets drop a last zero: 69.9 is
// 69.90.
func parseYuan(s string) (money.Fen, bool) {
	if !yuan.MatchString(s) {
		return 0, false
	}
	if i := strings.IndexByte(s, '.'); i == len(s)-2 && i > 0 {
		s += "0"
	}
	fen, err := money.ParseYuan(s)
	return fen, err == nil
}

// columnOf is what a file calls a field of the API.
func columnOf(field string) string { return strings.TrimSuffix(field, "_fen") }
