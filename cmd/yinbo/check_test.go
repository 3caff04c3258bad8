package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
)

// A product that sells breaks nothing, on either kind of servers; what is broken
// by hand is named, and ends the command with an error.
func TestCheckNamesWhatIsBrokenAndNothingElse(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { checkNames(t) })
	t.Run("servers", func(t *testing.T) {
		checkNames(t, func(c *config.Config) {
			c.MySQLDSN, c.RedisURL = config.Secret(testkit.MariaDSN(t)), config.Secret(testkit.RedisURL(t))
		})
	})
}

func checkNames(t *testing.T, change ...func(*config.Config)) {
	p := startProduct(t, change...)
	args := []string{"check"}
	if !p.cfg.Embedded() {
		args = append(args, "--admission", "--quiet")
	}
	order := p.buy(t)
	if out, err := p.command(t, args...); err != nil || strings.Contains(out, "BROKEN") || !strings.Contains(out, "order.status") {
		t.Fatalf("%v\n%s", err, out)
	}
	p.exec(t, "UPDATE orders SET status = 'paid' WHERE id = ?", order)
	out, err := p.command(t, args...)
	if !errors.Is(err, errBroken) || !strings.Contains(out, "BROKEN  order.status") || !strings.Contains(out, order) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = p.command(t, "check", "--json", "--rows", "1")
	var seen struct {
		OK    bool
		Items []struct {
			Name   string
			Broken int
			Rows   []struct{ Bank, Object, Found string }
		}
	}
	if e := json.Unmarshal([]byte(out), &seen); e != nil || err == nil || seen.OK || len(seen.Items) != len(invariants(nil)) {
		t.Fatalf("%v %v\n%s", e, err, out)
	}
	for _, i := range seen.Items {
		if broken := i.Name == "order.status"; broken != (i.Broken > 0) || broken && i.Rows[0].Object != order {
			t.Errorf("%+v", i)
		}
	}
	p.exec(t, "UPDATE orders SET status = 'pending_payment' WHERE id = ?", order)
}

// buy places an order in the sale that is on.
func (p *product) buy(t *testing.T) string {
	t.Helper()
	var rooms struct{ Items []struct{ ID string } }
	p.get(t, "", "/rooms?status=live", 200, &rooms)
	var o order1
	p.post(t, p.viewer(t), "/flash/"+p.liveFlash(t, rooms.Items[0].ID)+"/orders", map[string]any{"quantity": 1, "address": map[string]string{
		"name": "甲", "phone": "13900000000", "province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "一号"}}, 201, &o)
	return o.ID
}

// command runs yinbo beside the product, on the same servers.
func (p *product) command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, p.environ(), &out, io.Discard)
	return out.String(), err
}

func (p *product) environ() []string {
	return []string{"YINBO_VAR=" + p.cfg.Var, "YINBO_MYSQL_DSN=" + string(p.cfg.MySQLDSN), "YINBO_REDIS_URL=" + string(p.cfg.RedisURL), "YINBO_LOG_LEVEL=error",
		"YINBO_BANKBOX_URL=" + p.cfg.BankboxURL}
}

// exec changes the database by hand.
func (p *product) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	d, err := openDB(t.Context(), p.cfg, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
