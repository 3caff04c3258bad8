package desk

import (
	"context"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/order"
)

// FindViewers finds people by a whole phone each, or by one of their orders; nil for
// who is not found, or was erased. That somebody looked is audited, the numbers are not.
func (d *Desk) FindViewers(ctx context.Context, bank string, by order.Staff, who []string) ([]*Viewer, error) {
	ids, found := make([]string, len(who)), 0
	var err error
	for i, key := range who {
		if ids[i], err = d.viewerOf(ctx, bank, strings.TrimSpace(key)); err != nil {
			return nil, err
		}
	}
	people, err := d.viewers(ctx, bank, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*Viewer, len(ids))
	for i, viewerID := range ids {
		if v, known := people[viewerID]; known {
			out[i] = &v
			found++
		}
	}
	return out, d.DB.InTx(ctx, func(tx *db.Tx) error {
		return by.Audit(ctx, tx, bank, "viewer.looked_up", bank, map[string]any{"asked": len(who), "found": found})
	})
}

// viewerOf gives a viewer's id; "" for nobody.
func (d *Desk) viewerOf(ctx context.Context, bank, key string) (viewerID string, err error) {
	switch {
	case wholePhone.MatchString(key):
		hash, err := d.Keyring.Hash(ctx, bank, "phone", key)
		if err != nil {
			return "", err
		}
		viewerID, _, err = db.Value[string](ctx, d.DB, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ? AND erased_at IS NULL", bank, hash)
		return viewerID, err
	case strings.HasPrefix(strings.ToLower(key), id.Order+"_"):
		viewerID, _, err = db.Value[string](ctx, d.DB, `SELECT v.id FROM orders o JOIN viewer v ON v.id = o.viewer_id
			WHERE o.bank_id = ? AND o.id = ? AND v.erased_at IS NULL`, bank, strings.ToLower(key))
	}
	return viewerID, err
}
