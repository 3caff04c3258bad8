// Package audit keeps who did what: an append-only log, each entry chained by
// hash to the one before it in its bank (RULES §3).
//
// Invariants: entries are written in the transaction of the act itself; seq
// counts one by one per bank; hash = SHA-256 over the previous hash and the
// entry's fields. Details hold no personal data.
//
// It imports internal/db, internal/fault and internal/id.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Entry is one act.
type Entry struct {
	ID        string         `json:"id"`
	Bank      string         `json:"-"`
	Seq       int64          `json:"seq"`
	ActorKind string         `json:"actor_kind"` // staff, viewer, system
	Actor     string         `json:"actor"`
	Action    string         `json:"action"`
	Object    string         `json:"object"`
	Detail    map[string]any `json:"detail"`
	RequestID string         `json:"request_id"`
	At        time.Time      `json:"at"`
	PrevHash  string         `json:"prev_hash"`
	Hash      string         `json:"hash"`
}

// What people write may hold id, phone and card numbers, in one run or in groups.
// A date's groups are shorter, and so are most amounts.
var (
	number = regexp.MustCompile(`\p{Nd}{3,}(?:[ -]\p{Nd}{3,})+[Xx]?|\p{Nd}{6,}[Xx]?`)
	run    = regexp.MustCompile(`\p{Nd}{6}`)
	digit  = regexp.MustCompile(`\p{Nd}`)
)

// phoneDigits is how many digits groups must have together to be taken out.
const phoneDigits = 11

// Reason is what somebody wrote as a reason or a note, fit to be kept and for a
// detail: without long numbers.
func Reason(text string) string {
	return number.ReplaceAllStringFunc(text, func(n string) string {
		if !run.MatchString(n) && len(digit.FindAllString(n, phoneDigits)) < phoneDigits {
			return n
		}
		return "***"
	})
}

// Write appends e within tx and holds the bank's chain until the commit.
func Write(ctx context.Context, tx *db.Tx, e Entry) error {
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("audit: detail of %s: %w", e.Action, err)
	}
	// Made or met, the head is held alone from here on: INSERT IGNORE would share
	// its lock, and two who then want it alone would wait for each other.
	held := tx.Dialect().OnDuplicate("bank_id", "seq = seq")
	if err := tx.Insert(ctx, "audit_head (bank_id, seq, hash)", [][]any{{e.Bank, 0, ""}}, held); err != nil {
		return err
	}
	head, _, err := db.One(ctx, tx, func(r db.Row) (h Entry, err error) {
		return h, r.Scan(&h.Seq, &h.Hash)
	}, "SELECT seq, hash FROM audit_head WHERE bank_id = ?"+tx.Dialect().ForUpdate(), e.Bank)
	if err != nil {
		return err
	}
	e.ID, e.At, e.Seq, e.PrevHash = id.New(id.Audit), tx.Now, head.Seq+1, head.Hash
	e.Hash = e.chain(detail)
	if _, err := tx.Exec(ctx, "UPDATE audit_head SET seq = ?, hash = ? WHERE bank_id = ?", e.Seq, e.Hash, e.Bank); err != nil {
		return err
	}
	return tx.Insert(ctx, "audit (id, bank_id, seq, actor_kind, actor_id, action, object_id, detail, request_id, at, prev_hash, hash)",
		[][]any{{e.ID, e.Bank, e.Seq, e.ActorKind, e.Actor, e.Action, e.Object, string(detail), e.RequestID, e.At, e.PrevHash, e.Hash}}, "")
}

func (e Entry) chain(detail []byte) string {
	h := sha256.New()
	// A JSON list keeps the fields apart: no value can run into the next.
	_ = json.NewEncoder(h).Encode([]any{e.PrevHash, e.ID, e.Bank, e.Seq, e.ActorKind, e.Actor, e.Action, e.Object,
		string(detail), e.RequestID, e.At.UTC().Format(db.Layout)})
	return hex.EncodeToString(h.Sum(nil))
}

// Filter picks entries; zero fields do not filter.
type Filter struct {
	Actor, Action, Object string
	From, To              time.Time
	Before                int64 // seq, for paging from the newest back
	Limit                 int
}

