package pii_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// eachSuite runs fn with a bank of each suite, on each engine.
func eachSuite(t *testing.T, fn func(t *testing.T, d *db.DB, k *pii.Keyring, bank tenant.Bank)) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		k := testkit.Keyring(t, d)
		for _, suite := range []pii.Suite{pii.AES256GCM, pii.SM4GCM} {
			t.Run(string(suite), func(t *testing.T) { fn(t, d, k, testkit.BankIn(t, d, k, string(suite), suite)) })
		}
	})
}

// A value opens in its own place only, and its hash is the bank's own.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	eachSuite(t, func(t *testing.T, d *db.DB, k *pii.Keyring, bank tenant.Bank) {
		ctx := testkit.Context(t)
		other := testkit.BankIn(t, d, k, "other-"+bank.Slug, pii.Suite(bank.Slug))
		place := pii.Place{Bank: bank.ID, Table: "applicant_field", Column: "name", Row: "app_1"}
		sealed, err := k.Seal(ctx, place, pii.Clear("王小明"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Open(ctx, place, sealed); err != nil || got.Reveal() != "王小明" {
			t.Fatalf("opened %q: %v", got.Reveal(), err)
		}
		for _, elsewhere := range []pii.Place{{Bank: bank.ID, Table: "viewer", Column: "name", Row: "app_1"},
			{Bank: bank.ID, Table: "applicant_field", Column: "phone", Row: "app_1"}, {Bank: bank.ID, Table: "applicant_field", Column: "name", Row: "app_2"},
			{Bank: other.ID, Table: "applicant_field", Column: "name", Row: "app_1"}} {
			if _, err := k.Open(ctx, elsewhere, sealed); err == nil {
				t.Errorf("opened at %+v", elsewhere)
			}
		}
		changed := []byte(sealed)
		changed[len(changed)-5] ^= 1
		for _, wrong := range []string{string(changed), sealed[:len(sealed)-4], "", "no key", "key_1.AAAA"} {
			if got, err := k.Open(ctx, place, wrong); err == nil {
				t.Errorf("%q opened as %q", wrong, got.Reveal())
			}
		}
		again, err := k.Seal(ctx, place, pii.Clear("王小明"))
		if err != nil || again == sealed {
			t.Errorf("the same seal twice: %v", err)
		}
		if got, err := k.Open(ctx, place, pii.Erased); err != nil || !got.Empty() {
			t.Errorf("what is erased opens as %q: %v", got.Reveal(), err)
		}
		hashes := map[string]bool{}
		for _, h := range []struct{ bank, purpose, value string }{{bank.ID, "phone", "13812345678"}, {bank.ID, "id_no", "13812345678"},
			{bank.ID, "phone", "13812345679"}, {other.ID, "phone", "13812345678"}} {
			got, err := k.Hash(ctx, h.bank, h.purpose, h.value)
			if err != nil || len(got) != 64 || hashes[got] {
				t.Errorf("%+v: %q: %v", h, got, err)
			}
			hashes[got] = true
		}
	})
}

func TestAnotherKeyEncryptionKeyIsRefused(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	testkit.Keyring(t, d)
	if _, err := pii.OpenKeyring(testkit.Context(t), d, testkit.KEK(t)); !errors.Is(err, pii.ErrOtherKEK) {
		t.Errorf("got %v", err)
	}
	if _, err := pii.NewKEK(make([]byte, 31)); err == nil {
		t.Error("a short key was taken")
	}
}

// What every key-encryption key does, wherever it is kept.
func TestKeyEncryptionKeysUnwrapTheirOwnOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "kek")
	made, err := pii.LoadKEK(file)
	if err != nil {
		t.Fatal(err)
	}
	read, err := pii.ReadKEK(file)
	if err != nil || read.ID() != made.ID() || len(read.ID()) > 40 {
		t.Fatalf("read %v, made %v: %v", read, made, err)
	}
	if _, err := pii.ReadKEK(file + ".not"); err == nil {
		t.Error("a file that is not there was read")
	}
	ctx, key := testkit.Context(t), []byte("0123456789abcdef")
	wrapped, err := made.Wrap(ctx, key, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read.Unwrap(ctx, wrapped, []byte("a")); err != nil || !bytes.Equal(got, key) {
		t.Errorf("unwrapped %x: %v", got, err)
	}
	if _, err := read.Unwrap(ctx, wrapped, []byte("b")); err == nil {
		t.Error("unwrapped for another place")
	}
	if _, err := testkit.KEK(t).Unwrap(ctx, wrapped, []byte("a")); err == nil {
		t.Error("unwrapped by another")
	}
}

