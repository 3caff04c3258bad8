package desk_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/desk"
	"yinbo/order/ordertest"
)

// paidGoods are pieces of one of the stage's merchants, bought and paid.
func paidGoods(s *ordertest.Stage, skus ...string) order.View {
	viewer := s.Viewer()
	wanted := make([]order.Wanted, len(skus))
	for i, sku := range skus {
		wanted[i] = order.Wanted{SKU: sku, Quantity: 1}
	}
	o := s.PlaceGoods(viewer, wanted...)
	s.PayByCard(viewer, o.ID)
	s.Clock.Advance(time.Second)
	return o
}

// all walks a merchant's list by pages of one.
func all(t *testing.T, s *ordertest.Stage, d *desk.Desk, merchant string, stage desk.Stage, f desk.Filter) (ids []string) {
	t.Helper()
	for after := ""; ; {
		page, err := d.Parts(s.Ctx, s.Bank.ID, merchant, stage, f, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return ids
		}
		ids, after = append(ids, page[0].ID), page[0].Place()
		if len(page) == 1 {
			return ids
		}
	}
}

func TestAMerchantSeesItsOwnLinesAndWhatItHasToShip(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		mine, theirs, code := s.SKU(catalog.Physical, 1000, 99), s.SKUOf(1, catalog.Physical, 700, 99), s.Titled("茶园门票")
		first, second := paidGoods(s, mine), paidGoods(s, mine, code)
		both, other := paidGoods(s, mine, theirs), paidGoods(s, theirs)
		sent, codes := paidGoods(s, mine), paidGoods(s, code)
		if err := s.Orders.Ship(s.Ctx, s.Bank, clerk, order.ShipLine{Order: sent.ID, Carrier: "顺丰", TrackingNo: "SF100001"}); err != nil {
			t.Fatal(err)
		}
		s.PlaceGoods(s.Viewer(), order.Wanted{SKU: mine, Quantity: 1}) // not paid: not yet the merchant's matter
		merchant := s.Merchant(0)
		now := s.Clock.Now()
		for name, c := range map[string]struct {
			stage desk.Stage
			f     desk.Filter
			want  []string
		}{
			"to ship first, the oldest of them first": {"", desk.Filter{}, []string{first.ID, second.ID, codes.ID, sent.ID, both.ID}},
			"to ship":                    {desk.ToShip, desk.Filter{}, []string{first.ID, second.ID}},
			"shipped":                    {desk.Shipped, desk.Filter{}, []string{sent.ID}},
			"returned":                   {desk.Returned, desk.Filter{}, nil},
			"its title":                  {"", desk.Filter{Query: "门票"}, []string{second.ID, codes.ID}},
			"a title in others' lines":   {"", desk.Filter{Query: "小米"}, nil},
			"tracking number":            {"", desk.Filter{Query: "sf100001"}, []string{sent.ID}},
			"another's order":            {"", desk.Filter{Query: other.ID}, nil},
			"an order":                   {"", desk.Filter{Query: both.ID}, []string{both.ID}},
			"a phone finds nobody":       {"", desk.Filter{Query: "13800001234"}, nil},
			"placed in the future":       {"", desk.Filter{From: now.Add(time.Hour)}, nil},
			"placed before the last one": {desk.ToShip, desk.Filter{To: second.CreatedAt.Time}, []string{first.ID}},
		} {
			if got := all(t, s, d, merchant, c.stage, c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}

		p, err := d.Part(s.Ctx, s.Bank.ID, merchant, both.ID)
		if err != nil || p.ShipsBy != desk.ByBank || len(p.Items) != 1 || p.AmountFen != 1000 || p.Address != nil {
			t.Errorf("%+v %v", p, err)
		}
		p, err = d.Part(s.Ctx, s.Bank.ID, merchant, first.ID)
		if err != nil || p.ShipsBy != desk.ByMerchant || p.Address == nil || p.Address.Phone != "138****1234" {
			t.Errorf("%+v %v", p, err)
		}
		if p, err := d.Part(s.Ctx, s.Bank.ID, merchant, codes.ID); err != nil || p.ShipsBy != desk.ByNobody {
			t.Errorf("%+v %v", p, err)
		}
		page, err := d.Parts(s.Ctx, s.Bank.ID, merchant, "", desk.Filter{}, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(page)
		if err != nil || strings.Contains(string(raw), "13800001234") || strings.Contains(string(raw), "王小明") || strings.Contains(string(raw), "文三路") {
			t.Errorf("personal data is shown: %s %v", raw, err)
		}
		_, err = d.Part(s.Ctx, s.Bank.ID, merchant, other.ID)
		wantCode(t, err, "not_found")
		_, err = d.Part(s.Ctx, s.OtherBank().ID, merchant, first.ID)
		wantCode(t, err, "not_found")
	})
}

func TestAMerchantSeesAddressesForAReason(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		mine, theirs := s.SKU(catalog.Physical, 1000, 99), s.SKUOf(1, catalog.Physical, 700, 99)
		o, both, other, code := paidGoods(s, mine), paidGoods(s, mine, theirs), paidGoods(s, theirs), paidGoods(s, s.Titled("茶园门票"))
		later := paidGoods(s, mine)
		by := order.Staff{ID: "stf_own", Merchant: s.Merchant(0)}
		for orderID, want := range map[string]string{both.ID: "order.several_merchants", other.ID: "not_found", code.ID: "order.nothing_to_ship"} {
			_, _, err := d.RevealPart(s.Ctx, s.Bank.ID, by, orderID, "打印面单")
			wantCode(t, err, want)
		}
		_, _, err := d.RevealPart(s.Ctx, s.Bank.ID, by, o.ID, " ")
		wantCode(t, err, "validation")
		a, left, err := d.RevealPart(s.Ctx, s.Bank.ID, by, o.ID, "打印面单")
		if err != nil || a != ordertest.Address() || left != desk.RevealsPerHour-1 {
			t.Errorf("%d left: %v", left, err)
		}

		_, err = d.ExportToShip(s.Ctx, s.Bank.ID, by, desk.Filter{}, "")
		wantCode(t, err, "validation")
		write, err := d.ExportToShip(s.Ctx, s.Bank.ID, by, desk.Filter{}, "打单 13800005678")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := write(s.Ctx, &out); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[1], o.ID) || !strings.HasPrefix(lines[2], later.ID) || !strings.Contains(lines[1], "五常大米 × 1,王小明,13800001234,浙江省") {
			t.Errorf("%q", lines)
		}
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'order.addresses_exported' AND actor_id = ? AND detail LIKE '%\"orders\":2%' AND detail NOT LIKE '%138%'", by.ID); n != 1 {
			t.Errorf("%d entries", n)
		}

		if err := s.Orders.Ship(s.Ctx, s.Bank, by, order.ShipLine{Order: o.ID, Carrier: "顺丰", TrackingNo: "SF100001"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.RevealPart(s.Ctx, s.Bank.ID, by, o.ID, "改地址"); err != nil {
			t.Error(err)
		}
		if err := s.Orders.CompleteByStaff(s.Ctx, s.Bank.ID, clerk, o.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = d.RevealPart(s.Ctx, s.Bank.ID, by, o.ID, "再看看")
		wantCode(t, err, "conflict")
	})
}
