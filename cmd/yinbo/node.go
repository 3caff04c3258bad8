package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yinbo/internal/config"
)

// roles says what a node does.
type roles struct{ serve, work bool }

// node is a running yinbo.
type node struct {
	core    *core
	app     *app
	roles   roles
	addr    string // where HTTP is served, "" when it is not
	http    *http.Server
	metrics *http.Server
	failed  chan error
}

// runNode runs a node until ctx ends, then stops it in order.
func runNode(ctx context.Context, cfg config.Config, r roles, out, logs io.Writer) error {
	n, err := startNode(ctx, cfg, r, logs)
	if err != nil {
		return err
	}
	n.banner(ctx, out)
	select {
	case <-ctx.Done():
	case err = <-n.failed:
	}
	return errors.Join(err, n.stop())
}

// startNode opens everything a node needs. It returns when the node serves.
func startNode(ctx context.Context, cfg config.Config, r roles, logs io.Writer) (*node, error) {
	n := &node{roles: r, failed: make(chan error, 2)}
	var listener net.Listener
	var err error
	if r.serve {
		if listener, err = net.Listen("tcp", cfg.Addr); err != nil {
			return nil, fmt.Errorf("addr: %w", err)
		}
		n.addr = listener.Addr().String()
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://" + cfg.Addr
		if n.addr != "" {
			cfg.PublicURL = "http://" + n.addr
		}
	}
	if cfg.NodeURL == "" {
		cfg.NodeURL = "http://" + cfg.Addr
		if n.addr != "" {
			cfg.NodeURL = "http://" + n.addr
		}
	}
	fail := func(err error) (*node, error) {
		if listener != nil {
			listener.Close()
		}
		return nil, err
	}
	if n.core, err = openCore(ctx, cfg, logs); err != nil {
		return fail(err)
	}
	if n.app, err = wire(ctx, n.core, r); err != nil {
		return fail(errors.Join(err, n.core.close()))
	}
	if err := n.serveMetrics(cfg.MetricsAddr, n.app.metrics); err != nil {
		return fail(errors.Join(err, n.app.close(), n.core.close()))
	}
	if err := n.app.start(ctx); err != nil {
		return fail(errors.Join(err, n.app.close(), n.core.close()))
	}
	if r.serve {
		n.http = &http.Server{Handler: n.app.server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
		go n.listen(n.http, listener)
	}
	return n, nil
}

func (n *node) listen(s *http.Server, l net.Listener) {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		n.failed <- err
	}
}

func (n *node) serveMetrics(addr string, r *prometheus.Registry) error {
	if addr == "off" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("metrics_addr: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index) // this address is the engineers' own
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	n.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go n.listen(n.metrics, l)
	return nil
}

// How long the parts of a stop may take, one after another.
const (
	drainTime = 5 * time.Second // after the last viewers were told
	finish    = 10 * time.Second
)

// stop ends the node: readiness off, viewers told to come back, requests under
// way finished, workers stopped, connections closed.
func (n *node) stop() error {
	n.app.stopping.Store(true)
	var err error
	if n.http != nil {
		drain, cancel := context.WithTimeout(context.Background(), n.core.cfg.SocketDrain+drainTime)
		n.app.drain(drain)
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), finish)
		err = errors.Join(n.http.Shutdown(ctx), n.app.server.Finish(ctx))
		cancel()
	}
	if n.metrics != nil {
		err = errors.Join(err, n.metrics.Close())
	}
	return errors.Join(err, n.app.close(), n.core.close())
}

// banner tells people where to look. Demo accounts are told only of a demo.
func (n *node) banner(ctx context.Context, out io.Writer) {
	if !n.roles.serve {
		fmt.Fprintln(out, "yinbo works; it serves nothing by itself\n"+wechatNote(n.core.cfg))
		return
	}
	base := "http://" + n.addr
	fmt.Fprintf(out, `
Yinbo 银播 is ready
  观众 viewer       %[1]s/
  主播 host panel   %[1]s/host/
  后台 back office  %[1]s/desk/
  接口 API docs     %[1]s/docs
  推流 video push   %[3]s
%[2]s
`, base, wechatNote(n.core.cfg), videoNote(n.app))
	if n.core.demo {
		fmt.Fprintf(out, demoNote, n.core.cfg.BankboxURL)
	}
}

// videoNote says where encoders push to.
func videoNote(a *app) string {
	if !a.video.On() {
		return "off: " + a.core.cfg.RTMPAddr + " (rtmp_addr; docs/video.md)"
	}
	return a.video.PushURL + " (the host panel shows each room's stream key)"
}

// wechatNote says whether WeChat Pay is there, and what it lacks.
func wechatNote(cfg config.Config) string {
	wechat := cfg.WeChatPay()
	if wechat.Off() {
		return "WeChat Pay is off: set " + strings.Join(wechat.Missing(), ", ") + " (docs/payments.md)"
	}
	return "WeChat Pay is on: merchant " + wechat.MchID + ", callbacks to " + cfg.PublicURL + "/api/v1/callbacks/wechatpay"
}
