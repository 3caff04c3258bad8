package voucher_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order/voucher"
)

func TestACodeSurvivesHowPeopleTypeIt(t *testing.T) {
	for range 200 {
		code, err := voucher.NewCode()
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(code, "01OIL") || len(code) != 16 {
			t.Errorf("%s", code)
		}
		typed := strings.ToLower(" " + code[:4] + "-" + code[4:8] + " " + code[8:] + " ")
		if got, err := voucher.Parse(typed); err != nil || got != code {
			t.Errorf("%q is read as %q: %v", typed, got, err)
		}
	}
}

func TestAMistypedCodeIsFoundOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, err := voucher.NewCode()
		if err != nil {
			t.Fatal(err)
		}
		wrong := []byte(code)
		i := rapid.IntRange(0, len(code)-1).Draw(t, "place")
		if rapid.Bool().Draw(t, "swap") {
			j := rapid.IntRange(0, len(code)-1).Draw(t, "other place")
			wrong[i], wrong[j] = wrong[j], wrong[i]
		} else {
			wrong[i] = voucher.Alphabet[rapid.IntRange(0, len(voucher.Alphabet)-1).Draw(t, "symbol")]
		}
		if string(wrong) == code {
			return
		}
		if _, err := voucher.Parse(string(wrong)); fault.Code(err) != "validation" {
			t.Fatalf("%s passes for %s", wrong, code)
		}
	})
	for _, bad := range []string{"", "x", "é", "2222", strings.Repeat("2", 15), strings.Repeat("2", 17), strings.Repeat("-", 40)} {
		if _, err := voucher.Parse(bad); fault.Code(err) != "validation" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2345-6789-ABCD-EFGH")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := voucher.Parse(typed)
		if err == nil && len(code) != 16 {
			t.Errorf("%q is read as %q", typed, code)
		}
	})
}

func TestUnitsAreTogetherWorthTheirLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, n := money.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "value")), rapid.Int64Range(1, 999).Draw(t, "units")
		sum := money.Fen(0)
		units := voucher.Split(value, n)
		for _, u := range units {
			sum += u
		}
		if sum != value || units[0]-units[n-1] > 1 {
			t.Fatalf("%v", units)
		}
	})
}
