package card

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// Verdict is what a rule says: go on, let a person look closely, or no.
type Verdict string

// The verdicts, from good to bad.
const (
	Pass    Verdict = "pass"
	Refer   Verdict = "refer"
	Decline Verdict = "decline"
)

func (v Verdict) worse(than Verdict) bool { return v.rank() > than.rank() }

func (v Verdict) rank() int {
	switch v {
	case Decline:
		return 2
	case Refer:
		return 1
	}
	return 0
}

// Finding is a rule's verdict with what it was judged by: facts without personal
// data, enough to judge again.
type Finding struct {
	Rule    string         `json:"rule"`
	Version string         `json:"version"`
	Input   map[string]any `json:"input"`
	Verdict Verdict        `json:"verdict"`
}

// facts are what the built-in rules judge by.
type facts struct {
	IDValid         bool
	Age             int
	OpenElsewhere   int64 // open applications of the person for other products
	PhoneOfOthers   int64 // other persons' applications with this phone, 90 days
	HeldCards       int64 // cards issued to the person here
	FromAddress     int64 // applications from this address within the hour
	AddressLimit    int   // the bank's setting; 0 is off
	DaysSinceNo     int   // since the last rejection; -1 is never
	CoolOffDays     int
	DeviceOfPersons int64 // other persons on this device within the day
}

// seniorAge is the age above which a person looks before the bank says yes.
const seniorAge = 65

// judge runs the built-in rules. It is pure: the same facts give the same
// findings.
func judge(f facts) []Finding {
	return []Finding{
		{"id_check", "1", map[string]any{"valid": f.IDValid}, either(f.IDValid, Pass, Decline)},
		{"age", "1", map[string]any{"age": f.Age}, judgeAge(f.Age)},
		{"duplicate_person", "1", map[string]any{"open_elsewhere": f.OpenElsewhere, "held_cards": f.HeldCards, "phone_of_others": f.PhoneOfOthers},
			either(f.OpenElsewhere+f.HeldCards+f.PhoneOfOthers == 0, Pass, Refer)},
		{"velocity_address", "1", map[string]any{"within_hour": f.FromAddress, "limit": f.AddressLimit},
			either(f.AddressLimit == 0 || f.FromAddress < int64(f.AddressLimit), Pass, Refer)},
		{"velocity_device", "1", map[string]any{"other_persons_within_day": f.DeviceOfPersons},
			either(f.DeviceOfPersons < 3, Pass, Refer)},
		{"cool_off", "1", map[string]any{"days_since_rejection": f.DaysSinceNo, "days": f.CoolOffDays},
			either(f.DaysSinceNo < 0 || f.DaysSinceNo >= f.CoolOffDays, Pass, Decline)},
	}
}

func either(good bool, yes, no Verdict) Verdict {
	if good {
		return yes
	}
	return no
}

func judgeAge(age int) Verdict {
	switch {
	case age < AdultAge:
		return Decline
	case age > seniorAge:
		return Refer
	}
	return Pass
}

// worst is the verdict over all findings.
func worst(findings []Finding) Verdict {
	w := Pass
	for _, f := range findings {
		if f.Verdict.worse(w) {
			w = f.Verdict
		}
	}
	return w
}

// keys are the keyed hashes by which a person is found again.
type keys struct{ person, phone, ip string }

// countLimit bounds what a rule counts: whoever is far over a limit is over it.
const countLimit = 1000

// gather reads the facts within the application's transaction, without itself.
func gather(ctx context.Context, tx *db.Tx, bank tenant.Bank, f Form, who Identity, k keys) (facts, error) {
	out := facts{IDValid: true, Age: who.Age(tx.Now, bank.Zone), AddressLimit: bank.Settings.ApplicationsPerAddressHour,
		CoolOffDays: bank.Settings.CoolOffDays, DaysSinceNo: -1}
	count := func(into *int64, where string, args ...any) error {
		n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM application WHERE bank_id = ? AND "+where+" LIMIT ?) AS some",
			append(append([]any{bank.ID}, args...), countLimit)...)
		*into = n
		return err
	}
	if err := count(&out.OpenElsewhere, "id_no_hash = ? AND open_key IS NOT NULL AND card_product_id <> ?", k.person, f.CardProductID); err != nil {
		return out, err
	}
	if err := count(&out.HeldCards, "id_no_hash = ? AND issued_at IS NOT NULL", k.person); err != nil {
		return out, err
	}
	if err := count(&out.PhoneOfOthers, "phone_hash = ? AND id_no_hash <> ? AND created_at > ?", k.phone, k.person, tx.Now.AddDate(0, 0, -90)); err != nil {
		return out, err
	}
	if out.AddressLimit > 0 {
		if err := count(&out.FromAddress, "ip_hash = ? AND created_at > ?", k.ip, tx.Now.Add(-time.Hour)); err != nil {
			return out, err
		}
	}
	if f.DeviceID != "" {
		if err := count(&out.DeviceOfPersons, "device_id = ? AND id_no_hash <> ? AND created_at > ?", f.DeviceID, k.person, tx.Now.Add(-24*time.Hour)); err != nil {
			return out, err
		}
	}
	no, found, err := lastRejection(ctx, tx, bank.ID, k.person)
	if found {
		out.DaysSinceNo = int(tx.Now.Sub(no) / (24 * time.Hour))
	}
	return out, err
}

// lastRejection is when the person was last told no.
func lastRejection(ctx context.Context, q db.Querier, bank, person string) (time.Time, bool, error) {
	at, found, err := db.Value[db.Time](ctx, q, `SELECT decided_at FROM application
		WHERE bank_id = ? AND id_no_hash = ? AND status = ? AND decided_at IS NOT NULL ORDER BY decided_at DESC LIMIT 1`, bank, person, Rejected)
	return at.Time, found, err
}

func saveFindings(ctx context.Context, tx *db.Tx, bank, application string, findings []Finding) error {
	rows := make([][]any, len(findings))
	for i, f := range findings {
		input, err := json.Marshal(f.Input)
		if err != nil {
			return fmt.Errorf("card: input of %s: %w", f.Rule, err)
		}
		rows[i] = []any{application, f.Rule, f.Version, bank, string(input), string(f.Verdict), tx.Now}
	}
	return tx.Insert(ctx, "screening (application_id, rule, version, bank_id, input, verdict, at)", rows, "")
}

// Findings reads what screening said about an application.
func (b *Book) Findings(ctx context.Context, bank, application string) ([]Finding, error) {
	return db.All(ctx, b.DB, func(r db.Row) (f Finding, err error) {
		var input string
		if err := r.Scan(&f.Rule, &f.Version, &input, &f.Verdict); err != nil {
			return f, err
		}
		return f, json.Unmarshal([]byte(input), &f.Input)
	}, "SELECT rule, version, input, verdict FROM screening WHERE bank_id = ? AND application_id = ? ORDER BY rule", bank, application)
}
