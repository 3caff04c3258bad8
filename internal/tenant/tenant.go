// Package tenant knows the banks: their names, hosts, time zone and settings.
//
// It imports internal/db.
package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"yinbo/internal/db"
)

// Bank is a tenant: everything belongs to exactly one.
type Bank struct {
	ID       string
	Slug     string
	Name     string
	Zone     *time.Location
	Hosts    []string
	Settings Settings
}

// BusinessDate is the day of t in the bank's time zone.
func (b Bank) BusinessDate(t time.Time) string { return t.In(b.Zone).Format(time.DateOnly) }

// Settings are what a bank's staff may set; zero values mean the defaults of
// RULES.
type Settings struct {
	// FollowUps are the waits of the built-in bind-your-card journey, counted
	// from the card's issue; RULES: 1 h, 24 h, 72 h.
	FollowUps []Duration `json:"follow_ups,omitempty"`
	// FirstSpend is how long after the binding the built-in journey reminds of the
	// first purchase; 24 h.
	FirstSpend Duration `json:"first_spend,omitempty"`
	// PromoFrom and PromoTo bound the hours of promotions, HH:MM in the bank's
	// zone; RULES §6: 09:00 to 20:30.
	PromoFrom string `json:"promo_from,omitempty"`
	PromoTo   string `json:"promo_to,omitempty"`
	// PromoEarliest and PromoLatest are the hard stops, whatever the hours say;
	// RULES §6: 08:00 and 21:00.
	PromoEarliest string `json:"promo_earliest,omitempty"`
	PromoLatest   string `json:"promo_latest,omitempty"`
	// PromoPerDay and PromoPerWeek cap promotions per person; RULES §6: 1 and 3.
	PromoPerDay  int `json:"promo_per_day,omitempty"`
	PromoPerWeek int `json:"promo_per_week,omitempty"`
	// ClaimLease is how long a claimed lead stays with its reviewer; 15 min.
	ClaimLease Duration `json:"claim_lease,omitempty"`
	// AssignmentLease is how long a lead that was given to somebody stays theirs;
	// 24 h.
	AssignmentLease Duration `json:"assignment_lease,omitempty"`
	// SecondOpinionAboveFen is the credit limit above which an approval needs a
	// second person: the one wished for, else the card product's; 0 is off.
	SecondOpinionAboveFen int64 `json:"second_opinion_above_fen,omitempty"`
	// SecondOpinionProducts are card products whose approvals always need one.
	SecondOpinionProducts []string `json:"second_opinion_products,omitempty"`
	// FirstLookWithin, DecisionWithin and SupplementWithin are the promises of
	// review: a person looks, the answer is there, what was asked for has come; 4 h,
	// 24 h and 72 h.
	FirstLookWithin  Duration `json:"first_look_within,omitempty"`
	DecisionWithin   Duration `json:"decision_within,omitempty"`
	SupplementWithin Duration `json:"supplement_within,omitempty"`
	// WorkHours are when the card department works: its promises count those hours
	// only. nil is always.
	WorkHours *Hours `json:"work_hours,omitempty"`
	// CoolOffDays is how long a declined person waits; RULES §4: 90.
	CoolOffDays int `json:"cool_off_days,omitempty"`
	// ApplicationsPerAddressHour is the velocity limit of screening; 0 is none.
	ApplicationsPerAddressHour int `json:"applications_per_address_hour,omitempty"`
	// LongSleepBps is the share of the bank's cards that nobody has used for a
	// long time, as the bank enters it.
	LongSleepBps int `json:"long_sleep_bps,omitempty"`
	// CloseOnLongSleep closes the intake of applications while that share is over
	// LongSleepLimitBps.
	CloseOnLongSleep bool `json:"close_on_long_sleep,omitempty"`
	// CompleteAfterDays is how long after it was sent an order counts as received
	// when its viewer says nothing; 10.
	CompleteAfterDays int `json:"complete_after_days,omitempty"`
	// OwnBINs are the first six digits of the bank's own cards; when none is
	// named, a card is the bank's own by its bank's name.
	OwnBINs []string `json:"own_bins,omitempty"`
	// Instalments are the plans that the bank offers on its own credit cards; none
	// by default.
	Instalments []Instalments `json:"instalments,omitempty"`
	// KeepDays are how long the classes of data are kept, by their names; see
	// package keeping for the classes and RULES §5 for the defaults.
	KeepDays map[string]int `json:"keep_days,omitempty"`
	// PasswordLength is how many characters a staff password has at least; 12.
	PasswordLength int `json:"password_length,omitempty"`
	// PasswordDays is after how many days a staff password must be changed; 0 is
	// never.
	PasswordDays int `json:"password_days,omitempty"`
	// TOTPRoles are the roles that need a second factor; none by default.
	TOTPRoles []string `json:"totp_roles,omitempty"`
	// Reconciliation says what people and rules may do with what differs.
	Reconciliation Reconciliation `json:"reconciliation,omitzero"`
	// HandoffKey signs the bank app's sign-in tokens (HS256), empty for none.
	HandoffKey string `json:"handoff_key,omitempty"`
}

