package settle

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// fine is an amount in thousandths of a fen: bills have fees in yuan with five
// decimals.
type fine int64

const (
	finesPerFen  = 1_000
	fineDecimals = 5
	maxFine      = fine(money.Limit) * finesPerFen
)

// parseFine reads yuan with at most five decimals.
func parseFine(s string) (fine, error) {
	digits, neg := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(digits, ".")
	n, err := strconv.ParseUint(whole+(frac + "00000")[:fineDecimals], 10, 63)
	if err != nil || whole == "" || dot && frac == "" || len(frac) > fineDecimals || fine(n) > maxFine {
		return 0, fmt.Errorf("fee %q is not an amount in yuan with five decimals", s)
	}
	if neg {
		return -fine(n), nil
	}
	return fine(n), nil
}

// plus adds, within what an amount may be.
func (f fine) plus(g fine) (fine, error) {
	if sum := f + g; sum <= maxFine && sum >= -maxFine {
		return sum, nil
	}
	return 0, money.ErrRange
}

// fen rounds half away from zero, as shares are.
func (f fine) fen() money.Fen {
	half := fine(finesPerFen / 2)
	if f < 0 {
		half = -half
	}
	return money.Fen((f + half) / finesPerFen)
}

// feeRate is what a channel charges of each payment where its file does not say: the
// bank's setting, and for a date that was read before what it was then. A rate
// that is changed changes no date that is past.
func (k *Desk) feeRate(ctx context.Context, bank tenant.Bank, ch channel, date string) (bps int64, err error) {
	if ch.name != Bankbox {
		return 0, nil
	}
	bps, found, err := db.Value[int64](ctx, k.db, "SELECT fee_bps FROM reconciliation WHERE bank_id = ? AND business_date = ? AND channel = ? AND file_sha256 <> ''",
		bank.ID, date, ch.name)
	if err == nil && !found {
		bps = bank.Settings.Reconciliation.BankboxFeeBps
	}
	return bps, err
}

// charge makes the ledger say what a date's file says that the gateway charged.
// Each change is an entry of its own. The reconciliation's row is locked.
func (k *Desk) charge(ctx context.Context, tx *db.Tx, bank tenant.Bank, recID string, r result) error {
	type state struct {
		fee money.Fen
		n   int
	}
	s, _, err := db.One(ctx, tx, func(r db.Row) (s state, err error) { return s, r.Scan(&s.fee, &s.n) },
		"SELECT fee_fen, fee_count FROM reconciliation WHERE id = ?", recID)
	if err != nil {
		return err
	}
	if more := r.fee - s.fee; more != 0 {
		s.n++
		_, err := k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.FeeCharged, Ref: fmt.Sprintf("%s/%d", recID, s.n),
			Lines: move(ledger.FeeOf(r.channel), ledger.GatewayOf(r.channel), more)})
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE reconciliation SET fee_fen = ?, fee_count = ?, fee_bps = ? WHERE id = ?", r.fee, s.n, r.feeBps, recID)
	return err
}
