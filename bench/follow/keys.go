package main

import (
	"context"
	"encoding/base64"
	"path/filepath"

	"yinbo/internal/db"
	"yinbo/internal/pii"
)

// keyring opens the keys of a demo: its key-encryption key is public on servers,
// and in the state folder on the embedded database.
func keyring(ctx context.Context, d *db.DB, dir string) (*pii.Keyring, error) {
	raw, found, err := db.Value[string](ctx, d, "SELECT value FROM meta WHERE name = 'demo_kek'")
	if err != nil {
		return nil, err
	}
	var kek pii.KEK
	if !found {
		kek, err = pii.LoadKEK(filepath.Join(dir, "var", "kek"))
	} else if key, bad := base64.StdEncoding.DecodeString(raw); bad != nil {
		err = bad
	} else {
		kek, err = pii.NewKEK(key)
	}
	if err != nil {
		return nil, err
	}
	return pii.OpenKeyring(ctx, d, kek)
}