// LongSleepLimitBps is the share of long-sleep cards above which a bank may issue
// no more (银保监规〔2022〕13号): 20 %.
const LongSleepLimitBps = 2_000

// IntakeClosed tells whether the bank takes no card applications now.
func (s Settings) IntakeClosed() bool {
	return s.CloseOnLongSleep && s.LongSleepBps > LongSleepLimitBps
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if len(s.FollowUps) == 0 {
		s.FollowUps = []Duration{Duration(time.Hour), Duration(24 * time.Hour), Duration(72 * time.Hour)}
	}
	if s.FirstSpend == 0 {
		s.FirstSpend = Duration(24 * time.Hour)
	}
	if s.PromoFrom == "" {
		s.PromoFrom = "09:00"
	}
	if s.PromoTo == "" {
		s.PromoTo = "20:30"
	}
	if s.PromoEarliest == "" {
		s.PromoEarliest = "08:00"
	}
	if s.PromoLatest == "" {
		s.PromoLatest = "21:00"
	}
	if s.PromoPerDay == 0 {
		s.PromoPerDay = 1
	}
	if s.PromoPerWeek == 0 {
		s.PromoPerWeek = 3
	}
	if s.ClaimLease == 0 {
		s.ClaimLease = Duration(15 * time.Minute)
	}
	for _, d := range []struct {
		of *Duration
		is time.Duration
	}{{&s.AssignmentLease, 24 * time.Hour}, {&s.FirstLookWithin, 4 * time.Hour}, {&s.DecisionWithin, 24 * time.Hour}, {&s.SupplementWithin, 72 * time.Hour}} {
		if *d.of == 0 {
			*d.of = Duration(d.is)
		}
	}
	if s.CoolOffDays == 0 {
		s.CoolOffDays = 90
	}
	if s.PasswordLength == 0 {
		s.PasswordLength = 12
	}
	if s.CompleteAfterDays == 0 {
		s.CompleteAfterDays = 10
	}
	if s.Reconciliation.SecondAboveFen == 0 {
		s.Reconciliation.SecondAboveFen = 1_000_000
	}
	return s
}

