package review

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// Queue is a rule of the bank: which leads go where, and who works them.
type Queue struct {
	ID            string       `json:"id"`
	Name          string       `json:"name"`
	BranchID      *string      `json:"branch_id" doc:"With all branches below it; null for any"`
	CardProductID *string      `json:"card_product_id" doc:"null for any"`
	Position      int          `json:"position" doc:"The first queue that fits takes a lead"`
	Members       []card.Named `json:"members"`
	Waiting       int          `json:"waiting" doc:"Leads that wait for somebody; counted to 1,000"`
	OldestAt      *clock.Stamp `json:"oldest_at" doc:"When the one that waits longest was sent in"`
}

// QueueForm is a queue as a supervisor sets it.
type QueueForm struct {
	Name, BranchID, CardProductID string
	Position                      int
	Members                       []string
}

// Reviewer is a member of staff who may review.
type Reviewer struct {
	card.Named
	Capacity int  `json:"capacity" doc:"Open leads at once that queues may give; 0 for none"`
	OnDuty   bool `json:"on_duty"`
	Open     int  `json:"open" doc:"Leads held now"`
}

// countTo bounds what a figure counts.
const countTo = 1000

// rules are a bank's queues with its tree of branches.
type rules struct {
	queues  []Queue
	parents map[string]string
}

// queueOf is the first queue that takes a lead of a branch and product; "" is none.
func (r rules) queueOf(branch, product string) string {
	for _, q := range r.queues {
		if (q.CardProductID == nil || *q.CardProductID == product) && (q.BranchID == nil || r.below(branch, *q.BranchID)) {
			return q.ID
		}
	}
	return ""
}

// below tells whether a branch is top or somewhere under it.
func (r rules) below(branch, top string) bool {
	for range len(r.parents) + 1 { // a tree is no deeper than it has branches
		if branch == top || branch == "" {
			return branch == top
		}
		branch = r.parents[branch]
	}
	return false
}

func readRules(ctx context.Context, q db.Querier, bank string) (r rules, err error) {
	if r.queues, err = readQueues(ctx, q, bank); err != nil {
		return r, err
	}
	tree, err := db.All(ctx, q, func(r db.Row) (b [2]string, err error) { return b, r.Scan(&b[0], &b[1]) },
		"SELECT id, COALESCE(parent_id, '') FROM branch WHERE bank_id = ?", bank)
	r.parents = make(map[string]string, len(tree))
	for _, b := range tree {
		r.parents[b[0]] = b[1]
	}
	return r, err
}

func readQueues(ctx context.Context, q db.Querier, bank string) ([]Queue, error) {
	return db.All(ctx, q, func(r db.Row) (v Queue, err error) {
		return v, r.Scan(&v.ID, &v.Name, &v.BranchID, &v.CardProductID, &v.Position)
	}, "SELECT id, name, branch_id, card_product_id, position FROM review_queue WHERE bank_id = ? ORDER BY position, id", bank)
}

// queuesSeen are those of the branches that p sees; queues of no branch are the
// head office's.
func (l *Leads) queuesSeen(ctx context.Context, bank string, p Person) ([]Queue, error) {
	queues, err := readQueues(ctx, l.book.DB, bank)
	return slices.DeleteFunc(queues, func(q Queue) bool {
		return p.Scope.Bounded() && (q.BranchID == nil || !p.Scope.Has(*q.BranchID))
	}), err
}

// Queues lists a bank's queues in the order in which they take leads, as far as p
// sees them.
func (l *Leads) Queues(ctx context.Context, bank string, p Person) ([]Queue, error) {
	queues, err := l.queuesSeen(ctx, bank, p)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i := range queues {
		q := &queues[i]
		members, err := db.All(ctx, l.book.DB, scanText, "SELECT staff_id FROM review_member WHERE queue_id = ? AND bank_id = ? ORDER BY staff_id", q.ID, bank)
		if err != nil {
			return nil, err
		}
		q.Members = []card.Named{}
		for _, m := range members {
			name, err := l.nameOf(ctx, bank, m, names)
			if err != nil {
				return nil, err
			}
			q.Members = append(q.Members, card.Named{ID: m, Name: name})
		}
		if q.Waiting, q.OldestAt, err = waiting(ctx, l.book.DB, bank, q.ID); err != nil {
			return nil, err
		}
	}
	return queues, nil
}