// One gives an entry by its place in the chain.
func One(ctx context.Context, q db.Querier, bank string, seq int64) (Entry, bool, error) {
	entries, _, err := read(ctx, q, columns+" WHERE bank_id = ? AND seq = ?", bank, seq)
	if err != nil || len(entries) == 0 {
		return Entry{}, false, err
	}
	return entries[0], true, nil
}

const columns = "SELECT id, bank_id, seq, actor_kind, actor_id, action, object_id, detail, request_id, at, prev_hash, hash FROM audit"

// List gives the newest entries first.
func List(ctx context.Context, q db.Querier, bank string, f Filter) ([]Entry, error) {
	where, args := " WHERE bank_id = ?", []any{bank}
	add := func(cond string, v any) { where += " AND " + cond; args = append(args, v) }
	if f.Actor != "" {
		add("actor_id = ?", f.Actor)
	}
	if kind, all := strings.CutSuffix(f.Action, "*"); all {
		add("action >= ?", kind)
		add("action < ?", kind+"\x7f") // names are ASCII
	} else if f.Action != "" {
		add("action = ?", f.Action)
	}
	if f.Object != "" {
		add("object_id = ?", f.Object)
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("at < ?", f.To)
	}
	if f.Before > 0 {
		add("seq < ?", f.Before)
	}
	entries, _, err := read(ctx, q, columns+where+" ORDER BY seq DESC LIMIT ?", append(args, f.Limit)...)
	return entries, err
}

func read(ctx context.Context, q db.Querier, query string, args ...any) (entries []Entry, details []string, err error) {
	entries, err = db.All(ctx, q, func(r db.Row) (Entry, error) {
		var e Entry
		var at db.Time
		var detail string
		err := r.Scan(&e.ID, &e.Bank, &e.Seq, &e.ActorKind, &e.Actor, &e.Action, &e.Object, &detail, &e.RequestID, &at, &e.PrevHash, &e.Hash)
		if err != nil {
			return e, err
		}
		e.At = at.Time
		details = append(details, detail)
		return e, json.Unmarshal([]byte(detail), &e.Detail)
	}, query, args...)
	return entries, details, err
}

// Break is where a chain does not fit.
type Break struct {
	Bank  string
	Seq   int64
	Found string
}

// Error says where.
func (b *Break) Error() string {
	return fmt.Sprintf("audit: the chain of %s breaks at %d: %s", b.Bank, b.Seq, b.Found)
}

// Verify walks a bank's chain and names the first entry that does not fit, as a
// *Break. It gives the number of entries that hold. People may act meanwhile:
// the chain must go through the head as it was before, and not past it as it is
// after.
func Verify(ctx context.Context, q db.Querier, bank string) (int64, error) {
	before, err := head(ctx, q, bank)
	if err != nil {
		return 0, err
	}
	seq, err := walk(ctx, q, bank, before)
	if err != nil {
		return seq, err
	}
	after, err := head(ctx, q, bank)
	if err == nil && (seq < before.Seq || seq > after.Seq) {
		err = &Break{bank, seq, fmt.Sprintf("it ends there, but its head says %d", after.Seq)}
	}
	return seq, err
}

// head is the end of a chain: its number and its hash.
func head(ctx context.Context, q db.Querier, bank string) (Entry, error) {
	h, _, err := db.One(ctx, q, func(r db.Row) (h Entry, err error) { return h, r.Scan(&h.Seq, &h.Hash) },
		"SELECT seq, hash FROM audit_head WHERE bank_id = ?", bank)
	return h, err
}

// walk gives the last entry of the chain that holds, through a head.
func walk(ctx context.Context, q db.Querier, bank string, through Entry) (seq int64, err error) {
	for prev := ""; ; {
		entries, details, err := read(ctx, q, columns+" WHERE bank_id = ? AND seq > ? ORDER BY seq LIMIT 1000", bank, seq)
		if err != nil || len(entries) == 0 {
			return seq, err
		}
		for i, e := range entries {
			if err := e.follows(bank, seq+1, prev, details[i]); err != nil {
				return seq, err
			}
			if e.Seq == through.Seq && e.Hash != through.Hash {
				return seq, &Break{bank, e.Seq, "entry " + e.ID + " is not the one that the head knows"}
			}
			seq, prev = e.Seq, e.Hash
		}
	}
}
