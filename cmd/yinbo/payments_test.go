package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/config"
	"yinbo/internal/wechatpay/wechattest"
	"yinbo/order/payment"
)

// ordered is an order of a viewer over a voucher of the demo.
func (p *product) ordered(t *testing.T, viewer string) (o order1) {
	t.Helper()
	var found struct {
		Items []struct{ SKUs []struct{ ID string } }
	}
	p.get(t, "", "/products?q=%E5%92%96%E5%95%A1", 200, &found)
	p.post(t, viewer, "/orders", map[string]any{"items": []any{map[string]any{"sku_id": found.Items[0].SKUs[0].ID, "quantity": 2}}}, 201, &o)
	return o
}

func (p *product) paid(t *testing.T, viewer, orderID string) bool {
	var o order1
	p.get(t, viewer, "/orders/"+orderID, 200, &o)
	return o.Paid > 0 && o.Paid == o.Payable
}

func TestWeChatPayOverHTTP(t *testing.T) {
	server := wechattest.New(t)
	keys := server.Config()
	p := startProduct(t, func(c *config.Config) {
		c.WeChatMchID, c.WeChatAppID, c.WeChatAPIv3Key, c.WeChatSerialNo = keys.MchID, keys.AppID, config.Secret(keys.APIv3Key), keys.SerialNo
		c.WeChatPrivateKeyFile, c.WeChatPublicKeyFile, c.WeChatPublicKeyID, c.WeChatBaseURL = keys.PrivateKeyFile, keys.PublicKeyFile, keys.PublicKeyID, keys.BaseURL
		if err := c.Validate(true); err != nil {
			t.Fatal(err)
		}
	})
	var out bytes.Buffer
	p.node.banner(context.Background(), &out)
	if !strings.Contains(out.String(), "WeChat Pay is on: merchant "+wechattest.MchID) {
		t.Errorf("the start says %s", out.String())
	}
	viewer := p.viewer(t)
	o := p.ordered(t, viewer)
	var there struct{ Items []payment.Channel }
	p.get(t, viewer, "/payment-channels", 200, &there)
	if !slices.Equal(there.Items, []payment.Channel{payment.Bankbox, payment.WeChatPay}) {
		t.Errorf("%v", there.Items)
	}
	var answer struct{ Payment payment.View }
	p.post(t, viewer, "/orders/"+o.ID+"/pay", map[string]any{"method": "cashier", "channel": "wechatpay"}, 200, &answer)
	if !strings.HasPrefix(answer.Payment.CashierURL, "weixin://") {
		t.Fatalf("%+v", answer)
	}
	server.Pay(answer.Payment.ID)
	report := func(header http.Header, body []byte, want int) []byte {
		t.Helper()
		status, _, raw := p.send(t, http.MethodPost, "/callbacks/wechatpay", header, json.RawMessage(body))
		if status != want {
			t.Errorf("%d, want %d: %s", status, want, raw)
		}
		return raw
	}
	header, body := server.Notice(answer.Payment.ID)
	report(http.Header{}, body, 401)
	report(header, append(bytes.Clone(body), ' '), 401)
	wrong, changed := server.Notice(answer.Payment.ID, func(c map[string]any) { c["amount"].(map[string]any)["total"] = 1 })
	report(wrong, changed, 409)
	report(header, bytes.Repeat([]byte(" "), 1<<20+1), 413)
	for range 2 {
		if raw := report(header, body, 200); !bytes.Contains(raw, []byte(`"SUCCESS"`)) {
			t.Errorf("answered %s", raw)
		}
	}
	if !p.paid(t, viewer, o.ID) {
		t.Error("the order is not paid")
	}
	p.post(t, viewer, "/orders/"+o.ID+"/refunds", map[string]any{"amount_fen": 100, "reason": "不想要了"}, 201, nil)
	wait(t, "WeChat Pay to be asked for the refund", func() bool { return server.Given(answer.Payment.ID) == 100 })
}

func TestPayingByInstalmentsOverHTTP(t *testing.T) {
	p := startProduct(t)
	var out bytes.Buffer
	p.node.banner(context.Background(), &out)
	if !strings.Contains(out.String(), "WeChat Pay is off: set wechat_mch_id, wechat_app_id, wechat_api_v3_key") {
		t.Errorf("the start says %s", out.String())
	}
	viewer := p.viewer(t)
	o := p.ordered(t, viewer)
	path := "/orders/" + o.ID
	var q payment.Quote
	p.get(t, viewer, path+"/instalments", 200, &q)
	if len(q.Plans) != 3 || int64(q.AmountFen) != o.Payable || q.HighestRate < 1000 || q.HighestRate > 2000 {
		t.Errorf("%+v", q)
	}
	bind := func(bin string) string {
		var binding struct{ ID string }
		number := phone()
		p.post(t, viewer, "/cards/bindings", map[string]any{"pan": pan(bin), "name": applicant, "id_no": idNo, "phone": number}, 201, &binding)
		p.post(t, viewer, "/cards/bindings/"+binding.ID+"/confirm", map[string]any{"code": p.code(t, number)}, 200, nil)
		return binding.ID
	}
	refused := func(field string, body map[string]any) {
		t.Helper()
		p.refused(t, operation{method: http.MethodPost, path: path + "/pay", idempotent: true}, "Bearer "+viewer, path+"/pay", body, 422).names(t, field)
	}
	debit, credit := bind("621799"), bind("622599")
	refused("channel", map[string]any{"method": "cashier", "channel": "wechatpay"})
	refused("channel", map[string]any{"method": "bound_card", "card_id": credit, "channel": "bankbox"})
	refused("channel", map[string]any{"method": "cashier", "channel": "alipay"})
	refused("instalments", map[string]any{"method": "cashier", "instalments": 3})
	refused("instalments", map[string]any{"method": "bound_card", "card_id": debit, "instalments": 3})
	refused("instalments", map[string]any{"method": "bound_card", "card_id": credit, "instalments": 4})
	var answer struct{ Payment payment.View }
	p.post(t, viewer, path+"/pay", map[string]any{"method": "bound_card", "card_id": credit, "instalments": 6}, 200, &answer)
	var kept struct {
		Instalments int
		AmountFen   int64 `json:"amount_fen"`
	}
	p.get(t, "", p.bank+"/pay/v1/payments/"+answer.Payment.ID, 200, &kept)
	if kept.Instalments != 6 || kept.AmountFen != o.Payable || !p.paid(t, viewer, o.ID) {
		t.Errorf("the bank keeps %+v of %+v", kept, answer)
	}
	p.get(t, viewer, path+"/instalments", 409, nil)
}
