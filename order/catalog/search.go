package catalog

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/width"

	"yinbo/internal/db"
)

// Fold makes texts comparable that people take for the same: full width and
// half width, upper case and lower case, any run of white space.
func Fold(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(width.Fold.String(s))), " ")
}

// SearchText is what of a title is searched by its own characters.
func SearchText(title string) string { return Fold(title) }

// Bounds of what a title is found by in Latin letters.
const (
	maxPinyin  = 1500 // what the column holds
	maxSeconds = 6    // second readings
	before     = 3    // syllables that stand with a second reading
	after      = 4
)

// SearchPinyin is what a title is found by in Latin letters: its initials and
// its pinyin, "五常大米 5kg" → "wcdm5kg wuchangdami5kg". A character that is read
// in two ways stands there again by the second, with its neighbours: a search
// costs by the byte, so that whole titles for each are too much.
func SearchPinyin(title string) string {
	all := syllables(Fold(title))
	parts, found := spell(all), 0
	for i, s := range all {
		for _, other := range s.others {
			if found++; found > maxSeconds {
				break
			}
			near := slices.Clone(all[max(0, i-before):min(len(all), i+after+1)])
			near[min(i, before)] = syllable{text: other, han: true}
			parts = append(parts, spell(near)...)
		}
	}
	var b strings.Builder
	for _, p := range parts {
		if b.Len()+len(p)+1 > maxPinyin {
			break
		}
		b.WriteString(p + " ")
	}
	return strings.TrimSpace(b.String())
}

type syllable struct {
	text   string
	han    bool     // a character's reading, of which initials take the first letter
	others []string // second readings
}

func syllables(folded string) (all []syllable) {
	args := pinyin.NewArgs()
	for _, r := range folded {
		if r > ' ' && r < unicode.MaxASCII {
			all = append(all, syllable{text: string(r)})
		} else if known := seconds[r]; known != nil {
			all = append(all, syllable{text: known[0], han: true, others: known[1:]})
		} else if p := pinyin.SinglePinyin(r, args); len(p) > 0 && p[0] != "" {
			all = append(all, syllable{text: p[0], han: true})
		}
	}
	return all
}

// spell gives the initials and the whole.
func spell(all []syllable) []string {
	var initials, whole strings.Builder
	for _, s := range all {
		whole.WriteString(s.text)
		if s.han {
			s.text = s.text[:1]
		}
		initials.WriteString(s.text)
	}
	return []string{initials.String(), whole.String()}
}

// seconds are characters of goods' names that people read in two ways, the more
// usual one first.
var seconds = map[rune][]string{
	'长': {"chang", "zhang"}, '重': {"zhong", "chong"}, '行': {"hang", "xing"}, '乐': {"le", "yue"}, '朝': {"chao", "zhao"},
	'藏': {"cang", "zang"}, '单': {"dan", "shan"}, '调': {"tiao", "diao"}, '降': {"jiang", "xiang"}, '传': {"chuan", "zhuan"},
	'弹': {"dan", "tan"}, '盛': {"sheng", "cheng"}, '厦': {"sha", "xia"}, '薄': {"bo", "bao"}, '参': {"shen", "can"},
	'血': {"xue", "xie"}, '番': {"fan", "pan"}, '核': {"he", "hu"}, '壳': {"ke", "qiao"}, '露': {"lu", "lou"}, '圈': {"quan", "juan"},
	'率': {"lv", "shuai"}, '便': {"bian", "pian"}, '绿': {"lv", "lu"}, '女': {"nv", "nu"}, '曾': {"zeng", "ceng"}, '茄': {"qie", "jia"},
	'扎': {"zha", "za"}, '折': {"zhe", "she"}, '扁': {"bian", "pian"}, '宿': {"su", "xiu"}, '会': {"hui", "kuai"}, '觉': {"jue", "jiao"},
}

// words are the conditions that all of a query's words are found in f, a row of
// product_search: Latin ones in its pinyin, which has the title's own Latin too.
func words(query string) (where string, args []any) {
	for w := range strings.FieldsSeq(Fold(query)) {
		column := "f.title"
		if isASCII(w) {
			column = "f.pinyin"
		}
		where += " AND " + column + " LIKE ? ESCAPE '!'"
		args = append(args, "%"+escapeLike(w)+"%")
	}
	return where, args
}

// source is where products are read from, and what bounds and orders them there.
type source struct{ tables, bank, id string }

// sourceOf puts product_search first when there are words to find, else the
// products: in the order of their ids either way, so that a page is had without
// looking at what comes after it.
func sourceOf(d db.Dialect, found string) source {
	merchant := d.Then() + "merchant m ON m.id = p.merchant_id"
	if found == "" {
		return source{" FROM product p" + merchant, "p.bank_id", "p.id"}
	}
	return source{" FROM product_search f" + d.Then() + "product p ON p.id = f.product_id" + merchant, "f.bank_id", "f.product_id"}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func escapeLike(s string) string { return likeEscape.Replace(s) }

// productOfCode is the product that has a SKU of this code, "" for none.
func productOfCode(ctx context.Context, q db.Querier, bank, code string) (string, error) {
	product, _, err := db.Value[string](ctx, q, "SELECT product_id FROM sku WHERE bank_id = ? AND code = ?", bank, code)
	return product, err
}
