package funnel

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Person is a member of staff who acts.
type Person struct {
	ID        string
	RequestID string
}

// CostForm is what somebody enters.
type CostForm struct {
	By        string    `json:"by" enum:"room,host,branch,outlet,manager,campaign,product,share_code" doc:"The dimension that it belongs to"`
	Value     string    `json:"value" minLength:"1" maxLength:"64" doc:"An id, a campaign, or a share code"`
	Kind      string    `json:"kind" enum:"advertising,benefits,staff,other"`
	From      string    `json:"from" minLength:"10" maxLength:"10" doc:"YYYY-MM-DD"`
	To        string    `json:"to" minLength:"10" maxLength:"10" doc:"Included"`
	AmountFen money.Fen `json:"amount_fen" minimum:"1" maximum:"1000000000000"`
	Note      string    `json:"note,omitempty" maxLength:"200" doc:"Long numbers are taken out"`
}

// Cost is what was spent, as it stands.
type Cost struct {
	ID string `json:"id"`
	CostForm
	Name        string       `json:"name" doc:"Of the value"`
	EnteredBy   string       `json:"entered_by"`
	EnteredAt   clock.Stamp  `json:"entered_at"`
	ChangedAt   clock.Stamp  `json:"changed_at"`
	WithdrawnAt *clock.Stamp `json:"withdrawn_at" doc:"It counts no more"`
}

// maxCostDays bounds what one cost is spread over.
const maxCostDays = 366

func (f CostForm) check(ctx context.Context, q db.Querier, bank string) (CostForm, error) {
	d, err := dimensionOf(f.By)
	if err != nil {
		return f, err
	}
	from, err := time.Parse(time.DateOnly, f.From)
	if err != nil {
		return f, fault.InvalidField("from", "field.format")
	}
	to, err := time.Parse(time.DateOnly, f.To)
	if err != nil {
		return f, fault.InvalidField("to", "field.format")
	}
	if to.Before(from) {
		return f, fault.InvalidField("to", "field.too_small")
	}
	if !to.Before(from.AddDate(0, 0, maxCostDays)) {
		return f, fault.InvalidField("to", "field.too_large")
	}
	f.Note = audit.Reason(f.Note)
	return f, d.check(ctx, q, bank, f.Value)
}

func (f CostForm) detail() map[string]any {
	return map[string]any{"by": f.By, "value": f.Value, "kind": f.Kind, "from": f.From, "to": f.To, "amount_fen": f.AmountFen}
}

// EnterCost enters a cost. Errors: validation.
func (s *Funnel) EnterCost(ctx context.Context, bank tenant.Bank, by Person, f CostForm) (Cost, error) {
	f, err := f.check(ctx, s.DB, bank.ID)
	if err != nil {
		return Cost{}, err
	}
	cost := id.New(id.Cost)
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, `funnel_cost (id, bank_id, dimension, value, kind, from_day, to_day, amount_fen, note, entered_by, entered_at, changed_at)`,
			[][]any{{cost, bank.ID, f.By, f.Value, f.Kind, f.From, f.To, f.AmountFen, f.Note, by.ID, tx.Now, tx.Now}}, "")
		if err != nil {
			return err
		}
		return write(ctx, tx, bank.ID, "funnel.cost_entered", cost, by, f.detail())
	})
	if err != nil {
		return Cost{}, err
	}
	return s.Cost(ctx, bank.ID, cost)
}

