package funnel_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/cardtest"
	"yinbo/card/funnel"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/money"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// day is the department's first, in Shanghai.
const day = "2026-03-02"

var clerk = funnel.Person{ID: "stf_clerk", RequestID: "req-9"}

// crowd is a room that showed its card to so many.
type crowd int64

func (c crowd) CardAudiences(context.Context, string, string, time.Time, time.Time) ([]funnel.Audience, error) {
	return []funnel.Audience{{Room: cardtest.Room, Host: "stf_host", Branch: "brn_branch", Viewers: int64(c)}}, nil
}

// paid knows when viewers paid with their cards.
type paid map[string]time.Time

func (p paid) OwnSpent(_ context.Context, _ string, since map[string]time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for v, from := range since {
		if at, has := p[v]; has && !at.Before(from) {
			out[v] = at
		}
	}
	return out, nil
}

type scene struct {
	*cardtest.Department
	funnel  *funnel.Funnel
	touches *funnel.Touches
	paid    paid
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		p := paid{}
		fn(t, &scene{d, &funnel.Funnel{DB: d.DB, Rooms: crowd(100), Spending: p},
			&funnel.Touches{DB: d.DB, Rooms: cardtest.Rooms{}, Log: slog.New(slog.DiscardHandler)}, p})
	})
}

