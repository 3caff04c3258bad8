package live_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/live"
	"yinbo/live/livetest"
)

func TestTheShelfShowsItsPricesPinAndNextSale(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		rice, tea := s.Goods.Add(bank, "大米", 9900), s.Goods.Add(bank, "茶", 6600)
		s.Goods.Sell(live.Flash{ID: "flash_1", SKUID: tea, Status: "ended"}, live.Flash{ID: "flash_2", SKUID: tea, Status: "on_sale"},
			live.Flash{ID: "flash_3", SKUID: tea, Status: "scheduled"})
		items, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, []live.Place{{SKU: tea}, {SKU: rice, Price: 8800}})
		if err != nil || len(items) != 2 || items[0].SKUID != tea || items[1].SKUID != rice {
			t.Fatalf("shelf: %+v %v", items, err)
		}
		if items[0].Price != 6600 || items[1].Price != 8800 || items[1].ListPrice != 19800 {
			t.Errorf("prices: %+v", items)
		}
		if items[0].Flash == nil || items[0].Flash.ID != "flash_2" || items[1].Flash != nil {
			t.Errorf("sales: %+v", items)
		}
		if _, err := s.Rooms.Pin(s.Ctx, bank, room, s.Host, &rice); err != nil {
			t.Fatal(err)
		}
		if items, err = s.Rooms.Shelf(s.Ctx, bank, room); err != nil || items[0].Pinned || !items[1].Pinned {
			t.Errorf("pinned: %+v %v", items, err)
		}
		prices, err := s.Rooms.ShelfPrice(s.Ctx, bank, room, []string{tea, rice})
		if err != nil || len(prices) != 1 || prices[rice] != money.Fen(8800) {
			t.Errorf("the room's own prices: %v %v", prices, err)
		}
		if prices, err = s.Rooms.ShelfPrice(s.Ctx, s.Other.ID, room, []string{rice}); err != nil || len(prices) != 0 {
			t.Errorf("another bank reads prices: %v %v", prices, err)
		}
	})
}

func TestAShelfRefusesWhatTheBankDoesNotSell(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		rice, foreign := s.Goods.Add(bank, "大米", 9900), s.Goods.Add(s.Other.ID, "别家", 100)
		for name, places := range map[string][]live.Place{
			"unknown": {{SKU: rice}, {SKU: "sku_none"}}, "another bank's": {{SKU: rice}, {SKU: foreign}}, "twice": {{SKU: rice}, {SKU: rice}},
		} {
			_, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, places)
			if f := fault.From(err); f.Code != "validation" || len(f.Fields) != 1 || f.Fields[0].Name != "items[1].sku_id" {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := s.Rooms.Pin(s.Ctx, bank, room, s.Host, &rice)
		wants(t, "pin what is not on the shelf", err, "validation")
	})
}

// The pin goes with its product: product.pinned {sku_id:null}, then shelf.changed.
func TestAPinnedProductThatLeavesTheShelfIsPinnedNoMore(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		rice, tea := s.Goods.Add(bank, "大米", 9900), s.Goods.Add(bank, "茶", 6600)
		if _, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, []live.Place{{SKU: rice}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rooms.Pin(s.Ctx, bank, room, s.Host, &rice); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, []live.Place{{SKU: tea}}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Rooms.Picture(s.Ctx, bank, room)
		if err != nil || p.Pinned != nil || len(p.Shelf) != 1 {
			t.Errorf("picture: %+v %v", p, err)
		}
		log, err := s.Rooms.FactsSince(s.Ctx, room, 3, 10)
		if err != nil || len(log) != 2 || log[1].Kind != "shelf.changed" || !strings.Contains(string(log[0].Event), `"sku_id":null`) {
			t.Errorf("the log is %+v: %v", log, err)
		}
	})
}

// Lists are never null, not even in a room that has nothing.
func TestAnEmptyRoomsPictureHasEmptyLists(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Plan(t)
		p, err := s.Rooms.Picture(s.Ctx, s.Bank.ID, room)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"shelf":[]`, `"flash":[]`, `"recent_chat":[]`, `"pinned":null`} {
			if !strings.Contains(string(raw), part) {
				t.Errorf("no %s in %s", part, raw)
			}
		}
		sku := s.Goods.Add(s.Bank.ID, "大米", 9900)
		items, err := s.Rooms.SetShelf(s.Ctx, s.Bank.ID, room, s.Host, []live.Place{{SKU: sku}})
		if err != nil || items[0].Product.Images == nil {
			t.Errorf("images: %+v %v", items, err)
		}
	})
}
