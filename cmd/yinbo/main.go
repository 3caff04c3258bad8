// Command yinbo is the live-commerce system for banks: one program that serves,
// works, migrates and looks after its database. `yinbo help` lists what it does.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // banks' time zones, whatever the machine has
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "yinbo: %v\n", err)
		os.Exit(1)
	}
}

// run parses args and does what they say until ctx ends.
func run(ctx context.Context, args, environ []string, out, logs io.Writer) error {
	root := commands(environ, out, logs)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(logs)
	return root.ExecuteContext(ctx)
}
