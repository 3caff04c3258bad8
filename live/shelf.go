package live

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// Item is a place on a room's shelf.
type Item struct {
	Product   Product   `json:"product"`
	SKUID     string    `json:"sku_id"`
	Spec      string    `json:"spec"`
	Price     money.Fen `json:"price_fen" doc:"The room's own price, else the SKU's"`
	ListPrice money.Fen `json:"list_price_fen"`
	Stock     string    `json:"stock_state" enum:"in_stock,low,sold_out"`
	Limit     int64     `json:"per_person_limit" doc:"How many one person's orders may hold; 0 for any number"`
	Pinned    bool      `json:"pinned"`
	Flash     *Flash    `json:"flash" doc:"The flash sale of this SKU that is on or next, if any"`
}

// Product is what a shelf shows of a product.
type Product struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Kind     string   `json:"kind" enum:"physical,voucher,card_offer"`
	Images   []string `json:"images"`
	Merchant Merchant `json:"merchant"`
	BranchID *string  `json:"branch_id" doc:"Sold to viewers of this branch, and in its rooms, only; null for all"`
}

// Merchant is who sells a product.
type Merchant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Place is a SKU to stand on a shelf; a zero price is the SKU's own.
type Place struct {
	SKU   string
	Price money.Fen
}

// MaxShelf is how many places a shelf has.
const MaxShelf = 500

type placed struct {
	sku   string
	price *money.Fen
}

func (s *Rooms) places(ctx context.Context, q db.Querier, room string) ([]placed, error) {
	return db.All(ctx, q, func(r db.Row) (p placed, err error) { return p, r.Scan(&p.sku, &p.price) },
		"SELECT sku_id, price_fen FROM shelf_item WHERE room_id = ? ORDER BY position", room)
}

// Shelf shows a room's shelf; 404 not_found.
func (s *Rooms) Shelf(ctx context.Context, bank, room string) ([]Item, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return nil, err
	}
	items, _, err := s.shelf(ctx, v)
	return items, err
}

func (s *Rooms) shelf(ctx context.Context, v row) ([]Item, []Flash, error) {
	all, err := s.places(ctx, s.DB, v.ID)
	if err != nil {
		return nil, nil, err
	}
	skus := make([]string, len(all))
	for i, p := range all {
		skus[i] = p.sku
	}
	goods, err := s.Goods.ShelfGoods(ctx, v.bank, skus)
	if err != nil {
		return nil, nil, err
	}
	flashes, err := s.Goods.RoomFlashes(ctx, v.bank, v.ID)
	if err != nil {
		return nil, nil, err
	}
	if flashes == nil {
		flashes = []Flash{} // lists are never null
	}
	items := make([]Item, 0, len(all))
	for _, p := range all {
		g, shown := goods[p.sku]
		if !shown {
			continue
		}
		if g.Images == nil {
			g.Images = []string{}
		}
		item := Item{Product: Product{ID: g.ProductID, Title: g.Title, Kind: g.Kind, Images: g.Images, Merchant: Merchant{g.MerchantID, g.MerchantName}},
			SKUID: g.SKUID, Spec: g.Spec, Price: g.PriceFen, ListPrice: g.ListPriceFen, Stock: g.StockState, Limit: g.PerPersonLimit,
			Pinned: g.SKUID == v.pinned, Flash: current(flashes, g.SKUID)}
		if g.BranchID != "" {
			item.Product.BranchID = &g.BranchID
		}
		if p.price != nil {
			item.Price = *p.price
		}
		items = append(items, item)
	}
	return items, flashes, nil
}

// current is the sale of a SKU that is on, else the next one. Sales of one SKU
// do not overlap, and come in the order of their start.
func current(flashes []Flash, sku string) *Flash {
	for i, f := range flashes {
		if f.SKUID == sku && f.Status != "ended" && f.Status != "cancelled" {
			return &flashes[i]
		}
	}
	return nil
}

