package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/jpeg" // the formats that a picture may have
	_ "image/png"
	"regexp"

	_ "golang.org/x/image/webp"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// ImagePrefix is where uploaded pictures are served.
const ImagePrefix = "/media/images/"

// maxSide bounds a picture's width and height, in pixels.
const maxSide = 4096

// Image is an uploaded picture.
type Image struct {
	URL    string `json:"url" doc:"To be named as a product's image"`
	Format string `json:"format" enum:"png,jpeg,webp"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Size   int    `json:"size" doc:"Bytes"`
}

// extensions are the formats' in addresses.
var extensions = map[string]string{"png": "png", "jpeg": "jpg", "webp": "webp"}

var imageName = regexp.MustCompile(`^([0-9a-f]{64})\.(png|jpg|webp)$`)

// AddImage keeps a picture under the hash of its content; the same again
// changes nothing. What a picture is, its own bytes say: 422 image.format when
// they are no PNG, JPEG or WebP, 422 image.dimensions.
func (c *Catalog) AddImage(ctx context.Context, bank string, by Actor, content []byte) (Image, error) {
	shape, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || extensions[format] == "" {
		return Image{}, fault.New(fault.Invalid, "image.format").With("body", "image.format").Because(err)
	}
	if shape.Width < 1 || shape.Height < 1 || shape.Width > maxSide || shape.Height > maxSide {
		return Image{}, fault.New(fault.Invalid, "image.dimensions", maxSide).With("body", "image.dimensions", maxSide)
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	out := Image{URL: ImagePrefix + hash + "." + extensions[format], Format: format, Width: shape.Width, Height: shape.Height, Size: len(content)}
	err = c.db.InTx(ctx, func(tx *db.Tx) error {
		_, known, err := db.Value[string](ctx, tx, "SELECT hash FROM image WHERE bank_id = ? AND hash = ?", bank, hash)
		if err != nil || known {
			return err
		}
		err = tx.InsertIgnore(ctx, "image (bank_id, hash, format, width, height, size, content, created_by, created_at)",
			[][]any{{bank, hash, format, shape.Width, shape.Height, len(content), content, by.ID, tx.Now}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "image.added", hash, map[string]any{"format": format, "size": len(content)}))
	})
	return out, err
}

// ImageContent gives an uploaded picture by its name, hash.ext, and its media
// type; 404 not_found. Pictures of goods are public, and their address says
// nothing of a bank: whichever has it, the content is the same.
func (c *Catalog) ImageContent(ctx context.Context, name string) (content []byte, mediaType string, err error) {
	gone := fault.New(fault.NotFound, "not_found")
	m := imageName.FindStringSubmatch(name)
	if m == nil {
		return nil, "", gone
	}
	type row struct {
		format  string
		content []byte
	}
	v, found, err := db.One(ctx, c.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.format, &v.content) },
		"SELECT format, content FROM image WHERE hash = ? LIMIT 1", m[1])
	if err == nil && (!found || extensions[v.format] != m[2]) {
		err = gone
	}
	return v.content, "image/" + v.format, err
}

// knownImage tells whether a product of the bank may show the picture: one that
// was uploaded must be the bank's.
func knownImage(ctx context.Context, q db.Querier, bank, url string) (bool, error) {
	if !IsImageURL(url) {
		return false, nil
	}
	if len(url) < len(ImagePrefix) || url[:len(ImagePrefix)] != ImagePrefix {
		return true, nil
	}
	m := imageName.FindStringSubmatch(url[len(ImagePrefix):])
	if m == nil {
		return false, nil
	}
	_, found, err := db.Value[string](ctx, q, "SELECT hash FROM image WHERE bank_id = ? AND hash = ?", bank, m[1])
	if err != nil {
		return false, fmt.Errorf("catalog: image: %w", err)
	}
	return found, nil
}
