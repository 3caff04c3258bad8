package main

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order/catalog"
)

// good is a product of the demo with its one SKU.
type good struct {
	title, category, image, spec string
	kind                         catalog.Kind
	merchant                     int
	price, list                  money.Fen
	stock                        int64
}

var demoMerchants = []struct {
	name       string
	commission int64 // basis points
}{{"星河数码旗舰店", 300}, {"山野农场合作社", 500}, {"城市生活卡券", 800}}

var demoGoods = []good{
	{"星河 X1 5G 手机", "手机数码", "phone", "12GB+256GB 曜石黑", catalog.Physical, 0, 299900, 349900, 1000},
	{"无线降噪耳机", "手机数码", "earbuds", "云白", catalog.Physical, 0, 39900, 59900, 1200},
	{"智能运动手表", "手机数码", "watch", "46mm", catalog.Physical, 0, 69900, 89900, 800},
	{"五常稻花香大米", "本地好物", "rice", "5kg", catalog.Physical, 1, 6990, 8990, 2000},
	{"赣南脐橙礼盒", "本地好物", "orange", "5斤装", catalog.Physical, 1, 4990, 6990, 1500},
	{"明前龙井茶", "本地好物", "tea", "250g 罐装", catalog.Physical, 1, 19900, 26900, 900},
	{"精铸不粘煎锅", "家居生活", "pan", "28cm", catalog.Physical, 1, 12900, 19900, 700},
	{"长绒棉毛巾三件套", "家居生活", "towel", "樱粉", catalog.Physical, 1, 5900, 8900, 1600},
	{"精品咖啡电子券", "卡券", "voucher-coffee", "中杯任选", catalog.Voucher, 2, 1990, 3200, 5000},
	{"影城通兑电子票", "卡券", "voucher-cinema", "2D/3D 通用", catalog.Voucher, 2, 3990, 6000, 3000},
}

// goods writes the merchants, products and SKUs; it gives the SKUs' ids in the
// order of demoGoods.
func (s *seeder) goods(ctx context.Context, b tenant.Bank) ([]string, error) {
	var skus []string
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		skus = nil
		var merchants []string
		for _, m := range demoMerchants {
			merchantID, err := catalog.AddMerchant(ctx, tx, b.ID, m.name, m.commission)
			if err != nil {
				return err
			}
			merchants = append(merchants, merchantID)
		}
		for _, g := range demoGoods {
			product, err := catalog.AddProduct(ctx, tx, b.ID, catalog.NewProduct{Merchant: merchants[g.merchant], Title: g.title,
				Category: g.category, Kind: g.kind, Images: []string{"/goods/" + g.image + ".svg"}})
			if err != nil {
				return err
			}
			sku, err := catalog.AddSKU(ctx, tx, b.ID, catalog.NewSKU{Product: product, Spec: g.spec, Price: g.price, List: g.list, Stock: g.stock})
			if err != nil {
				return err
			}
			skus = append(skus, sku)
		}
		return nil
	})
	return skus, err
}
