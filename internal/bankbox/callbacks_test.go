package bankbox_test

import (
	"net/http"
	"testing"
	"time"

	"yinbo/internal/bankbox"
)

func TestCallbackIsRetriedUntilATwoHundred(t *testing.T) {
	const base = 20 * time.Millisecond
	b := newBank(t, func(c *bankbox.Config) { c.RetryBase = base })
	answers := []int{503, 401, 302, 404, 204}
	m := newMerchant(b, nil)
	m.reply = func(n int, d delivery) int {
		if d.body["out_trade_no"] != "pay_1" {
			return 204
		}
		b.clock.forward(10 * time.Minute) // an old signature would be refused by now
		return answers[min(n, len(answers)-1)]
	}
	b.paid("pay_1", 100, m.url)
	m.wait(len(answers))
	all := b.settled(m)
	if len(all) != len(answers) {
		t.Fatalf("%d tries, want %d: none after the first 2xx", len(all), len(answers))
	}
	ids := map[string]bool{}
	for i, d := range all {
		ids[d.header.Get("X-Request-Id")] = true
		if string(d.raw) != string(all[0].raw) {
			t.Errorf("try %d tells %s, the first told %s", i, d.raw, all[0].raw)
		}
		if i == 0 {
			continue
		}
		// Times in the book are whole milliseconds, hence one less.
		least := base<<(i-1) - time.Millisecond
		if gap := d.at.Sub(all[i-1].at); gap < least {
			t.Errorf("try %d came %v after the one before, want %v at least", i, gap, least)
		}
	}
	if len(ids) != len(all) {
		t.Errorf("%d request ids for %d tries", len(ids), len(all))
	}
}

func TestBackOffDoublesUpToAMinute(t *testing.T) {
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}
	for earlier, seconds := range want {
		if got := bankbox.RetryAfter(time.Second, earlier); got != seconds*time.Second {
			t.Errorf("after %d earlier failures: %v, want %v", earlier, got, seconds*time.Second)
		}
	}
	if got := bankbox.RetryAfter(time.Second, 10_000); got != time.Minute {
		t.Errorf("after very many: %v", got)
	}
}

func TestUnacknowledgedCallbackIsSentAfterARestart(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.RetryBase = time.Hour })
	m := newMerchant(b, func(n int, _ delivery) int {
		if n == 0 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	b.paid("pay_1", 100, m.url)
	m.wait(1)
	b.reopen() // does not wait for the hour
	m.wait(2)
	b.reopen()
	if n := len(b.settled(m)); n != 2 {
		t.Errorf("%d tries, want 2: an acknowledged one is not sent again", n)
	}
}

func TestCallbackIsGivenUpAfterADay(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	m.reply = func(_ int, d delivery) int {
		if d.body["out_trade_no"] != "pay_1" {
			return http.StatusOK
		}
		b.clock.forward(25 * time.Hour)
		return http.StatusInternalServerError
	}
	b.paid("pay_1", 100, m.url)
	m.wait(1)
	b.reopen()
	if n := len(b.settled(m)); n != 1 {
		t.Errorf("%d tries, want 1", n)
	}
}

func TestOneDeafMerchantDoesNotHoldUpAnother(t *testing.T) {
	b := newBank(t)
	release := make(chan struct{})
	deaf := newMerchant(b, func(int, delivery) int { <-release; return http.StatusOK })
	defer close(release)
	b.paid("pay_deaf", 1, deaf.url)
	deaf.wait(1)
	hearing := newMerchant(b, nil)
	b.paid("pay_2", 1, hearing.url)
	hearing.wait(1)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	b := newBank(t)
	elsewhere := newMerchant(b, nil)
	m := newMerchant(b, nil)
	m.redirect = elsewhere.url
	m.reply = func(n int, _ delivery) int {
		if n == 0 {
			return http.StatusTemporaryRedirect
		}
		return http.StatusOK
	}
	b.paid("pay_1", 1, m.url)
	m.wait(2)
	if n := len(elsewhere.deliveries()); n != 0 {
		t.Errorf("%d callbacks went elsewhere", n)
	}
}
