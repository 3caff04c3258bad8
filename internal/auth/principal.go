package auth

import (
	"context"
	"slices"
	"time"

	"yinbo/internal/tenant"
)

// Role is what a member of staff may do; CONTRACT §2.
type Role string

// The roles.
const (
	Admin          Role = "admin"
	Host           Role = "host"
	Operator       Role = "operator"
	Reviewer       Role = "reviewer"
	Supervisor     Role = "supervisor"
	Finance        Role = "finance"
	FinanceChecker Role = "finance_checker"
	Risk           Role = "risk"
	Auditor        Role = "auditor"
)

// Roles lists every role.
var Roles = []Role{Admin, Host, Operator, Reviewer, Supervisor, Finance, FinanceChecker, Risk, Auditor}

// Merchant is the one role of a merchant's own account, which sees what is of its
// merchant, and nothing else. It is none of the bank's staff.
const Merchant Role = "merchant"

// Kind says what sort of person acts.
type Kind string

// The kinds.
const (
	Guest  Kind = "guest"
	Viewer Kind = "viewer"
	Staff  Kind = "staff"
)

// Principal is who acts, at which bank.
type Principal struct {
	Kind    Kind
	Bank    tenant.Bank
	ID      string
	Name    string // nickname of a viewer, name of staff
	Roles   []Role // none while something is due
	Branch  string // of staff: the branch that bounds what they see; "" for the whole bank
	Scope   tenant.Scope
	Of      string // the merchant whose own account it is; "" for the bank's staff
	Due     string // what staff must see to first, "" for nothing
	Session string
	Until   time.Time // when the token expires
}

// What may be due before a member of staff can do anything else.
const (
	DuePassword = "password" // it was given by others, or is too old
	DueTOTP     = "totp"     // the bank wants a second factor for one of the roles
)

// Has tells whether p has one of the roles.
func (p Principal) Has(roles ...Role) bool {
	return p.Kind == Staff && slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

type principalKey struct{}

// With puts p into ctx.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From gives who acts; a guest of no bank when nobody was put there.
func From(ctx context.Context) Principal {
	p, ok := ctx.Value(principalKey{}).(Principal)
	if !ok {
		return Principal{Kind: Guest}
	}
	return p
}
