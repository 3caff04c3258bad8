// Command stampede is a crowd for load tests of a running Yinbo: it presses,
// counts what it is told, and looks into the database at whether that is true.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "stampede: %v\n", err)
		os.Exit(1)
	}
}

// run parses args and does what they say until ctx ends.
func run(ctx context.Context, args, environ []string, out io.Writer) error {
	root := &cobra.Command{Use: "stampede", Short: "A crowd for load tests", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(buy(environ, out), apply(environ, out), watch(out))
	root.SetArgs(args)
	root.SetOut(out)
	return root.ExecuteContext(ctx)
}
