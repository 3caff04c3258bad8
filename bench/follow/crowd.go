package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
)

// crowd are people with an issued card, each of whom is to be asked once to bind
// it. They are written as the product would have, without the months before.
type crowd struct {
	db      *db.DB
	dir     string
	n       int
	bank    string
	viewers []string
	apps    []string
}

func phone(i int) string { return fmt.Sprintf("139%08d", i) }

// part is how many rows one transaction writes.
const part = 500

// each runs fn for parts of the crowd, a transaction each.
func (c *crowd) each(ctx context.Context, fn func(tx *db.Tx, from, to int) error) error {
	for from := 0; from < c.n; from += part {
		to := min(from+part, c.n)
		if err := c.db.InTx(ctx, func(tx *db.Tx) error { return fn(tx, from, to) }); err != nil {
			return err
		}
	}
	return nil
}

// people writes viewers with their applications.
func (c *crowd) people(ctx context.Context) error {
	var err error
	if c.bank, _, err = db.Value[string](ctx, c.db, "SELECT id FROM bank WHERE slug = 'demo'"); err != nil {
		return err
	}
	product, _, err := db.Value[string](ctx, c.db, "SELECT id FROM card_product WHERE bank_id = ? ORDER BY id LIMIT 1", c.bank)
	if err != nil {
		return err
	}
	keys, err := keyring(ctx, c.db, c.dir)
	if err != nil {
		return err
	}
	c.viewers, c.apps = make([]string, c.n), make([]string, c.n)
	for i := range c.n {
		c.viewers[i], c.apps[i] = id.New(id.Viewer), id.New(id.Application)
	}
	return c.each(ctx, func(tx *db.Tx, from, to int) error {
		var viewers, apps, fields [][]any
		for i := from; i < to; i++ {
			v, a := c.viewers[i], c.apps[i]
			hash, err := keys.Hash(ctx, c.bank, "phone", phone(i))
			if err != nil {
				return err
			}
			sealedV, err := keys.Seal(ctx, pii.Place{Bank: c.bank, Table: "viewer", Column: "phone", Row: v}, pii.Clear(phone(i)))
			if err != nil {
				return err
			}
			sealedA, err := keys.Seal(ctx, pii.Place{Bank: c.bank, Table: "applicant_field", Column: "phone", Row: a}, pii.Clear(phone(i)))
			if err != nil {
				return err
			}
			viewers = append(viewers, []any{v, c.bank, hash, sealedV, "139****0000", "bench", tx.Now})
			apps = append(apps, []any{a, c.bank, v, product, "issued", fmt.Sprintf("B%09d", i), "pass", hash, hash, "张*", "1****X", "139****0000",
				"310100", hash, "4242", tx.Now, tx.Now, tx.Now})
			fields = append(fields, []any{a, "phone", c.bank, sealedA})
		}
		if err := tx.Insert(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)", viewers, ""); err != nil {
			return err
		}
		if err := tx.Insert(ctx, `application (id, bank_id, viewer_id, card_product_id, status, receipt_no, screening, id_no_hash, phone_hash, name_masked,
			id_no_masked, phone_masked, city_code, ip_hash, card_last4, issued_at, created_at, updated_at)`, apps, ""); err != nil {
			return err
		}
		return tx.Insert(ctx, "applicant_field (application_id, field, bank_id, sealed)", fields, "")
	})
}

// plan writes the follow-ups and their tasks, due evenly from first on.
func (c *crowd) plan(ctx context.Context, first time.Time, over time.Duration) error {
	rule, err := json.Marshal(map[string]any{"promotion": true, "stop": []string{"bound"}, "after": "trigger", "wait_s": 3600,
		"when": map[string]any{"bound": false}, "channel": "sms", "trigger_at": time.Now()})
	if err != nil {
		return err
	}
	return c.each(ctx, func(tx *db.Tx, from, to int) error {
		var rows, tasks [][]any
		for i := from; i < to; i++ {
			f, due := id.New(id.FollowUp), first.Add(over*time.Duration(i)/time.Duration(c.n))
			rows = append(rows, []any{f, c.bank, c.apps[i], c.viewers[i], "bench", 0, 1, string(rule), "您的新信用卡还没有绑定。拒收请回复T", due, "waiting", "", tx.Now})
			tasks = append(tasks, []any{id.New(id.Event), c.bank, "followup.send", f, "{}", "pending", due, due, 0, tx.Now})
		}
		if err := tx.Insert(ctx, "follow_up (id, bank_id, application_id, viewer_id, journey, version, step, rule, text, due_at, status, reason, created_at)", rows, ""); err != nil {
			return err
		}
		return tx.Insert(ctx, "outbox (id, bank_id, kind, ref, payload, state, due_at, next_at, attempts, created_at)", tasks, "")
	})
}

const ours = " FROM follow_up WHERE bank_id = ? AND journey = 'bench' AND version = 0 AND step = 1"

// wait holds until none waits any more, at most until end.
func (c *crowd) wait(ctx context.Context, end time.Time) error {
	for {
		n, _, err := db.Value[int](ctx, c.db, "SELECT COUNT(*)"+ours+" AND status IN ('waiting', 'sending')", c.bank)
		if err != nil || n == 0 || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// late is how long after its time each message was sent, and how many stand where.
func (c *crowd) late(ctx context.Context) (late []time.Duration, states map[string]int, err error) {
	type row struct {
		status     string
		due, ended db.Time
	}
	rows, err := db.All(ctx, c.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.status, &v.due, &v.ended) },
		"SELECT status, due_at, ended_at"+ours, c.bank)
	states = map[string]int{}
	for _, r := range rows {
		if states[r.status]++; r.status == "sent" {
			late = append(late, r.ended.Sub(r.due.Time))
		}
	}
	return late, states, err
}

// arrived asks the bank for each phone: how many have more than one message, and
// how many have none.
func (c *crowd) arrived(ctx context.Context, bank string) (doubles, lost int, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	numbers := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range numbers {
				n, e := count(ctx, bank, phone(i))
				mu.Lock()
				if e != nil {
					err = e
				}
				if n == 0 {
					lost++
				}
				if n > 1 {
					doubles += n - 1
				}
				mu.Unlock()
			}
		})
	}
	for i := range c.n {
		numbers <- i
	}
	close(numbers)
	wg.Wait()
	return doubles, lost, err
}

func count(ctx context.Context, bank, phone string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+bank+"/sms/v1/messages?phone="+url.QueryEscape(phone), nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var out struct{ Items []json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return 0, err
	}
	return len(out.Items), nil
}
