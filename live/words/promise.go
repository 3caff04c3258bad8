package words

import "regexp"

// promises are what a bank's people must think of before they say it of credit
// (银保监规〔2022〕13号; RULES §4): speed of lending, interest that is called none,
// costs told by the day. They are looked for in folded text: digits are plain and
// no decimal point is left.
var promises = []*regexp.Regexp{
	regexp.MustCompile(`最?快(只需|仅需|至)?[0-9零一二三四五六七八九十百两半几]{1,6}个?(秒钟?|分钟?|小时|天)内?(即可|就能|可)?(放款|到账|下款|批卡|出额)`),
	regexp.MustCompile(`(立即|即刻|当天|^秒|[^0-9零一二三四五六七八九十百两半几]秒)(批|放款|下款|到账)`),
	regexp.MustCompile(`免息不免费|免息免费|零利息|0利息|零息|百分百(下卡|批卡|通过)|包(下卡|批卡|过)`),
	regexp.MustCompile(`日息|日利率|日费率|日化|按日计息|每日利息`),
	regexp.MustCompile(`(每天|每日|一天|日均)(只需|只要|仅需|仅|低至|不到)?[0-9零一二三四五六七八九十两几]{1,6}(元|块|毛|角|分)`),
	regexp.MustCompile(`万(分之)?[0-9一二三四五六七八九]{1,4}(日息|每天|每日|一天)`),
}

// Promises names what a text says of credit that is to be thought over first, at
// most 20, as they stand when folded.
func Promises(text string) (found []string) {
	f := fold(text).text
	for _, p := range promises {
		for _, hit := range p.FindAll(f, maxFound-len(found)) {
			found = append(found, string(hit))
		}
	}
	return found
}
