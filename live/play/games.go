package play

import (
	"context"
	"log/slog"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/live"
)

// Coupons grants prizes; order/promo implements it.
type Coupons interface {
	// Prize grants a viewer one coupon of a batch for ref, once.
	Prize(ctx context.Context, tx *db.Tx, bank tenant.Bank, batch, ref, viewer string) (coupon string, err error)
	// Covers is nil when the batch is for rooms and has enough for n coupons.
	Covers(ctx context.Context, tx *db.Tx, bank, batch string, n int64) error
}

// Buyers knows who ordered in a room; order implements it.
type Buyers interface {
	OrderedIn(ctx context.Context, q db.Querier, bank, room, viewer string) (bool, error)
}

// Deps is what Games stands on.
type Deps struct {
	DB      *db.DB
	Box     *outbox.Box
	Keeper  *idem.Keeper
	Keys    *pii.Keyring
	Rooms   *live.Rooms
	Banks   *tenant.Directory
	Coupons Coupons
	Buyers  Buyers
	Log     *slog.Logger
}

// Games runs lotteries and polls.
type Games struct {
	Deps
	tallies tallies
}

// New makes the service.
func New(d Deps) *Games { return &Games{Deps: d, tallies: tallies{waiting: map[string]*time.Timer{}}} }

// Viewer is who enters or votes.
type Viewer struct{ ID, Nickname string }

// Bounds of what is played.
const (
	shortest = 5 * time.Second
	longest  = 24 * time.Hour
)

func lasts(e *fault.Error, d time.Duration) *fault.Error {
	if d < shortest || d > longest {
		return e.With("seconds", "field.invalid")
	}
	return e
}

func entry(by live.Staff, bank, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object, RequestID: by.RequestID, Detail: detail}
}

// gone makes a task about a row that is not there a task that is done.
func gone(err error) error {
	if fault.Code(err) == "not_found" {
		return nil
	}
	return err
}

func missing(found bool, err error) error {
	if err == nil && !found {
		return fault.New(fault.NotFound, "not_found")
	}
	return err
}
