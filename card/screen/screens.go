package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Screens keeps the banks' rules and lists, and decides by them.
type Screens struct {
	book *card.Book

	mu       sync.Mutex
	programs map[string]*program // by version and revision; few are in use at once
}

var _ card.Screener = (*Screens)(nil)

// maxPrograms is how many compiled versions are kept.
const maxPrograms = 64

// New makes the service.
func New(book *card.Book) *Screens { return &Screens{book: book, programs: map[string]*program{}} }

// Person is who acts at the desk.
type Person struct {
	ID        string
	RequestID string
}

func (p Person) audit(ctx context.Context, tx *db.Tx, bank, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: p.ID, Action: "screening." + action,
		Object: object, Detail: detail, RequestID: p.RequestID})
}

// compiled is the program of a version, from memory where it is known.
func (s *Screens) compiled(v Version) (*program, error) {
	key := fmt.Sprint(v.ID, "/", v.Revision)
	s.mu.Lock()
	p, known := s.programs[key]
	s.mu.Unlock()
	if known {
		return p, nil
	}
	p, err := compile(v.Rules)
	if err != nil {
		return nil, fmt.Errorf("screen: version %s: %w", v.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.programs) >= maxPrograms {
		clear(s.programs)
	}
	s.programs[key] = p
	return p, nil
}

// active is the bank's version in force; the standard one is written when there
// is none.
func (s *Screens) active(ctx context.Context, tx *db.Tx, bank string) (Version, error) {
	head, found, err := db.One(ctx, tx, func(r db.Row) (v Version, err error) {
		return v, r.Scan(&v.ID, &v.Revision)
	}, "SELECT id, revision FROM screening_set WHERE active_key = ?", bank)
	if err != nil {
		return head, err
	}
	if !found {
		return s.createStandard(ctx, tx, bank)
	}
	s.mu.Lock()
	p, known := s.programs[fmt.Sprint(head.ID, "/", head.Revision)]
	s.mu.Unlock()
	if known { // the rules need not be read again
		head.Rules = p.rules
		return head, nil
	}
	return readVersion(ctx, tx, bank, head.ID)
}

// createStandard writes version 1. Two at once meet its unique number.
func (s *Screens) createStandard(ctx context.Context, tx *db.Tx, bank string) (Version, error) {
	rules, cases := mustJSON(Standard()), mustJSON(standardCases())
	v := id.New(id.RuleSet)
	err := tx.Insert(ctx, `screening_set (id, bank_id, no, state, active_key, revision, name, note, rules, cases, created_at, updated_at, activated_at, reject_reason)`,
		[][]any{{v, bank, 1, string(Active), bank, 1, "标准规则", "", rules, cases, tx.Now, tx.Now, tx.Now, ""}}, "")
	if err != nil {
		return Version{}, err
	}
	return readVersion(ctx, tx, bank, v)
}

// ensure writes the standard version of a bank that has none.
func (s *Screens) ensure(ctx context.Context, bank string) error {
	_, found, err := db.Value[string](ctx, s.book.DB, "SELECT id FROM screening_set WHERE active_key = ?", bank)
	if err != nil || found {
		return err
	}
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := s.active(ctx, tx, bank)
		return err
	})
	if db.IsDuplicate(err) { // another was first
		return nil
	}
	return err
}

// mustJSON writes what always can be written: structs of plain fields.
func mustJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("screen: %v", err))
	}
	return string(raw)
}

func notFound() error { return fault.New(fault.NotFound, "not_found") }
