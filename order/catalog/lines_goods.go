package catalog

import (
	"context"
	"slices"
	"sort"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// goods is what a chunk of lines touches, as it is changed in memory.
type goods struct {
	bank      string
	merchants map[string]string // name → id
	branches  map[string]string // id or name → id
	images    map[string]bool   // those that a product may show
	shelves   map[string]bool   // categories; false for one that is to be made
	byCode    map[string]*skuState
	byTitle   map[titleKey]*productState
	products  []*productState
	skus      []*skuState
}

type titleKey struct{ merchant, title string }

type productState struct {
	NewProduct
	id    string
	was   NewProduct
	fresh bool
	skus  map[string]*skuState // by specKey
}

type skuState struct {
	NewSKU
	id      string
	was     NewSKU
	fresh   bool
	product *productState
}

// loadGoods reads what the lines may touch, and holds those products.
func loadGoods(ctx context.Context, tx *db.Tx, bank string, lines []parsedLine) (*goods, error) {
	g := &goods{bank: bank, shelves: map[string]bool{}, byCode: map[string]*skuState{}, byTitle: map[titleKey]*productState{}}
	var merchants, branches, titles, codes, images []string
	for _, p := range lines {
		merchants, branches, titles = append(merchants, p.merchant), append(branches, p.branch), append(titles, p.title)
		codes, images = append(codes, p.code), append(images, p.images...)
	}
	var err error
	if g.merchants, err = named(ctx, tx, "SELECT name, id FROM merchant WHERE bank_id = ? AND name IN ", bank, merchants); err != nil {
		return nil, err
	}
	if g.branches, err = namedBranches(ctx, tx, bank, branches); err != nil {
		return nil, err
	}
	if g.images, err = knownImages(ctx, tx, bank, images); err != nil {
		return nil, err
	}
	shelves, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) }, "SELECT name FROM category WHERE bank_id = ?", bank)
	if err != nil {
		return nil, err
	}
	for _, name := range shelves {
		g.shelves[name] = true
	}
	byCode, err := named(ctx, tx, "SELECT code, product_id FROM sku WHERE bank_id = ? AND code IN ", bank, codes)
	if err != nil {
		return nil, err
	}
	if err := g.loadProducts(ctx, tx, titles, values(byCode)); err != nil {
		return nil, err
	}
	return g, g.loadSKUs(ctx, tx)
}

func values(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return distinct(out)
}

func distinct(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// named reads pairs of a name and an id for some names.
func named(ctx context.Context, q db.Querier, query, bank string, names []string) (map[string]string, error) {
	out := map[string]string{}
	if names = distinct(names); len(names) == 0 {
		return out, nil
	}
	pairs, err := db.All(ctx, q, func(r db.Row) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) },
		query+db.Marks(len(names)), append([]any{bank}, db.Args(names)...)...)
	for _, p := range pairs {
		out[p[0]] = p[1]
	}
	return out, err
}

// namedBranches finds branches by id or by a name that only one has.
func namedBranches(ctx context.Context, q db.Querier, bank string, names []string) (map[string]string, error) {
	out, err := named(ctx, q, "SELECT id, id FROM branch WHERE bank_id = ? AND id IN ", bank, names)
	if err != nil || len(out) == len(distinct(names)) {
		return out, err
	}
	byName, err := named(ctx, q, "SELECT name, MIN(id) FROM branch WHERE bank_id = ? GROUP BY name HAVING COUNT(*) = 1 AND name IN ", bank, names)
	for name, branch := range byName {
		out[name] = branch
	}
	return out, err
}

func knownImages(ctx context.Context, q db.Querier, bank string, urls []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, url := range distinct(urls) {
		ok, err := knownImage(ctx, q, bank, url)
		if err != nil {
			return nil, err
		}
		out[url] = ok
	}
	return out, nil
}

// loadProducts finds products by their titles, and those of the ids given, and
// holds all of them in the order of their ids.
func (g *goods) loadProducts(ctx context.Context, tx *db.Tx, titles, ids []string) error {
	merchants := values(g.merchants)
	if titles = distinct(titles); len(titles) > 0 && len(merchants) > 0 {
		args := append(append([]any{g.bank}, db.Args(merchants)...), db.Args(titles)...)
		titled, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
			"SELECT id FROM product WHERE bank_id = ? AND merchant_id IN "+db.Marks(len(merchants))+" AND title IN "+db.Marks(len(titles)), args...)
		if err != nil {
			return err
		}
		ids = distinct(append(ids, titled...))
	}
	if len(ids) == 0 {
		return nil
	}
	products, err := db.All(ctx, tx, func(r db.Row) (p *productState, err error) {
		p = &productState{skus: map[string]*skuState{}}
		var images string
		if err = r.Scan(&p.id, &p.Merchant, &p.Title, &p.Category, &p.Kind, &p.Branch, &images, &p.ValidDays); err != nil {
			return p, err
		}
		p.Images, err = readImages(images)
		p.was = p.NewProduct
		return p, err
	}, `SELECT id, merchant_id, title, category, kind, COALESCE(branch_id, ''), images, COALESCE(valid_days, 0) FROM product
		WHERE bank_id = ? AND id IN `+db.Marks(len(ids))+" ORDER BY id"+tx.Dialect().ForUpdate(), append([]any{g.bank}, db.Args(ids)...)...)
	g.products = products
	for _, p := range slices.Backward(products) { // the oldest of those that are called the same
		g.byTitle[titleKey{p.Merchant, p.Title}] = p
	}
	return err
}

