package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// maxAlt is how long a picture's alternative text is at most.
const maxAlt = 200

// setAlts writes what a product's pictures show, in words, by their addresses:
// for who cannot see them. Blank ones and those of other pictures are left out.
// 422 image_alts.
func setAlts(ctx context.Context, tx *db.Tx, bank, product string, images []string, alts map[string]string) error {
	kept := map[string]string{}
	for url, alt := range alts {
		if utf8.RuneCountInString(alt) > maxAlt {
			return fault.InvalidField("image_alts", "field.too_long")
		}
		if alt = strings.TrimSpace(alt); alt != "" && slices.Contains(images, url) {
			kept[url] = alt
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("catalog: alts: %w", err)
	}
	_, err = tx.Exec(ctx, "UPDATE product SET image_alts = ? WHERE bank_id = ? AND id = ?", string(raw), bank, product)
	return err
}

// readAlts gives those of the pictures that a product has now.
func readAlts(raw *string, images []string) (map[string]string, error) {
	alts := map[string]string{}
	if raw == nil {
		return alts, nil
	}
	if err := json.Unmarshal([]byte(*raw), &alts); err != nil {
		return nil, fmt.Errorf("catalog: alts: %w", err)
	}
	for url := range alts {
		if !slices.Contains(images, url) {
			delete(alts, url)
		}
	}
	return alts, nil
}
