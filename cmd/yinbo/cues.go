package main

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
	"yinbo/live/rundown"
	"yinbo/order/flash"
	"yinbo/order/promo"
)

// cueTrade lets cues of a rundown sell and grant. Its fields are set once the
// goods' side is made; nothing asks before.
type cueTrade struct {
	sales   *flash.Sales
	coupons *promo.Coupons
}

var _ rundown.Trade = (*cueTrade)(nil)

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func flashBy(by live.Staff) flash.Staff {
	return flash.Staff{ID: by.ID, Operator: by.Operator, RequestID: by.RequestID}
}

func couponsBy(by live.Staff) promo.Staff {
	return promo.Staff{ID: by.ID, Operator: by.Operator, RequestID: by.RequestID}
}

// Flash schedules a sale that begins so long after the cue.
func (c *cueTrade) Flash(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, f rundown.Flash) (string, error) {
	starts := tx.Now.Add(seconds(f.Delay))
	v, err := c.sales.ScheduleWithin(ctx, tx, flashBy(by), bank, room, flash.Terms{SKU: f.SKUID, Price: f.PriceFen, Total: f.Total,
		PerUserLimit: f.PerUserLimit, Starts: starts, Ends: starts.Add(seconds(f.Seconds))})
	return v.ID, err
}

// CancelFlash cancels it.
func (c *cueTrade) CancelFlash(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error {
	_, err := c.sales.CancelWithin(ctx, tx, flashBy(by), bank, id)
	return err
}

// Drop drops coupons.
func (c *cueTrade) Drop(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, d rundown.Coupon) (string, error) {
	v, err := c.coupons.DropWithin(ctx, tx, couponsBy(by), bank, room, promo.Throw{Batch: d.BatchID, Quantity: d.Quantity, For: seconds(d.Seconds)})
	return v.DropID, err
}

// EndDrop ends the drop.
func (c *cueTrade) EndDrop(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error {
	_, err := c.coupons.CloseDropWithin(ctx, tx, couponsBy(by), bank, id)
	return err
}

// OpenPacket opens a red packet.
func (c *cueTrade) OpenPacket(ctx context.Context, tx *db.Tx, bank, room string, by live.Staff, p rundown.RedPacket) (string, error) {
	v, err := c.coupons.OpenPacketWithin(ctx, tx, couponsBy(by), bank, room,
		promo.Filling{Batch: p.BatchID, Title: p.Title, Total: p.TotalFen, Shares: p.Shares, For: seconds(p.Seconds)})
	return v.PacketID, err
}

// ClosePacket closes it.
func (c *cueTrade) ClosePacket(ctx context.Context, tx *db.Tx, bank, id string, by live.Staff) error {
	_, err := c.coupons.ClosePacketWithin(ctx, tx, couponsBy(by), bank, id)
	return err
}

// CardProduct is nil when the bank offers the card.
func (c *cueTrade) CardProduct(ctx context.Context, q db.Querier, bank, product string) error {
	offered, err := card.Offers(ctx, q, bank, product)
	if err == nil && !offered {
		err = fault.New(fault.NotFound, "not_found").With("card_product_id", "field.invalid")
	}
	return err
}