// Reconciliation is how a bank works on what differs from a gateway's statement.
type Reconciliation struct {
	// SecondAboveFen is the difference above which a second person confirms how it
	// is resolved; 10,000 yuan.
	SecondAboveFen int64 `json:"second_above_fen,omitempty" minimum:"1" maximum:"1000000000000" doc:"A difference above this is resolved by two people"`
	// NoRepair switches off that the gateway is asked about what it has and we do
	// not count.
	NoRepair bool `json:"no_repair,omitempty" doc:"Do not ask the gateway about what it has and we do not count"`
	// RefundSurplusAfterDays is after how many days a surplus that nobody owns is
	// given back; 0 is never.
	RefundSurplusAfterDays int `json:"refund_surplus_after_days,omitempty" minimum:"0" maximum:"365" doc:"Give back a surplus that nobody owns after so many days; 0 is never"`
	// WriteOffUpToFen is up to which difference an amount is written off; 0 is none.
	WriteOffUpToFen int64 `json:"write_off_up_to_fen,omitempty" minimum:"0" maximum:"10000" doc:"Write off amounts that differ by no more than this; 0 is none"`
	// BankboxFeeBps is what the bank's own gateway charges of each payment: its file
	// does not say. What other gateways charge stands in theirs.
	BankboxFeeBps int64 `json:"bankbox_fee_bps,omitempty" minimum:"0" maximum:"1000" doc:"What the bank's own gateway charges of each payment, in basis points; refunds give nothing back"`
}

// Instalments is a way to pay a purchase back in equal monthly terms.
type Instalments struct {
	Terms  int   `json:"terms"`   // months, 2 to 60
	FeeBps int64 `json:"fee_bps"` // all fees together, of the purchase; 0 to 10,000
}

// Valid tells whether the plan may be offered.
func (i Instalments) Valid() bool {
	return i.Terms >= 2 && i.Terms <= 60 && i.FeeBps >= 0 && i.FeeBps <= 10_000
}

// Duration is written as Go writes it: "90s", "24h".
type Duration time.Duration

// MarshalText writes "1h0m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads "1h", "90s".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Directory finds banks, from memory where it can.
type Directory struct {
	db  *db.DB
	def string

	reading sync.Mutex // one reads at a time

	mu     sync.RWMutex
	banks  []Bank // nil until read
	loaded time.Time
	scopes map[string]knownScope // by branch
}

// freshFor is how long a change of a bank's row may take to be seen.
const freshFor = 5 * time.Second

// NewDirectory makes a directory; def is the slug of the default bank, or "".
func NewDirectory(d *db.DB, def string) *Directory {
	return &Directory{db: d, def: def, scopes: map[string]knownScope{}}
}

