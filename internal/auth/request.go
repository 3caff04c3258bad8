package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// The kinds of request: a new member of staff, other roles, another branch, no
// second factor, a password by others, other rules for all.
const (
	ReqCreate    = "create"
	ReqRoles     = "roles"
	ReqBranch    = "branch"
	ReqTOTPReset = "totp_reset"
	ReqPassword  = "password"
	ReqRules     = "rules"
)

// The states of a request.
const (
	Asked     = "asked"
	Applied   = "applied"
	Rejected  = "rejected"
	Withdrawn = "withdrawn"
)

// Rules are what a bank asks of its staff's sign-in.
type Rules struct {
	PasswordLength int    `json:"password_length" minimum:"8" maximum:"64" doc:"Characters at least"`
	PasswordDays   int    `json:"password_days" minimum:"0" maximum:"3650" doc:"After how many days it must be changed; 0 is never"`
	TOTPRoles      []Role `json:"totp_roles" nullable:"false" maxItems:"10" uniqueItems:"true" enum:"admin,host,operator,reviewer,supervisor,finance,finance_checker,risk,auditor,merchant" doc:"Roles that need a second factor"`
}

func rulesOf(s tenant.Settings) Rules {
	r := Rules{PasswordLength: s.WithDefaults().PasswordLength, PasswordDays: s.PasswordDays, TOTPRoles: []Role{}}
	for _, role := range s.TOTPRoles {
		r.TOTPRoles = append(r.TOTPRoles, Role(role))
	}
	return r
}

// Wish is what a request changes; what its kind does not name is zero.
type Wish struct {
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Roles    []Role `json:"roles,omitempty"`
	BranchID string `json:"branch_id,omitempty" doc:"Left out for the whole bank"`
	Merchant string `json:"merchant_id,omitempty" doc:"Of a merchant's own account: the merchant; with the role merchant, and only with it"`
	Rules    *Rules `json:"rules,omitempty"`
}

// NewRequest is a request to be.
type NewRequest struct {
	Kind, StaffID, Reason string
	Wish                  Wish
}

// Request is a change that one admin asks for and another decides on.
type Request struct {
	ID        string       `json:"id"`
	Kind      string       `json:"kind" enum:"create,roles,branch,totp_reset,password,rules"`
	StaffID   string       `json:"staff_id" doc:"Of whom; empty for rules"`
	StaffName string       `json:"staff_name"`
	Wish      Wish         `json:"wish"`
	Base      Wish         `json:"base" doc:"What stood there when it was asked for"`
	Reason    string       `json:"reason"`
	State     string       `json:"state" enum:"asked,applied,rejected,withdrawn"`
	Outdated  bool         `json:"outdated" doc:"The person was changed since: it can't be applied"`
	AskedBy   Named        `json:"asked_by"`
	AskedAt   clock.Stamp  `json:"asked_at"`
	DecidedBy *Named       `json:"decided_by"`
	DecidedAt *clock.Stamp `json:"decided_at"`

	base int64
}

// Named is a person by id and name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func reasonOf(text string) string { return audit.Reason(strings.TrimSpace(text)) }

// Ask files a request. Errors: 404 not_found; 403 staff.own: nobody changes
// themself; 422 with the field named; 409 staff.request_open when one of the kind
// waits for the same person, and conflict when nothing would change.
func (s *Service) Ask(ctx context.Context, by Principal, n NewRequest) (Request, error) {
	n.Wish.Username, n.Wish.Name = strings.TrimSpace(n.Wish.Username), strings.TrimSpace(n.Wish.Name)
	n.Wish.Roles = slices.Compact(slices.Sorted(slices.Values(n.Wish.Roles)))
	if n.StaffID == by.ID {
		return Request{}, fault.New(fault.Forbidden, "staff.own")
	}
	if strings.TrimSpace(n.Reason) == "" {
		return Request{}, fault.InvalidField("reason", "field.required")
	}
	request := id.New(id.StaffRequest)
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := by.isAdmin(ctx, tx); err != nil {
			return err
		}
		base, revision, err := s.baseOf(ctx, tx, by.Bank, n)
		if err != nil {
			return err
		}
		wish := n.Wish
		if err := s.sound(ctx, tx, by.Bank, n, base); err != nil {
			return err
		}
		staffID, key := n.StaffID, n.Kind+"/"+n.StaffID
		switch n.Kind {
		case ReqCreate:
			staffID = id.New(id.Staff)
			key = n.Kind + "/" + wish.Username
		case ReqRules:
			key = n.Kind
		}
		err = tx.Insert(ctx, "staff_request (id, bank_id, kind, staff_id, wish, base_revision, base, reason, state, open_key, asked_by, asked_at)",
			[][]any{{request, by.Bank.ID, n.Kind, staffID, text(wish), revision, text(base), reasonOf(n.Reason), Asked, key, by.ID, tx.Now}}, "")
		if db.IsDuplicate(err) {
			return fault.New(fault.Conflict, "staff.request_open").Because(err)
		}
		if err != nil {
			return err
		}
		return by.audit(ctx, tx, "staff."+n.Kind+"_asked", objectOf(by.Bank.ID, staffID), detailOf(request, n.Reason, base, wish))
	})
	if err != nil {
		return Request{}, err
	}
	return s.Request(ctx, by.Bank, request)
}

