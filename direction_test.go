// Package yinbo_test holds what is true of the whole tree.
package yinbo_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers: a package may import those of its own layer's list only.
// cmd → server, jobs → live, order, card → internal.
var layers = map[string][]string{
	"cmd":        {"server", "jobs", "live", "order", "card", "internal", "migrations", "web"},
	"bench":      {"bench", "live", "order", "internal", "migrations"},
	"server":     {"live", "order", "card", "internal"},
	"jobs":       {"jobs", "internal"},
	"live":       {"live", "internal"},
	"order":      {"order", "internal"},
	"card":       {"card", "internal"},
	"web":        {},
	"migrations": {"internal"},
	"internal":   {"internal", "migrations"}, // migrations by testkit only, see below
}

// foreign modules that only some folders may use.
var foreign = map[string][]string{
	"github.com/gorilla/websocket":                   {"live/hub", "bench/live/plain"},
	"github.com/gin-gonic/gin":                       {"server", "internal/bankbox", "cmd/bankbox"},
	"github.com/danielgtaylor/huma/v2":               {"server", "cmd/yinbo"},
	"github.com/hibiken/asynq":                       {"jobs", "jobs/relay"},
	"github.com/redis/go-redis/v9":                   {"live/bus", "order/flash", "jobs", "jobs/relay", "internal/redisdb", "internal/testkit", "internal/config", "cmd/yinbo"},
	"github.com/valyala/fasthttp":                    {"internal/stampede", "bench/orders"},
	"database/sql":                                   {"internal/db", "internal/testkit", "internal/bankbox"},
	"github.com/alicebob/miniredis/v2":               {"internal/redisdb", "internal/testkit"},
	"github.com/expr-lang/expr":                      {"card/screen"},
	"golang.org/x/image":                             {"order/catalog"},
	"github.com/petar-dambovaliev/aho-corasick":      {"live/words"},
	"github.com/mozillazg/go-pinyin":                 {"order/catalog"},
	"modernc.org/sqlite":                             {"internal/db", "internal/bankbox"},
	"github.com/go-sql-driver/mysql":                 {"internal/db", "internal/testkit", "internal/config"},
	"github.com/prometheus/client_golang/prometheus": {"internal/obs", "server", "cmd/yinbo"},
	"github.com/wechatpay-apiv3/wechatpay-go":        {"internal/wechatpay"},
	"go.opentelemetry.io/otel":                       {"internal/tracing"},
	"github.com/bluenviron/gortmplib":                {"live/video"},
	"github.com/bluenviron/gohlslib/v2":              {"live/video"},
	"github.com/bluenviron/mediacommon/v2":           {"live/video"},
}

func TestImportsPointDownwards(t *testing.T) {
	eachFile(t, func(path string, imports []string) {
		dir := filepath.ToSlash(filepath.Dir(path))
		top, _, _ := strings.Cut(dir, "/")
		test := strings.HasSuffix(path, "_test.go")
		for _, imp := range imports {
			if ours, ok := strings.CutPrefix(imp, "yinbo/"); ok {
				to, _, _ := strings.Cut(ours, "/")
				if dir == "." || test && (to == "internal" || to == "migrations") {
					continue
				}
				if !slices.Contains(layers[top], to) && !(test && to == top) {
					t.Errorf("%s imports %s: %s may not", path, imp, top)
				}
				if top == "internal" && to == "migrations" && dir != "internal/testkit" {
					t.Errorf("%s imports %s: only internal/testkit may", path, imp)
				}
				if ours == "internal/bankbox" && dir != "cmd/bankbox" && dir != "cmd/yinbo" && !test && dir != "internal/bankbox" {
					t.Errorf("%s imports the bank on the other side", path)
				}
				continue
			}
			if test {
				continue
			}
			for module, dirs := range foreign {
				if (imp == module || strings.HasPrefix(imp, module+"/")) && !slices.Contains(dirs, dir) {
					t.Errorf("%s imports %s: only %v may", path, imp, dirs)
				}
			}
		}
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || skip(d) {
			return orSkip(err)
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		documented[filepath.Dir(path)] = documented[filepath.Dir(path)] || f.Doc != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

var banned = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "const", "consts", "manager", "misc"}

func TestNamesSayWhatIsInside(t *testing.T) {
	eachFile(t, func(path string, _ []string) {
		for part := range strings.SplitSeq(filepath.ToSlash(strings.TrimSuffix(path, ".go")), "/") {
			if slices.Contains(banned, part) {
				t.Errorf("%s: the name %q says nothing", path, part)
			}
		}
	})
}

func eachFile(t *testing.T, do func(path string, imports []string)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || skip(d) {
			return orSkip(err)
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := make([]string, len(f.Imports))
		for i, s := range f.Imports {
			imports[i], _ = strconv.Unquote(s.Path.Value)
		}
		seen++
		do(path, imports)
		return nil
	})
	if err != nil || seen < 20 {
		t.Fatalf("walked %d files: %v", seen, err)
	}
}

func skip(d fs.DirEntry) bool {
	return d.IsDir() && slices.Contains([]string{".git", "node_modules", "var", "bin"}, d.Name())
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}
