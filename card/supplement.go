package card

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Supplement takes the fields that the reviewer asked for, all of them at once,
// screens the application again as it stands with them, and gives it back to the
// review: to the reviewer whose claim still holds, else to the queue. What
// screening says then is for them: it turns nobody down any more who has come
// before a person, and an approval against it takes two. Errors: not_found;
// conflict when nothing is asked for; validation with fields.<name>.
func (a *Applications) Supplement(ctx context.Context, bank tenant.Bank, viewer, application string, given map[string]pii.Text, agent string, by Actor) (Application, error) {
	current, err := a.get(ctx, a.book.DB, bank, viewer, application)
	if err != nil {
		return current, err
	}
	if current.InfoRequest == nil {
		return current, fault.New(fault.Conflict, "conflict")
	}
	given = maps.Clone(given)
	for name, t := range given {
		given[name] = pii.Clear(normal(name, t.Reveal()))
	}
	if err := checkSupplement(current.InfoRequest.Fields, given, bank, a.book.DB.Clock().Now()); err != nil {
		return current, err
	}
	if err := collectsAt(ctx, a.book.DB, bank.ID, given["delivery_outlet_id"].Reveal(), "fields.delivery_outlet_id"); err != nil {
		return current, err
	}
	again, err := a.candidateAgain(ctx, bank, application, given, agent)
	if err != nil {
		return current, err
	}
	sealed := maps.Clone(given)
	maps.DeleteFunc(sealed, func(name string, _ pii.Text) bool { return slices.Contains(columns, name) })
	rows, err := a.book.seal(ctx, bank.ID, application, sealed)
	if err != nil {
		return current, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		return a.supplement(ctx, tx, bank, Event{Bank: bank.ID, Application: application, Kind: "supplemented", By: by,
			Detail: map[string]any{"fields": current.InfoRequest.Fields}}, given, again, rows)
	})
	if err != nil {
		return current, err
	}
	return a.Get(ctx, bank, viewer, application)
}

// candidateAgain is the application as screening sees it with what is given now.
func (a *Applications) candidateAgain(ctx context.Context, bank tenant.Bank, application string, given map[string]pii.Text, agent string) (c Candidate, err error) {
	c.Application, c.Agent, c.Again = application, agent, true
	_, _, err = db.One(ctx, a.book.DB, func(r db.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&c.CardProductID, &c.RoomID, &c.BranchID, &c.Campaign, &c.CityCode, &c.IncomeBand, &c.LimitWishedFen,
			&c.PersonHash, &c.PhoneHash, &c.IPHash, &c.DeviceID, &c.EmployerPhoneHash)
	}, `SELECT card_product_id, COALESCE(room_id, ''), COALESCE(branch_id, ''), COALESCE(campaign, ''), city_code, COALESCE(income_band, ''),
		COALESCE(limit_wished_fen, 0), id_no_hash, phone_hash, ip_hash, COALESCE(device_id, ''), COALESCE(employer_phone_hash, '')
		FROM application WHERE bank_id = ? AND id = ?`, bank.ID, application)
	if err != nil {
		return c, err
	}
	fields, err := a.book.Open(ctx, a.book.DB, bank.ID, application, "id_no", "industry", "title")
	if err != nil {
		return c, err
	}
	maps.Copy(fields, given)
	if who, code := ParseIDNo(fields["id_no"].Reveal()); code == "" {
		c.Age, c.AdminCode = who.Age(a.book.DB.Clock().Now(), bank.Zone), who.No[:6]
	}
	c.Industry, c.Title = fields["industry"].Reveal(), fields["title"].Reveal()
	for name, into := range map[string]*string{"city_code": &c.CityCode, "income_band": &c.IncomeBand} {
		if v, ok := given[name]; ok {
			*into = v.Reveal()
		}
	}
	if v, ok := given["limit_wished_fen"]; ok {
		c.LimitWishedFen, _ = strconv.ParseInt(v.Reveal(), 10, 64) // it was checked
	}
	if v, ok := given["employer_phone"]; ok {
		if c.EmployerPhoneHash, err = a.book.Keys.Hash(ctx, bank.ID, "employer_phone", v.Reveal()); err != nil {
			return c, err
		}
	}
	if c.DeviceID != "" {
		c.DeviceHash, err = a.book.Keys.Hash(ctx, bank.ID, "device", c.DeviceID)
	}
	return c, err
}

