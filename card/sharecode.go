package card

import (
	"context"
	"crypto/rand"
	"regexp"
	"strings"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// The kinds of share codes: what a link leads to.
const (
	ShareRoom     = "room"
	ShareProduct  = "product"
	ShareCampaign = "campaign"
)

// Share is what a share code stands for.
type Share struct {
	Kind          string       `json:"kind" enum:"room,product,campaign"`
	RoomID        *string      `json:"room_id" nullable:"true" required:"false" maxLength:"60"`
	CardProductID *string      `json:"card_product_id" nullable:"true" required:"false" maxLength:"60"`
	ManagerID     *string      `json:"manager_id" nullable:"true" required:"false" maxLength:"60" doc:"A member of staff"`
	OutletID      *string      `json:"outlet_id" nullable:"true" required:"false" maxLength:"60" doc:"A branch or outlet; the manager's own without one"`
	Community     *string      `json:"community" nullable:"true" required:"false" maxLength:"60" doc:"A group that the manager runs"`
	Campaign      *string      `json:"campaign" nullable:"true" required:"false" maxLength:"60"`
	ExpiresAt     *clock.Stamp `json:"expires_at" nullable:"true" required:"false"`
}

// ShareCode is a share code with its life.
type ShareCode struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	Share
	Manager      *Named       `json:"manager"`
	Applications int          `json:"applications" doc:"That came by it"`
	CreatedBy    Named        `json:"created_by"`
	CreatedAt    clock.Stamp  `json:"created_at"`
	RetiredAt    *clock.Stamp `json:"retired_at"`
	Live         bool         `json:"live" doc:"Neither retired nor expired"`
}

// ShareMaker is who makes share codes. A host sees those that they made or that
// name them, and retires what they made; who is of a branch sees and makes those of
// its outlets.
type ShareMaker struct {
	Actor
	OwnOnly bool
	Branch  string // "" for the whole bank
	Scope   tenant.Scope
}

// phoneLike is what phone, id and card numbers look like; dates are shorter.
var phoneLike = regexp.MustCompile(`[0-9]{11}`)

// checkShare wants what the kind stands for, and that all that is named is the
// bank's, and the branch's of who makes it and of whom it names. Errors: validation.
func (a *Applications) checkShare(ctx context.Context, tx *db.Tx, bank string, by ShareMaker, s *Share) error {
	bad := fault.New(fault.Invalid, "validation")
	for _, text := range []**string{&s.RoomID, &s.CardProductID, &s.ManagerID, &s.OutletID, &s.Community, &s.Campaign} {
		if *text == nil {
			continue
		}
		if v := strings.TrimSpace(**text); v == "" {
			*text = nil
		} else {
			*text = &v
		}
	}
	for _, n := range []struct {
		kind, field string
		value       *string
	}{{ShareRoom, "room_id", s.RoomID}, {ShareProduct, "card_product_id", s.CardProductID}, {ShareCampaign, "campaign", s.Campaign}} {
		if s.Kind == n.kind && n.value == nil {
			bad.With(n.field, "field.required")
		}
	}
	for field, v := range map[string]*string{"community": s.Community, "campaign": s.Campaign} {
		// A number long enough to be somebody's phone is no name: it goes into links,
		// lists and the audit log.
		if v != nil && (!plainText(*v) || phoneLike.MatchString(*v)) {
			bad.With(field, "field.format")
		}
	}
	if s.ExpiresAt != nil && !s.ExpiresAt.After(tx.Now) {
		bad.With("expires_at", "screening.expired")
	}
	for _, n := range []struct {
		field, table, code string
		value              *string
	}{{"card_product_id", "card_product", "card_product.unknown", s.CardProductID}, {"manager_id", "staff", "field.not_allowed", s.ManagerID},
		{"outlet_id", "branch", "field.not_allowed", s.OutletID}, {"room_id", "room", "room.unknown", s.RoomID}} {
		if n.value == nil {
			continue
		}
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM "+n.table+" WHERE bank_id = ? AND id = ?", bank, *n.value)
		if err != nil {
			return err
		}
		if !found {
			bad.With(n.field, n.code)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return a.keepWithin(ctx, tx, bank, by, s)
}

// MakeShareCode makes a code that people pass on. Errors: validation.
func (a *Applications) MakeShareCode(ctx context.Context, bank string, by ShareMaker, s Share) (ShareCode, error) {
	shareID := id.New(id.ShareCode)
	err := a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := a.checkShare(ctx, tx, bank, by, &s); err != nil {
			return err
		}
		var expires any
		if s.ExpiresAt != nil {
			expires = s.ExpiresAt.Time
		}
		err := tx.Insert(ctx, `share_code (id, bank_id, code, kind, room_id, card_product_id, manager_id, outlet_id, community, campaign,
			created_by, created_at, expires_at)`, [][]any{{shareID, bank, newCode(), s.Kind, s.RoomID, s.CardProductID, s.ManagerID, s.OutletID, s.Community, s.Campaign,
			by.ID, tx.Now, expires}}, "")
		if err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "made", shareID, map[string]any{"kind": s.Kind, "campaign": s.Campaign, "manager": s.ManagerID})
	})
	if err != nil {
		return ShareCode{}, err
	}
	return a.ShareCode(ctx, bank, by, shareID)
}

func (m ShareMaker) audit(ctx context.Context, tx *db.Tx, bank, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: m.Kind, Actor: m.ID, Action: "share_code." + action, Object: object, Detail: detail, RequestID: m.RequestID})
}

