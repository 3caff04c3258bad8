package card

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
)

// keys are the keyed hashes by which a person is found again.
type keys struct{ person, phone, ip, device, employerPhone string }

// intake is an application made ready outside of the transaction: what needs
// keys or other tables is done, so that the transaction only writes.
type intake struct {
	id        string
	form      Form
	who       Identity
	keys      keys
	documents []ConsentItem
	fields    [][]any
	plan      int // version of the form
	from      Source
}

// Apply takes an application in, screens it and puts it into the queue, in one
// transaction. The same viewer's repeat while one is open is answered with the
// first one's receipt. Errors: validation (422) with the fields named;
// application.intake_closed (409) while the bank takes none in;
// application.duplicate (409) when another viewer's application of the same
// person is open; application.cool_off (409) within the bank's wait after a
// rejection; those of idempotency.
func (a *Applications) Apply(ctx context.Context, bank tenant.Bank, viewer string, f Form, req idem.Request) (Receipt, bool, error) {
	in, err := a.prepare(ctx, bank, viewer, f)
	if err != nil {
		return Receipt{}, false, err
	}
	for try := 1; ; try++ {
		receipt, replayed, err := idem.Do(ctx, a.keeper, req, func(tx *db.Tx) (Receipt, error) {
			return a.admit(ctx, tx, bank, viewer, in)
		})
		// Another node took the same person in at the same moment, or the receipt
		// number is taken: the next try sees the one or draws another number.
		if db.IsDuplicate(err) && try < 3 {
			continue
		}
		return receipt, replayed, err
	}
}

func (a *Applications) prepare(ctx context.Context, bank tenant.Bank, viewer string, f Form) (in intake, err error) {
	plan, err := a.FormPlan(ctx, bank.ID)
	if err != nil {
		return in, err
	}
	if in.who, err = f.check(bank, a.book.DB.Clock().Now(), plan); err != nil {
		return in, err
	}
	if err := collectsAt(ctx, a.book.DB, bank.ID, f.Applicant.DeliveryOutletID, "applicant.delivery_outlet_id"); err != nil {
		return in, err
	}
	in.plan = plan.Version
	in.id, in.form = id.New(id.Application), f
	if in.keys, err = a.hash(ctx, bank.ID, f); err != nil {
		return in, err
	}
	signedIn, err := a.viewers.PhoneHash(ctx, bank.ID, viewer)
	if err != nil {
		return in, err
	}
	if signedIn != in.keys.phone {
		return in, fault.InvalidField("applicant.phone", "applicant.phone_other")
	}
	if in.documents, err = a.requiredTexts(ctx, bank.ID, f); err != nil {
		return in, err
	}
	if in.from, err = Attribute(ctx, a.book.DB, a.rooms, bank.ID, f.RoomID, f.ShareCode); err != nil {
		return in, err
	}
	in.fields, err = a.book.seal(ctx, bank.ID, in.id, f.Applicant.sealed())
	return in, err
}

func (a *Applications) hash(ctx context.Context, bank string, f Form) (k keys, err error) {
	for _, h := range []struct {
		into           *string
		purpose, value string
	}{
		{&k.person, "id_no", f.Applicant.IDNo.Reveal()},
		{&k.phone, "phone", f.Applicant.Phone.Reveal()},
		{&k.ip, "ip", f.IP},
		{&k.device, "device", f.DeviceID},
		{&k.employerPhone, "employer_phone", f.Applicant.EmployerPhone.Reveal()},
	} {
		if h.value == "" && h.purpose != "ip" { // an address stands in every row
			continue
		}
		if *h.into, err = a.book.Keys.Hash(ctx, bank, h.purpose, h.value); err != nil {
			return k, err
		}
	}
	return k, nil
}

// requiredTexts checks the product and its consents, and gives what the consent
// records will name.
func (a *Applications) requiredTexts(ctx context.Context, bank string, f Form) ([]ConsentItem, error) {
	products, err := readProducts(ctx, a.book.DB, bank, f.CardProductID)
	if err != nil {
		return nil, err
	}
	if len(products) == 0 || f.CardProductID == "" {
		return nil, fault.InvalidField("card_product_id", "card_product.unknown")
	}
	return products[0].Consents, checkConsents(f.Consents, products[0].Consents)
}

// admit is the transaction of Apply.
func (a *Applications) admit(ctx context.Context, tx *db.Tx, bank tenant.Bank, viewer string, in intake) (Receipt, error) {
	first, found, err := openOne(ctx, tx, bank.ID, openKey(in))
	if err != nil {
		return Receipt{}, err
	}
	if found {
		if first.viewer != viewer {
			return Receipt{}, fault.New(fault.Conflict, "application.duplicate")
		}
		first.Repeat = true
		return first.Receipt, forgetDraft(ctx, tx, bank.ID, viewer, in.form.CardProductID)
	}
	if bank.Settings.IntakeClosed() {
		return Receipt{}, fault.New(fault.Conflict, "application.intake_closed")
	}
	no, found, err := lastRejection(ctx, tx, bank.ID, in.keys.person)
	if err != nil {
		return Receipt{}, err
	}
	if until := no.AddDate(0, 0, bank.Settings.CoolOffDays); found && tx.Now.Before(until) {
		return Receipt{}, fault.New(fault.Conflict, "application.cool_off", bank.BusinessDate(until))
	}
	verdict, err := a.book.Screens.Screen(ctx, tx, bank, in.candidate(tx.Now, bank, no))
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{ID: in.id, Status: Queued, ReceiptNo: receiptNo(bank, tx.Now)}
	if verdict == Decline {
		r.Status = Rejected
	}
	if err := insertApplication(ctx, tx, bank.ID, viewer, in, r, verdict); err != nil {
		return Receipt{}, err
	}
	if err := forgetDraft(ctx, tx, bank.ID, viewer, in.form.CardProductID); err != nil {
		return Receipt{}, err
	}
	return r, a.screened(ctx, tx, bank.ID, viewer, r, in.form.By, verdict)
}

