package order

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Staff is who acts on an order: a member of the bank's staff, or a merchant's own
// account, which acts on orders of its merchant's goods only.
type Staff struct {
	ID, RequestID string
	Merchant      string // whose own account it is; "" for the bank's staff
}

// Audit writes an act on an object into the bank's chain; it is the last that a
// transaction locks.
func (by Staff) Audit(ctx context.Context, tx *db.Tx, bank, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object,
		Detail: detail, RequestID: by.RequestID})
}

// Ship records that an order was handed to a carrier; refusals are those of
// ShipLines.
func (s *Orders) Ship(ctx context.Context, bank tenant.Bank, by Staff, l ShipLine) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		results, err := s.ShipLines(ctx, tx, bank, by, []ShipLine{l})
		if err != nil {
			return err
		}
		switch refusal := results[0].Refusal; {
		case refusal == nil:
			return nil
		case refusal.Kind == fault.NotFound: // the order is in the path, not a field
			return fault.New(fault.NotFound, "not_found")
		default:
			return refusal
		}
	})
}

// CorrectShipment sets another carrier and number for an order that is on its
// way: 409 conflict before it was sent and after it arrived, and order.several_merchants
// for a merchant whose goods are only a part of it.
func (s *Orders) CorrectShipment(ctx context.Context, bank string, by Staff, l ShipLine) error {
	l = l.tidy()
	if refusal := l.check(); refusal != nil {
		return refusal
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		orders, err := lockAll(ctx, tx, bank, by, []string{l.Order})
		if err != nil {
			return err
		}
		o, known := orders[l.Order]
		switch {
		case !known:
			return fault.New(fault.NotFound, "not_found")
		case !by.ships(o):
			return severalMerchants()
		case !o.onItsWay():
			return fault.New(fault.Conflict, "conflict")
		}
		n, err := tx.Exec(ctx, "UPDATE shipment SET carrier = ?, tracking_no = ? WHERE bank_id = ? AND order_id = ?",
			l.Carrier, l.TrackingNo, bank, o.ID)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "conflict")
		}
		s.tellUpdated(tx, o)
		return by.Audit(ctx, tx, bank, "order.shipment_corrected", o.ID, map[string]any{"carrier": l.Carrier, "tracking_no": l.TrackingNo})
	})
}

// completeBy ends an order that is on its way, by a member of staff.
func (s *Orders) completeBy(ctx context.Context, tx *db.Tx, o *Order, by Staff) error {
	if err := s.receive(ctx, tx, o, by.ID); err != nil {
		return err
	}
	return by.Audit(ctx, tx, o.Bank, "order.completed", o.ID, nil)
}

// CompleteByStaff ends an order that its viewer has received; 409 conflict when
// it is not on its way.
func (s *Orders) CompleteByStaff(ctx context.Context, bank string, by Staff, orderID string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := Lock(ctx, tx, bank, orderID)
		if err != nil {
			return err
		}
		return s.completeBy(ctx, tx, &o, by)
	})
}

// CancelByStaff gives up an order that is not paid; 409 conflict when it is not
// waiting for its payment.
func (s *Orders) CancelByStaff(ctx context.Context, bank string, by Staff, orderID, reason string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := Lock(ctx, tx, bank, orderID)
		if err != nil {
			return err
		}
		if o.Status != PendingPayment {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.close(ctx, tx, &o, "staff"); err != nil {
			return err
		}
		return by.Audit(ctx, tx, bank, "order.cancelled", orderID, map[string]any{"reason": audit.Reason(reason)})
	})
}
