package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinbo/internal/config"
)

// yinbo runs a command on an embedded state folder.
func yinbo(t *testing.T, folder string, args ...string) (out, logs string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var o, l bytes.Buffer
	err = run(ctx, args, []string{"YINBO_VAR=" + folder}, &o, &l)
	return o.String(), l.String(), err
}

func TestAFileIsImportedByCommand(t *testing.T) {
	folder := t.TempDir()
	cfg := config.Default()
	cfg.Var = folder
	if err := loadDemo(context.Background(), cfg, io.Discard); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "goods.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("商户,分类,商品名称,售价,库存\n山野农场合作社,米面粮油,新米,12.50,10\n没有这家,米面粮油,新米,12.50,10\n")
	out, bar, err := yinbo(t, folder, "import", "products", file, "--bank", "demo")
	if err != nil || !strings.Contains(out, "done: 2 lines, 1 taken in, 1 refused") || !strings.Contains(bar, "100%") {
		t.Errorf("%q %q %v", out, bar, err)
	}
	report, err := os.ReadFile(strings.TrimSuffix(file, ".csv") + ".report.csv")
	if err != nil || !strings.Contains(string(report), "3,failed,merchant.unknown,merchant") {
		t.Errorf("%s %v", report, err)
	}
	write("商户,价钱\n")
	if _, _, err := yinbo(t, folder, "import", "products", file, "--bank", "demo"); err == nil || !strings.Contains(err.Error(), "价钱: There is no such column.") {
		t.Errorf("%v", err)
	}
	for _, args := range [][]string{{file}, {file, "--bank", "nowhere"}, {"/no/such/file", "--bank", "demo"}} {
		if _, _, err := yinbo(t, folder, append([]string{"import", "products"}, args...)...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

// A worker takes an import as it does every task, and the progress is seen.
func TestAnImportRunsInAWorker(t *testing.T) {
	p := startProduct(t)
	operator := p.staff(t, "demo", "operator")
	var job struct {
		ID, State   string
		LinesDone   int64 `json:"lines_done"`
		LinesFailed int64 `json:"lines_failed"`
	}
	p.post(t, operator, "/shop/imports", map[string]any{"kind": "products", "name": "goods.csv"}, 201, &job)
	path := "/shop/imports/" + job.ID
	var file strings.Builder
	file.WriteString("code,merchant,category,title,price,stock\n")
	for i := range 1200 {
		file.WriteString(strings.ReplaceAll("G-#,山野农场合作社,新分类,好物#号,9.90,5\n", "#", string(rune('A'+i%26))+strings.Repeat("x", i/26)))
	}
	p.put(t, operator, path+"/parts/1", "text/csv", file.String())
	p.post(t, operator, path+"/start", nil, 200, &job)
	wait(t, "the import", func() bool {
		p.get(t, operator, path, 200, &job)
		return job.State == "done"
	})
	if job.LinesDone != 1200 || job.LinesFailed != 0 {
		t.Errorf("%+v", job)
	}
	var found struct{ Items []any }
	p.get(t, "", "/products?category=新分类&q=hwaxxh", 200, &found)
	if len(found.Items) != 1 {
		t.Errorf("%d found", len(found.Items))
	}
}
