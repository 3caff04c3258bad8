package wechattest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/wechatpay"
)

// MchID is the merchant's number.
const MchID = "1900000109"

const (
	appID       = "wxd678efh567hg6787"
	apiV3Key    = "0123456789abcdef0123456789abcdef"
	serialNo    = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
	publicKeyID = "PUB_KEY_ID_0119000001092024"
)

// Server is WeChat Pay.
type Server struct {
	// Tamper changes answers after they are signed; Down answers 500; Lost makes a
	// refund and answers 500.
	Tamper, Down, Lost atomic.Bool
	// TamperBill changes a bill after it was hashed.
	TamperBill atomic.Bool
	// Refused counts requests that did not prove themselves.
	Refused atomic.Int64

	t                  testing.TB
	url                string
	merchant, platform *rsa.PrivateKey
	dir                string

	mu      sync.Mutex
	nonces  map[string]bool
	trades  map[string]*trade
	refunds map[string]*refund
	bills   map[string]string
}

type trade struct {
	state, id, notify string
	total             int64
	paidAt            time.Time
}

type refund struct {
	state, id, trade string
	amount           int64
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := &Server{t: t, merchant: newKey(t), platform: newKey(t), dir: t.TempDir(),
		nonces: map[string]bool{}, trades: map[string]*trade{}, refunds: map[string]*refund{}, bills: map[string]string{}}
	mux := http.NewServeMux()
	mux.Handle("POST /v3/pay/transactions/native", s.proven(s.prepay))
	mux.Handle("GET /v3/pay/transactions/out-trade-no/{no}", s.proven(s.query))
	mux.Handle("POST /v3/pay/transactions/out-trade-no/{no}/close", s.proven(s.close))
	mux.Handle("POST /v3/refund/domestic/refunds", s.proven(s.giveBack))
	mux.Handle("GET /v3/refund/domestic/refunds/{no}", s.proven(s.queryRefund))
	mux.Handle("GET /v3/bill/tradebill", s.proven(s.bill))
	mux.Handle("GET /v3/billdownload/file", s.proven(s.billFile))
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

func newKey(t testing.TB) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Forger is a key that is nobody's.
func (s *Server) Forger() *rsa.PrivateKey { return newKey(s.t) }

// Config is the merchant's, with its keys in files of the test's own.
func (s *Server) Config() wechatpay.Config {
	private, err := x509.MarshalPKCS8PrivateKey(s.merchant)
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&s.platform.PublicKey)
	if err != nil {
		s.t.Fatal(err)
	}
	return wechatpay.Config{MchID: MchID, AppID: appID, APIv3Key: apiV3Key, SerialNo: serialNo, PublicKeyID: publicKeyID, BaseURL: s.url,
		PrivateKeyFile: s.file("apiclient_key.pem", "PRIVATE KEY", private), PublicKeyFile: s.file("pub_key.pem", "PUBLIC KEY", public)}
}

func (s *Server) file(name, kind string, der []byte) string {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Client is a merchant's client of this server.
func (s *Server) Client() *wechatpay.Client {
	c, err := wechatpay.New(s.t.Context(), s.Config(), "https://shop.example")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

func (s *Server) prepay(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct {
		AppID       string `json:"appid"`
		MchID       string `json:"mchid"`
		Description string `json:"description"`
		OutTradeNo  string `json:"out_trade_no"`
		NotifyURL   string `json:"notify_url"`
		Amount      struct {
			Total    int64  `json:"total"`
			Currency string `json:"currency"`
		} `json:"amount"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil || in.AppID != appID || in.MchID != MchID || in.Description == "" || len(in.Description) > 127 ||
		in.OutTradeNo == "" || len(in.OutTradeNo) > 32 || in.NotifyURL == "" || in.Amount.Total <= 0 || in.Amount.Currency != "CNY" {
		s.refuse(w, http.StatusBadRequest, "PARAM_ERROR")
		return
	}
	s.mu.Lock()
	p, ok := s.trades[in.OutTradeNo]
	if !ok {
		p = &trade{state: "NOTPAY", total: in.Amount.Total, notify: in.NotifyURL}
		s.trades[in.OutTradeNo] = p
	}
	again := p.total != in.Amount.Total || p.state != "NOTPAY"
	s.mu.Unlock()
	if again {
		s.refuse(w, http.StatusBadRequest, "INVALID_REQUEST")
		return
	}
	s.answer(w, http.StatusOK, map[string]string{"code_url": "weixin://wxpay/bizpayurl?pr=" + in.OutTradeNo})
}

func (s *Server) query(w http.ResponseWriter, r *http.Request, _ []byte) {
	if r.URL.Query().Get("mchid") != MchID {
		s.refuse(w, http.StatusBadRequest, "PARAM_ERROR")
		return
	}
	t := s.Transaction(r.PathValue("no"))
	if t == nil {
		s.refuse(w, http.StatusNotFound, "ORDER_NOT_EXIST")
		return
	}
	s.answer(w, http.StatusOK, t)
}

func (s *Server) close(w http.ResponseWriter, r *http.Request, _ []byte) {
	s.mu.Lock()
	p := s.trades[r.PathValue("no")]
	open := p != nil && p.state == "NOTPAY"
	if open {
		p.state = "CLOSED"
	}
	s.mu.Unlock()
	if !open {
		s.refuse(w, http.StatusBadRequest, "ORDER_CLOSED")
		return
	}
	s.answer(w, http.StatusNoContent, nil)
}

func (s *Server) giveBack(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct {
		OutTradeNo  string `json:"out_trade_no"`
		OutRefundNo string `json:"out_refund_no"`
		Amount      struct {
			Refund int64 `json:"refund"`
			Total  int64 `json:"total"`
		} `json:"amount"`
	}
	err := json.Unmarshal(body, &in)
	s.mu.Lock()
	p := s.trades[in.OutTradeNo]
	ok := err == nil && p != nil && !p.paidAt.IsZero() && in.Amount.Total == p.total && in.Amount.Refund+s.given(in.OutTradeNo) <= p.total
	if ok {
		p.state = "REFUND"
		s.refunds[in.OutRefundNo] = &refund{state: "PROCESSING", id: "5030" + in.OutRefundNo, trade: in.OutTradeNo, amount: in.Amount.Refund}
	}
	s.mu.Unlock()
	switch {
	case !ok:
		s.refuse(w, http.StatusForbidden, "NOT_ENOUGH")
	case s.Lost.Load():
		s.refuse(w, http.StatusInternalServerError, "SYSTEM_ERROR")
	default:
		s.answer(w, http.StatusOK, s.refundState(in.OutRefundNo))
	}
}

func (s *Server) queryRefund(w http.ResponseWriter, r *http.Request, _ []byte) {
	state := s.refundState(r.PathValue("no"))
	if state == nil {
		s.refuse(w, http.StatusNotFound, "RESOURCE_NOT_EXISTS")
		return
	}
	s.answer(w, http.StatusOK, state)
}
