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

// maxPinyin is what the column holds.
const maxPinyin = 1500

// SearchPinyin is what a title is found by in Latin letters: its initials and
// its pinyin, "五常大米 5kg" → "wcdm5kg wuchangdami5kg", again for each second
// reading, as far as there is room.
func SearchPinyin(title string) string {
	var b strings.Builder
	for _, syllables := range readings(Fold(title)) {
		var initials, whole strings.Builder
		for _, s := range syllables {
			whole.WriteString(s.text)
			if s.han {
				s.text = s.text[:1]
			}
			initials.WriteString(s.text)
		}
		if b.Len()+initials.Len()+whole.Len()+2 > maxPinyin {
			break
		}
		b.WriteString(initials.String() + " " + whole.String() + " ")
	}
	return strings.TrimSpace(b.String())
}

type syllable struct {
	text string
	han  bool // a character's reading, of which initials take the first letter
}

// maxReadings bounds the combinations that a title with several such
// characters has.
const maxReadings = 8

func readings(folded string) [][]syllable {
	all, args := [][]syllable{nil}, pinyin.NewArgs()
	for _, r := range folded {
		var options []syllable
		switch {
		case r < unicode.MaxASCII && r > ' ':
			options = []syllable{{text: string(r)}}
		case len(seconds[r]) > 0:
			for _, reading := range seconds[r] {
				options = append(options, syllable{reading, true})
			}
		default:
			if p := pinyin.SinglePinyin(r, args); len(p) > 0 && p[0] != "" {
				options = []syllable{{p[0], true}}
			}
		}
		if len(options) == 0 {
			continue
		}
		known := len(all)
		for i := range known {
			for _, o := range options[1:] {
				if len(all) < maxReadings {
					all = append(all, append(slices.Clone(all[i]), o))
				}
			}
			all[i] = append(all[i], options[0])
		}
	}
	return all
}

// seconds are characters of goods' names that people read in two ways, the more
// usual one first.
var seconds = map[rune][]string{
	'长': {"chang", "zhang"}, '重': {"zhong", "chong"}, '行': {"hang", "xing"}, '乐': {"le", "yue"}, '朝': {"chao", "zhao"},
	'藏': {"cang", "zang"}, '单': {"dan", "shan"}, '调': {"tiao", "diao"}, '会': {"hui", "kuai"}, '降': {"jiang", "xiang"},
	'觉': {"jue", "jiao"}, '传': {"chuan", "zhuan"}, '弹': {"dan", "tan"}, '都': {"du", "dou"}, '盛': {"sheng", "cheng"},
	'宿': {"su", "xiu"}, '厦': {"sha", "xia"}, '薄': {"bo", "bao"}, '系': {"xi", "ji"}, '参': {"shen", "can"}, '茄': {"qie", "jia"},
	'血': {"xue", "xie"}, '柏': {"bai", "bo"}, '番': {"fan", "pan"}, '核': {"he", "hu"}, '壳': {"ke", "qiao"}, '熟': {"shu", "shou"},
	'露': {"lu", "lou"}, '色': {"se", "shai"}, '车': {"che", "ju"}, '圈': {"quan", "juan"}, '卡': {"ka", "qia"}, '大': {"da", "dai"},
	'率': {"lv", "shuai"}, '和': {"he", "huo"}, '什': {"shi", "shen"}, '便': {"bian", "pian"}, '炸': {"zha"}, '绿': {"lv", "lu"},
	'女': {"nv", "nu"}, '吕': {"lv"}, '铝': {"lv"}, '旅': {"lv"}, '驴': {"lv"}, '滤': {"lv"}, '屏': {"ping", "bing"}, '曾': {"zeng", "ceng"},
	'解': {"jie", "xie"}, '奇': {"qi", "ji"}, '荷': {"he"}, '背': {"bei"}, '铺': {"pu"}, '贝': {"bei"}, '吸': {"xi"}, '蔓': {"man", "wan"},
	'石': {"shi", "dan"}, '扁': {"bian", "pian"}, '折': {"zhe", "she"}, '角': {"jiao", "jue"}, '轧': {"ya", "zha"}, '扎': {"zha", "za"},
}

// words adds to a WHERE clause that all of a query's words are found in the
// product p.
func words(query string) (where string, args []any) {
	for w := range strings.FieldsSeq(Fold(query)) {
		like := "%" + escapeLike(w) + "%"
		if isASCII(w) {
			where += " AND (p.search_text LIKE ? ESCAPE '!' OR p.search_pinyin LIKE ? ESCAPE '!')"
			args = append(args, like, like)
			continue
		}
		where += " AND p.search_text LIKE ? ESCAPE '!'"
		args = append(args, like)
	}
	return where, args
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