// waiting counts to countTo what waits in a queue, and finds the oldest.
func waiting(ctx context.Context, q db.Querier, bank, queue string) (int, *clock.Stamp, error) {
	type row struct {
		n      int
		oldest db.Time
	}
	v, _, err := db.One(ctx, q, func(r db.Row) (v row, err error) { return v, r.Scan(&v.n, &v.oldest) },
		`SELECT COUNT(*), MIN(created_at) FROM (SELECT created_at FROM application WHERE bank_id = ? AND queue_id = ? AND status = 'queued'
			ORDER BY created_at, id LIMIT ?) AS some`, bank, queue, countTo)
	return v.n, clock.AtPtr(v.oldest.Time), err
}

// check wants a name, a branch and a product of the bank, and reviewers.
func (l *Leads) checkQueue(ctx context.Context, bank string, f QueueForm) error {
	bad := fault.New(fault.Invalid, "validation")
	if strings.TrimSpace(f.Name) == "" {
		bad.With("name", "field.required")
	}
	for _, ref := range []struct{ id, field, code, query string }{
		{f.BranchID, "branch_id", "branch.unknown", "SELECT id FROM branch WHERE bank_id = ? AND id = ?"},
		{f.CardProductID, "card_product_id", "card_product.unknown", "SELECT id FROM card_product WHERE bank_id = ? AND id = ?"},
	} {
		if ref.id == "" {
			continue
		}
		if _, found, err := db.Value[string](ctx, l.book.DB, ref.query, bank, ref.id); err != nil || !found {
			if err != nil {
				return err
			}
			bad.With(ref.field, ref.code)
		}
	}
	for i, m := range f.Members {
		ok, err := l.mayReview(ctx, bank, m)
		switch {
		case err != nil:
			return err
		case !ok:
			bad.With("members["+strconv.Itoa(i)+"]", "staff.not_reviewer")
		case slices.Contains(f.Members[:i], m):
			bad.With("members["+strconv.Itoa(i)+"]", "field.duplicate")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// SaveQueue makes a queue, or changes the one of that id; what waits is placed
// anew. Errors: not_found; conflict on name; validation.
func (l *Leads) SaveQueue(ctx context.Context, bank tenant.Bank, p Person, queue string, f QueueForm) (string, error) {
	if err := l.checkQueue(ctx, bank.ID, f); err != nil {
		return "", err
	}
	kind := "queue_changed"
	if queue == "" {
		queue, kind = id.New(id.Queue), "queue_made"
	}
	return queue, l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		err := writeQueue(ctx, tx, bank.ID, queue, kind == "queue_made", f)
		if db.IsDuplicate(err) {
			return fault.New(fault.Conflict, "conflict").With("name", "field.duplicate").Because(err)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM review_member WHERE queue_id = ? AND bank_id = ?", queue, bank.ID); err != nil {
			return err
		}
		rows := make([][]any, len(f.Members))
		for i, m := range f.Members {
			rows[i] = []any{queue, m, bank.ID}
		}
		if err := tx.Insert(ctx, "review_member (queue_id, staff_id, bank_id)", rows, ""); err != nil {
			return err
		}
		detail := map[string]any{"name": f.Name, "branch_id": f.BranchID, "card_product_id": f.CardProductID, "members": f.Members, "position": f.Position}
		return queuesChanged(ctx, tx, bank.ID, p, kind, queue, detail)
	})
}

func writeQueue(ctx context.Context, tx *db.Tx, bank, queue string, made bool, f QueueForm) error {
	if made {
		return tx.Insert(ctx, "review_queue (id, bank_id, name, branch_id, card_product_id, position, created_at)",
			[][]any{{queue, bank, strings.TrimSpace(f.Name), nullable(f.BranchID), nullable(f.CardProductID), f.Position, tx.Now}}, "")
	}
	n, err := tx.Exec(ctx, "UPDATE review_queue SET name = ?, branch_id = ?, card_product_id = ?, position = ? WHERE bank_id = ? AND id = ?",
		strings.TrimSpace(f.Name), nullable(f.BranchID), nullable(f.CardProductID), f.Position, bank, queue)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// DropQueue ends a queue; what waits in it is placed anew. Errors: not_found.
func (l *Leads) DropQueue(ctx context.Context, bank tenant.Bank, p Person, queue string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM review_queue WHERE bank_id = ? AND id = ?", bank.ID, queue)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if _, err := tx.Exec(ctx, "DELETE FROM review_member WHERE queue_id = ? AND bank_id = ?", queue, bank.ID); err != nil {
			return err
		}
		return queuesChanged(ctx, tx, bank.ID, p, "queue_dropped", queue, nil)
	})
}