// All lists the banks. When what is known has become old, one caller reads anew
// and the others go on with it meanwhile; so do all while the database is away.
func (d *Directory) All(ctx context.Context) ([]Bank, error) {
	banks, fresh := d.known()
	if fresh {
		return banks, nil
	}
	if banks == nil {
		d.reading.Lock()
	} else if !d.reading.TryLock() {
		return banks, nil
	}
	defer d.reading.Unlock()
	if banks, fresh = d.known(); fresh { // read by whoever had the lock
		return banks, nil
	}
	now := d.db.Clock().Now()
	read, err := db.All(ctx, d.db, scan, selectBank+" ORDER BY id")
	if err != nil && banks != nil {
		return banks, nil
	}
	if err != nil || len(read) == 0 {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.banks, d.loaded = read, now
	return read, nil
}

// known is what was read last, nil for nothing, and whether that is fresh.
func (d *Directory) known() ([]Bank, bool) {
	now := d.db.Clock().Now()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.banks, d.banks != nil && now.Sub(d.loaded) < freshFor
}

const selectBank = "SELECT id, slug, name, time_zone, hosts, settings FROM bank"

// Read reads a bank as it stands, for who is within a transaction.
func Read(ctx context.Context, q db.Querier, bankID string) (Bank, bool, error) {
	return db.One(ctx, q, scan, selectBank+" WHERE id = ?", bankID)
}

func scan(r db.Row) (Bank, error) {
	var b Bank
	var zone, hosts, settings string
	if err := r.Scan(&b.ID, &b.Slug, &b.Name, &zone, &hosts, &settings); err != nil {
		return b, err
	}
	var err error
	if b.Zone, err = time.LoadLocation(zone); err != nil {
		return b, fmt.Errorf("tenant: bank %s: %w", b.Slug, err)
	}
	if err := json.Unmarshal([]byte(settings), &b.Settings); err != nil {
		return b, fmt.Errorf("tenant: settings of %s: %w", b.Slug, err)
	}
	b.Settings = b.Settings.WithDefaults()
	for h := range strings.SplitSeq(hosts, ",") {
		if h = strings.TrimSpace(h); h != "" {
			b.Hosts = append(b.Hosts, strings.ToLower(h))
		}
	}
	return b, nil
}

// ByID finds a bank.
func (d *Directory) ByID(ctx context.Context, bankID string) (Bank, bool, error) {
	return d.find(ctx, func(b Bank) bool { return b.ID == bankID })
}

// BySlug finds a bank by its slug.
func (d *Directory) BySlug(ctx context.Context, slug string) (Bank, bool, error) {
	return d.find(ctx, func(b Bank) bool { return b.Slug == slug })
}

func (d *Directory) find(ctx context.Context, is func(Bank) bool) (Bank, bool, error) {
	banks, err := d.All(ctx)
	if err != nil {
		return Bank{}, false, err
	}
	for _, b := range banks {
		if is(b) {
			return b, true, nil
		}
	}
	return Bank{}, false, nil
}

// ForRequest decides the bank of a request without a token: the host name,
// else the slug of the X-Bank header, else the default, else the only one.
func (d *Directory) ForRequest(ctx context.Context, host, slug string) (Bank, bool, error) {
	host = strings.ToLower(host)
	if b, ok, err := d.find(ctx, func(b Bank) bool {
		for _, h := range b.Hosts {
			if h == host {
				return true
			}
		}
		return false
	}); ok || err != nil {
		return b, ok, err
	}
	if slug != "" {
		return d.BySlug(ctx, slug)
	}
	if d.def != "" {
		return d.BySlug(ctx, d.def)
	}
	banks, err := d.All(ctx)
	if err != nil || len(banks) != 1 {
		return Bank{}, false, err
	}
	return banks[0], true, nil
}

// Create writes a bank within tx.
func Create(ctx context.Context, tx *db.Tx, b Bank) error {
	settings, err := json.Marshal(b.Settings)
	if err != nil {
		return fmt.Errorf("tenant: settings: %w", err)
	}
	return tx.Insert(ctx, "bank (id, slug, name, time_zone, hosts, settings, created_at)",
		[][]any{{b.ID, b.Slug, b.Name, b.Zone.String(), strings.Join(b.Hosts, ","), string(settings), tx.Now}}, "")
}

// ReadSettings reads a bank's settings from its row, with the defaults.
func ReadSettings(ctx context.Context, q db.Querier, bank string) (s Settings, err error) {
	raw, _, err := db.Value[string](ctx, q, "SELECT settings FROM bank WHERE id = ?", bank)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return s, fmt.Errorf("tenant: settings of %s: %w", bank, err)
	}
	return s.WithDefaults(), nil
}

// Change lets act change a bank's settings, within tx. What it stores is what was
// set, without the defaults; keys that this version does not know stay. Nodes see
// it within freshFor.
func Change(ctx context.Context, tx *db.Tx, bank string, act func(s *Settings)) error {
	raw, _, err := db.Value[string](ctx, tx, "SELECT settings FROM bank WHERE id = ?"+tx.Dialect().ForUpdate(), bank)
	if err != nil {
		return err
	}
	all, before, after := map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}
	var s Settings
	if err := errors.Join(json.Unmarshal([]byte(raw), &all), json.Unmarshal([]byte(raw), &s)); err != nil {
		return fmt.Errorf("tenant: settings of %s: %w", bank, err)
	}
	if err := asMap(s, &before); err != nil {
		return err
	}
	act(&s)
	if err := asMap(s, &after); err != nil {
		return err
	}
	for key := range before {
		delete(all, key)
	}
	maps.Copy(all, after)
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("tenant: settings of %s: %w", bank, err)
	}
	_, err = tx.Exec(ctx, "UPDATE bank SET settings = ? WHERE id = ?", string(text), bank)
	return err
}

func asMap(s Settings, into *map[string]json.RawMessage) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("tenant: settings: %w", err)
	}
	return json.Unmarshal(raw, into)
}
