package main

import (
	"context"
	"encoding/base64"
	"errors"

	"yinbo/internal/db"
	"yinbo/internal/pii"
)

// keyring opens the keys of a demo database, whose key-encryption key is public.
func keyring(ctx context.Context, d *db.DB) (*pii.Keyring, error) {
	raw, found, err := db.Value[string](ctx, d, "SELECT value FROM meta WHERE name = 'demo_kek'")
	if err != nil || !found {
		return nil, errors.Join(err, errors.New("no demo database"))
	}
	kek, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return nil, err
	}
	return pii.OpenKeyring(ctx, d, kek)
}
