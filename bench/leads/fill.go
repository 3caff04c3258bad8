package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// shape is what the leads have in common.
type shape struct {
	bank             string
	products, queues []string
	rooms, staff     []string
	cities, bands    []string
	phoneHash        string // of a phone that 20 of them have
}

// states are how a year's leads stand: most are over, few wait.
var states = []struct {
	status string
	of     int // in a thousand
}{{"withdrawn", 100}, {"rejected", 400}, {"issued", 120}, {"activated", 160}, {"bound", 180}, {"handed_off", 20}, {"approved", 1}, {"info_requested", 4}, {"in_review", 7}, {"queued", 8}}

func list(n int, one func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = one(i)
	}
	return out
}

func pick[T any](list []T) T { return list[rand.IntN(len(list))] }

func (d *desk) shape(ctx context.Context) (s shape, err error) {
	if s.bank, _, err = db.Value[string](ctx, d.db, "SELECT id FROM bank WHERE slug = 'demo'"); err != nil {
		return s, err
	}
	text := func(r db.Row) (v string, err error) { return v, r.Scan(&v) }
	if s.products, err = db.All(ctx, d.db, text, "SELECT id FROM card_product WHERE bank_id = ?", s.bank); err != nil {
		return s, err
	}
	if s.staff, err = db.All(ctx, d.db, text, "SELECT staff_id FROM staff_role WHERE bank_id = ? AND role = 'reviewer'", s.bank); err != nil {
		return s, err
	}
	s.phoneHash, _, err = db.Value[string](ctx, d.db, "SELECT phone_hash FROM viewer WHERE bank_id = ? ORDER BY created_at DESC LIMIT 1", s.bank)
	s.queues = list(5, func(int) string { return id.New(id.Queue) })
	s.rooms = list(1000, func(int) string { return id.New(id.Room) })
	s.cities = list(300, func(i int) string { return fmt.Sprintf("%06d", 110100+100*i) })
	s.bands = []string{"0-5k", "5k-10k", "10k-20k", "20k-50k", "50k+"}
	return s, err
}

// fill writes n leads of a year, the oldest first.
func (d *desk) fill(ctx context.Context, n int) (err error) {
	if d.leads, err = d.shape(ctx); err != nil {
		return err
	}
	now := time.Now().UTC()
	from := now.AddDate(-1, 0, 0)
	step := now.Sub(from) / time.Duration(n)
	for at := 0; at < n; at += 500 {
		rows := make([][]any, min(500, n-at))
		for i := range rows {
			rows[i] = d.leads.lead(at+i, from.Add(step*time.Duration(at+i)), now)
		}
		err := d.db.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, `application (id, bank_id, viewer_id, card_product_id, status, receipt_no, screening, id_no_hash, phone_hash,
				open_key, name_masked, id_no_masked, phone_masked, city_code, income_band, room_id, ip_hash, queue_id, placed, claimed_by, claimed_until,
				decision, reason_code, decided_by, decided_at, look_ms, decide_ms, escalated_at, escalated_for, issued_at, bound_at, created_at, updated_at)`, rows, "")
		})
		if err != nil {
			return err
		}
	}
	if d.db.Dialect() == db.MySQL {
		_, err = d.db.Handle().ExecContext(ctx, "ANALYZE TABLE application")
	}
	return err
}

func (s shape) lead(i int, at, now time.Time) []any {
	status, roll := "queued", rand.IntN(1000)
	for _, x := range states {
		if roll -= x.of; roll < 0 {
			status = x.status
			break
		}
	}
	hash := func() string {
		return fmt.Sprintf("%016x%016x%016x%016x", rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64())
	}
	phone := hash()
	if i < 20 {
		phone = s.phoneHash
	}
	verdict := "pass"
	if roll := rand.IntN(100); roll < 5 {
		verdict = "decline"
	} else if roll < 20 {
		verdict = "refer"
	}
	surname := string(rune(0x4e00 + rand.IntN(400)))
	var room, claimed, until, open, decision, reason, by, decided, look, took, escalated, stage, issued, bound any
	if rand.IntN(3) > 0 {
		room = pick(s.rooms)
	}
	switch status {
	case "queued":
		open = id.New(id.Event)
	case "in_review", "info_requested":
		open, claimed, until = id.New(id.Event), pick(s.staff), now.Add(24*time.Hour)
		if rand.IntN(20) == 0 {
			escalated, stage = now, "decision"
		}
	case "withdrawn":
	default:
		ms := rand.Int64N(30 * 3600 * 1000)
		decision, reason, by, decided, look, took = "approve", "meets_policy", pick(s.staff), at.Add(time.Duration(ms)*time.Millisecond), ms/4, ms
		if status == "rejected" {
			decision, reason = "reject", "risk"
		}
		if status == "issued" || status == "activated" || status == "bound" {
			issued = decided
		}
		if status == "bound" {
			bound = decided
		}
		if status == "approved" || status == "handed_off" {
			open = id.New(id.Event)
		}
	}
	return []any{id.New(id.Application), s.bank, id.New(id.Viewer), pick(s.products), status, "R" + id.New(id.Event)[13:], verdict, hash(), phone,
		open, surname + "*", "1****************X", fmt.Sprintf("138****%04d", rand.IntN(10_000)), pick(s.cities), pick(s.bands), room, hash(), pick(s.queues), 1, claimed, until,
		decision, reason, by, decided, look, took, escalated, stage, issued, bound, at, at}
}
