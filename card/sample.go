package card

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

//go:embed sample/*.txt
var sampleTexts embed.FS

// sampleVersion is the version under which the sample texts are written.
const sampleVersion = "2026-01"

var sampleDocuments = []struct{ name, title, purpose, recipient string }{
	{"credit-card-agreement", "信用卡领用合约", "申请并使用信用卡", "{bank}"},
	{"personal-information", "个人信息处理告知同意书", "审核信用卡申请", "{bank}"},
	{"credit-report", "个人征信查询授权书", "查询个人信用信息", "金融信用信息基础数据库"},
	{"card-core-sharing", "向信用卡业务系统提供个人信息的单独同意书", "建立账户、制作和寄送卡片", "{bank}信用卡中心"},
}

var sampleProducts = []CardProduct{
	{Name: "直播联名信用卡", Description: "在本行直播间购物可用立减金，首年免年费，消费满 5 笔免次年年费。透支年化利率（单利）最高 18.25%。"},
	{Name: "城市生活金卡", Description: "本地商户卡券权益、出行与加油优惠。年费 300 元，消费满 12 笔免次年年费。透支年化利率（单利）最高 18.25%。"},
}

// CreateSamples writes two card products and the texts that they require, for
// the demo bank and for a new bank to begin from. It gives the products' ids.
func CreateSamples(ctx context.Context, tx *db.Tx, bank tenant.Bank) ([]string, error) {
	named := strings.NewReplacer("{bank}", bank.Name)
	var refs []ConsentRef
	for _, s := range sampleDocuments {
		raw, err := sampleTexts.ReadFile("sample/" + s.name + ".txt")
		if err != nil {
			return nil, fmt.Errorf("card: sample text: %w", err)
		}
		d := Document{ConsentRef: ConsentRef{s.name, sampleVersion}, Title: s.title,
			Text: named.Replace(string(raw)), Purpose: s.purpose, Recipient: named.Replace(s.recipient)}
		if err := AddDocument(ctx, tx, bank.ID, d); err != nil {
			return nil, err
		}
		refs = append(refs, d.ConsentRef)
	}
	ids := make([]string, len(sampleProducts))
	for i, p := range sampleProducts {
		var err error
		if ids[i], err = AddProduct(ctx, tx, bank.ID, i, p, refs...); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
