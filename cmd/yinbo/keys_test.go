package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"yinbo/internal/pii"
)

// A new key-encryption key comes by a file of its own: nodes are started with
// both, and serve on while the keys are wrapped anew; then the old file opens
// nothing more.
func TestTheKeyEncryptionKeyIsReplaced(t *testing.T) {
	p := startProduct(t)
	old, is := filepath.Join(p.cfg.Var, "kek"), filepath.Join(t.TempDir(), "kek")
	yinbo := func(env []string, args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), args, append(p.environ(), env...), &out, io.Discard)
		return out.String(), err
	}
	if out, err := yinbo([]string{"YINBO_KEK_FILE=" + is}, "keys", "list"); !errors.Is(err, pii.ErrOtherKEK) {
		t.Fatalf("a strange file opened the keys: %v\n%s", err, out)
	}
	if err := p.node.stop(); err != nil {
		t.Fatal(err)
	}
	p.cfg.KEKFile, p.cfg.KEKFileBefore = is, old
	p.start(t)
	both := []string{"YINBO_KEK_FILE=" + is, "YINBO_KEK_FILE_BEFORE=" + old}
	for _, want := range []string{"5 keys wrapped anew", "0 keys wrapped anew"} { // the installation's, and two of each bank
		if out, err := yinbo(both, "keys", "rewrap"); err != nil || !strings.Contains(out, want) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if out, err := yinbo([]string{"YINBO_KEK_FILE=" + is}, "check"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := yinbo(nil, "keys", "list"); !errors.Is(err, pii.ErrOtherKEK) {
		t.Errorf("the old file still opens them: %v", err)
	}
	if _, err := yinbo([]string{"YINBO_KEK_FILE_BEFORE=" + old + ".not"}, "keys", "list"); err == nil || !strings.Contains(err.Error(), "kek_file_before") {
		t.Errorf("a file that is not there: %v", err)
	}
	p.buy(t) // an address is sealed, on the node that runs
}

func TestKeysAndPersonsRefuseWhatIsNotThere(t *testing.T) {
	p := startProduct(t)
	for _, c := range []struct{ says, args string }{
		{"no bank", "keys rotate --bank nowhere"},
		{"--batch", "keys rotate --bank demo --batch 0"},
		{"not_found", "person proof prf_unknown"},
		{"bank", "person erase --phone 13812345678 --reason x"},
		{"--phone or --viewer", "person erase --bank demo --reason x"},
		{"--phone or --viewer", "person erase --bank demo --phone 1 --viewer 2 --reason x"},
		{"not_found", "person erase --bank demo --phone 13800009999 --reason x"},
	} {
		if out, err := p.command(t, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", c.args, err, out)
		}
	}
}
