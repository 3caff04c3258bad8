package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// quietTime bounds how long all that was begun may take to end once every fault
// is over.
const quietTime = 20 * time.Second

// settleDown asks for what nobody was told yet and waits until all that must
// happen has happened.
func (c *crowd) settleDown() {
	w := c.w
	w.t.Helper()
	next, stirs := time.Now().Add(time.Second), ""
	for end := time.Now().Add(quietTime); ; <-time.After(30 * time.Millisecond) {
		if stirs = "somebody waits for an answer"; c.askAgain() {
			stirs = c.stirring()
		}
		if stirs == "" || time.Now().After(end) {
			break
		}
		if time.Now().After(next) {
			next = time.Now().Add(time.Second)
			w.forward()
		}
	}
	if stirs != "" {
		w.t.Errorf("not quiet after %s: %s", quietTime, stirs)
	}
	w.note("quiet")
}

// askAgain asks once more, with the same keys, wherever some attempt was not
// answered. It tells whether everybody knows now.
func (c *crowd) askAgain() bool {
	known := true
	for i, a := range c.acts {
		if !a.doubt && a.decided {
			continue
		}
		a.decided = a.id != ""
		if c.ask(a, c.w.shops[i%len(c.w.shops)]) {
			a.doubt = false
		} else {
			known = false
		}
	}
	return known
}

// stirring says what is still to happen, "" for nothing.
func (c *crowd) stirring() string {
	w := c.w
	if n := w.number("SELECT COUNT(*) FROM orders WHERE status IN ('pending_payment', 'refunding')"); n > 0 {
		return fmt.Sprint(n, " orders")
	}
	if n := w.number("SELECT COUNT(*) FROM refund WHERE status = 'pending'"); n > 0 {
		return fmt.Sprint(n, " refunds")
	}
	for payment := range c.handed {
		if w.number("SELECT COUNT(*) FROM payment WHERE id = ? AND status = 'succeeded'", payment) == 0 {
			return "payment " + payment
		}
	}
	if found := c.otherThanTheBank(); len(found) > 0 { // somebody paid, and was not told so either
		return found[0]
	}
	return ""
}

// verify holds what everybody was told against the database, the bank's book
// and what the nodes say now.
func (c *crowd) verify(bin string) {
	w := c.w
	w.t.Helper()
	for _, f := range c.faults {
		w.t.Error(f)
	}
	// What was sent before the faults ended may be decided just now: asked again,
	// it is told.
	var found []string
	for end := time.Now().Add(5 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if found = c.contradictions(); len(found) == 0 || time.Now().After(end) {
			break
		}
		for _, a := range c.acts {
			a.doubt = a.shaky && a.id == ""
		}
		c.askAgain()
	}
	for _, f := range found {
		w.t.Error(f)
	}
	for _, f := range c.otherThanTheBank() {
		w.t.Error(f)
	}
	c.verifyGoods()
	args := []string{"check"}
	if w.servers {
		args = append(args, "--admission", "--quiet")
	}
	cmd := exec.Command(bin, args...)
	cmd.Env = append(cmd.Environ(), "YINBO_VAR="+w.cfg.Var, "YINBO_MYSQL_DSN="+string(w.cfg.MySQLDSN), "YINBO_REDIS_URL="+string(w.cfg.RedisURL),
		"YINBO_CLOCK_OFFSET_FILE="+w.shops[0].clock, "YINBO_LOG_LEVEL=error")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("yinbo check: %v\n%s", err, out)
	}
	c.verifySelling()
}

