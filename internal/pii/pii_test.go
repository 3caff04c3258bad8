package pii_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"yinbo/internal/pii"
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
