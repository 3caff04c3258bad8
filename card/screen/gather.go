package screen

import (
	"context"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// countLimit is where counts stop: whoever is that far over a limit is over it.
const countLimit = 1000

// shareOf is how many of today's newest applications an address's share is of.
const shareOf = 500

// subject is something that applications are counted by.
type subject struct {
	kind   Kind
	column string // of application
	value  string // in that column
	index  string // of that column: by the time an engine may walk months
	hash   string
	others time.Duration // the window in which other persons count
	into   *Subject
}

func subjects(c card.Candidate, in *Input) []subject {
	all := []subject{
		{kind: Device, column: "device_id", index: "application_device", value: c.DeviceID, hash: c.DeviceHash, others: 24 * time.Hour, into: &in.Device},
		{kind: EmployerPhone, column: "employer_phone_hash", index: "application_employer_phone", value: c.EmployerPhoneHash, hash: c.EmployerPhoneHash, into: &in.EmployerPhone},
		{kind: IP, column: "ip_hash", index: "application_ip", value: c.IPHash, hash: c.IPHash, others: 24 * time.Hour, into: &in.IP},
		{kind: Phone, column: "phone_hash", index: "application_phone", value: c.PhoneHash, hash: c.PhoneHash, others: 90 * 24 * time.Hour, into: &in.Phone},
	}
	given := all[:0]
	for _, s := range all {
		if s.value != "" {
			given = append(given, s)
		}
	}
	return given
}

// gather reads the facts within the application's transaction, without itself.
func gather(ctx context.Context, tx *db.Tx, bank tenant.Bank, c card.Candidate) (Input, error) {
	in := Input{Age: c.Age, IDValid: true, AdminCode: c.AdminCode, CityCode: c.CityCode, IncomeBand: c.IncomeBand, Industry: c.Industry, Title: c.Title, LimitWished: c.LimitWishedFen, Campaign: c.Campaign,
		CardProductID: c.CardProductID, RoomID: c.RoomID, BranchID: c.BranchID, Hour: tx.Now.In(bank.Zone).Hour(),
		Agent: c.Agent, DeviceGiven: c.DeviceID != "", CoolOffDays: bank.Settings.CoolOffDays,
		AddressLimit: bank.Settings.ApplicationsPerAddressHour}
	all := subjects(c, &in)
	if err := latch(ctx, tx, bank.ID, all); err != nil {
		return in, err
	}
	for _, s := range all {
		if err := s.count(ctx, tx, bank.ID, c); err != nil {
			return in, err
		}
	}
	var err error
	if in.IPSharePct, err = share(ctx, tx, bank, c); err != nil {
		return in, err
	}
	if err := person(ctx, tx, bank.ID, c, &in.Person); err != nil {
		return in, err
	}
	return in, listed(ctx, tx, bank.ID, c, all, &in)
}

// latch holds the subjects until the transaction ends, in the order of their
// kinds: whoever shares one waits here.
func latch(ctx context.Context, tx *db.Tx, bank string, all []subject) error {
	rows := make([][]any, len(all))
	for i, s := range all {
		rows[i] = []any{bank, string(s.kind), s.hash, tx.Now}
	}
	return tx.Insert(ctx, "screening_latch (bank_id, kind, hash, at)", rows, tx.Dialect().OnDuplicate("bank_id, kind, hash", "at = NEW(at)"))
}

// Purge forgets latches that nobody holds any more.
func (s *Screens) Purge(ctx context.Context) error {
	return s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM screening_latch WHERE at < ?", tx.Now.Add(-time.Hour))
		return err
	})
}

// count reads what came with the subject, by its index.
func (s subject) count(ctx context.Context, tx *db.Tx, bank string, c card.Candidate) error {
	within := func(d time.Duration) time.Time { return tx.Now.Add(-d) }
	_, _, err := db.One(ctx, tx, func(r db.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&s.into.D7, &s.into.H24, &s.into.H1, &s.into.M10)
	}, s.newest(tx.Dialect(), c.Again), append(append([]any{within(24 * time.Hour), within(time.Hour), within(10 * time.Minute), bank, s.value, within(7 * 24 * time.Hour)}, itself(c)...), countLimit)...)
	if err != nil || s.others == 0 {
		return err
	}
	n, err := some(ctx, tx, bank, s.index, s.column+" = ? AND created_at > ? AND id_no_hash <> ?", s.value, within(s.others), c.PersonHash)
	s.into.Others = n
	return err
}

