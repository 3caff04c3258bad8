package ledger

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
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Proposal is an entry by hand, or a reversal, that waits for a second person,
// or that one has decided on. Amounts in fen.
type Proposal struct {
	ID           string       `json:"id"`
	Kind         string       `json:"kind" enum:"reversal,adjustment"`
	EntryID      *string      `json:"entry_id" doc:"The entry to be reversed"`
	Postings     []Posting    `json:"postings" doc:"What is posted when it is approved"`
	Total        money.Fen    `json:"total_fen"`
	Reason       string       `json:"reason"`
	Status       string       `json:"status" enum:"proposed,approved,rejected,withdrawn"`
	ProposedBy   string       `json:"proposed_by" doc:"Staff id"`
	ProposedAt   clock.Stamp  `json:"proposed_at"`
	DecidedBy    *string      `json:"decided_by" doc:"Staff id"`
	DecidedAt    *clock.Stamp `json:"decided_at"`
	RejectReason *string      `json:"reject_reason"`
	WithdrawnAt  *clock.Stamp `json:"withdrawn_at" doc:"When who proposed it took it back"`
}

// Person acts on proposals.
type Person struct {
	ID, RequestID string
	Checker       bool // may approve and reject
}

func (p Person) audit(ctx context.Context, tx *db.Tx, bankID, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bankID, ActorKind: "staff", Actor: p.ID, RequestID: p.RequestID,
		Action: action, Object: object, Detail: detail})
}

const proposalColumns = `SELECT id, kind, entry_id, postings, total_fen, reason, status, proposed_by, proposed_at,
	decided_by, decided_at, reject_reason, withdrawn_at FROM ledger_proposal WHERE bank_id = ?`

func scanProposal(r db.Row) (p Proposal, err error) {
	var proposed, decided, withdrawn db.Time
	var list string
	if err = r.Scan(&p.ID, &p.Kind, &p.EntryID, &list, &p.Total, &p.Reason, &p.Status, &p.ProposedBy, &proposed,
		&p.DecidedBy, &decided, &p.RejectReason, &withdrawn); err != nil {
		return p, err
	}
	p.ProposedAt, p.DecidedAt, p.WithdrawnAt = clock.At(proposed.Time), clock.AtPtr(decided.Time), clock.AtPtr(withdrawn.Time)
	if err := json.Unmarshal([]byte(list), &p.Postings); err != nil {
		return p, fmt.Errorf("ledger: postings of %s: %w", p.ID, err)
	}
	return p, nil
}

