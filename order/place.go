package order

import (
	"context"
	"fmt"
	"sort"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/order/catalog"
)

// Cart is what a viewer wants to buy.
type Cart struct {
	Bank, Viewer    string
	Items           []Wanted
	Coupons         []string
	Address         *Address
	Room, ShareCode string
}

// Wanted is one line of a cart. Lines of one SKU become one.
type Wanted struct {
	SKU      string
	Quantity int64 // at least 1
}

// Place takes the stock of every line, or of none, and writes the order.
// Refusals: 404 not_found naming items[i].sku_id, 409 stock.insufficient naming
// items[i].quantity, 409 order.limit_reached naming items[i].quantity, 403
// order.branch_only naming items[i].sku_id, 422 address.required, 422 validation
// of room_id, those of coupon_ids[i] (see promo).
func (s *Orders) Place(ctx context.Context, req idem.Request, c Cart) (v View, replayed bool, err error) {
	// What is read before the transaction is judged within it: a replay must
	// answer the same even when the cart would be refused today.
	draft, refusal := s.draft(ctx, c)
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (View, error) {
		if refusal != nil {
			return View{}, refusal
		}
		if err := claim(ctx, tx, c, draft); err != nil {
			return View{}, err
		}
		if err := takeStock(ctx, tx, c, draft.Lines); err != nil {
			return View{}, err
		}
		o := draft
		if err := s.deduct(ctx, tx, &o, c.Coupons); err != nil {
			return View{}, err
		}
		o.CreatedAt, o.ExpiresAt = tx.Now, tx.Now.Add(s.TTL)
		return o.View(), Insert(ctx, tx, o)
	})
}

// draft prices the cart and seals its address.
func (s *Orders) draft(ctx context.Context, c Cart) (Order, error) {
	o := Order{ID: id.New(id.Order), Bank: c.Bank, Viewer: c.Viewer, Room: c.Room, ShareCode: c.ShareCode, Status: PendingPayment}
	merged := merge(c.Items)
	skus := make([]string, len(merged))
	for i, w := range merged {
		skus[i] = w.SKU
	}
	goods, err := catalog.Goods(ctx, s.DB, s.DB.Clock().Now(), c.Bank, skus)
	if err != nil {
		return o, err
	}
	prices, branch, err := s.room(ctx, c, skus)
	if err != nil {
		return o, err
	}
	for _, w := range merged {
		g, ok := goods[w.SKU]
		if !ok || g.Hidden {
			return o, fault.New(fault.NotFound, "not_found").With(c.item(w.SKU)+".sku_id", "not_found")
		}
		if g.Kind == catalog.CardOffer {
			return o, fault.InvalidField(c.item(w.SKU)+".sku_id", "order.not_for_sale")
		}
		if refusal, err := BranchOnly(ctx, s.DB, c.Bank, c.Viewer, g.BranchID, branch); err != nil {
			return o, err
		} else if refusal != nil {
			return o, refusal.With(c.item(w.SKU)+".sku_id", "order.branch_only")
		}
		if p, ok := prices[w.SKU]; ok {
			g.PriceFen = p
		}
		l, err := NewLine(g, g.PriceFen, w.Quantity)
		if err != nil {
			return o, fault.InvalidField(c.item(w.SKU)+".quantity", "field.too_large").Because(err)
		}
		o.Lines = append(o.Lines, l)
	}
	if err := o.Total(); err != nil {
		return o, fault.InvalidField("items", "field.too_large").Because(err)
	}
	if o.Payable == 0 {
		return o, fault.InvalidField("items", "order.not_for_sale")
	}
	if err := NeedAddress(o.Lines, c.Address); err != nil {
		return o, err
	}
	o.AddressSealed, err = SealAddress(ctx, s.Keyring, c.Bank, o.ID, c.Address)
	return o, err
}

// NewLine is a line of n pieces of g at a price.
func NewLine(g catalog.Good, price money.Fen, n int64) (Line, error) {
	amount, err := price.Times(n)
	return Line{SKU: g.SKUID, Product: g.ProductID, Merchant: g.MerchantID, Kind: g.Kind, Title: g.Title, Spec: g.Spec,
		Quantity: n, Price: price, Amount: amount, CommissionBps: g.CommissionBps, limit: g.PerPersonLimit}, err
}

// Total sums the lines into what the goods cost and what is to be paid.
func (o *Order) Total() error {
	sum := money.Fen(0)
	for _, l := range o.Lines {
		var err error
		if sum, err = money.Add(sum, l.Amount); err != nil {
			return err
		}
	}
	o.Goods, o.Payable = sum, sum
	return nil
}

// NeedAddress refuses physical goods without an address: 422 address.required.
func NeedAddress(lines []Line, a *Address) error {
	if a != nil {
		return nil
	}
	for _, l := range lines {
		if l.Kind == catalog.Physical {
			return fault.InvalidField("address", "address.required")
		}
	}
	return nil
}

// room gives the room's own prices and its branch, and refuses a room of another
// bank.
func (s *Orders) room(ctx context.Context, c Cart, skus []string) (prices map[string]money.Fen, branch string, err error) {
	if c.Room == "" {
		return nil, "", nil
	}
	_, branch, ok, err := s.Rooms.RoomHost(ctx, c.Bank, c.Room)
	if err != nil {
		return nil, "", err
	}
	if !ok {
		return nil, "", fault.InvalidField("room_id", "field.invalid")
	}
	prices, err = s.Rooms.ShelfPrice(ctx, c.Bank, c.Room, skus)
	return prices, branch, err
}

// takeStock takes every line's stock; when some cannot be had, all of those are
// named and the transaction must be rolled back.
func takeStock(ctx context.Context, tx *db.Tx, c Cart, lines []Line) error {
	var short *fault.Error
	for _, l := range bySKU(lines) {
		ok, err := catalog.Take(ctx, tx, c.Bank, l.SKU, l.Quantity)
		if err != nil {
			return err
		}
		if !ok {
			if short == nil {
				short = fault.New(fault.Conflict, "stock.insufficient")
			}
			short = short.With(c.item(l.SKU)+".quantity", "stock.insufficient")
		}
	}
	if short != nil {
		sort.Slice(short.Fields, func(i, j int) bool { return short.Fields[i].Name < short.Fields[j].Name })
		return short
	}
	return nil
}

func merge(items []Wanted) []Wanted {
	var merged []Wanted
	at := map[string]int{}
	for _, w := range items {
		if i, ok := at[w.SKU]; ok {
			merged[i].Quantity += w.Quantity
			continue
		}
		at[w.SKU] = len(merged)
		merged = append(merged, w)
	}
	return merged
}

// item names the first of the cart's lines that has the SKU.
func (c Cart) item(sku string) string {
	for i, w := range c.Items {
		if w.SKU == sku {
			return fmt.Sprintf("items[%d]", i)
		}
	}
	return "items"
}
