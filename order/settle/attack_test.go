package settle_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// deaf refuses to say what became of a payout.
type deaf struct {
	*payer
	status int // 0 answers
}

func (d *deaf) QueryPayout(ctx context.Context, no string) (gateway.Payout, error) {
	if d.status != 0 {
		return gateway.Payout{}, &gateway.Refusal{Status: d.status, Code: "too_many_requests"}
	}
	return d.payer.QueryPayout(ctx, no)
}

// A question that the bank refuses says nothing of the payout: were it taken for a
// failure, the merchant would be paid twice.
func TestARefusedQuestionIsNoFailure(t *testing.T) {
	onEach(t, func(s *shop) {
		d := &deaf{payer: s.payer()}
		s.desk.Payer = d
		d.faults(s, `{"payout_pending":true}`)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks() // it is made
		s.tasks() // it is asked for, and pending
		d.faults(s, `{}`)
		for _, d.status = range []int{429, 403, 400} {
			s.clk.Advance(2 * time.Hour)
			s.tasks()
			if got := s.payouts()[0]; got.Status != "paying" {
				t.Fatalf("%d: %+v", d.status, got)
			}
		}
		d.status = 0
		s.clk.Advance(2 * time.Hour)
		s.tasks()
		if s.status(one) != "paid" || d.calls.Load() != 1 || s.held(ledger.Cash) != 9_500 {
			t.Errorf("%s, asked to pay %d times, cash %d", s.status(one), d.calls.Load(), s.held(ledger.Cash))
		}
		s.holds()
	})
}

// A payout that came back after a later one was paid waits for a person, who can
// have it paid again.
func TestWhatCameBackLateIsSeenToByAPerson(t *testing.T) {
	onEach(t, func(s *shop) {
		s.payer()
		s.rename("测试退汇")
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks()
		s.tasks()
		first := s.payouts()[0]
		s.rename("茶庄")
		s.clk.Advance(12 * time.Hour)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		two := s.approved(s.tea, "2025-06-11")
		s.tasks()
		s.tasks()
		if s.status(one) != "paid" || s.status(two) != "paid" || len(s.payouts()) != 2 {
			t.Fatalf("%s, %s", s.status(one), s.status(two))
		}
		s.clk.Advance(13 * time.Hour)
		s.tasks() // the first came back
		if got, err := s.desk.GetPayout(s.ctx, s.bank.ID, first.ID); err != nil || got.Status != "returned" {
			t.Fatalf("%+v, %v", got, err)
		}
		s.clk.Advance(12 * time.Hour)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 2_000))
		three := s.approved(s.tea, "2025-06-12")
		s.tasks()
		if got := s.payouts(); len(got) != 2 || s.status(three) != "approved" {
			t.Errorf("paid again though nobody had seen to it: %+v", got)
		}
		next, err := s.desk.Retry(s.ctx, s.bank, first.ID, maker)
		if err != nil || next.Amount != 9_500+1_900 {
			t.Fatalf("%+v, %v", next, err)
		}
		s.tasks()
		if s.status(one) != "paid" || s.status(three) != "paid" {
			t.Errorf("%s, %s", s.status(one), s.status(three))
		}
		_, err = s.desk.Retry(s.ctx, s.bank, first.ID, maker)
		s.wantCode(err, "conflict")
		s.holds()
	})
}

// rename is the tea's merchant under another name, for what is settled from now on.
func (s *shop) rename(name string) {
	s.t.Helper()
	s.tx(func(tx *db.Tx) error {
		_, err := tx.Exec(s.ctx, "UPDATE merchant SET name = ? WHERE id = ?", name, s.tea)
		return err
	})
}

// partsHash is of what is kept of an uploaded file of one part.
func (s *shop) partsHash(fileID string) string {
	s.t.Helper()
	content, _, err := db.Value[[]byte](s.ctx, s.db, "SELECT content FROM statement_part WHERE file_id = ?", fileID)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Workers, and people who retry, all at once: the merchant is paid once.
func TestManyWorkersAndPeoplePayOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		p.faults(s, `{"payout_fail":true}`)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks()
		s.tasks()
		failed := s.payouts()[0]
		p.faults(s, `{}`)
		var all sync.WaitGroup
		var mu sync.Mutex
		retried := 0
		for range 4 {
			all.Go(func() {
				_, err := s.desk.Retry(s.ctx, s.bank, failed.ID, maker)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					retried++
				} else if code := fault.Code(err); code != "conflict" && code != "payout.open" {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := s.desk.OnPayout(s.ctx, outbox.Task{Bank: s.bank.ID, Kind: settle.TaskPayout, Ref: s.tea}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		list := s.payouts()
		if retried != 1 || len(list) != 2 {
			t.Fatalf("%d retries, %+v", retried, list)
		}
		for range 4 {
			all.Go(func() {
				// One of them may be told to come again: another has asked first.
				_ = s.desk.OnPay(s.ctx, outbox.Task{Bank: s.bank.ID, Kind: settle.TaskPay, Ref: list[0].ID})
			})
		}
		all.Wait()
		s.clk.Advance(time.Hour)
		s.tasks()
		if s.status(one) != "paid" || s.held(ledger.Cash) != 9_500 {
			t.Errorf("%s, cash %d", s.status(one), s.held(ledger.Cash))
		}
		s.holds()
	})
}

// A part that is replaced while its file is ended is either in what was proved to
// be whole, or refused.
func TestAPartReplacedAtTheEndIsNotUsedUnproved(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		good, bad := statement(theirs{trade: pay, amount: 1_000}), statement(theirs{trade: pay, amount: 10})
		for range 10 {
			u, err := s.desk.BeginUpload(s.ctx, s.bank, settle.Bankbox, today, "a.csv", maker)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.desk.PutPart(s.ctx, s.bank.ID, u.ID, 1, []byte(good)); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			all.Go(func() {
				if err := s.desk.PutPart(s.ctx, s.bank.ID, u.ID, 1, []byte(bad)); err != nil && fault.Code(err) != "conflict" {
					t.Error(err)
				}
			})
			all.Go(func() {
				u, err := s.desk.EndUpload(s.ctx, s.bank, u.ID, maker)
				if err != nil {
					if fault.Code(err) != "conflict" {
						t.Error(err)
					}
					return
				}
				if kept := s.partsHash(u.ID); kept != u.SHA256 {
					t.Errorf("what is kept is %s, what was proved %s", kept, u.SHA256)
				}
			})
			all.Wait()
		}
	})
}
