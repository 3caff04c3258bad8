package savedview_test

import (
	"fmt"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/savedview"
	"yinbo/internal/testkit"
)

func TestViewsAreAPersonsOwn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx, v := testkit.Context(t), savedview.Views{DB: d}
		mine := savedview.Owner{Bank: "bnk_1", Staff: "stf_1", List: "leads"}
		others := []savedview.Owner{{Bank: "bnk_2", Staff: "stf_1", List: "leads"}, {Bank: "bnk_1", Staff: "stf_2", List: "leads"}, {Bank: "bnk_1", Staff: "stf_1", List: "orders"}}
		for _, w := range []savedview.View{{Name: "今天", Query: map[string]string{"status": "queued"}}, {Name: "今天", Query: map[string]string{"status": "in_review"}, Columns: []string{"at"}}} {
			if err := v.Save(ctx, mine, w); err != nil {
				t.Fatal(err)
			}
		}
		got, err := v.List(ctx, mine)
		if err != nil || len(got) != 1 || got[0].Query["status"] != "in_review" || len(got[0].Columns) != 1 {
			t.Fatalf("%+v: %v", got, err)
		}
		for _, o := range others {
			if got, err := v.List(ctx, o); err != nil || len(got) != 0 {
				t.Errorf("%+v sees %+v: %v", o, got, err)
			}
			if err := v.Drop(ctx, o, "今天"); fault.Code(err) != "not_found" {
				t.Errorf("%+v: %v", o, err)
			}
		}
		if err := v.Drop(ctx, mine, "今天"); err != nil {
			t.Error(err)
		}
	})
}

func TestAViewKeepsNobodysNumber(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	v, o := savedview.Views{DB: d}, savedview.Owner{Bank: "bnk_1", Staff: "stf_1", List: "orders"}
	status := map[string]string{"status": "paid"}
	for what, w := range map[string]savedview.View{
		"a search text":     {Name: "a", Query: map[string]string{"q": "paid"}},
		"a phone":           {Name: "a", Query: map[string]string{"status": "13800138000"}},
		"a phone as a name": {Name: "13800138000", Query: status},
		"words":             {Name: "a", Query: map[string]string{"status": "张三"}},
		"a foreign column":  {Name: "a", Query: status, Columns: []string{"A;"}},
		"nothing":           {Name: "a"},
	} {
		if err := v.Save(testkit.Context(t), o, w); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range savedview.MaxViews + 1 {
		err := v.Save(testkit.Context(t), o, savedview.View{Name: fmt.Sprint(n), Query: status})
		if full := n == savedview.MaxViews; full != (fault.Code(err) == "conflict") || !full && err != nil {
			t.Errorf("view %d: %v", n+1, err)
		}
	}
}