// checkSupplement wants each field that was asked for, and no other; with how the
// card comes, the outlet where it is collected.
func checkSupplement(asked []string, given map[string]pii.Text, bank tenant.Bank, now time.Time) error {
	bad := fault.New(fault.Invalid, "validation")
	for field := range given {
		if !slices.Contains(asked, comesWith(field)) {
			bad.With("fields."+field, "field.unknown")
		}
	}
	if slices.Contains(asked, "delivery_to") {
		if code := outletFits(given["delivery_to"].Reveal(), !given["delivery_outlet_id"].Empty()); code != "" {
			bad.With("fields.delivery_outlet_id", code)
		} else if v := given["delivery_outlet_id"].Reveal(); v != "" {
			if code := checkText("delivery_outlet_id", v); code != "" {
				bad.With("fields.delivery_outlet_id", code)
			}
		}
	}
	for _, field := range asked {
		code := checkText(field, given[field].Reveal())
		if code == "" && field == "id_expires_on" && expired(given[field].Reveal(), bank, now) {
			code = "id_no.expired"
		}
		if code != "" {
			bad.With("fields."+field, code)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// sameFields tells whether the fields asked for, as they are written down, are
// those that are given.
func sameFields(asked string, given map[string]pii.Text) bool {
	var names []string
	if json.Unmarshal([]byte(asked), &names) != nil {
		return false
	}
	for name := range given {
		if !slices.Contains(names, comesWith(name)) {
			return false
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool { _, has := given[name]; return !has })
}

func (a *Applications) supplement(ctx context.Context, tx *db.Tx, bank tenant.Bank, e Event, given map[string]pii.Text, c Candidate, rows [][]any) error {
	// Held: what is answered is what is asked for now, not what another answer was
	// for before the reviewer asked anew.
	asked, _, err := db.Value[string](ctx, tx, "SELECT COALESCE(info_fields, '') FROM application WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, e.Application)
	if err != nil {
		return err
	}
	if !sameFields(asked, given) {
		return fault.New(fault.Conflict, "conflict")
	}
	declined, _, err := lastRejection(ctx, tx, bank.ID, c.PersonHash)
	if err != nil {
		return err
	}
	c.DeclinedAt = declined
	verdict, err := a.book.Screens.Screen(ctx, tx, bank, c)
	if err != nil {
		return err
	}
	set, args := `info_fields = NULL, info_message_sealed = NULL, screening = ?, city_code = ?, income_band = ?, limit_wished_fen = ?, employer_phone_hash = ?`,
		[]any{string(verdict), c.CityCode, nullable(c.IncomeBand), positive(c.LimitWishedFen), nullable(c.EmployerPhoneHash)}
	if _, ok := given["delivery_to"]; ok {
		set, args = set+", delivery_outlet_id = ?", append(args, nullable(given["delivery_outlet_id"].Reveal()))
	}
	if name, ok := given["name"]; ok {
		set, args = set+", name_masked = ?", append(args, Mask("name", name))
	}
	m := Move{Event: e, From: []Status{InfoRequested}, To: InReview, Set: set, Args: args,
		Where: "claimed_until > ?", With: []any{tx.Now}}
	moved, err := a.book.Move(ctx, tx, m)
	if err == nil && !moved {
		m.To, m.Where, m.With = Queued, "", nil
		m.Set += ", claimed_by = NULL, claimed_until = NULL"
		moved, err = a.book.Move(ctx, tx, m)
	}
	if err != nil {
		return err
	}
	if !moved { // withdrawn or decided meanwhile
		return fault.New(fault.Conflict, "conflict")
	}
	err = a.book.Record(ctx, tx, Event{Bank: e.Bank, Application: e.Application, Kind: "screened", Detail: map[string]any{"verdict": verdict, "again": true}})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Insert(ctx, fieldColumns, rows, tx.Dialect().OnDuplicate("application_id, field", "sealed = NEW(sealed)"))
}

// Withdraw ends an application at the applicant's wish, as long as it is not
// decided; again is no change. Errors: not_found; conflict once it is decided.
func (a *Applications) Withdraw(ctx context.Context, bank tenant.Bank, viewer, application string, by Actor) (Application, error) {
	current, err := a.get(ctx, a.book.DB, bank, viewer, application)
	if err != nil || current.Status == Withdrawn {
		return current, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		moved, err := a.book.Move(ctx, tx, Move{Event: Event{Bank: bank.ID, Application: application, Kind: "withdrawn", By: by}, To: Withdrawn})
		if err != nil || moved {
			return err
		}
		now, _, err := db.Value[Status](ctx, tx, "SELECT status FROM application WHERE bank_id = ? AND id = ?"+tx.Dialect().ForShare(), bank.ID, application)
		if err == nil && now != Withdrawn { // pressed twice it is withdrawn once
			err = fault.New(fault.Conflict, "conflict")
		}
		return err
	})
	if err != nil {
		return current, err
	}
	return a.Get(ctx, bank, viewer, application)
}
