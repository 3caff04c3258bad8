package card

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// ConsentRef names a text that a person consents to.
type ConsentRef struct {
	Document string `json:"document"`
	Version  string `json:"version"`
}

// ConsentItem is a text that an application must name, with where to read it.
type ConsentItem struct {
	ConsentRef
	Title string `json:"title"`
	URL   string `json:"url" doc:"Path on this server"`

	hash, purpose, recipient string // as the record of a consent names them
}

// CardProduct is a credit card that people may apply for.
type CardProduct struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	ImageURL    string        `json:"image_url"`
	Consents    []ConsentItem `json:"consents"`
}

// Document is a text, at one version, that never changes.
type Document struct {
	ConsentRef
	Title string `json:"title"`
	Text  string `json:"text"`
	Hash  string `json:"hash" doc:"SHA-256 of the text, hex"`

	Purpose   string `json:"-"` // what the consent is for
	Recipient string `json:"-"` // who gets the data
}

// Products lists a bank's card products in their order.
func (a *Applications) Products(ctx context.Context, bank string) ([]CardProduct, error) {
	return readProducts(ctx, a.book.DB, bank, "")
}

// Offers tells whether a bank offers a card product.
func Offers(ctx context.Context, q db.Querier, bank, productID string) (bool, error) {
	products, err := readProducts(ctx, q, bank, productID)
	return productID != "" && len(products) == 1, err
}

// readProducts reads one product, or all when productID is empty.
func readProducts(ctx context.Context, q db.Querier, bank, productID string) ([]CardProduct, error) {
	where, args := " WHERE p.bank_id = ? AND p.hidden_at IS NULL", []any{bank}
	if productID != "" {
		where, args = where+" AND p.id = ?", append(args, productID)
	}
	type line struct {
		p CardProduct
		c *ConsentItem
	}
	lines, err := db.All(ctx, q, func(r db.Row) (l line, err error) {
		var document, version, title *string
		var c ConsentItem
		err = r.Scan(&l.p.ID, &l.p.Name, &l.p.Description, &l.p.ImageURL, &document, &version, &title, &c.hash, &c.purpose, &c.recipient)
		if err == nil && document != nil {
			c.ConsentRef, c.Title, c.URL = ConsentRef{*document, *version}, *title, "/api/v1/documents/"+*document+"/"+*version
			l.c = &c
		}
		return l, err
	}, `SELECT p.id, p.name, p.description, p.image_url, d.document, d.version, d.title,
		COALESCE(d.text_hash, ''), COALESCE(d.purpose, ''), COALESCE(d.recipient, '') FROM card_product p
		LEFT JOIN card_product_document pd ON pd.card_product_id = p.id
		LEFT JOIN document d ON d.bank_id = pd.bank_id AND d.document = pd.document AND d.version = pd.version`+
		where+" ORDER BY p.position, p.id, pd.position", args...)
	if err != nil {
		return nil, err
	}
	out := []CardProduct{}
	for _, l := range lines {
		if len(out) == 0 || out[len(out)-1].ID != l.p.ID {
			l.p.Consents = []ConsentItem{}
			out = append(out, l.p)
		}
		if l.c != nil {
			last := &out[len(out)-1]
			last.Consents = append(last.Consents, *l.c)
		}
	}
	return out, nil
}

// Document gives a text; not_found when there is none of that version.
func (a *Applications) Document(ctx context.Context, bank string, ref ConsentRef) (Document, error) {
	d, found, err := readDocument(ctx, a.book.DB, bank, ref)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return d, err
}

func readDocument(ctx context.Context, q db.Querier, bank string, ref ConsentRef) (Document, bool, error) {
	return db.One(ctx, q, func(r db.Row) (d Document, err error) {
		return d, r.Scan(&d.Document, &d.Version, &d.Title, &d.Text, &d.Hash, &d.Purpose, &d.Recipient)
	}, `SELECT document, version, title, body, text_hash, purpose, recipient FROM document
		WHERE bank_id = ? AND document = ? AND version = ?`, bank, ref.Document, ref.Version)
}

// AddDocument writes a text; its hash is computed here.
func AddDocument(ctx context.Context, tx *db.Tx, bank string, d Document) error {
	sum := sha256.Sum256([]byte(d.Text))
	return tx.Insert(ctx, "document (bank_id, document, version, title, body, text_hash, purpose, recipient, created_at)",
		[][]any{{bank, d.Document, d.Version, d.Title, d.Text, hex.EncodeToString(sum[:]), d.Purpose, d.Recipient, tx.Now}}, "")
}

// AddProduct writes a card product that requires the given texts, in order, and
// gives its id.
func AddProduct(ctx context.Context, tx *db.Tx, bank string, position int, p CardProduct, consents ...ConsentRef) (string, error) {
	productID := id.New(id.CardProduct)
	err := tx.Insert(ctx, "card_product (id, bank_id, name, description, image_url, position, created_at)",
		[][]any{{productID, bank, p.Name, p.Description, p.ImageURL, position, tx.Now}}, "")
	if err != nil {
		return "", err
	}
	rows := make([][]any, len(consents))
	for i, c := range consents {
		rows[i] = []any{productID, c.Document, c.Version, bank, i}
	}
	return productID, tx.Insert(ctx, "card_product_document (card_product_id, document, version, bank_id, position)", rows, "")
}
