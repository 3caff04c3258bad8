package pii_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

func TestTextCannotBePrinted(t *testing.T) {
	const clear = "11010519491231002X"
	text := pii.Clear(clear)
	type wrap struct{ T pii.Text }
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "direct", text, "wrapped", wrap{text}, "pointer", &text)
	raw, err := json.Marshal(map[string]any{"a": text, "b": wrap{text}, "c": &text})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(raw) + fmt.Sprint(text, &text, wrap{text}) +
		fmt.Sprintf("%v %+v %#v %s %q %x %d", text, wrap{text}, wrap{text}, text, text, text, text) + fmt.Errorf("e: %v", text).Error()
	if strings.Contains(all, clear) || strings.Contains(all, fmt.Sprintf("%x", clear)) {
		t.Errorf("it was printed in %s", all)
	}
	var in wrap
	if err := json.Unmarshal([]byte(`{"T":"`+clear+`"}`), &in); err != nil || in.T.Reveal() != clear {
		t.Errorf("read %q: %v", in.T.Reveal(), err)
	}
}

func TestMasks(t *testing.T) {
	for got, want := range map[string]string{
		pii.MaskPhone("13812345678"): "138****5678", pii.MaskIDNo("11010519491231002X"): "1****************X",
		pii.MaskName("张三"): "张*", pii.MaskName("欧阳娜娜"): "欧阳*", pii.MaskName("李"): "李*", pii.MaskName("欧阳"): "欧*",
		pii.MaskEmail("wang@bank.cn"): "w***@bank.cn", pii.MaskName(""): "", pii.MaskEmail("no"): "***",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A value opens in its own place only, in both suites, and its hash is the
// bank's own.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	k := testkit.Keyring(t, d)
	ctx := testkit.Context(t)
	hashes := map[string]bool{}
	for _, suite := range []pii.Suite{pii.AES256GCM, pii.SM4GCM} {
		bank := id.New(id.Bank)
		if err := d.InTx(ctx, func(tx *db.Tx) error { return k.Create(ctx, tx, bank, suite) }); err != nil {
			t.Fatal(err)
		}
		place := pii.Place{Bank: bank, Table: "applicant_field", Column: "name", Row: "app_1"}
		sealed, err := k.Seal(ctx, place, pii.Clear("王小明"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Open(ctx, place, sealed); err != nil || got.Reveal() != "王小明" {
			t.Fatalf("%s: opened %q: %v", suite, got.Reveal(), err)
		}
		for _, other := range []pii.Place{{Bank: bank, Table: "viewer", Column: "name", Row: "app_1"},
			{Bank: bank, Table: "applicant_field", Column: "phone", Row: "app_1"}, {Bank: bank, Table: "applicant_field", Column: "name", Row: "app_2"},
			{Bank: id.New(id.Bank), Table: "applicant_field", Column: "name", Row: "app_1"}} {
			if _, err := k.Open(ctx, other, sealed); err == nil {
				t.Errorf("%s: opened at %+v", suite, other)
			}
		}
		again, err := k.Seal(ctx, place, pii.Clear("王小明"))
		if err != nil || again == sealed {
			t.Errorf("%s: the same seal twice: %v", suite, err)
		}
		h, err := k.Hash(ctx, bank, "phone", "13812345678")
		other, err2 := k.Hash(ctx, bank, "id_no", "13812345678")
		if err != nil || err2 != nil || h == other || hashes[h] {
			t.Errorf("%s: hashes are not apart: %v %v", suite, err, err2)
		}
		hashes[h] = true
	}
}

func TestAnotherKeyEncryptionKeyIsRefused(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	testkit.Keyring(t, d)
	if _, err := pii.OpenKeyring(testkit.Context(t), d, make([]byte, 32)); !errors.Is(err, pii.ErrOtherKEK) {
		t.Errorf("got %v", err)
	}
}
