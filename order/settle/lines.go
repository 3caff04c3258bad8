package settle

import (
	"fmt"
	"maps"
	"slices"

	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// entry is an event of the day as the ledger posted it.
type entry struct {
	event, ref, orderID string
	total               money.Fen            // what changed hands, discounts of the bank and the platform included
	discount            money.Fen            // their part of total
	net                 map[string]money.Fen // by merchant: credits less debits
}

// orderLine is a line of the order behind an entry.
type orderLine struct {
	no         int
	merchantID string
	title      string
	amount     money.Fen
	bps        int64     // commission on the whole amount, basis points
	own        money.Fen // the part of the amount that the merchant gave up as discount
	funded     money.Fen // the part that the bank or the platform pays as discount
}

// worth is what the merchant gets of the line before the commission.
func (l orderLine) worth() money.Fen { return l.amount - l.own }

// statement is a merchant's day while it is added up.
type statement struct {
	id                                    string
	sales, refunds, commission, discounts money.Fen
	count                                 int    // of lines that are written
	lines                                 []Line // those that are not yet
}

func (s *statement) payable() money.Fen { return s.sales - s.refunds - s.commission + s.discounts }

// addTo splits some of a day's entries over merchants and order lines. What the
// ledger credited a merchant is the truth: the lines' shares are cut so that
// their net adds up to it to the fen.
func (b bite) addTo(out map[string]*statement) error {
	for _, e := range b.entries {
		if err := e.addTo(out, b.orders[e.orderID]); err != nil {
			return fmt.Errorf("settle: entry %s of %s: %w", e.event, e.ref, err)
		}
	}
	return nil
}

// share is an order line's part of an entry's total.
type share struct {
	orderLine
	part money.Fen
}

// commission is the rate's on the line's whole amount, as far as the part goes.
func (s share) commission() (money.Fen, error) {
	whole := s.part
	if s.own > 0 && s.part > 0 && s.part <= s.worth() {
		scaled, err := money.Split(s.amount, []money.Fen{s.part, s.worth() - s.part})
		if err != nil {
			return 0, err
		}
		whole = scaled[0]
	}
	return whole.Bps(s.bps)
}

func (e entry) addTo(out map[string]*statement, lines []orderLine) error {
	parts, err := e.shares(lines)
	if err != nil {
		return err
	}
	merchants := slices.Sorted(maps.Keys(parts))
	discounts, err := e.discounts(merchants, parts)
	if err != nil {
		return err
	}
	for i, m := range merchants {
		if out[m] == nil {
			out[m] = &statement{}
		}
		if err := e.addMerchant(out[m], e.net[m], parts[m], discounts[i]); err != nil {
			return err
		}
	}
	return nil
}

// shares splits the entry's total over the order's lines by their worth, and
// gives the parts other than zero by merchant. Money of a merchant that no part
// explains is the merchant's all the same: a fen that the ledger's rounding gave
// it goes to its first line, and where no line is its own it gets one.
func (e entry) shares(lines []orderLine) (map[string][]share, error) {
	parts, weights, sum := map[string][]share{}, make([]money.Fen, len(lines)), money.Fen(0)
	for i, l := range lines {
		weights[i] = l.worth()
		sum += weights[i]
	}
	if sum > 0 {
		split, err := split(e.total, weights)
		if err != nil {
			return nil, err
		}
		for i, l := range lines {
			if split[i] != 0 {
				parts[l.merchantID] = append(parts[l.merchantID], share{l, split[i]})
			}
		}
	}
	for m, net := range e.net {
		if net == 0 || len(parts[m]) > 0 {
			continue
		}
		parts[m] = []share{{orderLine{merchantID: m, title: e.event}, abs(net)}}
		if i := slices.IndexFunc(lines, func(l orderLine) bool { return l.merchantID == m }); i >= 0 {
			parts[m] = []share{{lines[i], 0}}
		}
	}
	if e.discount != 0 && len(parts) == 0 && len(lines) > 0 {
		parts[lines[0].merchantID] = []share{{lines[0], 0}} // a fen that one funder takes over from another
	}
	return parts, nil
}

// discounts splits what the bank and the platform pay over the merchants, by
// what they pay of each one's lines; where that is not known, by what was sold.
func (e entry) discounts(merchants []string, parts map[string][]share) ([]money.Fen, error) {
	weights := make([]money.Fen, len(merchants))
	if e.discount == 0 || len(merchants) == 0 {
		return weights, nil
	}
	sold, funded := make([]money.Fen, len(merchants)), money.Fen(0)
	for i, m := range merchants {
		for _, s := range parts[m] {
			sold[i] += abs(s.part)
			weights[i] += s.funded
			funded += s.funded
		}
	}
	if funded == 0 {
		weights = sold
	}
	if sum, err := money.Add(weights...); err == nil && sum == 0 {
		weights[0] = 1
	}
	return split(e.discount, weights)
}

// split is money.Split of an amount that may be below zero: rounding may move a
// fen of a discount against a refund.
func split(f money.Fen, weights []money.Fen) ([]money.Fen, error) {
	parts, err := money.Split(abs(f), weights)
	if f < 0 {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return parts, err
}

// signed is f as it moves the merchant's balance: a refund takes.
func (e entry) signed(f money.Fen) money.Fen {
	if e.event == ledger.OrderRefunded {
		return -f
	}
	return f
}

// addMerchant writes one merchant's lines of the entry, which together net what
// the ledger posted. The commission of each line is its rate's; what rounding
// leaves between those and the ledger goes to the largest.
func (e entry) addMerchant(s *statement, net money.Fen, parts []share, discount money.Fen) error {
	lines, largest := make([]Line, len(parts)), 0
	var amount, commission money.Fen
	for i, p := range parts {
		part := e.signed(p.part)
		cut, err := p.commission()
		if err != nil {
			return err
		}
		cut = e.signed(cut)
		lines[i] = Line{Kind: e.kind(), OrderID: e.orderID, Ref: e.lineRef(p.no), Title: p.title, Amount: part, Commission: cut}
		amount, commission = amount+part, commission+cut
		if p.part > parts[largest].part {
			largest = i
		}
	}
	posted := amount - net
	lines[largest].Commission += posted - commission
	for i := range lines {
		lines[i].Net = lines[i].Amount - lines[i].Commission
	}
	s.lines = append(s.lines, lines...)
	s.commission += posted
	s.discounts += e.signed(discount)
	if e.event == ledger.OrderRefunded {
		s.refunds += -amount - discount
	} else {
		s.sales += amount - discount
	}
	return nil
}

func (e entry) kind() string {
	if e.event == ledger.OrderRefunded {
		return "refund"
	}
	return "sale"
}

func (e entry) lineRef(no int) string {
	if e.event == ledger.OrderRefunded || no == 0 {
		return e.ref
	}
	return fmt.Sprintf("%s/%d", e.orderID, no)
}

func abs(f money.Fen) money.Fen {
	if f < 0 {
		return -f
	}
	return f
}
