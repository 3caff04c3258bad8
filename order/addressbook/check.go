package addressbook

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/order"
)

// provinces are the first two or three characters of the country's provincial
// divisions, which tell them apart: 内蒙古自治区 and 内蒙古 are the same place.
var provinces = []string{"北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东",
	"河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门"}

var mobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// Check holds an address to what a courier needs; every field that fails is
// named. A district may be missing: some cities have none.
func Check(a order.Address) error {
	var bad *fault.Error
	refuse := func(name, code string) {
		if bad == nil {
			bad = fault.New(fault.Invalid, "validation")
		}
		bad = bad.With(name, code)
	}
	for _, f := range []struct {
		name  string
		value pii.Text
		most  int
		may   bool // be empty
	}{{"name", a.Name, 40, false}, {"province", a.Province, 40, false}, {"city", a.City, 40, false},
		{"district", a.District, 40, true}, {"street", a.Street, 200, false}} {
		v := f.value.Reveal()
		switch {
		case strings.TrimSpace(v) == "" && !f.may:
			refuse(f.name, "field.required")
		case utf8.RuneCountInString(v) > f.most:
			refuse(f.name, "field.too_long")
		case !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl):
			refuse(f.name, "field.format")
		case f.name == "province" && !isProvince(v):
			refuse(f.name, "address.province")
		}
	}
	if !mobile.MatchString(a.Phone.Reveal()) {
		refuse("phone", "phone.format")
	}
	if bad == nil {
		return nil
	}
	return bad
}

func isProvince(v string) bool {
	return slices.ContainsFunc(provinces, func(p string) bool { return strings.HasPrefix(v, p) })
}
