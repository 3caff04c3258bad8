package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
)

// fileKinds are the imports that the command offers; what moves orders goes
// through a node, whose people hear of it.
var fileKinds = []bulk.Kind{catalog.ProductLines}

func (c commander) importing() *cobra.Command {
	root := &cobra.Command{Use: "import", Short: "Take in a file of lines"}
	for _, kind := range fileKinds {
		var bank, report string
		cmd := &cobra.Command{Use: kind.Name + " FILE", Args: cobra.ExactArgs(1),
			Short: fmt.Sprintf("Take in %s from a CSV file, or from standard input as -", kind.Name),
			Long:  "The first line names the columns: " + columnsOf(kind) + ".",
			RunE: c.withCore(func(ctx context.Context, core *core, args []string) error {
				return importFile(ctx, core, c.out, c.logs, kind, bank, args[0], report)
			})}
		cmd.Flags().StringVar(&bank, "bank", "", "the bank's slug")
		cmd.Flags().StringVar(&report, "report", "", "where the report of every line goes; FILE.report.csv when left out")
		_ = cmd.MarkFlagRequired("bank") // fails for a flag that is not there only
		root.AddCommand(cmd)
	}
	return root
}

func columnsOf(k bulk.Kind) string {
	names := make([]string, len(k.Columns))
	for i, c := range k.Columns {
		names[i] = c.Name + " (" + c.Title + ")"
		if c.Required {
			names[i] += "*"
		}
	}
	return strings.Join(names, ", ") + "; * is required"
}

// importFile takes a file in as the API would, shows how it goes, and writes the
// report. When this process is stopped a worker goes on with it.
func importFile(ctx context.Context, core *core, out, logs io.Writer, kind bulk.Kind, slug, path, report string) error {
	bank, found, err := core.banks.BySlug(ctx, slug)
	if err != nil || !found {
		return errors.Join(err, fmt.Errorf("there is no bank %q", slug))
	}
	in, name := io.Reader(os.Stdin), "stdin"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in, name = f, filepath.Base(path)
	}
	if report == "" {
		report = strings.TrimSuffix(name, ".csv") + ".report.csv"
		if path != "-" {
			report = filepath.Join(filepath.Dir(path), report)
		}
	}
	imports := bulk.New(core.db, core.box, idem.NewKeeper(core.db), fileKinds...)
	jobID, err := imports.Upload(ctx, bank.ID, bulk.Actor{Kind: "system", ID: "yinbo import"}, kind.Name, name, in)
	if err != nil {
		return spoken(err)
	}
	job, err := lookOn(ctx, imports, bank.ID, jobID, logs)
	if err != nil {
		return err
	}
	if job.Error != nil {
		return fmt.Errorf("%s: %s %s", name, job.Error.Message, job.Error.Field)
	}
	if err := writeReport(ctx, imports, bank.ID, jobID, report); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d lines, %d taken in, %d refused; report in %s\n",
		job.State, job.LinesDone, job.LinesDone-job.LinesFailed, job.LinesFailed, report)
	return nil
}

// spoken says an error in words, with the fields that it names.
func spoken(err error) error {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		return err
	}
	text := f.Title(fault.English)
	for _, x := range f.Fields {
		text += fmt.Sprintf("\n  %s: %s", x.Name, fault.Text(fault.English, x.Code, x.Args...))
	}
	return errors.New(text)
}

// lookOn runs the job here, or looks on while a worker does, and draws a bar.
func lookOn(ctx context.Context, imports *bulk.Imports, bank, jobID string, bar io.Writer) (bulk.Job, error) {
	ran := make(chan error, 1)
	go func() { ran <- imports.RunHere(ctx, jobID) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	defer fmt.Fprintln(bar)
	for running := true; ; {
		var err error
		select {
		case err = <-ran:
			running, ran = false, nil
		case <-tick.C:
		case <-ctx.Done():
			if running {
				<-ran
			}
			return bulk.Job{}, fmt.Errorf("stopped; a worker goes on with import %s", jobID)
		}
		if err != nil {
			return bulk.Job{}, err
		}
		job, err := imports.Get(ctx, bank, jobID, fault.English)
		if err != nil {
			return job, err
		}
		draw(bar, job)
		if job.EndedAt != nil && !running {
			return job, nil
		}
	}
}

// draw puts the bar over the one before it.
func draw(w io.Writer, j bulk.Job) {
	const width = 30
	full := int(j.Percent) * width / 100
	total, eta := "?", ""
	if j.LinesTotal != nil {
		total = fmt.Sprint(*j.LinesTotal)
	}
	if j.ETASeconds != nil {
		eta = fmt.Sprintf(", %d s to go", *j.ETASeconds)
	}
	fmt.Fprintf(w, "\r[%s%s] %3d%%  %d of %s lines, %d refused, %d/s%s   ", strings.Repeat("#", full), strings.Repeat(".", width-full),
		j.Percent, j.LinesDone, total, j.LinesFailed, j.LinesPerSecond, eta)
}

func writeReport(ctx context.Context, imports *bulk.Imports, bank, jobID, path string) (err error) {
	write, err := imports.Report(ctx, bank, jobID, "", fault.English)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(ctx, f)
}
