package card

import (
	"context"
	"encoding/json"
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

// Worse tells whether v is a worse verdict than another.
func (v Verdict) Worse(than Verdict) bool { return v.rank() > than.rank() }

func (v Verdict) rank() int {
	switch v {
	case Decline:
		return 2
	case Refer:
		return 1
	}
	return 0
}

// Candidate is an application as screening sees it: keyed hashes and codes, no
// personal data.
type Candidate struct {
	Application       string
	CardProductID     string
	RoomID, BranchID  string
	Age               int
	AdminCode         string // the id number's first six digits
	CityCode          string
	IncomeBand        string
	Industry, Title   string // "" when not told
	LimitWishedFen    int64  // 0 for none
	Campaign          string // "" for none
	PersonHash        string
	PhoneHash         string
	IPHash            string
	DeviceID          string // as the client names its device; "" when it does not
	DeviceHash        string
	EmployerPhoneHash string // "" when none is given
	Agent             string
	DeclinedAt        time.Time // the last time; zero for never
	Again             bool      // after a supplement: the application itself is there already
}

// Screener decides on applications before a person looks. card/screen is it.
type Screener interface {
	// Screen decides within the application's transaction and keeps the record; of
	// one that is screened again, the earlier record too.
	Screen(ctx context.Context, tx *db.Tx, bank tenant.Bank, c Candidate) (Verdict, error)
	// Findings is what was said of an application, rule by rule.
	Findings(ctx context.Context, bank, application string) ([]Finding, error)
}

// Finding is a rule's verdict with what it was judged by: facts without personal
// data.
type Finding struct {
	Rule    string         `json:"rule"`
	Version string         `json:"version"`
	Name    string         `json:"name" doc:"For people; empty for decisions from before rules had versions"`
	Reason  string         `json:"reason_code"`
	Input   map[string]any `json:"input"`
	Verdict Verdict        `json:"verdict" enum:"pass,refer,decline"`
}

// lastRejection is when the person was last told no.
func lastRejection(ctx context.Context, tx *db.Tx, bank, person string) (time.Time, bool, error) {
	at, found, err := db.Value[db.Time](ctx, tx, rejections(tx.Dialect()), bank, person, Rejected)
	return at.Time, found, err
}

// rejections names its index: by the order an engine may walk all that the bank
// ever decided, at each application.
func rejections(d db.Dialect) string {
	return "SELECT decided_at FROM application" + d.By("application_person") +
		" WHERE bank_id = ? AND id_no_hash = ? AND status = ? AND decided_at IS NOT NULL ORDER BY decided_at DESC LIMIT 1"
}

// FormerFindings reads what the fixed rules said that were before card/screen.
func (b *Book) FormerFindings(ctx context.Context, bank, application string) ([]Finding, error) {
	return db.All(ctx, b.DB, func(r db.Row) (f Finding, err error) {
		var input string
		if err := r.Scan(&f.Rule, &f.Version, &input, &f.Verdict); err != nil {
			return f, err
		}
		return f, json.Unmarshal([]byte(input), &f.Input)
	}, "SELECT rule, version, input, verdict FROM screening WHERE bank_id = ? AND application_id = ? ORDER BY rule", bank, application)
}
