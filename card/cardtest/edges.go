package cardtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Viewers knows phones by their hash, as sign-in does.
type Viewers struct {
	keys *pii.Keyring

	mu     sync.Mutex
	phones map[string]string
}

// PhoneHash is the keyed hash of a viewer's phone.
func (v *Viewers) PhoneHash(ctx context.Context, bank, viewer string) (string, error) {
	v.mu.Lock()
	phone := v.phones[viewer]
	v.mu.Unlock()
	return v.keys.Hash(ctx, bank, "phone", phone)
}

// Staff are people who may all review.
type Staff struct {
	mu     sync.Mutex
	people []string
	scopes map[string]tenant.Scope
}

// Bind lets a person see branches only.
func (s *Staff) Bind(id string, to tenant.Scope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scopes == nil {
		s.scopes = map[string]tenant.Scope{}
	}
	s.scopes[id] = to
}

// Scope is the whole bank but for those who were bound.
func (s *Staff) Scope(_ context.Context, _, staff string) (tenant.Scope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scopes[staff], nil
}

func (s *Staff) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = append(s.people, id)
}

// Leave takes a person's roles away.
func (s *Staff) Leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = slices.DeleteFunc(s.people, func(p string) bool { return p == id })
}

// Name is made up.
func (s *Staff) Name(_ context.Context, _, staff string) (string, bool, error) {
	return "职员", s.has(staff), nil
}

// HasRole is true for reviewers.
func (s *Staff) HasRole(_ context.Context, _, staff, role string) (bool, error) {
	return role == "reviewer" && s.has(staff), nil
}

// People are all of them.
func (s *Staff) People(context.Context, string, ...string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]string{}
	for _, id := range s.people {
		names[id] = "职员"
	}
	return names, nil
}

func (s *Staff) has(staff string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.people, staff)
}

// Room is the one room that there is.
const Room = "room_00000000000000000000000000"

// Rooms knows Room.
type Rooms struct{}

// RoomHost gives the host of Room.
func (Rooms) RoomHost(_ context.Context, _, room string) (host, branch string, ok bool, err error) {
	return "stf_host", "brn_branch", room == Room, nil
}

type oneBank struct{ d *Department }

func (b oneBank) ByID(_ context.Context, bankID string) (tenant.Bank, bool, error) {
	return b.d.Bank, bankID == b.d.Bank.ID, nil
}

// Push remembers what viewers were told.
type Push struct {
	mu   sync.Mutex
	sent []string
}

// Private notes "viewer kind status".
func (p *Push) Private(_, viewer, kind string, payload any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, fmt.Sprint(viewer, " ", kind, " ", payload.(map[string]any)["status"]))
}

// Told tells whether a viewer was told of a status.
func (p *Push) Told(viewer string, status any) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.sent, fmt.Sprint(viewer, " application.updated ", status))
}

// Spent knows when viewers paid with a bound card.
type Spent struct {
	mu sync.Mutex
	at map[string]time.Time
}

// Pay notes a payment.
func (s *Spent) Pay(viewer string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	s.at[viewer] = at
}

// HasSpent tells of a payment since a time.
func (s *Spent) HasSpent(_ context.Context, _ db.Querier, _, viewer string, since time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, paid := s.at[viewer]
	return paid && !at.Before(since), nil
}

// SpentAt gives the payments of viewers since a time.
func (s *Spent) SpentAt(_ context.Context, _ string, viewers []string, since time.Time) (map[string][]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]time.Time{}
	for _, v := range viewers {
		if at, paid := s.at[v]; paid && !at.Before(since) {
			out[v] = []time.Time{at}
		}
	}
	return out, nil
}

// Message is an SMS that reached a phone.
type Message struct{ Phone, Text string }

// FarBank is the bank on the other side. The hooks, where set, decide what a
// call answers; what they refuse has no effect.
type FarBank struct {
	mu        sync.Mutex
	messages  map[string]Message // by out_id
	order     []string
	submitted map[string]map[string]string
	verified  int
	calls     int // of SendSMS

	OnSubmit func(application string) error
	OnVerify func(name string) error
	OnSMS    func(text string) error // after the message was taken, as a lost answer is
	Card     gateway.Card
}

func newFarBank() *FarBank {
	return &FarBank{messages: map[string]Message{}, submitted: map[string]map[string]string{},
		Card: gateway.Card{Token: pii.Clear("tok_secret_0123456789"), BIN: "622599", Last4: "4242", BankName: "演示银行", Kind: "credit"}}
}

// Verify counts the call.
func (b *FarBank) Verify(_ context.Context, name, _, _, _ pii.Text) (string, error) {
	b.mu.Lock()
	b.verified++
	b.mu.Unlock()
	if b.OnVerify != nil {
		if err := b.OnVerify(name.Reveal()); err != nil {
			return "", err
		}
	}
	return "ver_1", nil
}

// Verified is how often a card was checked.
func (b *FarBank) Verified() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.verified
}

// Confirm takes the code 123456.
func (b *FarBank) Confirm(_ context.Context, _, code string) (gateway.Card, error) {
	if code != "123456" {
		return gateway.Card{}, &gateway.Refusal{Status: 422, Code: "otp.wrong"}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Card, nil
}

// Unbind forgets the token.
func (b *FarBank) Unbind(context.Context, pii.Text) error { return nil }

// SendSMS takes a message once per outID.
func (b *FarBank) SendSMS(_ context.Context, phone pii.Text, text, outID string) error {
	b.mu.Lock()
	b.calls++
	if _, again := b.messages[outID]; !again {
		b.messages[outID] = Message{Phone: phone.Reveal(), Text: text}
		b.order = append(b.order, outID)
	}
	b.mu.Unlock()
	if b.OnSMS != nil {
		return b.OnSMS(text)
	}
	return nil
}

// Calls is how often a message was handed over, repeats under one number too.
func (b *FarBank) Calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

// Messages are those to a phone, in order.
func (b *FarBank) Messages(phone string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var texts []string
	for _, out := range b.order {
		if m := b.messages[out]; m.Phone == phone {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// SubmitApplication takes an application.
func (b *FarBank) SubmitApplication(_ context.Context, application, _ string, fields map[string]pii.Text) error {
	if b.OnSubmit != nil {
		if err := b.OnSubmit(application); err != nil {
			return err
		}
	}
	clear := map[string]string{}
	for k, v := range fields {
		clear[k] = v.Reveal()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.submitted[application] = clear
	return nil
}

// Submitted are the fields that the card core got; nil when it got none.
func (b *FarBank) Submitted(application string) map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.submitted[application]
}

// Forget loses an application, as a core does that was set back.
func (b *FarBank) Forget(application string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.submitted, application)
}

// Take has the core hold an application that nobody gave it, or know one by
// another status.
func (b *FarBank) Take(application, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.submitted[application] = map[string]string{"status": status}
}

// TakenOn is all that the core has, in two pages at least, whatever the day.
func (b *FarBank) TakenOn(_ context.Context, _, after string) ([]gateway.Taken, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, application := range slices.Sorted(maps.Keys(b.submitted)) {
		if application > after {
			return []gateway.Taken{b.taken(application)}, nil
		}
	}
	return nil, nil
}

// TakenAs is one of them.
func (b *FarBank) TakenAs(_ context.Context, application string) (gateway.Taken, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken(application), b.submitted[application] != nil, nil
}

func (b *FarBank) taken(application string) gateway.Taken {
	status := b.submitted[application]["status"]
	if status == "" {
		status = "accepted"
	}
	return gateway.Taken{ApplicationID: application, Status: status}
}