func (g *goods) loadSKUs(ctx context.Context, tx *db.Tx) error {
	if len(g.products) == 0 {
		return nil
	}
	at, args := map[string]*productState{}, []any{g.bank}
	for _, p := range g.products {
		at[p.id] = p
		args = append(args, p.id)
	}
	skus, err := db.All(ctx, tx, func(r db.Row) (*skuState, error) {
		s := &skuState{}
		return s, r.Scan(&s.id, &s.Product, &s.Spec, &s.Code, &s.Price, &s.List, &s.Stock, &s.PerPersonLimit)
	}, `SELECT id, product_id, spec, COALESCE(code, ''), price_fen, list_price_fen, stock, per_person_limit FROM sku
		WHERE bank_id = ? AND product_id IN `+db.Marks(len(g.products))+" ORDER BY id", args...)
	for _, s := range skus {
		s.was, s.product = s.NewSKU, at[s.Product]
		g.skus = append(g.skus, s)
		g.index(s)
	}
	return err
}

// add takes a new SKU in, and its product when that is new.
func (g *goods) add(s *skuState) {
	if p := s.product; p.id == "" {
		p.id = id.New(id.Product)
		g.products = append(g.products, p)
	}
	s.id, s.Product = id.New(id.SKU), s.product.id
	g.skus = append(g.skus, s)
	g.index(s)
}

// index makes a SKU and its product findable by what they are called now.
func (g *goods) index(s *skuState) {
	for key, other := range s.product.skus {
		if other == s {
			delete(s.product.skus, key)
		}
	}
	s.product.skus[specKey(attributesOf(s.Spec))] = s
	if s.Code != "" {
		g.byCode[s.Code] = s
	}
	if key := (titleKey{s.product.Merchant, s.product.Title}); g.byTitle[key] == nil {
		g.byTitle[key] = s.product
	}
}

// write stores what is new, and what is other than it was; SKUs in the order in
// which all lock them.
func (g *goods) write(ctx context.Context, tx *db.Tx) error {
	var products, searches, skus [][]any
	var categories []string
	for name, known := range g.shelves {
		if !known {
			categories = append(categories, name)
		}
	}
	for _, p := range g.products {
		if p.fresh {
			row, err := p.row(g.bank, p.id, tx.Now)
			if err != nil {
				return err
			}
			products, searches = append(products, row), append(searches, p.searchRow(g.bank, p.id))
		}
	}
	if err := ensureCategories(ctx, tx, g.bank, distinct(categories)...); err != nil {
		return err
	}
	if err := tx.Insert(ctx, productInto, products, ""); err != nil {
		return err
	}
	if err := tx.Insert(ctx, searchInto, searches, ""); err != nil {
		return err
	}
	for _, p := range g.products {
		if !p.fresh && !p.same() {
			if err := setProduct(ctx, tx, g.bank, p.id, p.NewProduct); err != nil {
				return err
			}
		}
	}
	sort.Slice(g.skus, func(i, j int) bool { return g.skus[i].id < g.skus[j].id })
	for _, s := range g.skus {
		if s.fresh {
			skus = append(skus, s.row(g.bank, s.id, tx.Now))
			continue
		}
		if s.NewSKU == s.was {
			continue
		}
		_, err := tx.Exec(ctx, "UPDATE sku SET spec = ?, code = ?, price_fen = ?, list_price_fen = ?, per_person_limit = ? WHERE bank_id = ? AND id = ?",
			s.Spec, orNull(s.Code), s.Price, s.List, s.PerPersonLimit, g.bank, s.id)
		if err != nil {
			return err
		}
	}
	return tx.Insert(ctx, skuInto, skus, "")
}

func (p *productState) same() bool {
	a, b := p.NewProduct, p.was
	return a.Title == b.Title && a.Category == b.Category && a.Branch == b.Branch && a.ValidDays == b.ValidDays && slices.Equal(a.Images, b.Images)
}