func (s *scene) touch(t *testing.T, viewer, kind, product, room string) {
	t.Helper()
	if err := s.touches.Note(testkit.Context(t), s.Bank, funnel.Touch{Kind: kind, Product: product, Viewer: viewer, Room: room, ShareCode: "s1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.touches.Flush(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
}

// from sends in the application of the person number n, from a room.
func (s *scene) from(t *testing.T, n int, viewer, room string) string {
	t.Helper()
	f := s.Form(n, cardtest.Phone(n))
	f.RoomID = room
	r, _, err := s.Applications.Apply(testkit.Context(t), s.Bank, viewer, f, s.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func (s *scene) bind(t *testing.T, n int, viewer string) {
	t.Helper()
	ctx := testkit.Context(t)
	b, _, err := s.Bindings.Start(ctx, s.Bank, viewer, bind.Factors{PAN: pii.Clear("6225990000000008"), Name: pii.Clear("欧阳小明"),
		IDNo: pii.Clear(cardtest.IDNo(n)), Phone: pii.Clear(cardtest.Phone(n))}, s.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bindings.Confirm(ctx, s.Bank, viewer, b.ID, pii.Clear("123456"), card.Actor{Kind: "viewer", ID: viewer}); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) read(t *testing.T, from, to, by string) funnel.Figures {
	t.Helper()
	f, err := s.funnel.Read(testkit.Context(t), s.Bank, from, to, by)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// counts are a line's steps, from the click on.
func counts(l funnel.Line) [8]int64 {
	return [8]int64{l.Clicked, l.Started, l.Submitted, l.Approved, l.Issued, l.Activated, l.Bound, l.Spent}
}

// Eight people come as far as each step; who came to one has been at those before.
func (s *scene) eight(t *testing.T) {
	t.Helper()
	now := s.Clock.Now()
	s.touch(t, s.Viewer(cardtest.Phone(1)), funnel.Clicked, s.Products[0], cardtest.Room)
	began := s.Viewer(cardtest.Phone(2))
	s.touch(t, began, funnel.Clicked, s.Products[0], cardtest.Room)
	s.touch(t, began, funnel.Started, s.Products[0], cardtest.Room)
	for n := 3; n <= 8; n++ {
		viewer := s.Viewer(cardtest.Phone(n))
		app := s.from(t, n, viewer, cardtest.Room)
		if n == 3 {
			continue
		}
		s.Approve(t, app)
		if n == 4 {
			continue
		}
		s.Outcome(t, app, "issued", "4242", now)
		if n == 6 {
			s.Outcome(t, app, "activated", "4242", now)
		}
		if n >= 7 {
			s.bind(t, n, viewer)
		}
		if n == 8 {
			s.paid[viewer] = s.Clock.Now().Add(time.Minute)
		}
	}
}

func TestAFunnelCountsHowFarPeopleEverCame(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.eight(t)
		want := [8]int64{8, 7, 6, 5, 4, 3, 2, 1}
		for by, value := range map[string]string{"room": cardtest.Room, "host": "stf_host", "branch": "brn_branch", "product": s.Products[0]} {
			f := s.read(t, day, day, by)
			if len(f.Lines) != 1 || f.Lines[0].Value != value || counts(f.Lines[0]) != want || counts(f.Total) != want {
				t.Errorf("by %s: %+v", by, f)
			}
			if by == "product" {
				if f.Lines[0].Shown != nil || f.Total.Shown != nil {
					t.Errorf("an audience by product: %+v", f.Lines[0])
				}
			} else if f.Total.Shown == nil || *f.Total.Shown != 100 {
				t.Errorf("by %s nobody was shown it", by)
			}
		}
		// Codes came with the two touches only.
		shares := map[string][8]int64{}
		for _, l := range s.read(t, day, day, "share_code").Lines {
			shares[l.Value] = counts(l)
		}
		if shares["s1"] != [8]int64{2, 1} || shares[""] != [8]int64{6, 6, 6, 5, 4, 3, 2, 1} {
			t.Errorf("by share code: %v", shares)
		}
		l, err := s.funnel.OfRoom(testkit.Context(t), s.Bank, cardtest.Room)
		if err != nil || counts(l) != want || *l.Shown != 100 {
			t.Errorf("of the room: %+v, %v", l, err)
		}
		if *l.ActivatedBps != 7_500 || *l.FirstSpendBps != 2_500 {
			t.Errorf("quality: %d, %d", *l.ActivatedBps, *l.FirstSpendBps)
		}
	})
}

// Who clicked within the period belongs to it wherever they end, for thirty days;
// who applies without a click there does not.
func TestAnApplicationBelongsToThePeriodOfItsClick(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		viewer, other := s.Viewer(cardtest.Phone(1)), s.Viewer(cardtest.Phone(2))
		s.touch(t, viewer, funnel.Clicked, s.Products[0], cardtest.Room)
		s.Clock.Advance(48 * time.Hour)
		s.from(t, 1, viewer, cardtest.Room)
		s.from(t, 2, other, cardtest.Room)
		if got := counts(s.read(t, day, day, "room").Total); got != [8]int64{1, 1, 1} {
			t.Errorf("the day of the click: %v", got)
		}
		if got := counts(s.read(t, "2026-03-04", "2026-03-04", "room").Total); got != [8]int64{2, 2, 2} {
			t.Errorf("the day of the applications: %v", got)
		}
		if got := counts(s.read(t, day, "2026-03-04", "room").Total); got != [8]int64{2, 2, 2} {
			t.Errorf("both days: %v", got)
		}
	})
}

func TestATouchCountsOnceADayAndAGuestIsANumber(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		viewer := s.Viewer(cardtest.Phone(1))
		for range 3 {
			s.touch(t, viewer, funnel.Clicked, s.Products[0], cardtest.Room)
			s.touch(t, "", funnel.Clicked, s.Products[0], cardtest.Room)
			s.touch(t, "", funnel.Started, s.Products[0], cardtest.Room)
		}
		f := s.read(t, day, day, "room")
		if counts(f.Total) != [8]int64{1} || f.Total.Guests != 3 {
			t.Errorf("%+v", f.Total)
		}
		for _, table := range []string{"funnel_touch", "funnel_guest"} {
			if n, _, err := db.Value[int](testkit.Context(t), s.DB, "SELECT COUNT(*) FROM "+table); err != nil || n != 1 {
				t.Errorf("%d rows in %s, %v", n, table, err)
			}
		}
		ctx := testkit.Context(t)
		for code, x := range map[string]funnel.Touch{
			"not_found":  {Kind: funnel.Clicked, Product: id.New(id.CardProduct)},
			"validation": {Kind: funnel.Clicked, Product: s.Products[0], Room: "room_x"},
		} {
			if err := s.touches.Note(ctx, s.Bank, x); fault.Code(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
	})
}

// A click is attributed as the application is that it may lead to: by what its
// code stands for at that moment.
func TestAClickIsAttributedAsAnApplicationIs(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		ctx := testkit.Context(t)
		manager, outlet := id.New(id.Staff), id.New(id.Branch)
		err := s.DB.InTx(ctx, func(tx *db.Tx) error {
			if err := tx.Insert(ctx, "branch (id, bank_id, name, created_at)", [][]any{{outlet, s.Bank.ID, "浦东网点", tx.Now}}, ""); err != nil {
				return err
			}
			return tx.Insert(ctx, "staff (id, bank_id, username, name, password_hash, created_at)", [][]any{{manager, s.Bank.ID, "m", "客户经理小王", "x", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		campaign := "spring"
		code, err := s.Applications.MakeShareCode(ctx, s.Bank.ID, card.ShareMaker{Actor: card.Actor{Kind: "staff", ID: manager}},
			card.Share{Kind: card.ShareCampaign, ManagerID: &manager, OutletID: &outlet, Campaign: &campaign})
		if err != nil {
			t.Fatal(err)
		}
		click := func(viewer, share, campaign string) {
			t.Helper()
			if err := s.touches.Note(ctx, s.Bank, funnel.Touch{Kind: funnel.Clicked, Product: s.Products[0], Viewer: viewer, ShareCode: share, Campaign: campaign}); err != nil {
				t.Fatal(err)
			}
			if err := s.touches.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		applies := s.Viewer(cardtest.Phone(1))
		click(applies, code.Code, "other")
		click(s.Viewer(cardtest.Phone(2)), code.Code, "")
		click("", code.Code, "")
		for _, word := range []string{"13800138000", "a", "b"} { // what guests make up makes no lines
			click("", word, word)
		}
		click(s.Viewer(cardtest.Phone(3)), "nobodys", "poster")
		f := s.Form(1, cardtest.Phone(1))
		f.ShareCode = code.Code
		if _, _, err := s.Applications.Apply(ctx, s.Bank, applies, f, s.Request(applies)); err != nil {
			t.Fatal(err)
		}
		for by, value := range map[string]string{"manager": manager, "campaign": campaign, "outlet": outlet, "branch": outlet, "share_code": code.Code} {
			var line funnel.Line
			for _, l := range s.read(t, day, day, by).Lines {
				if l.Value == value {
					line = l
				}
			}
			if counts(line) != [8]int64{2, 1, 1} || line.Guests != 1 {
				t.Errorf("by %s: %+v", by, line)
			}
			if by == "outlet" && line.Name != "浦东网点" {
				t.Errorf("%q", line.Name)
			}
			if by == "branch" || by == "share_code" {
				continue
			}
			if c := s.enter(t, funnel.CostForm{By: by, Value: value, Kind: "other", From: day, To: day, AmountFen: 100}); c.By != by {
				t.Errorf("%+v", c)
			}
		}
		l := s.read(t, day, day, "campaign").Lines
		if len(l) != 3 || l[1].Value != "poster" || l[1].Clicked != 1 || l[2].Value != "" || l[2].Guests != 3 {
			t.Errorf("campaigns without a code: %+v", l)
		}
	})
}

func TestPeriodsAndDimensionsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		for _, bad := range [][4]string{{"x", day, "room", "from"}, {day, "x", "room", "to"}, {day, "2026-03-01", "room", "to"},
			{day, "2026-06-02", "room", "to"}, {day, day, "weather", "by"}} {
			_, err := s.funnel.Read(testkit.Context(t), s.Bank, bad[0], bad[1], bad[2])
			if f := fault.From(err); f.Code != "validation" || f.Fields[0].Name != bad[3] {
				t.Errorf("%v: %v", bad, err)
			}
		}
	})
}

func (s *scene) enter(t *testing.T, f funnel.CostForm) funnel.Cost {
	t.Helper()
	c, err := s.funnel.EnterCost(testkit.Context(t), s.Bank, clerk, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fen(n int64) *money.Fen { f := money.Fen(n); return &f }

func same(a, b *money.Fen) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func TestACostIsSpreadOverItsDaysAndDividedByCards(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.eight(t)
		if l := s.read(t, day, day, "product").Lines[0]; l.CostFen != nil || l.PerApproved != nil {
			t.Errorf("a cost that nobody entered: %+v", l)
		}
		form := funnel.CostForm{By: "product", Value: s.Products[0], Kind: "advertising", From: "2026-03-01", To: "2026-03-03", AmountFen: 10_000, Note: "13800138000"}
		c := s.enter(t, form)
		if c.Note != "***" || c.Name == c.Value {
			t.Errorf("%+v", c)
		}
		want := func(all, approved, bound *money.Fen) {
			t.Helper()
			l := s.read(t, day, day, "product").Lines[0]
			if !same(l.CostFen, all) || !same(l.PerApproved, approved) || !same(l.PerBound, bound) {
				t.Errorf("%v %v %v", l.CostFen, l.PerApproved, l.PerBound)
			}
		}
		want(fen(3_333), fen(667), fen(1_667))
		if l := s.read(t, day, day, "share_code").Total; l.CostFen != nil {
			t.Errorf("a product's cost counts by share code: %+v", l)
		}
		form.To, form.AmountFen = "2026-03-02", 20_000
		if _, err := s.funnel.ChangeCost(testkit.Context(t), s.Bank, clerk, c.ID, form); err != nil {
			t.Fatal(err)
		}
		want(fen(10_000), fen(2_000), fen(5_000))
		if _, err := s.funnel.WithdrawCost(testkit.Context(t), s.Bank, clerk, c.ID, "entered twice"); err != nil {
			t.Fatal(err)
		}
		want(nil, nil, nil)
		for _, again := range []func() error{
			func() error {
				_, err := s.funnel.WithdrawCost(testkit.Context(t), s.Bank, clerk, c.ID, "again")
				return err
			},
			func() error {
				_, err := s.funnel.ChangeCost(testkit.Context(t), s.Bank, clerk, c.ID, form)
				return err
			},
		} {
			if err := again(); fault.Code(err) != "cost.withdrawn" {
				t.Errorf("after it was withdrawn: %v", err)
			}
		}
		entries, err := audit.List(testkit.Context(t), s.DB, s.Bank.ID, audit.Filter{Object: c.ID, Limit: 10})
		if err != nil || len(entries) != 3 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

func TestACostIsOfSomethingAndOfSomeDays(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		good := funnel.CostForm{By: "product", Value: s.Products[0], Kind: "other", From: day, To: day, AmountFen: 1}
		for field, spoil := range map[string]func(*funnel.CostForm){
			"value": func(f *funnel.CostForm) { f.Value = id.New(id.CardProduct) },
			"by":    func(f *funnel.CostForm) { f.By = "weather" },
			"from":  func(f *funnel.CostForm) { f.From = "2026-02-30" },
			"to":    func(f *funnel.CostForm) { f.To = "2026-03-01" },
		} {
			f := good
			spoil(&f)
			_, err := s.funnel.EnterCost(testkit.Context(t), s.Bank, clerk, f)
			if got := fault.From(err); got.Code != "validation" || got.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		c := s.enter(t, good)
		other := s.Bank
		other.ID = id.New(id.Bank)
		if _, err := s.funnel.Cost(testkit.Context(t), other.ID, c.ID); fault.Code(err) != "not_found" {
			t.Errorf("at another bank: %v", err)
		}
	})
}

func TestAnExportHasEveryLineAndIsAudited(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.eight(t)
		s.enter(t, funnel.CostForm{By: "share_code", Value: "=cmd()", Kind: "other", From: day, To: day, AmountFen: 12_345})
		out, err := s.funnel.Export(testkit.Context(t), s.Bank, clerk, day, day, "share_code")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := out(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, want := range []string{"\ufeffvalue,name,shown", "s1,s1,,0,2,1,0,", "'=cmd(),'=cmd(),,0,0,0,0,0,0,0,0,0,123.45,,,,,,\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in %s", want, text)
			}
		}
		entries, err := audit.List(testkit.Context(t), s.DB, s.Bank.ID, audit.Filter{Action: "funnel.exported", Limit: 2})
		if err != nil || len(entries) != 1 || entries[0].Actor != clerk.ID {
			t.Errorf("%v, %v", entries, err)
		}
	})
}

// What somebody opened goes with them, also what waits to be written.
func TestTouchesGoWithThePersonAndAfterTheirTime(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		ctx := testkit.Context(t)
		gone, stays := s.Viewer(cardtest.Phone(1)), s.Viewer(cardtest.Phone(2))
		s.SignedIn(t, gone, cardtest.Phone(1))
		s.touch(t, gone, funnel.Clicked, s.Products[0], "")
		s.touch(t, stays, funnel.Clicked, s.Products[0], "")
		if err := s.touches.Note(ctx, s.Bank, funnel.Touch{Kind: funnel.Started, Product: s.Products[0], Viewer: gone}); err != nil {
			t.Fatal(err)
		}
		if err := s.Erase(ctx, gone); err != nil {
			t.Fatal(err)
		}
		if err := s.touches.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		left := func() int {
			n, _, err := db.Value[int](ctx, s.DB, "SELECT COUNT(*) FROM funnel_touch")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if left() != 1 {
			t.Errorf("%d touches are left of an erased person and another", left())
		}
		k := keeping.New(keeping.Deps{DB: s.DB})
		sweep := func(now time.Time) {
			for more := true; more; {
				var err error
				if more, err = k.Sweep(ctx, s.Bank, funnel.Keeping(), now); err != nil {
					t.Fatal(err)
				}
			}
		}
		if sweep(s.Clock.Now().Add(365 * 24 * time.Hour)); left() != 1 {
			t.Error("swept before its time")
		}
		if sweep(s.Clock.Now().Add(367 * 24 * time.Hour)); left() != 0 {
			t.Error("left after its time")
		}
	})
}

func TestInvariantsOfTheFunnelHoldAndCanFail(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		viewer := s.Viewer(cardtest.Phone(1))
		s.SignedIn(t, viewer, cardtest.Phone(1))
		s.touch(t, viewer, funnel.Clicked, s.Products[0], "")
		s.touch(t, "", funnel.Clicked, s.Products[0], "")
		s.enter(t, funnel.CostForm{By: "share_code", Value: "s1", Kind: "other", From: day, To: day, AmountFen: 1})
		testkit.Breaks(t, s.DB, funnel.Invariants(), []testkit.Break{
			testkit.Wrong("a cost of nothing", "funnel.cost", "UPDATE funnel_cost SET amount_fen = 0"),
			testkit.Wrong("a touch of nobody", "funnel.erased", "UPDATE viewer SET erased_at = created_at"),
			testkit.Wrong("opened by none", "funnel.guest", "UPDATE funnel_guest SET opened = 0"),
		})
	})
}
