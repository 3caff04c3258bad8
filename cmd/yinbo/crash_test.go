package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/id"
)

// process is yinbo as a process of its own, which a test may kill.
type process struct {
	bin string
	env []string
	cmd *exec.Cmd
}

func (x *process) start(t *testing.T) {
	t.Helper()
	x.cmd = exec.Command(x.bin, "all")
	x.cmd.Env = append(os.Environ(), x.env...)
	x.cmd.Stdout, x.cmd.Stderr = io.Discard, t.Output()
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill is -9: nothing is flushed, nobody is told.
func (x *process) kill(t *testing.T) {
	t.Helper()
	if err := x.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := x.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Killed with -9 at any moment and started again, nothing that was answered
// with 2xx is missing, and units are conserved.
func TestKilledAndStartedAgainNothingAnsweredIsMissing(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "yinbo")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	bank, err := bankbox.Open(ctx, bankbox.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bank.Close(context.Background()) })
	cfg := config.Default()
	cfg.Var, cfg.BankboxURL = t.TempDir(), bank.URL()
	if err := loadDemo(ctx, cfg, io.Discard); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	x := &process{bin: bin, env: []string{"YINBO_ADDR=" + addr, "YINBO_METRICS_ADDR=off", "YINBO_VAR=" + cfg.Var,
		"YINBO_BANKBOX_URL=" + bank.URL(), "YINBO_LOG_LEVEL=error"}}
	p := &product{base: "http://" + addr, bank: bank.URL(), tokens: map[string]string{}}
	up := func() {
		x.start(t)
		wait(t, "readiness", func() bool {
			res, err := http.Get(p.base + "/readyz")
			if err == nil {
				res.Body.Close()
			}
			return err == nil && res.StatusCode == http.StatusOK
		})
	}
	up()
	defer func() { x.kill(t) }()
	var rooms struct{ Items []struct{ ID string } }
	p.get(t, "", "/rooms?status=live", 200, &rooms)
	flash := p.liveFlash(t, rooms.Items[0].ID)
	viewers := make([]string, 6)
	for i := range viewers {
		viewers[i] = p.signIn(t, phone())
	}
	const rounds = 4
	kept := map[string]string{} // order → its viewer
	for round := range rounds {
		for o, v := range p.buyUntilKilled(t, x, flash, viewers, time.Duration(80+70*round)*time.Millisecond) {
			kept[o] = v
		}
		up()
		for o, v := range kept {
			p.get(t, v, "/orders/"+o, 200, nil)
		}
	}
	if len(kept) == 0 {
		t.Fatal("no order was answered before any kill: the test shows nothing")
	}
	conserved(t, cfg, flash)
	t.Logf("%d orders over %d kills", len(kept), rounds)
}

// conserved compares the sale's count with the orders that are not cancelled.
func conserved(t *testing.T, cfg config.Config, flash string) {
	t.Helper()
	d, err := openDB(t.Context(), cfg, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	sold, _, err := db.Value[int64](t.Context(), d, "SELECT sold FROM flash_sale WHERE id = ?", flash)
	if err != nil {
		t.Fatal(err)
	}
	inOrders, _, err := db.Value[int64](t.Context(), d, `SELECT COALESCE(SUM(l.quantity), 0) FROM orders o JOIN order_line l ON l.order_id = o.id
		WHERE o.flash_id = ? AND o.status <> 'cancelled'`, flash)
	if err != nil || sold != inOrders {
		t.Errorf("%d units are sold, %d stand in orders: %v", sold, inOrders, err)
	}
}

func (p *product) liveFlash(t *testing.T, room string) string {
	t.Helper()
	var shelf struct {
		Items []struct{ Flash *flash1 }
	}
	p.get(t, "", "/rooms/"+room+"/shelf", 200, &shelf)
	for _, item := range shelf.Items {
		if item.Flash != nil && item.Flash.Status == "on_sale" {
			return item.Flash.ID
		}
	}
	t.Fatal("no flash sale is on")
	return ""
}

// buyUntilKilled has everybody press until the process is gone, and gives the
// orders that were answered with 201.
func (p *product) buyUntilKilled(t *testing.T, x *process, flash string, viewers []string, after time.Duration) map[string]string {
	t.Helper()
	var mu sync.Mutex
	got := map[string]string{}
	var all sync.WaitGroup
	for _, v := range viewers {
		all.Go(func() {
			for {
				orderID, alive := p.press(flash, v)
				if !alive {
					return
				}
				if orderID != "" {
					mu.Lock()
					got[orderID] = v
					mu.Unlock()
				}
			}
		})
	}
	<-time.After(after)
	x.kill(t)
	all.Wait()
	return got
}

// press buys once and, to have units again, cancels every other order.
func (p *product) press(flash, viewer string) (orderID string, alive bool) {
	body := `{"quantity":1,"address":{"name":"甲","phone":"13900000000","province":"浙江省","city":"杭州市","district":"西湖区","street":"一号"}}`
	var o order1
	status, err := postJSON(p.base+"/api/v1/flash/"+flash+"/orders", viewer, body, &o)
	if err != nil {
		return "", false
	}
	if status == http.StatusCreated {
		return o.ID, true
	}
	// The limit is reached: give one back, so that the next press is decided again.
	var mine struct{ Items []order1 }
	if _, err := getJSON(p.base+"/api/v1/orders?status=pending_payment", viewer, &mine); err != nil {
		return "", false
	}
	if len(mine.Items) > 0 {
		if _, err := postJSON(p.base+"/api/v1/orders/"+mine.Items[0].ID+"/cancel", viewer, "", nil); err != nil {
			return "", false
		}
	}
	return "", true
}

func key() string { return fmt.Sprint("k-", id.New(id.Event)) }
