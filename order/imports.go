package order

import (
	"context"
	"errors"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
	"yinbo/order/bulk"
)

// Banks finds a bank by its id; *tenant.Directory is one.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// ShipmentImport is the import of what merchants sent: a line is an order with
// its carrier and tracking number. The same line again changes nothing.
func (s *Orders) ShipmentImport(banks Banks) bulk.Kind {
	apply := func(ctx context.Context, tx *db.Tx, bankID string, by bulk.Actor, lines []bulk.Line) ([]bulk.Verdict, error) {
		bank, found, err := banks.ByID(ctx, bankID)
		if err != nil || !found {
			return nil, errors.Join(err, fault.New(fault.NotFound, "not_found"))
		}
		ship := make([]ShipLine, len(lines))
		for i, l := range lines {
			ship[i] = ShipLine{l.Get("order_id"), l.Get("carrier"), l.Get("tracking_no")}
		}
		results, err := s.ShipLines(ctx, tx, bank, Staff{by.ID, by.RequestID, by.Merchant}, ship)
		verdicts := make([]bulk.Verdict, len(results))
		for i, r := range results {
			switch {
			case r.Refusal != nil:
				verdicts[i] = failed(r.Refusal)
			case r.Repeated:
				verdicts[i] = bulk.Verdict{Result: bulk.Updated, Object: r.Order}
			default:
				verdicts[i] = bulk.Verdict{Result: bulk.Created, Object: r.Order}
			}
		}
		return verdicts, err
	}
	return bulk.Kind{Name: "shipments", Merchants: true, Apply: apply, Columns: []bulk.Column{{Name: "order_id", Title: "订单号", Required: true},
		{Name: "carrier", Title: "快递公司", Required: true}, {Name: "tracking_no", Title: "快递单号", Required: true}}}
}

// CompletionImport is the import of what was received: a line is an order that
// is on its way. One that is completed already is left as it is.
func (s *Orders) CompletionImport() bulk.Kind {
	apply := func(ctx context.Context, tx *db.Tx, bank string, by bulk.Actor, lines []bulk.Line) ([]bulk.Verdict, error) {
		ids, verdicts := make([]string, len(lines)), make([]bulk.Verdict, len(lines))
		for i, l := range lines {
			ids[i] = l.Get("order_id")
		}
		who := Staff{ID: by.ID, RequestID: by.RequestID}
		orders, err := lockAll(ctx, tx, bank, who, ids)
		if err != nil {
			return nil, err
		}
		for i, orderID := range ids {
			o, known := orders[orderID]
			switch {
			case !known:
				verdicts[i] = bulk.Fail("order_id", "not_found")
			case !o.CompletedAt.IsZero():
				verdicts[i] = bulk.Verdict{Result: bulk.Updated, Object: orderID}
			case !o.onItsWay():
				verdicts[i] = bulk.Fail("order_id", "conflict")
			default:
				if err := s.completeBy(ctx, tx, &o, who); err != nil {
					return nil, err
				}
				orders[orderID] = o
				verdicts[i] = bulk.Verdict{Result: bulk.Updated, Object: orderID}
			}
		}
		return verdicts, nil
	}
	return bulk.Kind{Name: "completions", Apply: apply, Columns: []bulk.Column{{Name: "order_id", Title: "订单号", Required: true}}}
}

// failed is a refusal as the verdict on a line.
func failed(f *fault.Error) bulk.Verdict {
	if len(f.Fields) > 0 {
		return bulk.Fail(f.Fields[0].Name, f.Fields[0].Code)
	}
	return bulk.Fail("order_id", f.Code)
}
