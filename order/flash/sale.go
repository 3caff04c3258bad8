package flash

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/order"
)

// Status is what people see of a sale.
type Status string

// The statuses; CONTRACT §3.
const (
	Scheduled Status = "scheduled"
	OnSale    Status = "on_sale"
	SoldOut   Status = "sold_out"
	Ended     Status = "ended"
	Cancelled Status = "cancelled"
)

// state is what the row says.
type state string

const (
	open      state = "open"
	ended     state = "ended"
	cancelled state = "cancelled"
)

// row is a sale as it is stored.
type row struct {
	ID, Bank, Room, SKU string
	State               state
	Price               money.Fen
	Total, Sold, Limit  int64
	Starts, Ends        time.Time
	Ever                int64  // units ever sold, those that came back too
	Epoch               string // of admission's picture, "" before the first
}

// returned is how many units ever came back.
func (r row) returned() int64 { return r.Ever - r.Sold }

// moves grows with every unit that is sold or comes back.
func (r row) moves() int64 { return r.Ever + r.returned() }

func (r row) ref() Ref { return Ref{r.ID, r.Epoch} }

func (r row) left() int64 { return r.Total - r.Sold }

// status is what people see at a time.
func (r row) status(now time.Time) Status {
	switch {
	case r.State == cancelled:
		return Cancelled
	case r.State == ended || !now.Before(r.Ends):
		return Ended
	case now.Before(r.Starts):
		return Scheduled
	case r.left() <= 0:
		return SoldOut
	}
	return OnSale
}

// refusal is why nobody can buy at a time, nil when the sale is on.
func (r row) refusal(now time.Time) *fault.Error {
	switch r.status(now) {
	case Cancelled, Ended:
		return fault.New(fault.Gone, "flash.ended")
	case Scheduled:
		return fault.New(fault.TooEarly, "flash.not_started").After(r.Starts.Sub(now))
	}
	return nil
}

// View is a sale as the API shows it.
type View struct {
	ID           string      `json:"id"`
	RoomID       string      `json:"room_id"`
	SKUID        string      `json:"sku_id"`
	Status       Status      `json:"status" enum:"scheduled,on_sale,sold_out,ended,cancelled"`
	PriceFen     money.Fen   `json:"price_fen"`
	Total        int64       `json:"total"`
	Left         int64       `json:"left" doc:"total less the units in orders that are not cancelled"`
	PerUserLimit int64       `json:"per_user_limit"`
	StartsAt     clock.Stamp `json:"starts_at"`
	EndsAt       clock.Stamp `json:"ends_at"`
	ServerTime   clock.Stamp `json:"server_time" doc:"the server's time of this answer, to count down by"`
}

func (r row) view(now time.Time) View {
	return View{ID: r.ID, RoomID: r.Room, SKUID: r.SKU, Status: r.status(now), PriceFen: r.Price, Total: r.Total, Left: r.left(),
		PerUserLimit: r.Limit, StartsAt: clock.At(r.Starts), EndsAt: clock.At(r.Ends), ServerTime: clock.At(now)}
}

// Rooms says who may run a room, and which rooms there are; live implements it.
type Rooms interface {
	// HostMay is nil when the member of staff may run the room, else 404.
	HostMay(ctx context.Context, bank, room, staff string, operator bool) error
	RoomHost(ctx context.Context, bank, room string) (host, branch string, ok bool, err error)
}

// Deps is what Sales stands on.
type Deps struct {
	DB        *db.DB
	Box       *outbox.Box
	Keeper    *idem.Keeper
	Keyring   *pii.Keyring
	Admission Admission
	Rooms     Rooms
	Announcer order.Announcer
	TTL       time.Duration // from placing an order to cancelling it unpaid
	Batch     int           // orders that share a transaction at most; 0 is DefaultBatch
}

// The facts and the state of a sale, as a room hears them.
const (
	ScheduledFact = "flash.scheduled"
	StartedFact   = "flash.started"
	SoldOutFact   = "flash.sold_out"
	EndedFact     = "flash.ended"
	StockState    = "flash.stock"
)

type named struct {
	FlashID   string `json:"flash_id"`
	SKUID     string `json:"sku_id"`
	Cancelled bool   `json:"cancelled,omitempty"`
}

type stock struct {
	FlashID string `json:"flash_id"`
	Left    int64  `json:"left"`
}

// Get shows a sale of the bank as the database has it; 404 not_found.
func (s *Sales) Get(ctx context.Context, bank, flashID string) (View, error) {
	r, err := readSale(ctx, s.DB, bank, flashID)
	return r.view(s.DB.Clock().Now()), err
}

// RoomFlashes shows the sales of a room that are not over, by their start.
func (s *Sales) RoomFlashes(ctx context.Context, bank, room string) ([]View, error) {
	now := s.DB.Clock().Now()
	rows, err := readRows(ctx, s.DB, "bank_id = ? AND room_id = ? AND state = 'open' AND ends_at > ? ORDER BY starts_at, id", bank, room, now)
	views := make([]View, len(rows))
	for i, r := range rows {
		views[i] = r.view(now)
	}
	return views, err
}

// Figure is a sale on the room's board.
type Figure struct {
	ID    string `json:"id"`
	Total int64  `json:"total"`
	Sold  int64  `json:"sold"`
	Left  int64  `json:"left"`
}

// RoomFigures gives every sale that the room has had, by its start.
func (s *Sales) RoomFigures(ctx context.Context, bank, room string) ([]Figure, error) {
	rows, err := readRows(ctx, s.DB, "bank_id = ? AND room_id = ? ORDER BY starts_at, id", bank, room)
	out := make([]Figure, len(rows))
	for i, r := range rows {
		out[i] = Figure{ID: r.ID, Total: r.Total, Sold: r.Sold, Left: r.left()}
	}
	return out, err
}
