package catalog

import (
	"context"
	"slices"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Category is a shelf of the shop. Its name is what products say of themselves.
type Category struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Position int64   `json:"position" doc:"Where it stands among its siblings"`
	ParentID *string `json:"parent_id" doc:"null for one of the first level"`
	Products int64   `json:"products" doc:"How many products are in it, hidden ones too"`
}

// CategoryChange is what an edit sets; nil fields stay.
type CategoryChange struct {
	Name     *string
	Position *int64
	Parent   *string // empty for the first level
}

// Categories gives the bank's, each parent before its children.
func (c *Catalog) Categories(ctx context.Context, bank string) ([]Category, error) {
	all, err := db.All(ctx, c.db, func(r db.Row) (v Category, err error) {
		return v, r.Scan(&v.ID, &v.Name, &v.Position, &v.ParentID, &v.Products)
	}, `SELECT c.id, c.name, c.position, c.parent_id, (SELECT COUNT(*) FROM product p WHERE p.bank_id = c.bank_id AND p.category = c.name)
		FROM category c WHERE c.bank_id = ? ORDER BY c.position, c.id`, bank)
	children := map[string][]Category{}
	for _, v := range all {
		if v.ParentID != nil {
			children[*v.ParentID] = append(children[*v.ParentID], v)
		}
	}
	out := make([]Category, 0, len(all))
	for _, v := range all {
		if v.ParentID == nil {
			out = append(append(out, v), children[v.ID]...)
		}
	}
	return out, err
}

// maxCategories bounds a bank's: they are read whole.
const maxCategories = 1000

// CreateCategory adds a category. 409 category.exists, 422 parent_id.
func (c *Catalog) CreateCategory(ctx context.Context, bank string, by Actor, name string, position int64, parent string) (Category, error) {
	v := Category{Name: name, Position: position, ParentID: orNull(parent)}
	err := c.db.InTx(ctx, func(tx *db.Tx) error {
		n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM category WHERE bank_id = ?", bank)
		if err != nil {
			return err
		}
		if n >= maxCategories {
			return fault.New(fault.Conflict, "category.too_many")
		}
		if err := checkParent(ctx, tx, bank, parent, ""); err != nil {
			return err
		}
		if v.ID, err = AddCategory(ctx, tx, bank, name, position, parent); err != nil {
			return taken(err, "category.exists")
		}
		return audit.Write(ctx, tx, by.entry(bank, "category.created", v.ID, map[string]any{"name": name}))
	})
	return v, err
}

// AddCategory writes a category within tx and gives its id; parent is empty for
// the first level.
func AddCategory(ctx context.Context, tx *db.Tx, bank, name string, position int64, parent string) (string, error) {
	category := id.New(id.Category)
	return category, tx.Insert(ctx, "category (id, bank_id, parent_id, name, position, created_at)",
		[][]any{{category, bank, orNull(parent), name, position, tx.Now}}, "")
}

// EditCategory changes a category; its products follow a new name. 404
// not_found, 409 category.exists, 422 parent_id.
func (c *Catalog) EditCategory(ctx context.Context, bank string, by Actor, categoryID string, change CategoryChange) (Category, error) {
	err := c.db.InTx(ctx, func(tx *db.Tx) error {
		old, err := lockCategory(ctx, tx, bank, categoryID)
		if err != nil {
			return err
		}
		now := old
		if change.Name != nil {
			now.Name = *change.Name
		}
		if change.Position != nil {
			now.Position = *change.Position
		}
		if change.Parent != nil {
			now.ParentID = orNull(*change.Parent)
			if err := checkParent(ctx, tx, bank, *change.Parent, categoryID); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "UPDATE category SET name = ?, position = ?, parent_id = ? WHERE bank_id = ? AND id = ?",
			now.Name, now.Position, now.ParentID, bank, categoryID)
		if err != nil {
			return taken(err, "category.exists")
		}
		if now.Name != old.Name {
			if _, err := tx.Exec(ctx, "UPDATE product SET category = ? WHERE bank_id = ? AND category = ?", now.Name, bank, old.Name); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, by.entry(bank, "category.edited", categoryID, map[string]any{"name": now.Name, "was": old.Name}))
	})
	if err != nil {
		return Category{}, err
	}
	all, err := c.Categories(ctx, bank)
	i := slices.IndexFunc(all, func(v Category) bool { return v.ID == categoryID })
	if err != nil || i < 0 {
		return Category{}, err
	}
	return all[i], nil
}

// DeleteCategory removes a category that has neither products nor children,
// else 409 category.in_use; 404 not_found.
func (c *Catalog) DeleteCategory(ctx context.Context, bank string, by Actor, categoryID string) error {
	return c.db.InTx(ctx, func(tx *db.Tx) error {
		old, err := lockCategory(ctx, tx, bank, categoryID)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM category WHERE bank_id = ? AND id = ?
			AND NOT EXISTS (SELECT 1 FROM product p WHERE p.bank_id = ? AND p.category = ?)`, bank, categoryID, bank, old.Name)
		if err != nil {
			return err
		}
		_, some, err := db.Value[string](ctx, tx, "SELECT id FROM category WHERE bank_id = ? AND parent_id = ? LIMIT 1", bank, categoryID)
		if err != nil {
			return err
		}
		if n == 0 || some {
			return fault.New(fault.Conflict, "category.in_use")
		}
		return audit.Write(ctx, tx, by.entry(bank, "category.deleted", categoryID, map[string]any{"name": old.Name}))
	})
}

func lockCategory(ctx context.Context, tx *db.Tx, bank, categoryID string) (Category, error) {
	v, found, err := db.One(ctx, tx, func(r db.Row) (v Category, err error) {
		return v, r.Scan(&v.ID, &v.Name, &v.Position, &v.ParentID)
	}, "SELECT id, name, position, parent_id FROM category WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, categoryID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return v, err
}

// checkParent holds the two levels: a parent has none itself, and a category
// with children gets none. It keeps the parent until the commit.
func checkParent(ctx context.Context, tx *db.Tx, bank, parent, child string) error {
	if parent == "" {
		return nil
	}
	bad := fault.InvalidField("parent_id", "category.parent")
	up, err := lockCategory(ctx, tx, bank, parent)
	if fault.Code(err) == "not_found" || err == nil && (up.ParentID != nil || parent == child) {
		return bad
	}
	if err != nil || child == "" {
		return err
	}
	_, some, err := db.Value[string](ctx, tx, "SELECT id FROM category WHERE bank_id = ? AND parent_id = ? LIMIT 1", bank, child)
	if err == nil && some {
		err = bad
	}
	return err
}

// ensureCategories writes those that the bank does not have yet.
func ensureCategories(ctx context.Context, tx *db.Tx, bank string, names ...string) error {
	rows := make([][]any, 0, len(names))
	for _, n := range names {
		if n != "" {
			rows = append(rows, []any{id.New(id.Category), bank, n, 0, tx.Now})
		}
	}
	return tx.InsertIgnore(ctx, "category (id, bank_id, name, position, created_at)", rows)
}

// hasCategory holds a category until the commit: 422 category.unknown on field
// category when the bank has none such.
func hasCategory(ctx context.Context, tx *db.Tx, bank, name string) error {
	_, found, err := db.Value[string](ctx, tx, "SELECT id FROM category WHERE bank_id = ? AND name = ?"+tx.Dialect().ForShare(), bank, name)
	if err == nil && !found {
		err = fault.InvalidField("category", "category.unknown")
	}
	return err
}

// taken turns a refusal of a unique key into 409 with the code given.
func taken(err error, code string) error {
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, code).Because(err)
	}
	return err
}
