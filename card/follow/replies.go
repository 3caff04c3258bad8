package follow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/pii"
	"yinbo/internal/reach"
	"yinbo/internal/tenant"
)

// Reply is what somebody answered to a message, as the gateway reports it.
type Reply struct {
	Phone pii.Text    `json:"phone"`
	Text  pii.Text    `json:"text" doc:"T, TD, 拒收, 退订 stop promotions; anything else is passed over"`
	OutID string      `json:"out_id,omitempty" doc:"Our number of the message that was answered, where the gateway knows it"`
	At    clock.Stamp `json:"at,omitzero" doc:"When it was answered, where the gateway tells: an older answer does not undo a newer choice"`
}

// Delivery is what became of a message that the gateway took.
type Delivery struct {
	OutID     string      `json:"out_id"`
	Delivered bool        `json:"delivered"`
	At        clock.Stamp `json:"at"`
}

// SMSReport is the body of the gateway's callback.
type SMSReport struct {
	Replies    []Reply    `json:"replies,omitempty" maxItems:"1000"`
	Deliveries []Delivery `json:"deliveries,omitempty" maxItems:"1000"`
}

// Taken tells the gateway what came of its callback.
type Taken struct {
	OptedOut  int `json:"opted_out"`
	Delivered int `json:"delivered"`
}

// AllBanks lists the banks, for a reply that does not say whose message it answers.
type AllBanks interface {
	Banks
	All(ctx context.Context) ([]tenant.Bank, error)
}

// Replies takes what a gateway reports of messages, and viewers' own choice.
type Replies struct {
	f      *FollowUps
	banks  AllBanks
	keeper *idem.Keeper
	key    string // signs the gateway's callbacks
}

// NewReplies makes the service; key is the one that the bank signs with.
func NewReplies(f *FollowUps, banks AllBanks, keeper *idem.Keeper, key string) *Replies {
	return &Replies{f: f, banks: banks, keeper: keeper, key: key}
}

// gatewayRoute names the reports among what was answered once and is not taken
// again.
const gatewayRoute = "POST /callbacks/sms-replies"

