package live_test

import (
	"slices"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/live"
	"yinbo/live/livetest"
)

func ptr[T any](v T) *T { return &v }

// What is taken off keeps its place and its price, is pinned no more, and
// viewers do not see it; it comes back where it was.
func TestAPlaceIsKeptWhileItIsOff(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		var places []live.Place
		for _, title := range []string{"米", "茶", "油"} {
			places = append(places, live.Place{SKU: s.Goods.Add(bank, title, 9900), Price: 8800})
		}
		tea := places[1].SKU
		if _, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, places); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rooms.Pin(s.Ctx, bank, room, s.Host, &tea); err != nil {
			t.Fatal(err)
		}
		change := func(c live.PlaceChange) []live.Item {
			t.Helper()
			items, err := s.Rooms.ChangePlace(s.Ctx, bank, room, tea, s.Host, c)
			if err != nil {
				t.Fatal(err)
			}
			return items
		}
		order := func(items []live.Item) (all string) {
			for _, i := range items {
				all += i.Product.Title
			}
			return all
		}
		seen := func() []live.Item {
			t.Helper()
			items, err := s.Rooms.Shelf(s.Ctx, bank, room)
			if err != nil {
				t.Fatal(err)
			}
			return items
		}
		if items := change(live.PlaceChange{On: ptr(false)}); order(items) != "米茶油" || items[1].On || items[1].Pinned || order(seen()) != "米油" {
			t.Errorf("off: %+v, viewers see %s", items, order(seen()))
		}
		prices, err := s.Rooms.ShelfPrice(s.Ctx, bank, room, []string{tea})
		if err != nil || len(prices) != 0 {
			t.Errorf("what is off has a price in the room: %v %v", prices, err)
		}
		_, err = s.Rooms.Pin(s.Ctx, bank, room, s.Host, &tea)
		wants(t, "pin what is off", err, "validation")
		if _, err := s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, places); err != nil || order(seen()) != "米油" {
			t.Errorf("replaced, viewers see %s: %v", order(seen()), err)
		}
		if change(live.PlaceChange{On: ptr(true)}); order(seen()) != "米茶油" || seen()[1].Price != 8800 {
			t.Errorf("on again: %+v", seen())
		}
		for to, want := range []string{"茶米油", "米茶油", "米油茶", "米油茶"} {
			if change(live.PlaceChange{Position: ptr(to)}); order(seen()) != want {
				t.Errorf("moved to %d: %s", to, order(seen()))
			}
		}
		if items := change(live.PlaceChange{Price: ptr[money.Fen](0)}); items[2].Price != 9900 {
			t.Errorf("the SKU's own price: %+v", items[2])
		}
		log, err := s.Rooms.FactsSince(s.Ctx, room, 3, 20)
		kinds := []string{}
		for _, l := range log {
			kinds = append(kinds, l.Kind)
		}
		if err != nil || len(kinds) != 9 || kinds[0] != "product.pinned" || slices.Contains(kinds[1:], "product.pinned") {
			t.Errorf("the log is %v: %v", kinds, err)
		}
		for who, c := range map[string]struct {
			bank, sku string
			by        live.Staff
		}{"a stranger": {bank, tea, s.Stranger}, "another bank": {s.Other.ID, tea, s.Operator}, "no such place": {bank, "sku_none", s.Host}} {
			_, err := s.Rooms.ChangePlace(s.Ctx, c.bank, room, c.sku, c.by, live.PlaceChange{On: ptr(false)})
			wants(t, who, err, "not_found")
		}
		_, err = s.Rooms.HostShelf(s.Ctx, bank, room, s.Stranger)
		wants(t, "a stranger looks", err, "not_found")
		if _, err := s.Rooms.End(s.Ctx, bank, room, s.Host); err != nil {
			t.Fatal(err)
		}
		_, err = s.Rooms.ChangePlace(s.Ctx, bank, room, tea, s.Host, live.PlaceChange{On: ptr(false)})
		wants(t, "in an ended room", err, "conflict")
	})
}
