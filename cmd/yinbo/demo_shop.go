package main

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/live"
	"yinbo/live/video"
	"yinbo/order/catalog"
	"yinbo/order/flash"
)

// good is a product of the demo with its one SKU.
type good struct {
	title, category, image, spec string
	kind                         catalog.Kind
	merchant                     int
	price, list                  money.Fen
	stock, limit                 int64 // limit per person, 0 for none
}

var demoMerchants = []struct {
	name       string
	commission int64 // basis points
}{{"星河数码旗舰店", 300}, {"山野农场合作社", 500}, {"城市生活卡券", 800}}

var demoGoods = []good{
	{"星河 X1 5G 手机", "手机", "phone", "12GB+256GB 曜石黑", catalog.Physical, 0, 299900, 349900, 1000, 0},
	{"无线降噪耳机", "穿戴影音", "earbuds", "云白", catalog.Physical, 0, 39900, 59900, 1200, 0},
	{"智能运动手表", "穿戴影音", "watch", "46mm", catalog.Physical, 0, 69900, 89900, 800, 0},
	{"五常稻花香大米", "米面粮油", "rice", "5kg", catalog.Physical, 1, 6990, 8990, 2000, 0},
	{"赣南脐橙礼盒", "茶叶鲜果", "orange", "5斤装", catalog.Physical, 1, 4990, 6990, 1500, 0},
	{"明前龙井茶", "茶叶鲜果", "tea", "250g 罐装", catalog.Physical, 1, 19900, 26900, 900, 3},
	{"精铸不粘煎锅", "家居生活", "pan", "28cm", catalog.Physical, 1, 12900, 19900, 700, 0},
	{"长绒棉毛巾三件套", "家居生活", "towel", "樱粉", catalog.Physical, 1, 5900, 8900, 1600, 0},
	{"精品咖啡电子券", "卡券", "voucher-coffee", "中杯任选", catalog.Voucher, 2, 1990, 3200, 5000, 0},
	{"影城通兑电子票", "卡券", "voucher-cinema", "2D/3D 通用", catalog.Voucher, 2, 3990, 6000, 3000, 0},
}

// demoCategories in their order; the shop's own two levels.
var demoCategories = []struct {
	name string
	in   int // the parent's place in this list, -1 for the first level
}{{"手机数码", -1}, {"手机", 0}, {"穿戴影音", 0}, {"本地好物", -1}, {"米面粮油", 3}, {"茶叶鲜果", 3}, {"家居生活", -1}, {"卡券", -1}}

func demoShelves(ctx context.Context, tx *db.Tx, bank string) error {
	ids := make([]string, len(demoCategories))
	for i, c := range demoCategories {
		parent := ""
		if c.in >= 0 {
			parent = ids[c.in]
		}
		var err error
		if ids[i], err = catalog.AddCategory(ctx, tx, bank, c.name, int64(i), parent); err != nil {
			return err
		}
	}
	return nil
}

// goods writes the categories, merchants, products and SKUs; it gives the SKUs' ids in the
// order of demoGoods.
func (s *seeder) goods(ctx context.Context, b tenant.Bank) ([]string, error) {
	var skus []string
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		skus = nil
		if err := demoShelves(ctx, tx, b.ID); err != nil {
			return err
		}
		var merchants []string
		for _, m := range demoMerchants {
			merchantID, err := catalog.AddMerchant(ctx, tx, b.ID, m.name, m.commission)
			if err != nil {
				return err
			}
			merchants = append(merchants, merchantID)
		}
		if _, err := s.people.CreateStaff(ctx, tx, b.ID, auth.NewStaff{Username: "merchant", Name: demoMerchants[0].name,
			Password: b.Slug + "-merchant", Merchant: merchants[0], Roles: []auth.Role{auth.Merchant}}); err != nil {
			return err
		}
		for _, g := range demoGoods {
			product, err := catalog.AddProduct(ctx, tx, b.ID, catalog.NewProduct{Merchant: merchants[g.merchant], Title: g.title,
				Category: g.category, Kind: g.kind, Images: []string{"/goods/" + g.image + ".svg"}})
			if err != nil {
				return err
			}
			sku, err := catalog.AddSKU(ctx, tx, b.ID, catalog.NewSKU{Product: product, Spec: g.spec, Price: g.price, List: g.list, Stock: g.stock, PerPersonLimit: g.limit})
			if err != nil {
				return err
			}
			skus = append(skus, sku)
		}
		return nil
	})
	return skus, err
}