// Callback takes a signed report. The same signed message again changes nothing and
// is answered the same: within its five minutes somebody may send it on, after the
// person has chosen otherwise. A reply that answers none of our messages stops the
// promotions of every bank that knows the phone; one from before the person wanted
// promotions again is passed over. Errors: callback.signature (401); bad_request;
// validation.
func (r *Replies) Callback(ctx context.Context, signature string, raw []byte, requestID string) (taken Taken, err error) {
	if err := gateway.CheckSignature(r.key, signature, raw, r.f.book.DB.Clock().Now()); err != nil {
		return taken, err
	}
	var report SMSReport
	if err := json.Unmarshal(raw, &report); err != nil {
		return taken, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	if len(report.Replies) > 1000 {
		return taken, fault.InvalidField("replies", "field.too_long")
	}
	if len(report.Deliveries) > 1000 {
		return taken, fault.InvalidField("deliveries", "field.too_long")
	}
	stops, err := r.stops(ctx, report.Replies)
	if err != nil {
		return taken, err
	}
	heard := idem.Request{Person: "sms-gateway", Route: gatewayRoute, Key: gateway.SignatureMark(signature)}
	taken, _, err = idem.Do(ctx, r.keeper, heard, func(tx *db.Tx) (out Taken, err error) {
		for _, s := range stops {
			changed, err := r.stop(ctx, tx, s, requestID)
			if err != nil {
				return out, err
			}
			if changed {
				out.OptedOut++
			}
		}
		out.Delivered, err = delivered(ctx, tx, report.Deliveries)
		return out, err
	})
	return taken, err
}

// stop is somebody's wish for no promotions of a bank.
type stop struct {
	bank, phone string // the phone's hash
	at          time.Time
}

// stops are the wishes among replies, each for the bank whose message it answers.
func (r *Replies) stops(ctx context.Context, replies []Reply) (out []stop, err error) {
	for _, x := range replies {
		number := mobile(x.Phone)
		if !reach.IsStop(x.Text.Reveal()) || !card.ValidMobile(number) { // nobody whom we could write to
			continue
		}
		banks, err := r.asked(ctx, x.OutID)
		if err != nil {
			return nil, err
		}
		for _, bank := range banks {
			hash, err := r.f.book.Keys.Hash(ctx, bank.ID, "phone", number)
			if err != nil {
				return nil, err
			}
			out = append(out, stop{bank.ID, hash, x.At.Time})
		}
	}
	return out, nil
}

// asked is the bank whose message was answered, or all of them.
func (r *Replies) asked(ctx context.Context, outID string) ([]tenant.Bank, error) {
	banks, err := r.banks.All(ctx)
	if err != nil || outID == "" {
		return banks, err
	}
	bankID, found, err := db.Value[string](ctx, r.f.book.DB, "SELECT bank_id FROM follow_up WHERE id = ?", outID)
	if err != nil || !found {
		return banks, err
	}
	return slices.DeleteFunc(slices.Clone(banks), func(b tenant.Bank) bool { return b.ID != bankID }), nil
}

// stop opts a person out by their phone. A bank that does not know the phone
// notes it all the same: it may come to know it.
func (r *Replies) stop(ctx context.Context, tx *db.Tx, s stop, requestID string) (bool, error) {
	if !s.at.IsZero() {
		if later, err := reach.WantedAfter(ctx, tx, s.bank, s.phone, s.at); err != nil || later {
			return false, err
		}
	}
	return r.f.optOut(ctx, tx, s.bank, s.phone, bySMS, audit.Entry{ActorKind: "system", Actor: "sms-gateway", RequestID: requestID})
}

// mobile is a phone as people sign in with it: gateways report some with the
// country's code.
func mobile(phone pii.Text) string {
	number := strings.NewReplacer(" ", "", "-", "").Replace(phone.Reveal())
	for _, code := range []string{"+86", "0086", "86"} {
		if rest, cut := strings.CutPrefix(number, code); cut {
			return rest
		}
	}
	return number
}

// optOut notes the choice, cancels the promotions that wait, and confirms it in
// the app.
func (f *FollowUps) optOut(ctx context.Context, tx *db.Tx, bank, phoneHash, channel string, by audit.Entry) (bool, error) {
	changed, err := reach.OptOut(ctx, tx, bank, phoneHash, channel)
	if err != nil || !changed {
		return false, err
	}
	viewer, known, err := db.Value[string](ctx, tx, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?", bank, phoneHash)
	if err != nil {
		return false, err
	}
	by.Bank, by.Action, by.Object, by.Detail = bank, "promotions.stopped", viewer, map[string]any{"channel": channel}
	if err := audit.Write(ctx, tx, by); err != nil || !known {
		return true, err
	}
	waiting, err := readWaiting(ctx, tx, "viewer_id = ?", bank, viewer)
	if err != nil {
		return false, err
	}
	for _, w := range waiting {
		if w.Promotion {
			if err := cancelOne(ctx, tx, f.book.Box, bank, w.id, "opted_out"); err != nil {
				return false, err
			}
		}
	}
	return true, tell(ctx, tx, f.book.Push, bank, viewer, id.New(id.Message), optedOutText, nil)
}

const optedOutText = "已为您停止发送推广消息。需要时可在“隐私”中重新打开。"

// delivered notes which messages arrived.
func delivered(ctx context.Context, tx *db.Tx, items []Delivery) (n int, err error) {
	for _, d := range items {
		if !d.Delivered {
			continue
		}
		at := d.At.Time
		if at.IsZero() || at.After(tx.Now) { // not told, or by a clock that runs ahead
			at = tx.Now
		}
		rows, err := tx.Exec(ctx, "UPDATE follow_up SET delivered_at = ? WHERE id = ? AND status IN ('sending', 'sent') AND delivered_at IS NULL",
			at, d.OutID)
		if err != nil {
			return n, err
		}
		n += int(rows)
	}
	return n, nil
}

// Choice is whether a viewer takes promotions.
type Choice struct {
	Promotions bool         `json:"promotions"`
	StoppedAt  *clock.Stamp `json:"stopped_at"`
}

// Choice reads a viewer's.
func (f *FollowUps) Choice(ctx context.Context, bank, viewer string) (Choice, error) {
	return readChoice(ctx, f.book.DB, bank, viewer)
}

func readChoice(ctx context.Context, q db.Querier, bank, viewer string) (Choice, error) {
	hash, err := phoneHash(ctx, q, bank, viewer)
	if err != nil {
		return Choice{}, err
	}
	out, since, err := reach.Choice(ctx, q, bank, hash)
	return Choice{Promotions: !out, StoppedAt: clock.AtPtr(since.Time)}, err
}

func phoneHash(ctx context.Context, q db.Querier, bank, viewer string) (string, error) {
	hash, found, err := db.Value[string](ctx, q, "SELECT phone_hash FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	if err == nil && !found {
		err = notFound()
	}
	return hash, err
}

// Choose sets whether a viewer takes promotions.
func (f *FollowUps) Choose(ctx context.Context, bank, viewer string, promotions bool, requestID string) (c Choice, err error) {
	err = f.book.DB.InTx(ctx, func(tx *db.Tx) error {
		hash, err := phoneHash(ctx, tx, bank, viewer)
		if err != nil {
			return err
		}
		by := audit.Entry{Bank: bank, ActorKind: "viewer", Actor: viewer, RequestID: requestID}
		if !promotions {
			_, err = f.optOut(ctx, tx, bank, hash, inApp, by)
		} else {
			var changed bool
			if changed, err = reach.OptIn(ctx, tx, bank, hash); err == nil && changed {
				by.Action, by.Object, by.Detail = "promotions.wanted", viewer, map[string]any{"channel": inApp}
				err = audit.Write(ctx, tx, by)
			}
		}
		if err != nil {
			return err
		}
		c, err = readChoice(ctx, tx, bank, viewer)
		return err
	})
	return c, err
}