// objectOf is what a request is about: a person, else the bank.
func objectOf(bank, staffID string) string {
	if staffID == "" {
		return bank
	}
	return staffID
}

// detailOf is what the audit log says of a request: ids and roles, no names.
func detailOf(request, reason string, base, wish Wish) map[string]any {
	d := map[string]any{"request": request, "reason": reasonOf(reason)}
	for name, w := range map[string]Wish{"from": base, "to": wish} {
		v := map[string]any{"branch_id": w.BranchID}
		if len(w.Roles) > 0 {
			v["roles"] = w.Roles
		}
		if w.Merchant != "" {
			v["merchant_id"] = w.Merchant
		}
		if w.Rules != nil {
			v = map[string]any{"rules": w.Rules}
		}
		d[name] = v
	}
	return d
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	return string(raw)
}

// baseOf reads what a request would change, and the person's revision.
func (s *Service) baseOf(ctx context.Context, tx *db.Tx, bank tenant.Bank, n NewRequest) (base Wish, revision int64, err error) {
	switch n.Kind {
	case ReqCreate:
		return base, 0, nil
	case ReqRules:
		settings, err := tenant.ReadSettings(ctx, tx, bank.ID)
		rules := rulesOf(settings)
		return Wish{Rules: &rules}, 0, err
	}
	found, err := scanInto(ctx, tx, "SELECT revision, COALESCE(branch_id, '') FROM staff WHERE bank_id = ? AND id = ?", []any{bank.ID, n.StaffID}, &revision, &base.BranchID)
	if err != nil {
		return base, 0, err
	}
	if !found {
		return base, 0, fault.New(fault.NotFound, "not_found")
	}
	base.Roles, err = rolesOf(ctx, tx, bank.ID, n.StaffID)
	return base, revision, err
}

// sound holds a wish against the bank: 422 with the field named, 409 conflict
// when nothing would change.
func (s *Service) sound(ctx context.Context, tx *db.Tx, bank tenant.Bank, n NewRequest, base Wish) error {
	w := n.Wish
	if n.Kind == ReqCreate {
		if w.Username == "" || strings.ContainsAny(w.Username, " \t\r\n") {
			return fault.InvalidField("username", "field.format")
		}
		if w.Name == "" {
			return fault.InvalidField("name", "field.required")
		}
		_, taken, err := db.Value[string](ctx, tx, "SELECT id FROM staff WHERE bank_id = ? AND username = ?", bank.ID, w.Username)
		if err != nil {
			return err
		}
		if taken {
			return fault.InvalidField("username", "field.duplicate")
		}
	}
	if n.Kind == ReqCreate || n.Kind == ReqRoles {
		if len(w.Roles) == 0 {
			return fault.InvalidField("roles", "field.required")
		}
		for _, r := range w.Roles {
			if !slices.Contains(Roles, r) && (r != Merchant || n.Kind != ReqCreate) {
				return fault.InvalidField("roles", "field.not_allowed")
			}
		}
	}
	if err := soundMerchant(ctx, tx, bank.ID, n, base); err != nil {
		return err
	}
	if w.BranchID != "" {
		_, known, err := db.Value[string](ctx, tx, "SELECT id FROM branch WHERE bank_id = ? AND id = ?", bank.ID, w.BranchID)
		if err != nil {
			return err
		}
		if !known {
			return fault.InvalidField("branch_id", "branch.unknown")
		}
	}
	if n.Kind == ReqRules && w.Rules == nil {
		return fault.InvalidField("rules", "field.required")
	}
	if n.Kind == ReqRoles && slices.Equal(w.Roles, base.Roles) || n.Kind == ReqBranch && w.BranchID == base.BranchID || n.Kind == ReqRules && text(w.Rules) == text(base.Rules) {
		return fault.New(fault.Conflict, "conflict")
	}
	return nil
}

