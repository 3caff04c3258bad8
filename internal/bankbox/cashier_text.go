package bankbox

import "golang.org/x/text/language"

// cashierText is what the cashier page says in one language.
type cashierText struct {
	HTMLLang, OtherLang, OtherName   string
	Title, Bank, Sandbox, NoScript   string
	Amount, Subject, Number, PaidAt  string
	Pay, Fail, Leave, Hint           string
	Working, Busy, Offline           string
	Succeeded, SucceededText, Return string
	Failed, FailedText, Close        string
	Left, LeftText, Resume           string
	Missing, MissingText             string
}

var cashierChinese = cashierText{
	HTMLLang: "zh-CN", OtherLang: "en", OtherName: "English",
	Title: "收银台 · 演示银行", Bank: "演示银行收银台",
	Sandbox: "沙箱环境，不会真的扣款", NoScript: "本页需要启用 JavaScript 才能支付。",
	Amount: "应付金额", Subject: "商品", Number: "支付单号", PaidAt: "支付时间",
	Pay: "支付", Fail: "支付失败", Leave: "离开",
	Hint:    "“支付失败”用于演示一次失败的付款，之后本单不能再付。",
	Working: "处理中…", Busy: "银行繁忙，结果未知。请再试一次，不会重复扣款。",
	Offline:   "网络不通，请检查网络后再试，不会重复扣款。",
	Succeeded: "支付成功", SucceededText: "款项已付，商家会收到通知。", Return: "返回商家",
	Failed: "支付失败", FailedText: "本次支付未成功，没有扣款。请回到商家重新下单支付。", Close: "可以关闭此页面了。",
	Left: "已离开", LeftText: "付款尚未完成，订单有效期内可以继续支付。", Resume: "继续支付",
	Missing: "没有这笔支付", MissingText: "请检查链接，或回到商家重新发起支付。",
}

var cashierEnglish = cashierText{
	HTMLLang: "en", OtherLang: "zh-CN", OtherName: "中文",
	Title: "Cashier · Demo Bank", Bank: "Demo Bank Cashier",
	Sandbox: "Sandbox: no real money moves", NoScript: "This page needs JavaScript to take a payment.",
	Amount: "Amount due", Subject: "For", Number: "Payment no.", PaidAt: "Paid at",
	Pay: "Pay", Fail: "Fail the payment", Leave: "Leave",
	Hint:    "“Fail the payment” plays a failed attempt; this payment can't be paid after it.",
	Working: "Working…", Busy: "The bank is busy and the outcome is unknown. Try again: you won't pay twice.",
	Offline:   "No connection. Check the network and try again: you won't pay twice.",
	Succeeded: "Paid", SucceededText: "The payment is made and the shop is told.", Return: "Back to the shop",
	Failed: "Payment failed", FailedText: "Nothing was charged. Go back to the shop to pay again.", Close: "You may close this page.",
	Left: "You have left", LeftText: "The payment is not made yet. You can go on while the order is valid.", Resume: "Go on paying",
	Missing: "No such payment", MissingText: "Check the link, or start again from the shop.",
}

// textFor picks the language: `?lang=` first, then Accept-Language, else Chinese.
func textFor(query, acceptLanguage string) cashierText {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		wanted = nil
	}
	if tag, err := language.Parse(query); err == nil {
		wanted = append([]language.Tag{tag}, wanted...)
	}
	for _, tag := range wanted {
		switch base, _ := tag.Base(); base.String() {
		case "en":
			return cashierEnglish
		case "zh":
			return cashierChinese
		}
	}
	return cashierChinese
}