// SetShelf replaces the shelf. 422 names the place of an unknown, hidden or
// doubled SKU. A pinned product that is not on the new shelf is pinned no more.
func (s *Rooms) SetShelf(ctx context.Context, bank, room string, by Staff, places []Place) ([]Item, error) {
	if err := s.checkPlaces(ctx, bank, places); err != nil {
		return nil, err
	}
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		if _, err := tx.Exec(ctx, "DELETE FROM shelf_item WHERE room_id = ?", room); err != nil {
			return err
		}
		rows, kept := make([][]any, len(places)), v.pinned == ""
		for i, p := range places {
			var price *money.Fen
			if p.Price > 0 {
				price = &p.Price
			}
			rows[i] = []any{room, p.SKU, bank, i, price}
			kept = kept || p.SKU == v.pinned
		}
		if err := tx.Insert(ctx, "shelf_item (room_id, sku_id, bank_id, position, price_fen)", rows, ""); err != nil {
			return err
		}
		if !kept {
			if err := s.pin(ctx, tx, bank, room, nil); err != nil {
				return err
			}
		}
		if err := s.Fact(ctx, tx, bank, room, factShelf, struct{}{}); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, factShelf, room, map[string]any{"items": len(places)}})
	})
	if err != nil {
		return nil, err
	}
	return s.Shelf(ctx, bank, room)
}

func (s *Rooms) checkPlaces(ctx context.Context, bank string, places []Place) error {
	skus := make([]string, len(places))
	for i, p := range places {
		skus[i] = p.SKU
	}
	goods, err := s.Goods.ShelfGoods(ctx, bank, skus)
	if err != nil {
		return err
	}
	bad, seen := fault.New(fault.Invalid, "validation"), map[string]bool{}
	for i, p := range places {
		field := fmt.Sprintf("items[%d].sku_id", i)
		if _, known := goods[p.SKU]; !known {
			bad = bad.With(field, "field.invalid")
		} else if seen[p.SKU] {
			bad = bad.With(field, "field.duplicate")
		}
		seen[p.SKU] = true
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Pin says which product is being explained; nil for none. 422 sku_id when it is
// not on the shelf.
func (s *Rooms) Pin(ctx context.Context, bank, room string, by Staff, sku *string) (View, error) {
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		if sku != nil {
			_, there, err := db.Value[string](ctx, tx, "SELECT sku_id FROM shelf_item WHERE room_id = ? AND sku_id = ?", room, *sku)
			if err != nil {
				return err
			}
			if !there {
				return fault.InvalidField("sku_id", "field.not_allowed")
			}
		}
		if err := s.pin(ctx, tx, bank, room, sku); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, factPinned, room, map[string]any{"sku_id": sku}})
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}

func (s *Rooms) pin(ctx context.Context, tx *db.Tx, bank, room string, sku *string) error {
	if _, err := tx.Exec(ctx, "UPDATE room SET pinned_sku_id = ? WHERE bank_id = ? AND id = ?", sku, bank, room); err != nil {
		return err
	}
	return s.Fact(ctx, tx, bank, room, factPinned, map[string]any{"sku_id": sku})
}

// ShelfPrice gives the room's own prices, for those SKUs that have one there.
func (s *Rooms) ShelfPrice(ctx context.Context, bank, room string, skus []string) (map[string]money.Fen, error) {
	prices := map[string]money.Fen{}
	if len(skus) == 0 {
		return prices, nil
	}
	rows, err := db.All(ctx, s.DB, func(r db.Row) (p placed, err error) { return p, r.Scan(&p.sku, &p.price) },
		"SELECT sku_id, price_fen FROM shelf_item WHERE bank_id = ? AND room_id = ? AND price_fen IS NOT NULL AND sku_id IN "+db.Marks(len(skus)),
		append([]any{bank, room}, db.Args(skus)...)...)
	for _, p := range rows {
		prices[p.sku] = *p.price
	}
	return prices, err
}
