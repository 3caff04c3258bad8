package auth

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Approve applies a request that somebody else asked for, once, and ends the
// person's sessions. What a new member of staff, or one who forgot the password,
// is to sign in with the first time is given back, once. Errors: 404 not_found;
// 403 staff.same_person, staff.own; 409 staff.request_decided,
// staff.request_outdated, staff.last_admin.
func (s *Service) Approve(ctx context.Context, by Principal, request string) (r Request, password string, err error) {
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		password = ""
		if err := hold(ctx, tx, by.Bank.ID); err != nil {
			return err
		}
		r, err := s.decide(ctx, tx, by, request, Applied)
		if err != nil {
			return err
		}
		// Two admins stand behind a change as it is made, not one and a former one.
		if asker, err := AdminNow(ctx, tx, by.Bank.ID, r.AskedBy.ID); err != nil || !asker {
			if err == nil {
				err = fault.New(fault.Conflict, "staff.request_outdated")
			}
			return err
		}
		if password, err = s.apply(ctx, tx, by, r); err != nil {
			return err
		}
		if err := hasAdmin(ctx, tx, by.Bank.ID); err != nil {
			return err
		}
		ended := 0
		if r.StaffID != "" {
			if ended, err = s.endAll(ctx, tx, by.Bank.ID, r.StaffID, ""); err != nil {
				return err
			}
		}
		detail := detailOf(r.ID, r.Reason, r.Base, r.Wish)
		detail["asked_by"], detail["sessions"] = r.AskedBy.ID, ended
		return by.audit(ctx, tx, "staff."+r.Kind+"_applied", objectOf(by.Bank.ID, r.StaffID), detail)
	})
	if err != nil {
		return Request{}, "", err
	}
	r, err = s.Request(ctx, by.Bank, request)
	return r, password, err
}

// Reject ends a request of somebody else's without a change; Withdraw one's own.
// Errors as those of Approve; 403 staff.not_yours for another's.
func (s *Service) Reject(ctx context.Context, by Principal, request, reason string) (Request, error) {
	return s.drop(ctx, by, request, Rejected, reason)
}

// Withdraw ends one's own request; see Reject.
func (s *Service) Withdraw(ctx context.Context, by Principal, request string) (Request, error) {
	return s.drop(ctx, by, request, Withdrawn, "")
}

func (s *Service) drop(ctx context.Context, by Principal, request, state, reason string) (Request, error) {
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		r, err := s.decide(ctx, tx, by, request, state)
		if err != nil {
			return err
		}
		return by.audit(ctx, tx, "staff."+r.Kind+"_"+state, objectOf(by.Bank.ID, r.StaffID), map[string]any{"request": r.ID, "reason": reasonOf(reason)})
	})
	if err != nil {
		return Request{}, err
	}
	return s.Request(ctx, by.Bank, request)
}

// decide moves a request on, if by may.
func (s *Service) decide(ctx context.Context, tx *db.Tx, by Principal, request, state string) (Request, error) {
	r, err := s.request(ctx, tx, by.Bank, request)
	if err != nil {
		return r, err
	}
	mine := r.AskedBy.ID == by.ID
	switch {
	case state == Withdrawn && !mine:
		return r, fault.New(fault.Forbidden, "staff.not_yours")
	case state != Withdrawn && mine:
		return r, fault.New(fault.Forbidden, "staff.same_person")
	case r.StaffID == by.ID:
		return r, fault.New(fault.Forbidden, "staff.own")
	}
	if err := by.isAdmin(ctx, tx); err != nil {
		return r, err
	}
	var decider any
	if state != Withdrawn {
		decider = by.ID
	}
	n, err := tx.Exec(ctx, `UPDATE staff_request SET state = ?, open_key = NULL, decided_by = ?, decided_at = ?
		WHERE bank_id = ? AND id = ? AND state = ?`, state, decider, tx.Now, by.Bank.ID, request, Asked)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "staff.request_decided")
	}
	return r, err
}

// apply makes the change, if the person is as when it was asked for.
func (s *Service) apply(ctx context.Context, tx *db.Tx, by Principal, r Request) (password string, err error) {
	bank := by.Bank.ID
	switch r.Kind {
	case ReqCreate:
		password = once()
		_, err = s.CreateStaff(ctx, tx, bank, NewStaff{ID: r.StaffID, Username: r.Wish.Username, Name: r.Wish.Name, Password: password,
			Branch: r.Wish.BranchID, Merchant: r.Wish.Merchant, Roles: r.Wish.Roles, Once: true})
		if fault.Code(err) == "conflict" {
			err = fault.New(fault.Conflict, "staff.request_outdated").Because(err)
		}
		return password, err
	case ReqRules:
		return "", applyRules(ctx, tx, bank, r)
	}
	set, args := "revision = revision + 1", []any{}
	switch r.Kind {
	case ReqBranch:
		set, args = set+", branch_id = ?", []any{orNull(r.Wish.BranchID)}
	case ReqTOTPReset:
		set += ", totp_sealed = NULL, totp_pending_sealed = NULL"
	case ReqPassword:
		password = once()
		hash, err := s.hashPassword(password)
		if err != nil {
			return "", err
		}
		old, _, err := db.Value[string](ctx, tx, "SELECT password_hash FROM staff WHERE bank_id = ? AND id = ?", bank, r.StaffID)
		if err != nil {
			return "", err
		}
		if err := remember(ctx, tx, bank, r.StaffID, old); err != nil {
			return "", err
		}
		set, args = set+", password_hash = ?, password_set_at = ?, password_once = TRUE", []any{hash, tx.Now}
	}
	n, err := tx.Exec(ctx, "UPDATE staff SET "+set+" WHERE bank_id = ? AND id = ? AND revision = ?", append(args, bank, r.StaffID, r.base)...)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fault.New(fault.Conflict, "staff.request_outdated")
	}
	switch r.Kind {
	case ReqTOTPReset:
		_, err = tx.Exec(ctx, "DELETE FROM staff_recovery WHERE bank_id = ? AND staff_id = ?", bank, r.StaffID)
	case ReqRoles:
		if _, err = tx.Exec(ctx, "DELETE FROM staff_role WHERE bank_id = ? AND staff_id = ?", bank, r.StaffID); err == nil {
			err = giveRoles(ctx, tx, bank, r.StaffID, r.Wish.Roles)
		}
	}
	return password, err
}

func applyRules(ctx context.Context, tx *db.Tx, bank string, r Request) error {
	settings, err := tenant.ReadSettings(ctx, tx, bank)
	if err != nil {
		return err
	}
	if text(rulesOf(settings)) != text(r.Base.Rules) {
		return fault.New(fault.Conflict, "staff.request_outdated")
	}
	return tenant.Change(ctx, tx, bank, func(s *tenant.Settings) {
		s.PasswordLength, s.PasswordDays, s.TOTPRoles = r.Wish.Rules.PasswordLength, r.Wish.Rules.PasswordDays, nil
		for _, role := range r.Wish.Rules.TOTPRoles {
			s.TOTPRoles = append(s.TOTPRoles, string(role))
		}
	})
}