// Proposals lists a bank's, the newest first; status "" is every status.
func (b *Book) Proposals(ctx context.Context, bankID, status, after string, limit int) ([]Proposal, error) {
	query, args := proposalColumns, []any{bankID}
	if status != "" {
		query, args = query+" AND status = ?", append(args, status)
	}
	if after != "" {
		query, args = query+" AND id < ?", append(args, after)
	}
	return db.All(ctx, b.db, scanProposal, query+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
}

// reversible are the events whose entries are corrected by reversing them. What
// a payment, a refund or a settlement posted is corrected by the next of those,
// which changes the order, the statement and the book together.
var reversible = []string{Adjusted, ExceptionResolved}

// ProposeReversal asks a second person to reverse an entry. Refusals: 404
// not_found, 409 ledger.not_reversible for an entry of an order, a payment or a
// settlement, 409 conflict where it is reversed or proposed for it already.
func (b *Book) ProposeReversal(ctx context.Context, req idem.Request, bank tenant.Bank, entryID, reason string, by Person) (Proposal, bool, error) {
	proposalID := id.New(id.Proposal)
	return idem.Do(ctx, b.keeper, req, func(tx *db.Tx) (p Proposal, err error) {
		// The entry is held, so that whoever comes second sees the first one's.
		e, found, err := db.One(ctx, tx, scanEntry, entryColumns+" WHERE e.bank_id = ? AND e.id = ?"+tx.Dialect().ForUpdate(), bank.ID, entryID)
		switch {
		case err != nil:
			return p, err
		case !found:
			return p, fault.New(fault.NotFound, "not_found")
		case !slices.Contains(reversible, e.Event):
			return p, fault.New(fault.Conflict, "ledger.not_reversible")
		case e.ReversedBy != nil:
			return p, fault.New(fault.Conflict, "conflict")
		}
		lines, err := postings(ctx, tx, bank.ID, entryID)
		if err != nil {
			return p, err
		}
		for i, l := range lines {
			lines[i].Debit, lines[i].Credit = l.Credit, l.Debit
		}
		p = Proposal{ID: proposalID, Kind: "reversal", EntryID: &entryID, Postings: lines, Total: e.Total, Reason: audit.Reason(reason)}
		return b.propose(ctx, tx, bank.ID, p, by)
	})
}

// ProposeAdjustment asks a second person to post an entry by hand. 422 names the
// posting that is not one amount on one side, whose account is none, or is a
// merchant's payable: that is moved by its statements only, payout_due takes
// corrections.
func (b *Book) ProposeAdjustment(ctx context.Context, req idem.Request, bank tenant.Bank, lines []Posting, reason string, by Person) (Proposal, bool, error) {
	total, err := adjustment(lines)
	if err != nil {
		return Proposal{}, false, err
	}
	p := Proposal{ID: id.New(id.Proposal), Kind: "adjustment", Postings: lines, Total: total, Reason: audit.Reason(reason)}
	return idem.Do(ctx, b.keeper, req, func(tx *db.Tx) (Proposal, error) {
		for i, l := range lines {
			if err := b.known.party(ctx, tx, bank.ID, l.Account); err != nil {
				return p, fault.InvalidField(fmt.Sprintf("postings[%d].account", i), "ledger.no_account").Because(err)
			}
		}
		return b.propose(ctx, tx, bank.ID, p, by)
	})
}

func adjustment(lines []Posting) (debits money.Fen, err error) {
	var credits money.Fen
	bad := fault.New(fault.Invalid, "validation")
	for i, l := range lines {
		field := fmt.Sprintf("postings[%d]", i)
		if (l.Debit > 0) == (l.Credit > 0) || l.Debit < 0 || l.Credit < 0 {
			bad.With(field, "ledger.one_side")
		}
		if _, ok := TypeOf(l.Account); !ok {
			bad.With(field+".account", "ledger.no_account")
		} else if _, ok := MerchantOf(l.Account); ok {
			bad.With(field+".account", "ledger.by_statement")
		}
		debits, credits = debits+l.Debit, credits+l.Credit
	}
	if len(bad.Fields) == 0 && debits != credits {
		bad.With("postings", "ledger.unbalanced")
	}
	if len(bad.Fields) > 0 {
		return 0, bad
	}
	return debits, nil
}

func (b *Book) propose(ctx context.Context, tx *db.Tx, bankID string, p Proposal, by Person) (Proposal, error) {
	list, err := json.Marshal(p.Postings)
	if err != nil {
		return p, fmt.Errorf("ledger: postings: %w", err)
	}
	err = tx.Insert(ctx, "ledger_proposal (id, bank_id, kind, entry_id, open_key, postings, total_fen, reason, status, proposed_by, proposed_at)",
		[][]any{{p.ID, bankID, p.Kind, p.EntryID, p.EntryID, string(list), p.Total, p.Reason, "proposed", by.ID, tx.Now}}, "")
	if db.IsDuplicate(err) {
		return p, fault.New(fault.Conflict, "conflict")
	}
	if err != nil {
		return p, err
	}
	p.Status, p.ProposedBy, p.ProposedAt = "proposed", by.ID, clock.At(tx.Now)
	return p, by.audit(ctx, tx, bankID, "ledger.proposed", p.ID, p.detail())
}

// detail is for the audit log; the reason is what somebody wrote.
func (p Proposal) detail() map[string]any {
	d := map[string]any{"kind": p.Kind, "total_fen": p.Total, "reason": audit.Reason(p.Reason)}
	if p.EntryID != nil {
		d["entry"] = *p.EntryID
	}
	names := make([]string, len(p.Postings))
	for i, l := range p.Postings {
		names[i] = l.Account
	}
	d["accounts"] = strings.Join(names, " ")
	return d
}

// Approve agrees to what another proposed, and posts it. Who proposed it gets
// 403 ledger.same_person, who is no checker 403 auth.forbidden; what is decided
// is 409 conflict.
func (b *Book) Approve(ctx context.Context, bank tenant.Bank, proposalID string, by Person) (Proposal, error) {
	return b.decide(ctx, bank.ID, proposalID, by, "approved", nil, func(tx *db.Tx, p Proposal) error {
		var posted bool
		var err error
		if p.Kind == "reversal" {
			posted, err = b.Reverse(ctx, tx, bank, *p.EntryID)
		} else {
			e := Entry{Bank: bank, Event: Adjusted, Ref: p.ID}
			for _, l := range p.Postings {
				e.Lines = append(e.Lines, Line(l))
			}
			posted, err = b.Post(ctx, tx, e)
		}
		if err == nil && !posted {
			err = fault.New(fault.Conflict, "conflict")
		}
		return err
	})
}

// Reject refuses what another proposed, with a reason; refusals as of Approve.
func (b *Book) Reject(ctx context.Context, bank tenant.Bank, proposalID, reason string, by Person) (Proposal, error) {
	reason = audit.Reason(reason)
	return b.decide(ctx, bank.ID, proposalID, by, "rejected", &reason, func(*db.Tx, Proposal) error { return nil })
}

// Withdraw takes back what one proposed oneself, until another has decided on it:
// 403 proposal.not_yours for anybody else, 409 conflict when it is decided.
func (b *Book) Withdraw(ctx context.Context, bank tenant.Bank, proposalID string, by Person) (p Proposal, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		const one = proposalColumns + " AND id = ?"
		before, found, err := db.One(ctx, tx, scanProposal, one+tx.Dialect().ForUpdate(), bank.ID, proposalID)
		switch {
		case err != nil:
			return err
		case !found:
			return fault.New(fault.NotFound, "not_found")
		case before.ProposedBy != by.ID:
			return fault.New(fault.Forbidden, "proposal.not_yours")
		}
		n, err := tx.Exec(ctx, `UPDATE ledger_proposal SET status = 'withdrawn', open_key = NULL, withdrawn_at = ?
			WHERE bank_id = ? AND id = ? AND status = 'proposed'`, tx.Now, bank.ID, proposalID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := by.audit(ctx, tx, bank.ID, "ledger.withdrawn", proposalID, before.detail()); err != nil {
			return err
		}
		p, _, err = db.One(ctx, tx, scanProposal, one, bank.ID, proposalID)
		return err
	})
	return p, err
}

