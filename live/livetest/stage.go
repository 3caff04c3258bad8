package livetest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/bus"
)

// Stage is two banks and what is needed to run rooms.
type Stage struct {
	Ctx         context.Context
	DB          *db.DB
	Keys        *pii.Keyring
	Box         *outbox.Box
	Bank, Other tenant.Bank
	Bus         bus.Bus
	Rooms       *live.Rooms
	Goods       *Goods

	Host     live.Staff // whose the rooms are
	Operator live.Staff // may run every room of the bank
	Stranger live.Staff // another host of the bank

	mu     sync.Mutex
	tokens map[string]auth.Principal
}

// Each runs fn on both engines at once, with a clock that stands still.
func Each(t *testing.T, fn func(t *testing.T, s *Stage, clk *clock.Fake)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		clk := clock.NewFake(time.Now())
		fn(t, New(t, testkit.SQLite(t, clk), bus.NewMemory()), clk)
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		clk := clock.NewFake(time.Now())
		fn(t, New(t, testkit.MariaDB(t, clk), bus.NewMemory()), clk)
	})
}

// New sets the stage on a migrated, empty database.
func New(t testing.TB, d *db.DB, b bus.Bus) *Stage {
	keys := testkit.Keyring(t, d)
	s := &Stage{Ctx: testkit.Context(t), DB: d, Keys: keys, Box: outbox.New(d), Bank: testkit.Bank(t, d, keys, "stage"), Other: testkit.Bank(t, d, keys, "other"),
		Bus: b, Goods: &Goods{goods: map[string]live.Good{}}, tokens: map[string]auth.Principal{},
		Host:     live.Staff{ID: id.New(id.Staff), Name: "主播小林", RequestID: "req-host"},
		Operator: live.Staff{ID: id.New(id.Staff), Name: "运营小周", Operator: true, RequestID: "req-operator"},
		Stranger: live.Staff{ID: id.New(id.Staff), Name: "主播小陈", RequestID: "req-stranger"}}
	s.Rooms = s.Node(b)
	for _, by := range []live.Staff{s.Host, s.Operator, s.Stranger} {
		s.hire(t, by)
	}
	return s
}

// Colleague is another host of the bank.
func (s *Stage) Colleague(t testing.TB, name string) live.Staff {
	t.Helper()
	by := live.Staff{ID: id.New(id.Staff), Name: name}
	s.hire(t, by)
	return by
}

// hire writes a colleague of the bank's, who may run rooms.
func (s *Stage) hire(t testing.TB, by live.Staff) {
	t.Helper()
	role := auth.Host
	if by.Operator {
		role = auth.Operator
	}
	s.Tx(t, func(tx *db.Tx) error {
		err := tx.Insert(s.Ctx, "staff (id, bank_id, username, name, password_hash, created_at)",
			[][]any{{by.ID, s.Bank.ID, by.ID, by.Name, "none", tx.Now}}, "")
		if err != nil {
			return err
		}
		return tx.Insert(s.Ctx, "staff_role (bank_id, staff_id, role)", [][]any{{s.Bank.ID, by.ID, string(role)}}, "")
	})
}

// Node is the rooms as another node has them: same database, its own bus.
func (s *Stage) Node(b bus.Bus) *live.Rooms {
	return live.New(live.Deps{DB: s.DB, Box: s.Box, Bus: b, Goods: s.Goods, Figures: figures{}, Log: slog.New(slog.DiscardHandler)})
}

// Plan is a scheduled room of the host's.
func (s *Stage) Plan(t testing.TB) string {
	t.Helper()
	v, err := s.Rooms.Create(s.Ctx, s.Bank.ID, s.Host, live.Plan{Title: "周末专场", CoverURL: "/cover.svg", PlaybackURL: "/live.m3u8", StartsAt: s.DB.Clock().Now()})
	if err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// Live is a room of the host's that is live; its first fact is room.started.
func (s *Stage) Live(t testing.TB) string {
	t.Helper()
	room := s.Plan(t)
	if _, err := s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host); err != nil {
		t.Fatal(err)
	}
	return room
}

// Share lets a member of staff run another's room.
func (s *Stage) Share(t testing.TB, room string, with live.Staff) {
	t.Helper()
	if _, err := s.Rooms.Share(s.Ctx, s.Bank.ID, room, s.Operator, with.ID, live.PartHost); err != nil {
		t.Fatal(err)
	}
}

// Tx runs fn in a transaction.
func (s *Stage) Tx(t testing.TB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := s.DB.InTx(s.Ctx, fn); err != nil {
		t.Fatal(err)
	}
}

// Notice is a fact of a room, made by the host.
func (s *Stage) Notice(t testing.TB, room, text string) {
	t.Helper()
	if err := s.Rooms.Notice(s.Ctx, s.Bank.ID, room, s.Host, text); err != nil {
		t.Error(err)
	}
}

// Held is a message that waits for somebody to look at it.
func (s *Stage) Held(t testing.TB, room string, who auth.Principal, text string) (eventID string) {
	t.Helper()
	said, err := s.Rooms.SayAll(s.Ctx, []live.Saying{{Bank: s.Bank.ID, Room: room, Who: live.Speaker{ID: who.ID, Nickname: who.Name}, Text: text, Held: true}})
	if err != nil {
		t.Fatal(err)
	}
	return said[0].ID
}

// Fact makes a fact of a room, in a transaction of its own.
func (s *Stage) Fact(t testing.TB, room, kind string, payload any) {
	t.Helper()
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error { return s.Rooms.Fact(s.Ctx, tx, s.Bank.ID, room, kind, payload) })
	if err != nil {
		t.Error(err)
	}
}

// Viewer is a person of a bank, and the token they show.
func (s *Stage) Viewer(t testing.TB, bank tenant.Bank, nickname string) (p auth.Principal, token string) {
	t.Helper()
	p = auth.Principal{Kind: auth.Viewer, Bank: bank, ID: id.New(id.Viewer), Name: nickname}
	s.Tx(t, func(tx *db.Tx) error {
		return tx.Insert(s.Ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
			[][]any{{p.ID, bank.ID, p.ID, "sealed", "138****5678", nickname, tx.Now}}, "")
	})
	return p, s.token(p)
}

// Staff is the token of a member of staff.
func (s *Stage) Staff(by live.Staff, roles ...auth.Role) string {
	return s.token(auth.Principal{Kind: auth.Staff, Bank: s.Bank, ID: by.ID, Name: by.Name, Roles: roles})
}

func (s *Stage) token(p auth.Principal) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "token-" + p.ID
	s.tokens[token] = p
	return token
}

// Authenticate knows the tokens that Viewer and Staff gave; 401 auth.required.
func (s *Stage) Authenticate(_ context.Context, token string) (auth.Principal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.tokens[token]
	if !known {
		return p, fault.New(fault.Unauthenticated, "auth.required")
	}
	return p, nil
}
