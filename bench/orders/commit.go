package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"yinbo/bench/figures"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
)

// commit compares the commit stage alone with a bare batcher that does the same
// inserts: no admission, no keys that are looked up, no verdicts, no limits.
func (b *bench) commit(ctx context.Context) error {
	s, err := open(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.serve(ctx, 1); err != nil {
		return err
	}
	ours := &figures.Series{Name: "commit stage (flash.Buy, admission in memory)", Unit: "orders/s"}
	bare := &figures.Series{Name: "bare batcher, same rows", Unit: "orders/s"}
	for range b.runs {
		for _, stage := range []struct {
			into *figures.Series
			make func(flashID string) (func(context.Context, string) error, func())
		}{{bare, s.bare}, {ours, s.stage}} {
			flashID, err := s.sale(ctx, 1_000_000, 1_000_000)
			if err != nil {
				return err
			}
			buy, stop := stage.make(flashID)
			rate, err := b.press(ctx, buy)
			stop()
			if err != nil {
				return err
			}
			stage.into.Add(rate)
			if err := s.endSale(ctx, flashID); err != nil {
				return err
			}
		}
	}
	bare.Print()
	ours.Print()
	figures.Ratio("commit stage / bare batcher", ours, bare, figures.AtLeast(0.8))
	return nil
}

// press has buyers call buy as fast as they are answered, each time as a viewer
// who was not there before.
func (b *bench) press(ctx context.Context, buy func(context.Context, string) error) (perSecond float64, err error) {
	var n atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	start := time.Now()
	for range b.buyers {
		all.Go(func() {
			for time.Since(start) < b.length && failed.Load() == nil {
				if err := buy(ctx, id.New(id.Viewer)); err != nil {
					failed.Store(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	if e, ok := failed.Load().(error); ok {
		return 0, fmt.Errorf("%w: %w", e, errors.Unwrap(e))
	}
	return float64(n.Load()) / time.Since(start).Seconds(), nil
}

// stage is the product's own commit stage.
func (s *shop) stage(flashID string) (buy func(context.Context, string) error, stop func()) {
	ctx := context.Background()
	bank, _ := s.saleOf(ctx, flashID)
	sales := flash.New(flash.Deps{DB: s.DB, Box: outbox.New(s.DB), Keeper: idem.NewKeeper(s.DB), Keyring: &pii.Keyring{},
		Admission: flash.NewMemory(), Rooms: nowhere{}, Announcer: nowhere{}, TTL: 2 * time.Hour})
	return func(ctx context.Context, viewer string) error {
		_, _, err := sales.Buy(ctx, idem.Request{Bank: bank, Person: viewer, Route: "POST /flash/" + flashID + "/orders", Key: viewer, BodyHash: bodyHash},
			flash.Purchase{Bank: bank, Viewer: viewer, Flash: flashID, Quantity: 1})
		return err
	}, func() { _ = sales.Close(ctx) }
}

// bodyHash is as long as a real one.
const bodyHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func (s *shop) saleOf(ctx context.Context, flashID string) (bank string, good catalog.Good) {
	bank, _, err := db.Value[string](ctx, s.DB, "SELECT bank_id FROM flash_sale WHERE id = ?", flashID)
	if err != nil {
		panic(err)
	}
	goods, err := catalog.Goods(ctx, s.DB, time.Now(), bank, []string{s.sku})
	if err != nil {
		panic(err)
	}
	return bank, goods[s.sku]
}

// nowhere hears announcements and knows every room.
type nowhere struct{}

func (nowhere) Fact(context.Context, *db.Tx, string, string, string, any) error { return nil }
func (nowhere) State(string, string, string, any)                               {}
func (nowhere) Ticker(string, string, string)                                   {}
func (nowhere) Private(string, string, string, any)                             {}
func (nowhere) HostMay(context.Context, string, string, string, bool) error     { return nil }
func (nowhere) RoomHost(context.Context, string, string) (string, string, bool, error) {
	return "", "", true, nil
}

// bare is a batcher as one would write it first: a channel, a goroutine, one
// transaction of multi-row inserts for all that wait.
func (s *shop) bare(flashID string) (buy func(context.Context, string) error, stop func()) {
	ctx := context.Background()
	bank, good := s.saleOf(ctx, flashID)
	type wish struct {
		viewer string
		done   chan error
	}
	wishes, ended := make(chan wish, 4096), make(chan struct{})
	go func() {
		defer close(ended)
		for first := range wishes {
			batch := []wish{first}
			for len(batch) < flash.DefaultBatch {
				select {
				case w, more := <-wishes:
					if more {
						batch = append(batch, w)
						continue
					}
				default:
				}
				break
			}
			viewers := make([]string, len(batch))
			for i, w := range batch {
				viewers[i] = w.viewer
			}
			err := s.bareBatch(ctx, bank, flashID, good, viewers)
			for _, w := range batch {
				w.done <- err
			}
		}
	}()
	return func(_ context.Context, viewer string) error {
		w := wish{viewer, make(chan error, 1)}
		wishes <- w
		return <-w.done
	}, func() { close(wishes); <-ended }
}

func (s *shop) bareBatch(ctx context.Context, bank, flashID string, good catalog.Good, viewers []string) error {
	line, err := order.NewLine(good, 990, 1)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE flash_sale SET sold = sold + ? WHERE id = ? AND sold + ? <= total", len(viewers), flashID, len(viewers))
		if err != nil || n != 1 {
			return fmt.Errorf("sold out: %w", err)
		}
		var claims, orders, lines [][]any
		expires := tx.Now.Add(2 * time.Hour)
		for _, viewer := range viewers {
			orderID := id.New(id.Order)
			claims = append(claims, []any{flashID, viewer, bank, 1, 1_000_000})
			orders = append(orders, []any{orderID, bank, viewer, s.room, flashID, nil, "pending_payment", 990, 990, nil, expires, tx.Now,
				idem.Request{Key: viewer}.KeyHash(), bodyHash})
			lines = append(lines, []any{orderID, 1, bank, line.SKU, line.Product, line.Merchant, string(line.Kind), line.Title, line.Spec, 1, 990, 990, line.CommissionBps})
		}
		for _, part := range []struct {
			into string
			rows [][]any
		}{
			{"flash_claim (flash_id, viewer_id, bank_id, quantity, per_user_limit)", claims},
			{"orders (id, bank_id, viewer_id, room_id, flash_id, share_code, status, goods_fen, payable_fen, address_sealed, expires_at, created_at, request_key, request_body)", orders},
			{"order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps)", lines},
		} {
			if err := tx.Insert(ctx, part.into, part.rows, ""); err != nil {
				return err
			}
		}
		return nil
	})
}