// candidate is what screening may know of the application.
func (in intake) candidate(now time.Time, bank tenant.Bank, declined time.Time) Candidate {
	f := in.form
	return Candidate{Application: in.id, CardProductID: f.CardProductID, RoomID: in.from.Room, BranchID: in.from.Branch, Campaign: in.from.Campaign,
		Age: in.who.Age(now, bank.Zone), AdminCode: in.who.No[:6], CityCode: f.Applicant.CityCode, IncomeBand: f.Applicant.IncomeBand,
		PersonHash: in.keys.person, PhoneHash: in.keys.phone, IPHash: in.keys.ip, DeviceID: f.DeviceID, DeviceHash: in.keys.device,
		EmployerPhoneHash: in.keys.employerPhone, Agent: f.Agent, DeclinedAt: declined,
		Industry: f.Applicant.More["industry"].Reveal(), Title: f.Applicant.More["title"].Reveal(), LimitWishedFen: f.Applicant.LimitWishedFen}
}

// screened writes the timeline's first two lines and tells of the status that
// screening has led to: the row bears it already.
func (a *Applications) screened(ctx context.Context, tx *db.Tx, bank, viewer string, r Receipt, by Actor, verdict Verdict) error {
	return a.book.enter(ctx, tx, viewer, r.Status,
		Event{Bank: bank, Application: r.ID, Kind: "submitted", By: by, Detail: map[string]any{"status": Screening}},
		Event{Bank: bank, Application: r.ID, Kind: "screened", Detail: map[string]any{"status": r.Status, "verdict": verdict}})
}

// openKey is what is unique among open applications: a person and a product.
func openKey(in intake) string { return in.form.CardProductID + "/" + in.keys.person }

type opened struct {
	Receipt
	viewer string
}

func openOne(ctx context.Context, q db.Querier, bank, key string) (opened, bool, error) {
	return db.One(ctx, q, func(r db.Row) (o opened, err error) {
		return o, r.Scan(&o.ID, &o.Status, &o.ReceiptNo, &o.viewer)
	}, "SELECT id, status, receipt_no, viewer_id FROM application WHERE bank_id = ? AND open_key = ?", bank, key)
}

func insertApplication(ctx context.Context, tx *db.Tx, bank, viewer string, in intake, r Receipt, verdict Verdict) error {
	f, a := in.form, in.form.Applicant
	var open, decision, reason, decided any = openKey(in), nil, nil, nil
	if r.Status == Rejected {
		open, decision, reason, decided = nil, "reject", "policy_excluded", tx.Now
	}
	err := tx.Insert(ctx, `application (id, bank_id, viewer_id, card_product_id, status, receipt_no, screening,
		id_no_hash, phone_hash, open_key, name_masked, id_no_masked, phone_masked, city_code, income_band,
		room_id, host_id, branch_id, outlet_id, manager_id, community, campaign, share_code, device_id, ip_hash, employer_phone_hash,
		limit_wished_fen, delivery_outlet_id, form_version, decision, reason_code, decided_at, created_at, updated_at)`, [][]any{{
		in.id, bank, viewer, f.CardProductID, string(r.Status), r.ReceiptNo, string(verdict),
		in.keys.person, in.keys.phone, open, Mask("name", a.Name), Mask("id_no", a.IDNo), Mask("phone", a.Phone), a.CityCode, nullable(a.IncomeBand),
		nullable(in.from.Room), nullable(in.from.Host), nullable(in.from.Branch), nullable(in.from.Outlet), nullable(in.from.Manager), nullable(in.from.Community), nullable(in.from.Campaign),
		nullable(f.ShareCode), nullable(f.DeviceID), in.keys.ip, nullable(in.keys.employerPhone), positive(a.LimitWishedFen), nullable(a.DeliveryOutletID), in.plan, decision, reason, decided, tx.Now, tx.Now}}, "")
	if err != nil {
		return err
	}
	if err := tx.Insert(ctx, fieldColumns, in.fields, ""); err != nil {
		return err
	}
	channel := "app"
	if in.from.Room != "" {
		channel = "room"
	}
	rows := make([][]any, len(in.documents))
	for i, d := range in.documents {
		rows[i] = []any{id.New(id.Consent), bank, viewer, in.id, d.Document, d.Version, d.hash, d.purpose, d.recipient, channel, f.By.RequestID, tx.Now}
	}
	return tx.Insert(ctx, `consent (id, bank_id, viewer_id, application_id, document, version, text_hash, purpose,
		recipient, channel, evidence, given_at)`, rows, "")
}

// receiptNo is for people: the bank's date and six characters that are hard to
// guess and to misread.
func receiptNo(bank tenant.Bank, now time.Time) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	raw := make([]byte, 6)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return "R" + strings.ReplaceAll(bank.BusinessDate(now), "-", "") + string(raw)
}