// The way to a new key-encryption key: nodes are given both, the keys are wrapped
// anew, the old one is taken away. What was sealed opens all along.
func TestKeysAreWrappedAnew(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx, was, is := testkit.Context(t), testkit.KEK(t), testkit.KEK(t)
		open := func(kek pii.KEK, before ...pii.KEK) *pii.Keyring {
			t.Helper()
			k, err := pii.OpenKeyring(ctx, d, kek, before...)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		first := open(was)
		bank := testkit.BankIn(t, d, first, "demo", pii.SM4GCM)
		place := pii.Place{Bank: bank.ID, Table: "viewer", Column: "phone", Row: "v"}
		sealed, err := first.Seal(ctx, place, pii.Clear("13812345678"))
		if err != nil {
			t.Fatal(err)
		}
		// A key of before the column was there names no key-encryption key.
		exec(t, d, "UPDATE wrapped_key SET kek_id = '' WHERE purpose = 'lookup'")
		both := open(is, was)
		opens := func(k *pii.Keyring) {
			t.Helper()
			if got, err := k.Open(ctx, place, sealed); err != nil || got.Reveal() != "13812345678" {
				t.Errorf("opened %q: %v", got.Reveal(), err)
			}
			if _, err := k.Hash(ctx, bank.ID, "phone", "13812345678"); err != nil {
				t.Error(err)
			}
		}
		opens(both)
		for _, want := range []int{3, 0} { // the installation's, and two of the bank
			if n, err := both.Rewrap(ctx); err != nil || n != want {
				t.Fatalf("wrapped %d anew, want %d: %v", n, want, err)
			}
		}
		opens(open(is))
		if _, err := pii.OpenKeyring(ctx, d, was); !errors.Is(err, pii.ErrOtherKEK) {
			t.Errorf("the old key-encryption key still does: %v", err)
		}
		keys, err := both.List(ctx, "")
		if err != nil || len(keys) != 3 {
			t.Fatalf("%d keys: %v", len(keys), err)
		}
		for _, k := range keys {
			if k.KEK != is.ID() || !k.Active {
				t.Errorf("%+v", k)
			}
		}
	})
}

func exec(t *testing.T, d *db.DB, statement string, args ...any) {
	t.Helper()
	err := d.InTx(testkit.Context(t), func(tx *db.Tx) error {
		_, err := tx.Exec(testkit.Context(t), statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Another node seals under the new key soon after it was made, without a restart.
func TestOtherNodesLearnANewKey(t *testing.T) {
	clk := clock.NewFake(time.Now())
	d := testkit.SQLite(t, clk)
	ctx, kek := testkit.Context(t), testkit.KEK(t)
	nodes := [2]*pii.Keyring{}
	for i := range nodes {
		var err error
		if nodes[i], err = pii.OpenKeyring(ctx, d, kek); err != nil {
			t.Fatal(err)
		}
	}
	bank := testkit.Bank(t, d, nodes[0], "demo")
	place := pii.Place{Bank: bank.ID, Table: "viewer", Column: "phone", Row: id.New(id.Viewer)}
	keyOf := func(k *pii.Keyring) string {
		t.Helper()
		sealed, err := k.Seal(ctx, place, pii.Clear("13812345678"))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes { // either node opens what either sealed
			if got, err := n.Open(ctx, place, sealed); err != nil || got.Reveal() != "13812345678" {
				t.Fatalf("opened %q: %v", got.Reveal(), err)
			}
		}
		return sealed[:30]
	}
	was := keyOf(nodes[1])
	out, err := pii.Rotation{Keys: nodes[0], Grace: time.Nanosecond, Wait: rest(clk)}.Run(ctx, bank.ID)
	if err != nil {
		t.Fatal(err)
	}
	if keyOf(nodes[0]) != out.Key || out.Key == was {
		t.Errorf("the node that rotated seals under %s, made %s", keyOf(nodes[0]), out.Key)
	}
	clk.Advance(5 * time.Second)
	if got := keyOf(nodes[1]); got != out.Key {
		t.Errorf("the other node seals under %s still, not %s", got, out.Key)
	}
}
