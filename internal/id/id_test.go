package id_test

import (
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"yinbo/internal/id"
)

// The vectors are those that the TypeID specification publishes (valid.yml).
func TestPublishedValidVectors(t *testing.T) {
	for _, v := range []struct{ name, typeid, prefix, uuid string }{
		{"nil", "00000000000000000000000000", "", "00000000-0000-0000-0000-000000000000"},
		{"one", "00000000000000000000000001", "", "00000000-0000-0000-0000-000000000001"},
		{"ten", "0000000000000000000000000a", "", "00000000-0000-0000-0000-00000000000a"},
		{"sixteen", "0000000000000000000000000g", "", "00000000-0000-0000-0000-000000000010"},
		{"thirty-two", "00000000000000000000000010", "", "00000000-0000-0000-0000-000000000020"},
		{"max-valid", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{"valid-alphabet", "prefix_0123456789abcdefghjkmnpqrs", "prefix", "0110c853-1d09-52d8-d73e-1194e95b5f19"},
		{"valid-uuidv7", "prefix_01h455vb4pex5vsknk084sn02q", "prefix", "01890a5d-ac96-774b-bcce-b302099a8057"},
		{"prefix-underscore", "pre_fix_00000000000000000000000000", "pre_fix", "00000000-0000-0000-0000-000000000000"},
	} {
		t.Run(v.name, func(t *testing.T) {
			u := uuid.MustParse(v.uuid)
			if got := id.Encode(v.prefix, u); got != v.typeid {
				t.Errorf("Encode = %s, want %s", got, v.typeid)
			}
			prefix, back, err := id.Parse(v.typeid)
			if err != nil || prefix != v.prefix || uuid.UUID(back) != u {
				t.Errorf("Parse = %q %v %v", prefix, uuid.UUID(back), err)
			}
		})
	}
}

// From the specification's invalid.yml.
func TestPublishedInvalidVectors(t *testing.T) {
	for name, s := range map[string]string{
		"prefix-uppercase":      "PREFIX_00000000000000000000000000",
		"prefix-numeric":        "12345_00000000000000000000000000",
		"prefix-period":         "pre.fix_00000000000000000000000000",
		"prefix-non-ascii":      "préfix_00000000000000000000000000",
		"prefix-spaces":         "  prefix_00000000000000000000000000",
		"prefix-64-chars":       strings.Repeat("abcdefgh", 8) + "_00000000000000000000000000",
		"separator-empty":       "_00000000000000000000000000",
		"separator-only":        "_",
		"suffix-short":          "prefix_1234567890123456789012345",
		"suffix-long":           "prefix_123456789012345678901234567",
		"suffix-spaces":         "prefix_1234567890123456789012345 ",
		"suffix-uppercase":      "prefix_0123456789ABCDEFGHJKMNPQRS",
		"suffix-hyphens":        "prefix_123456789-123456789-123456",
		"suffix-wrong-alphabet": "prefix_ooooooiiiiiiuuuuuuulllllll",
		"suffix-ambiguous":      "prefix_i23456789ol23456789oi23456",
		"suffix-overflow":       "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"prefix-underscore-0":   "_prefix_00000000000000000000000000",
		"prefix-underscore-end": "prefix__00000000000000000000000000",
		"empty":                 "",
		"prefix-empty":          "prefix_",
	} {
		t.Run(name, func(t *testing.T) {
			if p, u, err := id.Parse(s); err == nil {
				t.Errorf("accepted as %q %x", p, u)
			}
		})
	}
}

func TestAnyUUIDComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u [16]byte
		copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		_, back, err := id.Parse(id.Encode("ord", u))
		if err != nil || back != u {
			t.Fatalf("%x became %x: %v", u, back, err)
		}
	})
}

func TestTheFirstIDOfATimeBoundsThoseMadeFromThenOn(t *testing.T) {
	before := time.Now()
	made := id.New(id.Order)
	if low, high := id.First(id.Order, before), id.First(id.Order, time.Now().Add(time.Millisecond)); made < low || made >= high || !id.Is(id.Order, low) {
		t.Errorf("%s is not between %s and %s", made, low, high)
	}
}

func TestLaterIDsSortLater(t *testing.T) {
	made := make([]string, 10_000)
	for i := range made {
		made[i] = id.New(id.Order)
	}
	if !sort.StringsAreSorted(made) {
		t.Fatal("ids of one process are not in the order they were made")
	}
	if !id.Is(id.Order, made[0]) || id.Is(id.Room, made[0]) {
		t.Fatal("Is does not tell prefixes apart")
	}
}
