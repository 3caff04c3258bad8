package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/pflag"

	"yinbo/internal/stampede"
)

// targetFlags say which server is under load.
func targetFlags(f *pflag.FlagSet, t *stampede.Target) {
	f.StringVar(&t.Addr, "addr", "127.0.0.1:8080", "host:port of the server")
	f.StringVar(&t.Bank, "bank", "demo", "slug of the bank")
	f.StringVar(&t.HandoffKey, "handoff-key", "demo-handoff-key", "key that signs the bank app's sign-in tokens")
}

// get reads what the public sees.
func get(ctx context.Context, t stampede.Target, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Addr+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Bank", t.Bank)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s was answered %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
