package flash_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

// shared runs fn on a stage whose nodes share an admission.
func shared(t *testing.T, fn func(t *testing.T, s *ordertest.Stage, a flash.Admission)) {
	t.Run("sqlite+memory", func(t *testing.T) {
		clk, a := clock.NewFake(time.Now()), flash.NewMemory()
		fn(t, ordertest.New(t, testkit.SQLite(t, clk), clk, a), a)
	})
	t.Run("mariadb+redis", func(t *testing.T) {
		clk, a := clock.NewFake(time.Now()), onRedis(t)
		fn(t, ordertest.New(t, testkit.MariaDB(t, clk), clk, a), a)
	})
}

func onRedis(t *testing.T) flash.Admission {
	t.Helper()
	a, err := flash.NewRedis(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// rounds has a node look until it has repaired what it may.
func rounds(t *testing.T, s *ordertest.Stage, node *flash.Sales) {
	t.Helper()
	for range 10 {
		if err := node.Round(s.Ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // a second in life: the committer of the last batch ends meanwhile
	}
}

// RULES 8.2: the counter goes negative, or goods stay unsold.
func TestTenThousandBuyersGetExactlyTheUnits(t *testing.T) {
	shared(t, func(t *testing.T, s *ordertest.Stage, a flash.Admission) {
		const units, people = 100, 10_000
		f := s.Sale(units, 1)
		nodes := []*flash.Sales{s.Sales, s.Node(a), s.Node(a), s.Node(a)}
		var bought, others atomic.Int64
		var all sync.WaitGroup
		crowd := s.Viewers(people)
		for n, node := range nodes {
			for part := range 50 { // 200 press at once
				all.Go(func() {
					for i := n + part*len(nodes); i < people; i += 50 * len(nodes) {
						_, _, err := node.Buy(s.Ctx, s.Request(crowd[i], "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: crowd[i], Flash: f.ID, Quantity: 1})
						switch fault.Code(err) {
						case "":
							bought.Add(1)
						case "flash.sold_out":
						default:
							others.Add(1)
						}
					}
				})
			}
		}
		all.Wait()
		if n := s.Number("SELECT COUNT(*) FROM orders WHERE flash_id = ?", f.ID); bought.Load() != units || n != units || others.Load() != 0 {
			t.Errorf("%d bought, %d orders, %d told something else", bought.Load(), n, others.Load())
		}
		conserved(t, s, f, 2*units)
	})
}

// RULES 8.3: a crash between the Redis decrement and the order. A node dies at
// each step of a buyer's way; afterwards left + sold = total, in admission as in
// the database. RULES 8.14: a crash between commit and answer; the buyer's key
// gives one order.
func TestKilledAtEveryStepUnitsAreConserved(t *testing.T) {
	steps := map[string]func(s *ordertest.Stage, a flash.Admission, b buyer){
		"after the hold": func(s *ordertest.Stage, a flash.Admission, b buyer) {
			ref := flash.Ref{Sale: b.flash, Epoch: s.Text("SELECT epoch FROM flash_sale WHERE id = ?", b.flash)}
			if v, err := a.Hold(s.Ctx, ref, b.req.Person, 1, 1); err != nil || v != flash.Held {
				s.T.Fatalf("%v %v", v, err)
			}
		},
		"within the transaction": func(s *ordertest.Stage, a flash.Admission, b buyer) {
			dead := s.NodeWith(forgetful{a}, func() error { return errors.New("killed") })
			if _, err := b.buy(s.Ctx, dead); err == nil {
				s.T.Fatal("a dead node sold")
			}
		},
		"after the commit": func(s *ordertest.Stage, a flash.Admission, b buyer) {
			ctx, kill := context.WithCancel(s.Ctx)
			left := make(chan struct{})
			dead := s.NodeWith(forgetful{a}, func() error { kill(); <-left; return nil }) // else the answer may be quicker
			_, err := b.buy(ctx, dead)
			close(left)
			if err == nil {
				s.T.Fatal("a dead node answered")
			}
			ordertest.Until(s.T, func() bool { return s.Number("SELECT COUNT(*) FROM orders") == 2 })
		},
		"after the answer": func(s *ordertest.Stage, a flash.Admission, b buyer) {
			if _, err := b.buy(s.Ctx, s.Node(forgetful{a})); err != nil {
				s.T.Fatal(err)
			}
		},
	}
	for name, die := range steps {
		t.Run(name, func(t *testing.T) {
			shared(t, func(t *testing.T, s *ordertest.Stage, a flash.Admission) {
				f := s.Sale(2, 1)
				if _, err := s.Buy(s.Viewer(), f.ID, 1); err != nil {
					t.Fatal(err)
				}
				viewer := s.Viewer()
				b := buyer{s.Request(viewer, "POST /flash"), s.Bank.ID, f.ID}
				die(s, a, b) // in the way of the last unit
				rounds(t, s, s.Sales)
				sold := s.Number("SELECT sold FROM flash_sale")
				if l, known, err := a.Look(s.Ctx, f.ID); err != nil || known && l.Left+sold != 2 {
					t.Errorf("%d left and %d sold of 2: %v", l.Left, sold, err)
				}
				conserved(t, s, f, 4)
				v, err := b.buy(s.Ctx, s.Sales)
				if err != nil {
					t.Fatalf("the key gives %v", err)
				}
				if n := s.Number("SELECT COUNT(*) FROM orders WHERE viewer_id = ?", viewer); n != 1 || s.Status(v.ID) != order.PendingPayment {
					t.Errorf("%d orders", n)
				}
				_, err = s.Buy(s.Viewer(), f.ID, 1)
				wantCode(t, err, "flash.sold_out")
				conserved(t, s, f, 4)
			})
		})
	}
}

// buyer is somebody with one key.
type buyer struct {
	req         idem.Request
	bank, flash string
}

func (b buyer) buy(ctx context.Context, node *flash.Sales) (order.View, error) {
	v, _, err := node.Buy(ctx, b.req, flash.Purchase{Bank: b.bank, Viewer: b.req.Person, Flash: b.flash, Quantity: 1})
	return v, err
}

// forgetful is the admission of a node that dies: what it holds stays held.
type forgetful struct{ flash.Admission }

func (forgetful) Release(context.Context, flash.Ref, string, int64) error { return errors.New("dead") }

// RULES 8.13: Redis emptied, or back as an old copy, in mid-sale; stock topped
// up in mid-sale. Nobody is sold what there is not, and all that there is.
func TestAdmissionEmptiedOldOrToppedUpSellsWhatThereIs(t *testing.T) {
	changes := map[string]func(s *ordertest.Stage, a flash.Admission, f flash.View) (more int64){
		"emptied": func(s *ordertest.Stage, a flash.Admission, f flash.View) int64 {
			if err := a.Forget(s.Ctx, f.ID); err != nil {
				s.T.Fatal(err)
			}
			return 0
		},
		"an old copy": func(s *ordertest.Stage, a flash.Admission, f flash.View) int64 {
			l, _, err := a.Look(s.Ctx, f.ID)
			if err != nil {
				s.T.Fatal(err)
			}
			if err := a.Set(s.Ctx, flash.Ref{Sale: f.ID, Epoch: l.Epoch}, flash.Picture{Left: f.Total}); err != nil {
				s.T.Fatal(err)
			}
			return 0
		},
		"topped up": func(s *ordertest.Stage, _ flash.Admission, f flash.View) int64 {
			err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(s.Ctx, "UPDATE sku SET stock = stock - 5 WHERE id = ?", f.SKUID); err != nil {
					return err
				}
				_, err := tx.Exec(s.Ctx, "UPDATE flash_sale SET total = total + 5 WHERE id = ?", f.ID)
				return err
			})
			if err != nil {
				s.T.Fatal(err)
			}
			return 5
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			shared(t, func(t *testing.T, s *ordertest.Stage, a flash.Admission) {
				const units = 20
				f := s.Sale(units, 1)
				nodes := []*flash.Sales{s.Sales, s.Node(a)}
				crowd := s.Viewers(60)
				var bought atomic.Int64
				press := func(people []string) {
					var all sync.WaitGroup
					for i, viewer := range people {
						all.Go(func() {
							b := buyer{s.Request(viewer, "POST /flash"), s.Bank.ID, f.ID}
							if _, err := b.buy(s.Ctx, nodes[i%2]); err == nil {
								bought.Add(1)
							} else {
								wantCode(t, err, "flash.sold_out")
							}
						})
					}
					all.Wait()
				}
				press(crowd[:12])
				more := change(s, a, f)
				press(crowd[12:30])
				for _, node := range nodes {
					rounds(t, s, node)
				}
				press(crowd[30:])
				if bought.Load() != units+more {
					t.Errorf("%d bought of %d", bought.Load(), units+more)
				}
				f.Total += more
				conserved(t, s, f, 2*units)
			})
		})
	}
}

// RULES 8.4: told "failed" while the order exists. A unit comes back and is sold
// again within one round of another node, which still takes the sale for sold
// out: there the buyer's key gives the order all the same.
func TestARepeatOnANodeThatLagsFindsItsOrder(t *testing.T) {
	shared(t, func(t *testing.T, s *ordertest.Stage, a flash.Admission) {
		f, first, second := s.Sale(1, 1), s.Viewer(), s.Viewer()
		v, err := s.Buy(first, f.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		lags := s.Node(onRedis(t))
		rounds(t, s, lags)
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, first, v.ID); err != nil {
			t.Fatal(err)
		}
		b := buyer{s.Request(second, "POST /flash"), s.Bank.ID, f.ID}
		told, err := b.buy(s.Ctx, s.Sales)
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.buy(s.Ctx, lags)
		if err != nil || again.ID != told.ID {
			t.Errorf("told %s, then %s: %v", told.ID, again.ID, err)
		}
	})
}