// contradictions compares every answer with the database. Only those are judged
// as refusals whose every attempt was answered; the others were asked again.
func (c *crowd) contradictions() (found []string) {
	w := c.w
	told := map[string]bool{}
	for _, a := range c.acts {
		told[a.id] = true
		if problem := c.contradicts(a); problem != "" {
			found = append(found, fmt.Sprintf("%s %s of %s (key %s): %s", a.kind, a.path, a.who.Viewer.ID, a.key, problem))
		}
	}
	for i := range buyers {
		rows, err := db.All(w.t.Context(), w.db, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
			"SELECT id FROM orders WHERE viewer_id = ?", w.people[i].Viewer.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range rows {
			if !told[o] {
				found = append(found, "order "+o+" exists, and nobody was told")
			}
		}
	}
	for o := range c.cancelled {
		if w.number("SELECT COUNT(*) FROM orders WHERE id = ? AND (status = 'cancelled' OR paid_by IS NOT NULL)", o) == 0 {
			found = append(found, "order "+o+" was told to be cancelled, and is not")
		}
	}
	return found
}

func (c *crowd) contradicts(a *act) string {
	w := c.w
	sum := sha256.Sum256([]byte(a.key))
	hash := hex.EncodeToString(sum[:])
	kept, isKept, err := db.Value[string](w.t.Context(), w.db, `SELECT response FROM idempotency WHERE person_id = ? AND key_hash = ?
		UNION ALL SELECT id FROM orders WHERE viewer_id = ? AND request_key = ?`, a.who.Viewer.ID, hash, a.who.Viewer.ID, hash)
	if err != nil {
		w.t.Fatal(err)
	}
	switch {
	case a.id == "" && isKept:
		return "told " + a.code + ", but done: " + kept
	case a.id == "":
		return ""
	case !isKept || !strings.Contains(kept, a.id):
		return fmt.Sprintf("told %s, but kept is %q", a.id, kept)
	}
	var there int64
	switch a.kind {
	case "pay":
		there = w.number("SELECT COUNT(*) FROM payment WHERE id = ? AND order_id = ? AND viewer_id = ?", a.id, a.order, a.who.Viewer.ID)
	case "refund":
		there = w.number("SELECT COUNT(*) FROM refund WHERE id = ? AND order_id = ? AND amount_fen = ? AND status = 'succeeded'", a.id, a.order, a.amount)
	default:
		there = w.number("SELECT COUNT(*) FROM orders WHERE id = ? AND viewer_id = ? AND payable_fen = ?", a.id, a.who.Viewer.ID, a.amount)
		for sku, n := range a.pieces {
			if got := w.number("SELECT COALESCE(SUM(quantity), 0) FROM order_line WHERE order_id = ? AND sku_id = ?", a.id, sku); got != n {
				return fmt.Sprintf("%s has %d pieces of %s, not %d", a.id, got, sku, n)
			}
		}
	}
	if there != 1 {
		return "told " + a.id + ", which is not there as told"
	}
	return ""
}

// otherThanTheBank compares our payments with the bank's book, to the fen.
func (c *crowd) otherThanTheBank() (found []string) {
	w := c.w
	for _, a := range c.acts {
		if a.kind != "pay" || a.id == "" {
			continue
		}
		var theirs struct {
			Status   string `json:"status"`
			Refunded int64  `json:"refunded_fen"`
		}
		res, err := probe.Get(w.bank.URL() + "/pay/v1/payments/" + a.id)
		if err != nil {
			w.t.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&theirs)
		res.Body.Close()
		if err != nil {
			w.t.Fatal(err)
		}
		succeeded := w.number("SELECT COUNT(*) FROM payment WHERE id = ? AND status = 'succeeded'", a.id) == 1
		refunded := w.number("SELECT COALESCE(SUM(amount_fen), 0) FROM refund WHERE payment_id = ? AND status = 'succeeded'", a.id)
		if succeeded != (theirs.Status == "succeeded") || refunded != theirs.Refunded {
			found = append(found, fmt.Sprintf("payment %s: succeeded %t, %d given back; the bank says %s, %d", a.id, succeeded, refunded, theirs.Status, theirs.Refunded))
		}
	}
	return found
}

// verifyGoods counts the pieces: none was lost, none was made.
func (c *crowd) verifyGoods() {
	w := c.w
	var people []any
	for _, p := range w.people {
		people = append(people, p.Viewer.ID)
	}
	for i, sku := range w.goods {
		had := int64(goodUnits)
		if i > 0 {
			had += saleUnits
		}
		left := w.number("SELECT stock FROM sku WHERE id = ?", sku)
		out := w.number(`SELECT COALESCE(SUM(l.quantity), 0) FROM order_line l JOIN orders o ON o.id = l.order_id
			WHERE l.sku_id = ? AND o.flash_id IS NULL AND o.status <> 'cancelled' AND o.viewer_id IN `+db.Marks(len(people)), append([]any{sku}, people...)...)
		if left+out != had {
			w.t.Errorf("SKU %s: %d left and %d in orders of %d", sku, left, out, had)
		}
	}
}

// verifySelling has somebody new buy on every node: nothing sticks.
func (c *crowd) verifySelling() {
	w := c.w
	for i, s := range w.shops {
		left := w.number("SELECT total - sold FROM flash_sale WHERE id = ?", w.sale)
		a := &act{who: w.people[buyers+i], kind: "flash", path: "/flash/" + w.sale + "/orders", body: map[string]any{"quantity": 1}}
		want := ""
		if left == 0 {
			want = "flash.sold_out"
		}
		answered := func() bool {
			a.key, a.decided = id.New(id.Event), false
			return c.ask(a, s) && a.code == want
		}
		end := time.Now().Add(5 * time.Second)
		for !answered() && time.Now().Before(end) {
			<-time.After(50 * time.Millisecond)
		}
		if a.code != want || !a.decided {
			w.t.Errorf("%s: %d left, but a buyer was told %q", s.name, left, a.code)
		}
	}
}
