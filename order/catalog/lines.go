package catalog

import (
	"context"

	"yinbo/internal/db"
	"yinbo/order/bulk"
)

// ProductLines is the import of products: a line is a SKU with what it says of
// its product. A SKU is found by its code, else by its merchant, title and spec,
// so that the same file again changes nothing; what is found is updated, and
// cells that are empty leave it as it is. A line's stock is that of a new SKU: a
// file made yesterday must not put on sale again what was sold since.
var ProductLines = bulk.Kind{Name: "products", Apply: applyLines, Columns: []bulk.Column{
	{Name: "code", Title: "SKU编码"},
	{Name: "merchant", Title: "商户", Required: true},
	{Name: "category", Title: "分类", Required: true},
	{Name: "title", Title: "商品名称", Required: true},
	{Name: "kind", Title: "类型"},
	{Name: "spec", Title: "规格"},
	{Name: "price", Title: "售价", Required: true},
	{Name: "list_price", Title: "划线价"},
	{Name: "stock", Title: "库存"},
	{Name: "per_person_limit", Title: "每人限购"},
	{Name: "branch", Title: "网点"},
	{Name: "images", Title: "图片"},
	{Name: "valid_days", Title: "有效天数"},
}}

// applyLines reads what the lines touch, lets each change it in memory, and
// writes what is new or other than it was: a chunk costs a few statements.
func applyLines(ctx context.Context, tx *db.Tx, bank string, _ bulk.Actor, lines []bulk.Line) ([]bulk.Verdict, error) {
	parsed := make([]parsedLine, len(lines))
	for i, l := range lines {
		parsed[i] = parseLine(l)
	}
	g, err := loadGoods(ctx, tx, bank, parsed)
	if err != nil {
		return nil, err
	}
	verdicts := make([]bulk.Verdict, len(lines))
	for i, p := range parsed {
		if verdicts[i] = p.bad; p.bad.Result == "" {
			verdicts[i] = g.take(p)
		}
	}
	return verdicts, g.write(ctx, tx)
}

// take lets a line change the goods.
func (g *goods) take(p parsedLine) bulk.Verdict {
	merchant, ok := g.merchants[p.merchant]
	if !ok {
		return bulk.Fail("merchant", "merchant.unknown")
	}
	branch, ok := g.branches[p.branch]
	if p.branch != "" && !ok {
		return bulk.Fail("branch", "branch.unknown")
	}
	for _, url := range p.images {
		if !g.images[url] {
			return bulk.Fail("images", "image.unknown")
		}
	}
	if _, known := g.shelves[p.category]; !known {
		if len(g.shelves) >= maxCategories {
			return bulk.Fail("category", "category.too_many")
		}
		g.shelves[p.category] = false
	}
	p.merchant, p.branch = merchant, branch
	s := g.byCode[p.code]
	if p.code == "" || s == nil {
		return g.place(p)
	}
	if s.product.Merchant != merchant {
		return bulk.Fail("merchant", "product.merchant_fixed")
	}
	if other := s.product.skus[specKey(p.spec)]; p.hasSpec && other != nil && other != s {
		return bulk.Fail("spec", "sku.spec_taken")
	}
	return g.update(s, p)
}

// place finds or makes the product of a line whose code is new, and its SKU.
func (g *goods) place(p parsedLine) bulk.Verdict {
	product := g.byTitle[titleKey{p.merchant, p.title}]
	if product == nil {
		return g.create(&productState{NewProduct: NewProduct{Merchant: p.merchant, Title: p.title, Kind: p.kind}, fresh: true,
			skus: map[string]*skuState{}}, p)
	}
	s := product.skus[specKey(p.spec)]
	switch {
	case s == nil:
		return g.create(product, p)
	case p.code != "" && s.Code != "":
		return bulk.Fail("spec", "sku.spec_taken") // by another code
	}
	return g.update(s, p)
}

func (g *goods) create(product *productState, p parsedLine) bulk.Verdict {
	s := &skuState{product: product, fresh: true, NewSKU: NewSKU{Stock: p.stock}}
	if v := g.set(s, p); v.Result != "" {
		return v
	}
	g.add(s)
	return bulk.Verdict{Result: bulk.Created, Object: s.id}
}

func (g *goods) update(s *skuState, p parsedLine) bulk.Verdict {
	if v := g.set(s, p); v.Result != "" {
		return v
	}
	g.index(s)
	v := bulk.Verdict{Result: bulk.Updated, Object: s.id}
	if p.hasStock && p.stock != s.Stock {
		v.Code, v.Field = "import.stock_kept", "stock"
	}
	return v
}

// set sets what the line says of a SKU and its product, or nothing and tells
// what does not fit.
func (g *goods) set(s *skuState, p parsedLine) (bad bulk.Verdict) {
	product, sku := s.product.NewProduct, s.NewSKU
	if product.Kind == "" {
		product.Kind = Physical
	}
	if p.kind != "" && p.kind != product.Kind {
		return bulk.Fail("kind", "product.kind_fixed")
	}
	product.Title, product.Category = p.title, p.category
	if p.branch != "" {
		product.Branch = p.branch
	}
	if len(p.images) > 0 {
		product.Images = p.images
	}
	if p.validDays > 0 {
		product.ValidDays = p.validDays
	}
	if product.ValidDays > 0 && product.Kind != Voucher {
		return bulk.Fail("valid_days", "product.valid_days")
	}
	if p.code != "" {
		sku.Code = p.code
	}
	if p.hasSpec || s.fresh {
		sku.Spec = SpecText(p.spec)
	}
	if p.hasLimit {
		sku.PerPersonLimit = p.limit
	}
	switch {
	case p.hasList:
		sku.List = p.list
	case s.fresh || sku.List < p.price || sku.List == sku.Price: // an old one that makes no sense any more
		sku.List = p.price
	}
	sku.Price = p.price
	if field, code := sku.wrong(product.Kind); code != "" {
		return bulk.Fail(columnOf(field), code)
	}
	if was := (titleKey{product.Merchant, s.product.Title}); p.title != was.title && g.byTitle[was] == s.product {
		delete(g.byTitle, was)
	}
	s.product.NewProduct, s.NewSKU = product, sku
	return bulk.Verdict{}
}
