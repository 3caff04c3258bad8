package fault_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yinbo/internal/fault"
)

var named = regexp.MustCompile(`fault\.(?:New\(fault\.\w+,\s*|InvalidField\([^,\n]+,\s*|Text\([^,\n]+,\s*)"([a-z0-9_.]+)"|\.With\([^,\n]+,\s*"([a-z0-9_]+\.[a-z0-9_.]+)"`)

// Every code that the code base names has a sentence in both languages.
func TestEveryCodeHasItsTexts(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bankbox") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range named.FindAllSubmatch(src, -1) {
			code := string(m[1]) + string(m[2])
			seen++
			if !fault.HasText(code) {
				t.Errorf("%s: code %q has no text in both languages", path, code)
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("walked %d codes: %v", seen, err)
	}
}

func TestLanguageFollowsTheHeader(t *testing.T) {
	for accept, want := range map[string]fault.Lang{
		"": fault.Chinese, "en": fault.English, "en-GB,en;q=0.9": fault.English,
		"fr, en;q=0.5": fault.English, "zh-CN,en": fault.Chinese, "fr": fault.Chinese, "zh;q=0.2, en;q=0.8": fault.English, ";;": fault.Chinese,
	} {
		if got := fault.Language(accept); got != want {
			t.Errorf("%q → %s, want %s", accept, got, want)
		}
	}
}
