package bankbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a bank that is open for business.
type Server struct {
	store   *store
	courier *courier
	core    *cardCore
	http    *http.Server
	unused  *unusedConns
	url     string

	closing   chan struct{}
	cancel    context.CancelFunc
	serveErr  chan error
	closeOnce sync.Once
	closeErr  error
}

// Open opens the bank's book in cfg.Dir, listens on cfg.Addr, and goes on where
// an earlier run was cut off. ctx bounds the opening only; end it with Close.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bankbox: %w", err)
	}
	cfg = cfg.withDefaults()
	st, err := openStore(ctx, cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("bankbox: %w", err)
	}
	s, err := open(ctx, cfg, st)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bankbox: %w", err), st.close())
	}
	return s, nil
}

func open(ctx context.Context, cfg Config, st *store) (*Server, error) {
	if err := hurryPending(ctx, st, cfg.Now()); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{
		store: st, url: "http://" + listener.Addr().String(),
		unused:  &unusedConns{set: map[net.Conn]struct{}{}},
		closing: make(chan struct{}), serveErr: make(chan error, 1),
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = s.url
	}
	faults := newFaultBoard(s.closing)
	s.courier = newCourier(st, cfg)
	s.core = &cardCore{
		store: st, courier: s.courier, faults: faults, now: cfg.Now, delay: cfg.CoreDelay, log: cfg.Logger,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	handler, err := newRouter(cfg, s, faults)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ConnState: s.unused.track, ErrorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn),
	}
	s.start(listener)
	return s, nil
}

func (s *Server) start(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.courier.run(ctx, s.closing)
	go s.core.run(ctx, s.closing)
	go func() { s.serveErr <- s.http.Serve(listener) }()
}

// URL is where the bank listens, `http://host:port`.
func (s *Server) URL() string { return s.url }

// Handler is the bank's whole HTTP surface, for tests that need no socket.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Failed gives the error with which the listener stopped by itself, if it does.
func (s *Server) Failed() <-chan error { return s.serveErr }

// Close stops listening and lets what is under way end; ctx cuts that short.
// Callbacks that nobody acknowledged are sent after the next Open. Again it gives
// the first outcome.
func (s *Server) Close(ctx context.Context) error {
	s.closeOnce.Do(func() { s.closeErr = errors.Join(s.stop(ctx), s.store.close()) })
	return s.closeErr
}

func (s *Server) stop(ctx context.Context) error {
	defer s.cancel()
	close(s.closing)
	s.unused.closeAll()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("bankbox: calls under way were cut off: %w", err), s.http.Close())
	}
	unhook := context.AfterFunc(ctx, s.cancel)
	defer unhook()
	<-s.core.done
	<-s.courier.done
	return err
}