// shop opens the bank's shop: goods, cards, yesterday's room with its trade, the
// room that is live, and one to come.
func (s *seeder) shop(ctx context.Context, b tenant.Bank, staff map[string]string) error {
	b.Settings = b.Settings.WithDefaults()
	a, err := wire(ctx, s.core, roles{})
	if err != nil {
		return err
	}
	defer a.close()
	skus, err := s.goods(ctx, b)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := card.CreateSamples(ctx, tx, b); err != nil || b.Slug != "demo" {
			return err
		}
		return card.WriteForm(ctx, tx, b.ID, card.FullForm()) // it asks for all, and requires the minimum
	})
	if err != nil {
		return err
	}
	host := live.Staff{ID: staff["host"], Name: "主播小林"}
	past, err := s.room(ctx, a, b, host, "昨晚专场：本地好物", "/goods/room-evening.svg", skus)
	if err != nil {
		return err
	}
	h := &history{seeder: s, app: a, bank: b}
	if err := h.trade(ctx, past, skus); err != nil {
		return err
	}
	if _, err := a.rooms.End(ctx, b.ID, past, host); err != nil {
		return err
	}
	if err := h.closeBooks(ctx); err != nil {
		return err
	}
	room, err := s.tonight(ctx, a, b, host, skus)
	if err != nil {
		return err
	}
	if err := s.inOrder(ctx, a, b, staff, room); err != nil {
		return err
	}
	return s.coupons(ctx, a, b, staff["operator"], room, skus)
}

// room plans a room of the host's, fills its shelf and starts it.
func (s *seeder) room(ctx context.Context, a *app, b tenant.Bank, host live.Staff, title, cover string, skus []string) (string, error) {
	v, err := a.rooms.Create(ctx, b.ID, host, live.Plan{Title: title, CoverURL: cover, PlaybackURL: video.Playlist, StartsAt: s.clock.Now()})
	if err != nil {
		return "", err
	}
	places := make([]live.Place, len(skus))
	for i, sku := range skus {
		places[i] = live.Place{SKU: sku}
	}
	if _, err := a.rooms.SetShelf(ctx, b.ID, v.ID, host, places); err != nil {
		return "", err
	}
	_, err = a.rooms.Start(ctx, b.ID, v.ID, host)
	return v.ID, err
}

// tonight is the room that is live, its flash sales, and a room to come; it gives
// the first one's id.
func (s *seeder) tonight(ctx context.Context, a *app, b tenant.Bank, host live.Staff, skus []string) (string, error) {
	room, err := s.room(ctx, a, b, host, "今晚直播：手机数码与家乡味道", "/goods/room.svg", skus)
	if err != nil {
		return "", err
	}
	if _, err := a.rooms.Pin(ctx, b.ID, room, host, &skus[0]); err != nil {
		return "", err
	}
	now := s.clock.Now()
	const day = 24 * time.Hour
	for _, t := range []flash.Terms{
		{SKU: skus[1], Price: 9900, Total: 200, PerUserLimit: 2, Starts: now.Add(-time.Minute), Ends: now.Add(30 * day)},
		{SKU: skus[5], Price: 6900, Total: 100, PerUserLimit: 1, Starts: now.Add(day), Ends: now.Add(day + 2*time.Hour)},
	} {
		req := idem.Request{Bank: b.ID, Person: host.ID, Route: "demo", Key: id.New(id.Event)}
		if _, _, err := a.sales.Schedule(ctx, req, flash.Staff{ID: host.ID}, b.ID, room, t); err != nil {
			return "", err
		}
	}
	_, err = a.rooms.Create(ctx, b.ID, host, live.Plan{Title: "周末预告：卡友专享日", CoverURL: "/goods/room-evening.svg",
		PlaybackURL: video.Playlist, StartsAt: now.Add(3 * day)})
	return room, err
}
