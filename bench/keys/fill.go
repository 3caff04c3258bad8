package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
)

// kek is the demo's key-encryption key: public on MySQL, in a file on SQLite.
func (b *bench) kek(ctx context.Context) (pii.KEK, error) {
	if b.sqlite {
		return pii.ReadKEK(filepath.Join(b.Dir, "var", "kek"))
	}
	raw, found, err := db.Value[string](ctx, b.DB, "SELECT value FROM meta WHERE name = 'demo_kek'")
	if err != nil || !found {
		return nil, errors.Join(err, errors.New("the demo has no key-encryption key"))
	}
	key, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return nil, err
	}
	return pii.NewKEK(key)
}

// perInsert is how many rows are written in one transaction.
const perInsert = 1000

// fill seals viewers' phones and addresses, as many of each.
func (b *bench) fill(ctx context.Context) error {
	kek, err := b.kek(ctx)
	if err != nil {
		return err
	}
	keys, err := pii.OpenKeyring(ctx, b.DB, kek)
	if err != nil {
		return err
	}
	bank, _, err := db.Value[string](ctx, b.DB, "SELECT id FROM bank WHERE slug = 'demo'")
	if err != nil {
		return err
	}
	for done := 0; done < b.rows; {
		n := min(perInsert, b.rows-done)
		var viewers, addresses [][]any
		for i := range n {
			viewer, no := id.New(id.Viewer), done+i
			if no%2 == 0 {
				phone, err := keys.Seal(ctx, pii.Place{Bank: bank, Table: "viewer", Column: "phone", Row: viewer}, pii.Clear(fmt.Sprintf("199%08d", no)))
				if err != nil {
					return err
				}
				viewers = append(viewers, []any{viewer, bank, viewer, phone, "199****0000", "用户", b.DB.Clock().Now()})
				continue
			}
			address := id.New(id.Address)
			sealed, err := keys.Seal(ctx, pii.Place{Bank: bank, Table: "address", Column: "sealed", Row: address},
				pii.Clear(fmt.Sprintf(`{"name":"王小明","phone":"199%08d","province":"浙江省","city":"杭州市","district":"西湖区","street":"文三路 %d 号"}`, no, no)))
			if err != nil {
				return err
			}
			addresses = append(addresses, []any{address, bank, viewer, sealed, b.DB.Clock().Now(), b.DB.Clock().Now()})
		}
		err := b.DB.InTx(ctx, func(tx *db.Tx) error {
			if err := tx.Insert(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)", viewers, ""); err != nil {
				return err
			}
			return tx.Insert(ctx, "address (id, bank_id, viewer_id, sealed, created_at, updated_at)", addresses, "")
		})
		if err != nil {
			return err
		}
		done += n
	}
	return nil
}
