package bankbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ServeHTTP notes a callback and answers as the test wants.
func (m *merchant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := delivery{header: r.Header, at: time.Now(), body: fields{}}
	d.raw, _ = io.ReadAll(r.Body)
	if err := json.Unmarshal(d.raw, &d.body); err != nil {
		m.t.Errorf("callback is not JSON: %s", d.raw)
	}
	m.checkSignature(d)
	m.mu.Lock()
	n := len(m.got)
	m.got = append(m.got, d)
	m.mu.Unlock()
	status := http.StatusNoContent
	if m.reply != nil {
		status = m.reply(n, d)
	}
	if m.redirect != "" {
		w.Header().Set("Location", m.redirect)
	}
	w.WriteHeader(status)
}

// checkSignature verifies as CONTRACT §8 says, by code of its own.
func (m *merchant) checkSignature(d delivery) {
	stamp, sum, ok := strings.Cut(d.header.Get("X-Bank-Signature"), ",v1=")
	stamp, isT := strings.CutPrefix(stamp, "t=")
	if !ok || !isT {
		m.t.Errorf("malformed signature %q", d.header.Get("X-Bank-Signature"))
		return
	}
	mac := hmac.New(sha256.New, []byte(testKey))
	mac.Write([]byte(stamp + "." + string(d.raw)))
	if sum != hex.EncodeToString(mac.Sum(nil)) {
		m.t.Errorf("wrong signature over %s", d.raw)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || m.clock.ago(time.Unix(seconds, 0)) > time.Minute {
		m.t.Errorf("signature is not fresh: t=%s", stamp)
	}
}

func (m *merchant) deliveries() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

// wait gives the first n callbacks once they have come.
func (m *merchant) wait(n int) []delivery {
	m.t.Helper()
	eventually(m.t, strconv.Itoa(n)+" callbacks", func() bool { return len(m.deliveries()) >= n })
	return m.deliveries()[:n]
}

// markerTrade is the number of the payment that settled makes.
const markerTrade = "marker"

// settled gives all callbacks that the bank sends for what has happened so far,
// and closes it. A payment made last marks the end: callbacks leave in order, and
// closing lets those on their way arrive.
func (b *bank) settled(m *merchant) []delivery {
	b.t.Helper()
	b.faults("")
	b.paid(markerTrade, 1, m.url)
	isMarker := func(d delivery) bool { return d.body["out_trade_no"] == markerTrade }
	eventually(b.t, "the marker's callback", func() bool { return slices.ContainsFunc(m.deliveries(), isMarker) })
	b.close()
	return slices.DeleteFunc(m.deliveries(), isMarker)
}

// pending makes a payment and gives its payment_no.
func (b *bank) pending(trade string, fen int64, notifyURL string) string {
	b.t.Helper()
	return b.post("/pay/v1/payments", fields{
		"out_trade_no": trade, "amount_fen": fen, "notify_url": notifyURL, "subject": "测试商品",
	}).want(201).str("payment_no")
}

// paid makes a payment, pays it at the cashier, and gives its payment_no.
func (b *bank) paid(trade string, fen int64, notifyURL string) string {
	b.t.Helper()
	no := b.pending(trade, fen, notifyURL)
	b.post("/pay/cashier/"+no+"/pay", nil).want(200)
	return no
}

// nowhere is an address that is asked to be told and never is.
const nowhere = "http://127.0.0.1:1/nobody"

// isTime checks a time of the API: UTC, RFC 3339, milliseconds.
func isTime(t *testing.T, what, value string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z", value)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return at
}