// ChangeCost writes a cost anew. Errors: validation; 404 not_found; 409
// cost.withdrawn.
func (s *Funnel) ChangeCost(ctx context.Context, bank tenant.Bank, by Person, cost string, f CostForm) (Cost, error) {
	before, err := s.Cost(ctx, bank.ID, cost)
	if err != nil {
		return Cost{}, err
	}
	if f, err = f.check(ctx, s.DB, bank.ID); err != nil {
		return Cost{}, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE funnel_cost SET dimension = ?, value = ?, kind = ?, from_day = ?, to_day = ?, amount_fen = ?, note = ?, changed_at = ?
			WHERE bank_id = ? AND id = ? AND withdrawn_at IS NULL`, f.By, f.Value, f.Kind, f.From, f.To, f.AmountFen, f.Note, tx.Now, bank.ID, cost)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "cost.withdrawn")
		}
		detail := f.detail()
		detail["before"] = before.CostForm.detail()
		return write(ctx, tx, bank.ID, "funnel.cost_changed", cost, by, detail)
	})
	if err != nil {
		return Cost{}, err
	}
	return s.Cost(ctx, bank.ID, cost)
}

// WithdrawCost ends a cost; it stays to be seen. Errors: 404 not_found; 409
// cost.withdrawn.
func (s *Funnel) WithdrawCost(ctx context.Context, bank tenant.Bank, by Person, cost, reason string) (Cost, error) {
	c, err := s.Cost(ctx, bank.ID, cost)
	if err != nil {
		return Cost{}, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE funnel_cost SET withdrawn_by = ?, withdrawn_at = ? WHERE bank_id = ? AND id = ? AND withdrawn_at IS NULL",
			by.ID, tx.Now, bank.ID, cost)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "cost.withdrawn")
		}
		detail := c.CostForm.detail()
		detail["reason"] = audit.Reason(reason)
		return write(ctx, tx, bank.ID, "funnel.cost_withdrawn", cost, by, detail)
	})
	if err != nil {
		return Cost{}, err
	}
	return s.Cost(ctx, bank.ID, cost)
}

// Cost gives one; 404 not_found.
func (s *Funnel) Cost(ctx context.Context, bank, cost string) (Cost, error) {
	all, err := s.readCosts(ctx, bank, "id = ?", cost)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return Cost{}, err
	}
	return all[0], nil
}

// Costs lists a bank's costs of a dimension ("" for all), the newest first,
// before an id ("" for none): one more than limit when there are further ones.
func (s *Funnel) Costs(ctx context.Context, bank, by, before string, limit int) ([]Cost, error) {
	where, args := "1 = 1", []any{}
	if by != "" {
		where, args = where+" AND dimension = ?", append(args, by)
	}
	if before != "" {
		where, args = where+" AND id < ?", append(args, before)
	}
	return s.readCosts(ctx, bank, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

func (s *Funnel) readCosts(ctx context.Context, bank, where string, args ...any) ([]Cost, error) {
	all, err := db.All(ctx, s.DB, func(r db.Row) (c Cost, err error) {
		var entered, changed, withdrawn db.Time
		err = r.Scan(&c.ID, &c.By, &c.Value, &c.Kind, &c.From, &c.To, &c.AmountFen, &c.Note, &c.EnteredBy, &entered, &changed, &withdrawn)
		c.EnteredAt, c.ChangedAt, c.WithdrawnAt = clock.At(entered.Time), clock.At(changed.Time), clock.AtPtr(withdrawn.Time)
		c.Name = c.Value
		return c, err
	}, `SELECT id, dimension, value, kind, from_day, to_day, amount_fen, note, entered_by, entered_at, changed_at, withdrawn_at
		FROM funnel_cost WHERE bank_id = ? AND `+where, append([]any{bank}, args...)...)
	if err != nil {
		return nil, err
	}
	for _, d := range dimensions {
		var values []string
		for _, c := range all {
			if c.By == d.name {
				values = append(values, c.Value)
			}
		}
		names, err := d.named(ctx, s.DB, bank, values)
		if err != nil {
			return nil, err
		}
		for i, c := range all {
			if name, known := names[c.Value]; known && c.By == d.name {
				all[i].Name = name
			}
		}
	}
	return all, nil
}

// spentOn adds up what was entered for each value of a dimension: of a cost that
// reaches out of the period, the days within it, to the fen downwards.
func (s *Funnel) spentOn(ctx context.Context, bank string, d dimension, from, to string) (map[string]money.Fen, error) {
	type cost struct {
		value, from, to string
		amount          money.Fen
	}
	all, err := db.All(ctx, s.DB, func(r db.Row) (c cost, err error) { return c, r.Scan(&c.value, &c.from, &c.to, &c.amount) },
		`SELECT value, from_day, to_day, amount_fen FROM funnel_cost
		WHERE bank_id = ? AND dimension = ? AND to_day >= ? AND from_day <= ? AND withdrawn_at IS NULL`, bank, d.name, from, to)
	out := map[string]money.Fen{}
	for _, c := range all {
		whole, within := daysOf(c.from, c.to), daysOf(max(c.from, from), min(c.to, to))
		out[c.value] += money.Fen(int64(c.amount)/whole*within + int64(c.amount)%whole*within/whole)
	}
	return out, err
}

// daysOf counts the days from one to another, both included and both written as
// dates.
func daysOf(from, to string) int64 {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	if errA != nil || errB != nil {
		return 1 // no date gets in
	}
	return int64(b.Sub(a)/(24*time.Hour)) + 1
}

func write(ctx context.Context, tx *db.Tx, bank, action, object string, by Person, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object, Detail: detail, RequestID: by.RequestID})
}