// soundMerchant holds a wish for a merchant's own account against the bank: it has
// one role, no branch, and stays its merchant's.
func soundMerchant(ctx context.Context, tx *db.Tx, bankID string, n NewRequest, base Wish) error {
	w := n.Wish
	switch mine := slices.Contains(w.Roles, Merchant); {
	case slices.Contains(base.Roles, Merchant) && n.Kind == ReqRoles:
		return fault.InvalidField("roles", "field.not_allowed")
	case slices.Contains(base.Roles, Merchant) && n.Kind == ReqBranch, mine && w.BranchID != "":
		return fault.InvalidField("branch_id", "field.not_allowed")
	case mine && len(w.Roles) > 1:
		return fault.InvalidField("roles", "field.not_allowed")
	case !mine && w.Merchant != "":
		return fault.InvalidField("merchant_id", "field.not_allowed")
	case !mine:
		return nil
	case w.Merchant == "":
		return fault.InvalidField("merchant_id", "field.required")
	}
	_, known, err := db.Value[string](ctx, tx, "SELECT id FROM merchant WHERE bank_id = ? AND id = ?", bankID, w.Merchant)
	if err == nil && !known {
		err = fault.InvalidField("merchant_id", "field.not_allowed")
	}
	return err
}

const selectRequest = `SELECT q.id, q.kind, q.staff_id, q.wish, q.base, q.base_revision, q.reason, q.state, q.asked_by, q.asked_at, COALESCE(q.decided_by, ''), q.decided_at,
	COALESCE(p.name, ''), COALESCE(a.name, ''), COALESCE(d.name, ''), COALESCE(p.revision, 0) FROM staff_request q
	LEFT JOIN staff p ON p.id = q.staff_id LEFT JOIN staff a ON a.id = q.asked_by LEFT JOIN staff d ON d.id = q.decided_by WHERE q.bank_id = ?`

func (s *Service) scanRequest(bank tenant.Bank) func(r db.Row) (Request, error) {
	return func(r db.Row) (q Request, err error) {
		var wish, base string
		var asked, decided db.Time
		var decider Named
		var revision int64
		err = r.Scan(&q.ID, &q.Kind, &q.StaffID, &wish, &base, &q.base, &q.Reason, &q.State, &q.AskedBy.ID, &asked, &decider.ID, &decided,
			&q.StaffName, &q.AskedBy.Name, &decider.Name, &revision)
		if err != nil {
			return q, err
		}
		q.AskedAt, q.DecidedAt = clock.At(asked.Time), clock.AtPtr(decided.Time)
		if decider.ID != "" {
			q.DecidedBy = &decider
		}
		if err := json.Unmarshal([]byte(wish), &q.Wish); err != nil {
			return q, fmt.Errorf("auth: wish of %s: %w", q.ID, err)
		}
		if err := json.Unmarshal([]byte(base), &q.Base); err != nil {
			return q, fmt.Errorf("auth: base of %s: %w", q.ID, err)
		}
		if q.Kind == ReqCreate {
			q.StaffName = q.Wish.Name
		}
		if q.State == Asked {
			q.Outdated = q.Kind != ReqCreate && q.Kind != ReqRules && revision != q.base ||
				q.Kind == ReqRules && text(q.Base.Rules) != text(rulesOf(bank.Settings))
		}
		return q, nil
	}
}

// Requests lists requests, the newest first: one more than limit when there are
// further ones.
func (s *Service) Requests(ctx context.Context, bank tenant.Bank, state, before string, limit int) ([]Request, error) {
	query, args := selectRequest, []any{bank.ID}
	if state != "" {
		query, args = query+" AND q.state = ?", append(args, state)
	}
	if before != "" {
		query, args = query+" AND q.id < ?", append(args, before)
	}
	return db.All(ctx, s.db, s.scanRequest(bank), query+" ORDER BY q.id DESC LIMIT ?", append(args, limit+1)...)
}

// Request gives one; 404 not_found.
func (s *Service) Request(ctx context.Context, bank tenant.Bank, request string) (Request, error) {
	return s.request(ctx, s.db, bank, request)
}

func (s *Service) request(ctx context.Context, q db.Querier, bank tenant.Bank, request string) (Request, error) {
	r, found, err := db.One(ctx, q, s.scanRequest(bank), selectRequest+" AND q.id = ?", bank.ID, request)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return r, err
}

// Rules are the bank's rules for its staff's sign-in.
func (s *Service) Rules(bank tenant.Bank) Rules { return rulesOf(bank.Settings) }
