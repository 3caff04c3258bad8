package review

import (
	"context"
	"strings"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// LeadDetail is a lead with everything about it, personal data masked.
type LeadDetail struct {
	Lead
	Attribution Attribution       `json:"attribution"`
	Findings    []card.Finding    `json:"screening_results"`
	Consents    []Consent         `json:"consents"`
	Timeline    []TimelineItem    `json:"timeline"`
	Notes       []Note            `json:"notes"`
	Claim       *Claim            `json:"claim"`
	Decision    *Verdict          `json:"decision"`
	Proposal    *Proposal         `json:"proposal" doc:"A decision that waits for a second person"`
	InfoRequest *card.InfoRequest `json:"info_request"`
	LimitWished *int64            `json:"limit_wished_fen"`
	Delivery    *card.Delivery    `json:"delivery" doc:"How the card is to come; null where nobody was asked"`
	IssuedAt    *clock.Stamp      `json:"issued_at"`
	BoundAt     *clock.Stamp      `json:"bound_at"`
}

// Attribution is where a lead came from.
type Attribution struct {
	RoomID      *string `json:"room_id"`
	HostID      *string `json:"host_id"`
	BranchID    *string `json:"branch_id"`
	OutletID    *string `json:"outlet_id"`
	OutletName  *string `json:"outlet_name"`
	ManagerID   *string `json:"manager_id"`
	ManagerName *string `json:"manager_name"`
	Community   *string `json:"community"`
	Campaign    *string `json:"campaign"`
	ShareCode   *string `json:"share_code"`
	FormVersion int     `json:"form_version"`
}

// Consent is a consent on record.
type Consent struct {
	Document    string       `json:"document"`
	Version     string       `json:"version"`
	TextHash    string       `json:"text_hash"`
	Purpose     string       `json:"purpose"`
	Recipient   string       `json:"recipient"`
	Channel     string       `json:"channel"`
	GivenAt     clock.Stamp  `json:"given_at"`
	WithdrawnAt *clock.Stamp `json:"withdrawn_at"`
}

// TimelineItem is something that happened to a lead.
type TimelineItem struct {
	ID     string         `json:"id"`
	Kind   string         `json:"kind"`
	By     *card.Named    `json:"by" doc:"null for the system"`
	Detail map[string]any `json:"detail"`
	Text   *string        `json:"text"`
	At     clock.Stamp    `json:"at"`
}

// Note is what a member of staff wrote down.
type Note struct {
	ID   string      `json:"id"`
	Text string      `json:"text"`
	By   card.Named  `json:"by"`
	At   clock.Stamp `json:"at"`
}

// Claim is who holds a lead.
type Claim struct {
	By    card.Named  `json:"by"`
	Until clock.Stamp `json:"until_at"`
	Mine  bool        `json:"mine"`
}

// Verdict is a decision on record.
type Verdict struct {
	Decision   string       `json:"decision" enum:"approve,reject"`
	ReasonCode string       `json:"reason_code"`
	By         *card.Named  `json:"by" doc:"null for the system"`
	At         *clock.Stamp `json:"at"`
}

// detailRow is what a single lead shows beyond the list.
type detailRow struct {
	attribution                 Attribution
	infoFields, infoSealed      string
	decision, reason, decidedBy string
	issued, bound               db.Time
	limit                       *int64
}

// Get gives a lead; not_found when the bank has none of that id.
func (l *Leads) Get(ctx context.Context, bank tenant.Bank, p Person, lead string) (LeadDetail, error) {
	var v LeadDetail
	head, found, err := db.One(ctx, l.book.DB, scanLead, leadColumns+" WHERE a.bank_id = ? AND a.id = ?", bank.ID, lead)
	if err != nil {
		return v, err
	}
	if !found {
		return v, fault.New(fault.NotFound, "not_found")
	}
	if err := p.sees(ctx, l.book.DB, bank.ID, lead); err != nil {
		return v, err
	}
	one := []Lead{head}
	if err := l.name(ctx, bank.ID, one); err != nil {
		return v, err
	}
	v.Lead = one[0]
	if v.ClaimedBy != nil {
		v.Claim = &Claim{By: *v.ClaimedBy, Until: *v.ClaimedUntil, Mine: v.claimer == p.ID}
	}
	names := map[string]string{}
	if err := l.fill(ctx, bank.ID, &v, names); err != nil {
		return v, err
	}
	if v.Proposal, err = l.proposal(ctx, bank.ID, p, lead, names); err != nil {
		return v, err
	}
	if v.Findings, err = l.book.Screens.Findings(ctx, bank.ID, lead); err != nil {
		return v, err
	}
	if v.Consents, err = readConsents(ctx, l.book.DB, bank.ID, lead); err != nil {
		return v, err
	}
	if err := l.mask(ctx, bank.ID, &v); err != nil {
		return v, err
	}
	return v, l.history(ctx, bank.ID, &v, names)
}

// fill reads the columns that only a single lead shows.
func (l *Leads) fill(ctx context.Context, bank string, v *LeadDetail, names map[string]string) error {
	row, _, err := db.One(ctx, l.book.DB, func(r db.Row) (d detailRow, err error) {
		a := &d.attribution
		return d, r.Scan(&a.RoomID, &a.HostID, &a.BranchID, &a.OutletID, &a.OutletName, &a.ManagerID, &a.ManagerName, &a.Community, &a.Campaign, &a.ShareCode, &a.FormVersion,
			&d.infoFields, &d.infoSealed, &d.decision, &d.reason, &d.decidedBy, &d.issued, &d.bound, &d.limit)
	}, `SELECT room_id, host_id, branch_id, outlet_id, (SELECT name FROM branch WHERE branch.id = outlet_id), manager_id, (SELECT name FROM staff WHERE staff.id = manager_id),
		community, campaign, share_code, form_version, COALESCE(info_fields, ''), COALESCE(info_message_sealed, ''),
		COALESCE(decision, ''), COALESCE(reason_code, ''), COALESCE(decided_by, ''), issued_at, bound_at, limit_wished_fen
		FROM application WHERE bank_id = ? AND id = ?`, bank, v.ID)
	if err != nil {
		return err
	}
	v.LimitWished = row.limit
	v.Attribution, v.IssuedAt, v.BoundAt = row.attribution, clock.AtPtr(row.issued.Time), clock.AtPtr(row.bound.Time)
	if row.decision != "" {
		v.Decision = &Verdict{Decision: row.decision, ReasonCode: row.reason, At: v.DecidedAt}
		if row.decidedBy != "" {
			name, err := l.nameOf(ctx, bank, row.decidedBy, names)
			if err != nil {
				return err
			}
			v.Decision.By = &card.Named{ID: row.decidedBy, Name: name}
		}
	}
	v.InfoRequest, err = l.book.ReadRequest(ctx, bank, v.ID, row.infoFields, row.infoSealed)
	return err
}

// mask shows every sealed field in its masked form.
func (l *Leads) mask(ctx context.Context, bank string, v *LeadDetail) error {
	fields, err := l.book.Open(ctx, l.book.DB, bank, v.ID)
	if err != nil {
		return err
	}
	if v.Delivery, err = l.book.Delivery(ctx, l.book.DB, bank, v.ID); err != nil {
		return err
	}
	v.Applicant.Fields = make(map[string]string, len(fields))
	for name, t := range fields {
		v.Applicant.Fields[name] = card.Mask(name, t)
	}
	return nil
}

func readConsents(ctx context.Context, q db.Querier, bank, lead string) ([]Consent, error) {
	return db.All(ctx, q, func(r db.Row) (c Consent, err error) {
		var given, withdrawn db.Time
		err = r.Scan(&c.Document, &c.Version, &c.TextHash, &c.Purpose, &c.Recipient, &c.Channel, &given, &withdrawn)
		c.GivenAt, c.WithdrawnAt = clock.At(given.Time), clock.AtPtr(withdrawn.Time)
		return c, err
	}, `SELECT document, version, text_hash, purpose, recipient, channel, given_at, withdrawn_at
		FROM consent WHERE bank_id = ? AND application_id = ? ORDER BY id`, bank, lead)
}

// history tells the timeline with names: staff by theirs, the applicant masked.
func (l *Leads) history(ctx context.Context, bank string, v *LeadDetail, names map[string]string) error {
	lines, err := l.book.Timeline(ctx, l.book.DB, bank, v.ID)
	if err != nil {
		return err
	}
	v.Timeline, v.Notes = []TimelineItem{}, []Note{}
	for _, line := range lines {
		item := TimelineItem{ID: line.ID, Kind: line.Kind, Detail: line.Detail, At: clock.At(line.At)}
		switch {
		case strings.HasPrefix(line.Actor, id.Staff+"_"):
			name, err := l.nameOf(ctx, bank, line.Actor, names)
			if err != nil {
				return err
			}
			item.By = &card.Named{ID: line.Actor, Name: name}
		case line.Actor != "" && line.Actor != cardCore:
			item.By = &card.Named{ID: line.Actor, Name: v.Applicant.Name}
		}
		// People are named beside their ids: to whom, from whom, whose decision.
		for _, key := range []string{"staff_id", "from", "proposed_by"} {
			staffID, _ := line.Detail[key].(string)
			if staffID == "" {
				continue
			}
			name, err := l.nameOf(ctx, bank, staffID, names)
			if err != nil {
				return err
			}
			item.Detail[strings.TrimSuffix(key, "_id")+"_name"] = name
		}
		if !line.Text.Empty() {
			text := line.Text.Reveal() // staff's own words, for staff of this bank
			item.Text = &text
		}
		if line.Kind == "noted" && item.By != nil && item.Text != nil {
			v.Notes = append(v.Notes, Note{ID: item.ID, Text: *item.Text, By: *item.By, At: item.At})
		}
		v.Timeline = append(v.Timeline, item)
	}
	return nil
}
