package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"yinbo/bench/private"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/stampede"
)

// shop is a running product with demo data, on one engine.
type shop struct {
	*private.Product
	nodes  []*private.Process
	room   string
	token  string // the host's
	sku    string
	next   int // phone number of the next viewer
	buyers []stampede.Buyer
}

// open starts servers and loads demo data; no node runs yet.
func open(ctx context.Context, onMariaDB bool) (*shop, error) {
	p, err := private.Open(ctx, onMariaDB)
	return &shop{Product: p}, err
}

func (s *shop) close() { _ = s.Close() }

// serve starts n nodes in place of those that run.
func (s *shop) serve(ctx context.Context, n int, env ...string) error {
	for _, x := range s.nodes {
		x.Stop()
	}
	s.nodes = nil
	for range n {
		x, err := s.Yinbo(ctx, append(slices.Clone(s.Env), env...)...)
		if err != nil {
			return err
		}
		s.nodes = append(s.nodes, x)
	}
	return s.ready(ctx)
}

// ready finds the demo's room, a voucher, and signs the host in.
func (s *shop) ready(ctx context.Context) error {
	var rooms struct{ Items []struct{ ID string } }
	if err := s.call(ctx, http.MethodGet, "/rooms?status=live", nil, &rooms); err != nil {
		return err
	}
	s.room = rooms.Items[0].ID
	var in struct {
		Access string `json:"access_token"`
	}
	if err := s.call(ctx, http.MethodPost, "/staff/login", map[string]any{"username": "host", "password": "demo-host"}, &in); err != nil {
		return err
	}
	s.token = in.Access
	if s.sku != "" {
		return nil
	}
	sku, _, err := db.Value[string](ctx, s.DB, `SELECT s.id FROM sku s JOIN product p ON p.id = s.product_id JOIN bank b ON b.id = s.bank_id
		WHERE b.slug = 'demo' AND p.kind = 'voucher' ORDER BY s.stock DESC LIMIT 1`)
	if err != nil {
		return err
	}
	s.sku = sku
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE sku SET stock = 1000000000 WHERE id = ?", sku)
		return err
	})
}

// target is a node under load.
func (s *shop) target(i int) stampede.Target {
	return stampede.Target{Addr: s.nodes[i].Addr, Bank: "demo", HandoffKey: "demo-handoff-key"}
}

// sale schedules a sale that is on; it ends the one before it.
func (s *shop) sale(ctx context.Context, units, limit int64) (string, error) {
	now := time.Now()
	var v struct{ ID string }
	err := s.call(ctx, http.MethodPost, "/host/rooms/"+s.room+"/flash", map[string]any{"sku_id": s.sku, "price_fen": 990, "total": units,
		"per_user_limit": limit, "starts_at": now.Add(-time.Second).UTC().Format(time.RFC3339), "ends_at": now.Add(time.Hour).UTC().Format(time.RFC3339)}, &v)
	return v.ID, err
}

func (s *shop) endSale(ctx context.Context, flash string) error {
	return s.call(ctx, http.MethodPost, "/host/flash/"+flash+"/cancel", nil, nil)
}

// signIn signs in n viewers whom nobody has seen before.
func (s *shop) signIn(ctx context.Context, n int) ([]stampede.Buyer, error) {
	buyers, err := s.target(0).SignIn(ctx, 100_000_000+s.next, n)
	s.next += n
	return buyers, err
}

func (s *shop) call(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.nodes[0].Addr+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("X-Bank", "demo")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id.New(id.Event))
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode >= 300 {
		return fmt.Errorf("%s %s was answered %s %s", method, path, res.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