// butItself leaves an application out that is there already.
func butItself(again bool) string {
	if again {
		return " AND id <> ?"
	}
	return ""
}

// itself is the argument of butItself.
func itself(c card.Candidate) []any {
	if c.Again {
		return []any{c.Application}
	}
	return nil
}

// newest counts within four windows.
func (s subject) newest(d db.Dialect, again bool) string {
	return `SELECT COUNT(*), COALESCE(SUM(CASE WHEN created_at > ? THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN created_at > ? THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN created_at > ? THEN 1 ELSE 0 END), 0)
		FROM (SELECT created_at FROM application` + d.By(s.index) + ` WHERE bank_id = ? AND ` + s.column + ` = ? AND created_at > ?` + butItself(again) + ` ORDER BY created_at DESC LIMIT ?) AS newest`
}

// some counts applications by an index, up to countLimit.
func some(ctx context.Context, tx *db.Tx, bank, index, where string, args ...any) (int, error) {
	n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM application"+tx.Dialect().By(index)+" WHERE bank_id = ? AND "+where+" LIMIT ?) AS some",
		append(append([]any{bank}, args...), countLimit)...)
	return n, err
}

// share is an address's part of the bank's newest applications of today, in
// percent.
func share(ctx context.Context, tx *db.Tx, bank tenant.Bank, c card.Candidate) (int, error) {
	y, m, d := tx.Now.In(bank.Zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, bank.Zone)
	type pair struct{ all, its int }
	n, _, err := db.One(ctx, tx, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.all, &p.its) },
		`SELECT COUNT(*), COALESCE(SUM(CASE WHEN ip_hash = ? THEN 1 ELSE 0 END), 0) FROM
		(SELECT ip_hash FROM application WHERE bank_id = ? AND created_at >= ?`+butItself(c.Again)+` ORDER BY created_at DESC LIMIT ?) AS newest`,
		append(append([]any{c.IPHash, bank.ID, today.UTC()}, itself(c)...), shareOf)...)
	if err != nil || n.all == 0 {
		return 0, err
	}
	return n.its * 100 / n.all, nil
}

func person(ctx context.Context, tx *db.Tx, bank string, c card.Candidate, p *Applicant) error {
	var err error
	if p.OpenElsewhere, err = some(ctx, tx, bank, "application_person", "id_no_hash = ? AND open_key IS NOT NULL AND card_product_id <> ?", c.PersonHash, c.CardProductID); err != nil {
		return err
	}
	if p.CardsHeld, err = some(ctx, tx, bank, "application_person", "id_no_hash = ? AND issued_at IS NOT NULL", c.PersonHash); err != nil {
		return err
	}
	p.Declined = !c.DeclinedAt.IsZero()
	if p.Declined {
		p.DaysSinceDecline = int(tx.Now.Sub(c.DeclinedAt) / (24 * time.Hour))
	}
	return nil
}

// listed looks at the lists for all of an application at once.
func listed(ctx context.Context, tx *db.Tx, bank string, c card.Candidate, all []subject, in *Input) error {
	flags := map[string]*bool{
		liveKey(Black, PersonKind, c.PersonHash): &in.Person.Black, liveKey(White, PersonKind, c.PersonHash): &in.Person.White,
	}
	for _, s := range all {
		flags[liveKey(Black, s.kind, s.hash)], flags[liveKey(White, s.kind, s.hash)] = &s.into.Black, &s.into.White
	}
	args := []any{bank}
	for key := range flags {
		args = append(args, key)
	}
	keys, err := db.All(ctx, tx, func(r db.Row) (k string, err error) { return k, r.Scan(&k) },
		"SELECT live_key FROM screening_list WHERE bank_id = ? AND live_key IN "+db.Marks(len(flags))+" AND (expires_at IS NULL OR expires_at > ?)",
		append(args, tx.Now)...)
	for _, k := range keys {
		*flags[k] = true
	}
	return err
}

func liveKey(list ListName, kind Kind, hash string) string {
	return strings.Join([]string{string(list), string(kind), hash}, "/")
}