func (b *Book) decide(ctx context.Context, bankID, proposalID string, by Person, status string, reason *string,
	then func(tx *db.Tx, p Proposal) error,
) (decided Proposal, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		p, found, err := db.One(ctx, tx, scanProposal, proposalColumns+" AND id = ?"+tx.Dialect().ForUpdate(), bankID, proposalID)
		switch {
		case err != nil:
			return err
		case !found:
			return fault.New(fault.NotFound, "not_found")
		case p.Status == "proposed" && p.ProposedBy == by.ID:
			return fault.New(fault.Forbidden, "ledger.same_person")
		case !by.Checker:
			return fault.New(fault.Forbidden, "auth.forbidden")
		}
		n, err := tx.Exec(ctx, `UPDATE ledger_proposal SET status = ?, open_key = NULL, decided_by = ?, decided_at = ?, reject_reason = ?
			WHERE bank_id = ? AND id = ? AND status = 'proposed' AND proposed_by <> ?`, status, by.ID, tx.Now, reason, bankID, p.ID, by.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := then(tx, p); err != nil {
			return err
		}
		if err := by.audit(ctx, tx, bankID, "ledger."+status, p.ID, p.detail()); err != nil {
			return err
		}
		decided, _, err = db.One(ctx, tx, scanProposal, proposalColumns+" AND id = ?", bankID, proposalID)
		return err
	})
	return decided, err
}
