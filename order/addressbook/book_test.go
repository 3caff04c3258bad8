package addressbook_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/addressbook"
	"yinbo/order/ordertest"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %q", err, code)
	}
}

// each runs fn with a book and two viewers of one bank.
func each(t *testing.T, fn func(t *testing.T, d *db.DB, b *addressbook.Book, bank, viewer, other string)) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx, keys := testkit.Context(t), testkit.Keyring(t, d)
		bank := testkit.Bank(t, d, keys, "book")
		viewers := []string{id.New(id.Viewer), id.New(id.Viewer)}
		err := d.InTx(ctx, func(tx *db.Tx) error {
			for _, v := range viewers {
				err := tx.Insert(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
					[][]any{{v, bank.ID, v, "", "", "小王", tx.Now}}, "")
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		fn(t, d, addressbook.New(d, keys), bank.ID, viewers[0], viewers[1])
	})
}

func street(s string) order.Address {
	a := ordertest.Address()
	a.Street = pii.Clear(s)
	return a
}

// streets are a viewer's, the default marked.
func streets(t *testing.T, b *addressbook.Book, bank, viewer string) (all []string) {
	t.Helper()
	entries, err := b.List(testkit.Context(t), bank, viewer)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		s := e.Address.Street.Reveal()
		if e.Default {
			s += "!"
		}
		all = append(all, s)
	}
	return all
}

func TestWhoeverHasAddressesHasOneDefault(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *addressbook.Book, bank, viewer, other string) {
		ctx := testkit.Context(t)
		want := func(want ...string) {
			t.Helper()
			if got := streets(t, b, bank, viewer); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
		add := func(s string, asDefault bool) string {
			t.Helper()
			e, err := b.Add(ctx, bank, viewer, street(s), asDefault)
			if err != nil {
				t.Fatal(err)
			}
			return e.ID
		}
		one := add("1", false)
		want("1!")
		two := add("2", false)
		want("1!", "2")
		three := add("3", true)
		want("3!", "2", "1")
		if _, err := b.Change(ctx, bank, viewer, three, street("3b"), false); err != nil {
			t.Fatal(err)
		}
		want("3b!", "2", "1")
		if _, err := b.Change(ctx, bank, viewer, one, street("1b"), true); err != nil {
			t.Fatal(err)
		}
		want("1b!", "3b", "2")
		for _, step := range []struct {
			remove string
			want   []string
		}{{one, []string{"3b!", "2"}}, {two, []string{"3b!"}}, {three, nil}} {
			if err := b.Remove(ctx, bank, viewer, step.remove); err != nil {
				t.Fatal(err)
			}
			want(step.want...)
		}
		wantCode(t, b.Remove(ctx, bank, viewer, one), "not_found")
	})
}

func TestABookIsItsOwnersAlone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *addressbook.Book, bank, viewer, other string) {
		ctx := testkit.Context(t)
		e, err := b.Add(ctx, bank, viewer, ordertest.Address(), false)
		if err != nil || e.Address != ordertest.Address() {
			t.Fatalf("%v %v", e, err)
		}
		for _, who := range [][2]string{{bank, other}, {"bank_other", viewer}} {
			_, err := b.Get(ctx, who[0], who[1], e.ID)
			wantCode(t, err, "not_found")
			_, err = b.Change(ctx, bank, other, e.ID, ordertest.Address(), true)
			wantCode(t, err, "not_found")
			wantCode(t, b.Remove(ctx, who[0], who[1], e.ID), "not_found")
			if all, err := b.List(ctx, who[0], who[1]); err != nil || len(all) != 0 {
				t.Errorf("%v %v", all, err)
			}
		}
		sealed, _, err := db.Value[string](ctx, d, "SELECT sealed FROM address WHERE id = ?", e.ID)
		if err != nil || strings.Contains(sealed, "13800001234") || strings.Contains(sealed, "文三路") {
			t.Errorf("%s %v", sealed, err)
		}
		if got, err := b.Get(ctx, bank, viewer, e.ID); err != nil || got.Address != ordertest.Address() {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestABookIsFullAtTwentyHoweverManyAddAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *addressbook.Book, bank, viewer, other string) {
		ctx := testkit.Context(t)
		var kept atomic.Int64
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if _, err := b.Add(ctx, bank, viewer, ordertest.Address(), true); err == nil {
					kept.Add(1)
				} else {
					wantCode(t, err, "address.full")
				}
			})
		}
		wg.Wait()
		all, err := b.List(ctx, bank, viewer)
		defaults := 0
		for _, e := range all {
			if e.Default {
				defaults++
			}
		}
		if err != nil || kept.Load() != addressbook.Most || len(all) != addressbook.Most || defaults != 1 {
			t.Errorf("%d kept, %d there, %d defaults: %v", kept.Load(), len(all), defaults, err)
		}
	})
}

func TestEveryFieldThatIsWrongIsNamed(t *testing.T) {
	good := func(change func(*order.Address)) order.Address {
		a := ordertest.Address()
		change(&a)
		return a
	}
	for want, a := range map[string]order.Address{
		"":                                good(func(a *order.Address) { a.District = pii.Text{} }),
		"name":                            good(func(a *order.Address) { a.Name = pii.Clear(" ") }),
		"phone":                           good(func(a *order.Address) { a.Phone = pii.Clear("1380000123") }),
		"province":                        good(func(a *order.Address) { a.Province = pii.Clear("某省") }),
		"city":                            good(func(a *order.Address) { a.City = pii.Clear(strings.Repeat("市", 41)) }),
		"street":                          good(func(a *order.Address) { a.Street = pii.Clear("一\n号") }),
		"name,district":                   good(func(a *order.Address) { a.Name, a.District = pii.Text{}, pii.Clear("\x00") }),
		"name,province,city,street,phone": {},
	} {
		err := addressbook.Check(a)
		var names []string
		if err != nil {
			for _, f := range fault.From(err).Fields {
				names = append(names, f.Name)
			}
		}
		if got := strings.Join(names, ","); got != want {
			t.Errorf("named %q, want %q", got, want)
		}
	}
	for _, p := range []string{"北京市", "内蒙古自治区", "广西", "香港特别行政区"} {
		if err := addressbook.Check(good(func(a *order.Address) { a.Province = pii.Clear(p) })); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