// queuesChanged has all that waits placed anew, and writes down who changed what.
func queuesChanged(ctx context.Context, tx *db.Tx, bank string, p Person, kind, queue string, detail map[string]any) error {
	if _, err := tx.Exec(ctx, "UPDATE application SET placed = 2 WHERE bank_id = ? AND status = 'queued' AND placed = 1", bank); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: p.ID, Action: "review." + kind, Object: queue,
		Detail: detail, RequestID: p.RequestID})
}

// Reviewers lists who may review, with their room.
func (l *Leads) Reviewers(ctx context.Context, bank string, p Person) ([]Reviewer, error) {
	names, err := l.staff.People(ctx, bank, "reviewer", "supervisor")
	if err != nil {
		return nil, err
	}
	if err := l.cutPeople(ctx, bank, p, names); err != nil {
		return nil, err
	}
	type set struct {
		staff    string
		capacity int
		onDuty   bool
	}
	sets, err := db.All(ctx, l.book.DB, func(r db.Row) (s set, err error) { return s, r.Scan(&s.staff, &s.capacity, &s.onDuty) },
		"SELECT staff_id, capacity, on_duty FROM reviewer WHERE bank_id = ?", bank)
	if err != nil {
		return nil, err
	}
	open, err := readOpen(ctx, l.book.DB, bank)
	if err != nil {
		return nil, err
	}
	people := make([]Reviewer, 0, len(names))
	for _, staffID := range slices.Sorted(maps.Keys(names)) {
		v := Reviewer{Named: card.Named{ID: staffID, Name: names[staffID]}, Open: open[staffID]}
		for _, s := range sets {
			if s.staff == staffID {
				v.Capacity, v.OnDuty = s.capacity, s.onDuty
			}
		}
		people = append(people, v)
	}
	return people, nil
}

// cutPeople leaves out who is of a branch that p does not see; the head office may
// be given any lead.
func (l *Leads) cutPeople(ctx context.Context, bank string, p Person, names map[string]string) error {
	if !p.Scope.Bounded() {
		return nil
	}
	others, err := db.All(ctx, l.book.DB, func(r db.Row) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) },
		"SELECT id, branch_id FROM staff WHERE bank_id = ? AND branch_id IS NOT NULL", bank)
	for _, v := range others {
		if !p.Scope.Has(v[1]) {
			delete(names, v[0])
		}
	}
	return err
}

// SetReviewer says how many leads a person may have at once, and whether they
// work now. Errors: not_found when they may not review here.
func (l *Leads) SetReviewer(ctx context.Context, bank tenant.Bank, p Person, staffID string, capacity int, onDuty bool) error {
	ok, err := l.mayReview(ctx, bank.ID, staffID)
	if err != nil || !ok {
		return orElse(err, fault.New(fault.NotFound, "not_found"))
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "reviewer (bank_id, staff_id, capacity, on_duty)", [][]any{{bank.ID, staffID, capacity, onDuty}},
			tx.Dialect().OnDuplicate("bank_id, staff_id", "capacity = NEW(capacity)", "on_duty = NEW(on_duty)"))
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "staff", Actor: p.ID, Action: "review.capacity_set", Object: staffID,
			Detail: map[string]any{"capacity": capacity, "on_duty": onDuty}, RequestID: p.RequestID})
	})
}
