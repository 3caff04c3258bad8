package bind

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Factors are what the bank checks. The PAN goes no further than to the bank.
type Factors struct {
	PAN, Name, IDNo, Phone pii.Text
}

// Started is the answer to a binding that was begun.
type Started struct {
	ID     string `json:"id"`
	Status string `json:"status" enum:"otp_sent"`
}

var panShape = regexp.MustCompile(`^[0-9]{13,19}$`)

// check normalises the factors and names every field that is wrong.
func (f *Factors) check() error {
	bad := fault.New(fault.Invalid, "validation")
	f.PAN = pii.Clear(strings.ReplaceAll(f.PAN.Reveal(), " ", ""))
	if pan := f.PAN.Reveal(); !panShape.MatchString(pan) || !luhn(pan) {
		bad.With("pan", "pan.invalid")
	}
	f.Name = pii.Clear(strings.TrimSpace(f.Name.Reveal()))
	if code := card.CheckName(f.Name.Reveal()); code != "" {
		bad.With("name", code)
	}
	who, code := card.ParseIDNo(f.IDNo.Reveal())
	if code != "" {
		bad.With("id_no", code)
	}
	f.IDNo = pii.Clear(who.No)
	if !card.ValidMobile(f.Phone.Reveal()) {
		bad.With("phone", "phone.format")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// luhn is the check digit of card numbers (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// Start has the bank check the four factors and send its code. Errors:
// validation (422; also when the bank does not take the card: pan.unsupported);
// binding.mismatch (422); binding.card_locked (409); binding.locked (429) before
// the bank would lock the card; binding.unknown (503) when nobody knows; those of
// idempotency.
func (b *Bindings) Start(ctx context.Context, bank tenant.Bank, viewer string, f Factors, req idem.Request) (Started, bool, error) {
	leave, err := b.keeper.Enter(req)
	if err != nil {
		return Started{}, false, err
	}
	defer leave()
	if first, found, err := idem.Lookup[Started](ctx, b.book.DB, req); found || err != nil {
		return first, found, err
	}
	if err := f.check(); err != nil {
		return Started{}, false, err
	}
	hash, err := b.book.Keys.Hash(ctx, bank.ID, "pan", f.PAN.Reveal())
	if err != nil {
		return Started{}, false, err
	}
	binding := id.New(id.Binding)
	c := check{bank: bank.ID, card: hash, day: bank.BusinessDate(b.book.DB.Clock().Now())}
	err = b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := c.begin(ctx, tx, bank); err != nil {
			return err
		}
		return tx.Insert(ctx, "binding (id, bank_id, viewer_id, status, created_at)", [][]any{{binding, bank.ID, viewer, "started", tx.Now}}, "")
	})
	if err != nil {
		return Started{}, false, err
	}
	ref, asked := b.bank.Verify(ctx, f.Name, f.IDNo, f.Phone, f.PAN)
	// The count must be ended even when the person has hung up.
	ctx = context.WithoutCancel(ctx)
	answer := Started{ID: binding, Status: "otp_sent"}
	err = b.book.DB.InTx(ctx, func(tx *db.Tx) error { return b.begun(ctx, tx, bank.ID, c, answer, ref, asked, req) })
	if err == nil {
		err = explain(asked)
	}
	return answer, false, err
}

// begun writes down how the check at the bank ended.
func (b *Bindings) begun(ctx context.Context, tx *db.Tx, bank string, c check, answer Started, ref string, asked error, req idem.Request) error {
	if err := c.end(ctx, tx, resultOf(asked)); err != nil {
		return err
	}
	if asked != nil {
		_, err := tx.Exec(ctx, "UPDATE binding SET status = 'failed' WHERE bank_id = ? AND id = ? AND status = 'started'", bank, answer.ID)
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE binding SET status = 'otp_sent', verification_ref = ? WHERE bank_id = ? AND id = ? AND status = 'started'",
		ref, bank, answer.ID)
	if err != nil {
		return err
	}
	return idem.Save(ctx, tx, req, answer)
}

func resultOf(err error) result {
	var no *gateway.Refusal
	if err == nil {
		return accepted
	}
	if !errors.As(err, &no) {
		return unknown
	}
	switch no.Code {
	case "factor.mismatch":
		return mismatch
	case "card.locked":
		return locked
	}
	return refused
}

// explain turns the bank's answer into ours; nil stays nil.
func explain(err error) error {
	var no *gateway.Refusal
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &no):
		return fault.New(fault.Unavailable, "binding.unknown").After(10 * time.Second).Because(err)
	}
	switch no.Code {
	case "factor.mismatch":
		return fault.New(fault.Invalid, "binding.mismatch")
	case "card.locked":
		return fault.New(fault.Conflict, "binding.card_locked")
	case "pan.invalid":
		return fault.InvalidField("pan", "pan.invalid")
	case "bin.unsupported":
		return fault.InvalidField("pan", "pan.unsupported")
	case "otp.wrong":
		return fault.New(fault.Invalid, "otp.wrong").With("code", "otp.wrong")
	}
	return fmt.Errorf("bind: the bank refused for a reason of its own: %w", err)
}
