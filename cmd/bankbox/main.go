// Command bankbox is the bank on the other side of yinbo: a payment gateway with
// a cashier page, card binding, an SMS box and a card core, for demos and tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"yinbo/internal/bankbox"
)

// stopWithin bounds a clean stop; what is left then is cut off and taken up
// again by the next start.
const stopWithin = 5 * time.Second

func main() {
	gin.SetMode(gin.ReleaseMode)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bankbox:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. args are the command line without the program's
// name, env reads an environment variable, out takes the log.
func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	cfg, err := configure(args, env, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	bank, err := bankbox.Open(ctx, cfg)
	if err != nil {
		return err
	}
	cfg.Logger.Info("bankbox is open", "url", bank.URL(), "dir", cfg.Dir)
	select {
	case <-ctx.Done():
	case err = <-bank.Failed():
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
	}
	// The signal has ended ctx; stopping has its own time.
	closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = errors.Join(err, bank.Close(closeCtx))
	cfg.Logger.Info("bankbox is closed")
	return err
}

// configure reads environment and flags; a flag wins. All problems are named at
// once.
func configure(args []string, env func(string) string, out io.Writer) (bankbox.Config, error) {
	or := func(name, fallback string) string {
		if v := env(name); v != "" {
			return v
		}
		return fallback
	}
	cfg := bankbox.Config{
		CallbackKey: or("YINBO_BANK_CALLBACK_KEY", bankbox.DefaultCallbackKey),
		Logger:      slog.New(slog.NewTextHandler(out, nil)),
	}
	delay, delayErr := time.ParseDuration(or("BANKBOX_CORE_DELAY", bankbox.DefaultCoreDelay.String()))
	if delayErr != nil {
		delayErr = fmt.Errorf("BANKBOX_CORE_DELAY: %w", delayErr)
	}
	flags := flag.NewFlagSet("bankbox", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&cfg.Addr, "addr", or("BANKBOX_ADDR", bankbox.DefaultAddr), "listening `address` (BANKBOX_ADDR)")
	flags.StringVar(&cfg.Dir, "var", or("YINBO_VAR", bankbox.DefaultDir), "state `folder` (YINBO_VAR)")
	flags.StringVar(&cfg.PublicURL, "public-url", env("BANKBOX_PUBLIC_URL"), "what cashier `links` begin with (BANKBOX_PUBLIC_URL)")
	flags.DurationVar(&cfg.CoreDelay, "core-delay", delay, "how long the card core takes (BANKBOX_CORE_DELAY)")
	if err := flags.Parse(args); err != nil {
		return cfg, errors.Join(err, delayErr)
	}
	if cfg.CoreDelay == 0 {
		cfg.CoreDelay = 1 // at once, as was said; a zero field would be the default
	}
	var extra error
	if flags.NArg() > 0 {
		extra = fmt.Errorf("unknown arguments: %q", flags.Args())
	}
	return cfg, errors.Join(delayErr, extra, cfg.Validate())
}
