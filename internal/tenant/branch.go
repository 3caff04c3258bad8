package tenant

import (
	"context"

	"yinbo/internal/db"
)

// Branch is a branch or outlet in the bank's tree.
type Branch struct {
	ID       string  `json:"id"`
	ParentID *string `json:"parent_id" doc:"null for one directly under the bank"`
	Name     string  `json:"name"`
}

// Branches gives the bank's branches, oldest first, after the one named: one
// more than limit when there are further ones.
func (d *Directory) Branches(ctx context.Context, bank, after string, limit int) ([]Branch, error) {
	return db.All(ctx, d.db, func(r db.Row) (b Branch, err error) { return b, r.Scan(&b.ID, &b.ParentID, &b.Name) },
		"SELECT id, parent_id, name FROM branch WHERE bank_id = ? AND id > ? ORDER BY id LIMIT ?", bank, after, limit+1)
}