// newCode is eight characters that are hard to misread: 2⁴⁰ of them.
func newCode() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	raw := make([]byte, 8)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}

const selectShare = `SELECT s.id, s.code, s.kind, s.room_id, s.card_product_id, s.manager_id, s.outlet_id, s.community, s.campaign, s.created_by, s.created_at,
	s.expires_at, s.retired_at, COALESCE((SELECT name FROM staff m WHERE m.id = s.manager_id), ''), COALESCE((SELECT name FROM staff c WHERE c.id = s.created_by), ''),
	(SELECT COUNT(*) FROM application a WHERE a.bank_id = s.bank_id AND a.share_code = s.code) FROM share_code s WHERE s.bank_id = ?`

func scanShare(now time.Time) func(db.Row) (ShareCode, error) {
	return func(r db.Row) (v ShareCode, err error) {
		var created, expires, retired db.Time
		var manager string
		err = r.Scan(&v.ID, &v.Code, &v.Kind, &v.RoomID, &v.CardProductID, &v.ManagerID, &v.OutletID, &v.Community, &v.Campaign, &v.CreatedBy.ID, &created,
			&expires, &retired, &manager, &v.CreatedBy.Name, &v.Applications)
		v.CreatedAt, v.ExpiresAt, v.RetiredAt = clock.At(created.Time), clock.AtPtr(expires.Time), clock.AtPtr(retired.Time)
		if v.ManagerID != nil {
			v.Manager = &Named{ID: *v.ManagerID, Name: manager}
		}
		v.Live = v.RetiredAt == nil && (v.ExpiresAt == nil || v.ExpiresAt.After(now))
		return v, err
	}
}

// ShareCodes gives the codes that a maker may see, the newest first, after the
// one named: one more than limit when there are further ones.
func (a *Applications) ShareCodes(ctx context.Context, bank string, by ShareMaker, after string, limit int) ([]ShareCode, error) {
	where, args := by.where([]any{bank})
	if after != "" {
		where, args = where+" AND s.id < ?", append(args, after)
	}
	return db.All(ctx, a.book.DB, scanShare(a.book.DB.Clock().Now()), selectShare+where+" ORDER BY s.id DESC LIMIT ?", append(args, limit+1)...)
}

func (m ShareMaker) where(args []any) (where string, _ []any) {
	if m.OwnOnly {
		where, args = " AND (s.created_by = ? OR s.manager_id = ?)", append(args, m.ID, m.ID)
	}
	cut, of := m.Scope.And("s.outlet_id")
	return where + cut, append(args, of...)
}

// ShareCode gives one; not_found for another's.
func (a *Applications) ShareCode(ctx context.Context, bank string, by ShareMaker, shareID string) (ShareCode, error) {
	where, args := by.where([]any{bank})
	v, found, err := db.One(ctx, a.book.DB, scanShare(a.book.DB.Clock().Now()), selectShare+where+" AND s.id = ?", append(args, shareID)...)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return v, err
}

// RetireShareCode ends a code; again is no change. What came by it stays
// attributed. Errors: not_found; auth.forbidden (403) for a host whom somebody
// else's code names.
func (a *Applications) RetireShareCode(ctx context.Context, bank string, by ShareMaker, shareID string) (ShareCode, error) {
	v, err := a.ShareCode(ctx, bank, by, shareID)
	if err == nil && by.OwnOnly && v.CreatedBy.ID != by.ID {
		err = fault.New(fault.Forbidden, "auth.forbidden")
	}
	if err != nil {
		return ShareCode{}, err
	}
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE share_code SET retired_by = ?, retired_at = ? WHERE bank_id = ? AND id = ? AND retired_at IS NULL", by.ID, tx.Now, bank, shareID)
		if err != nil || n == 0 {
			return err
		}
		return by.audit(ctx, tx, bank, "retired", shareID, nil)
	})
	if err != nil {
		return ShareCode{}, err
	}
	return a.ShareCode(ctx, bank, by, shareID)
}

// Source is what a click, a draft or an application is attributed to.
type Source struct {
	Room, Host, Branch                   string
	Outlet, Manager, Community, Campaign string

	Known bool // the code stands for something
}

// Attribute resolves where somebody comes from. A room that is named must be the
// bank's; a code that is unknown, retired or over stands for nothing: it is kept
// as text all the same. Errors: room_id, room.unknown.
func Attribute(ctx context.Context, d *db.DB, rooms Rooms, bank, room, code string) (s Source, err error) {
	s.Room = room
	if code != "" {
		var ofRoom string
		_, known, err := db.One(ctx, d, func(r db.Row) (struct{}, error) {
			return struct{}{}, r.Scan(&ofRoom, &s.Outlet, &s.Manager, &s.Community, &s.Campaign)
		}, `SELECT COALESCE(room_id, ''), COALESCE(outlet_id, ''), COALESCE(manager_id, ''), COALESCE(community, ''), COALESCE(campaign, '')
			FROM share_code WHERE bank_id = ? AND code = ? AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`,
			bank, code, db.At(d.Clock().Now()))
		if err != nil {
			return s, err
		}
		s.Known = known
		if s.Room == "" {
			s.Room = ofRoom
		}
	}
	s.Branch = s.Outlet
	if s.Room == "" {
		return s, nil
	}
	host, branch, ok, err := rooms.RoomHost(ctx, bank, s.Room)
	if err != nil {
		return s, err
	}
	if !ok {
		return s, fault.InvalidField("room_id", "room.unknown")
	}
	s.Host = host
	if branch != "" {
		s.Branch = branch
	}
	return s, nil
}
