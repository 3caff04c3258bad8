// Package money holds amounts as whole fen. Sums and products that leave the
// range of an amount are errors, never wrapped numbers, and no float is
// accepted or given.
package money

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Fen is an amount in fen, one hundredth of a yuan.
type Fen int64

// Limit bounds every amount: ten trillion yuan, far above any bank's day and
// far below the end of an int64, so that a slip shows before it wraps.
const Limit Fen = 1_000_000_000_000_000

// ErrRange says that an amount left ±Limit.
var ErrRange = errors.New("money: amount out of range")

// Add sums amounts.
func Add(amounts ...Fen) (Fen, error) {
	var sum Fen
	for _, a := range amounts {
		if a > Limit || a < -Limit {
			return 0, ErrRange
		}
		sum += a
		if sum > Limit || sum < -Limit {
			return 0, ErrRange
		}
	}
	return sum, nil
}

// Times is a price for n pieces.
func (f Fen) Times(n int64) (Fen, error) {
	neg := (f < 0) != (n < 0)
	hi, lo := bits.Mul64(abs(int64(f)), abs(n))
	if hi != 0 || lo > uint64(Limit) {
		return 0, ErrRange
	}
	if neg {
		return -Fen(lo), nil
	}
	return Fen(lo), nil
}

// Bps is the share of f in basis points (1/10,000), rounded half away from
// zero: the rounding that statements use.
func (f Fen) Bps(bps int64) (Fen, error) {
	const whole = 10_000
	hi, lo := bits.Mul64(abs(int64(f)), abs(bps))
	if hi != 0 {
		return 0, ErrRange
	}
	v := Fen((lo + whole/2) / whole)
	if v > Limit || v < 0 {
		return 0, ErrRange
	}
	if (f < 0) != (bps < 0) {
		v = -v
	}
	return v, nil
}

func abs(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// Split divides f over weights in proportion; the parts sum to f, and the fen
// that rounding leaves go to the largest weight (the first of equals).
// All weights must be non-negative and at least one positive.
func Split(f Fen, weights []Fen) ([]Fen, error) {
	total, err := Add(weights...)
	if err != nil {
		return nil, err
	}
	if total <= 0 || f < 0 {
		return nil, ErrRange
	}
	parts, left, largest := make([]Fen, len(weights)), f, 0
	for i, w := range weights {
		if w < 0 {
			return nil, ErrRange
		}
		hi, lo := bits.Mul64(uint64(f), uint64(w))
		q, _ := bits.Div64(hi, lo, uint64(total))
		parts[i] = Fen(q)
		left -= parts[i]
		if w > weights[largest] {
			largest = i
		}
	}
	parts[largest] += left
	return parts, nil
}

// SplitWithin is Split of at most what the weights add up to, with no part above
// its weight: fen that the largest has no room for go to the next largest.
func SplitWithin(f Fen, weights []Fen) ([]Fen, error) {
	parts, err := Split(f, weights)
	if err != nil {
		return nil, err
	}
	var over Fen
	for i := range parts {
		if parts[i] > weights[i] {
			over += parts[i] - weights[i]
			parts[i] = weights[i]
		}
	}
	for over > 0 {
		next := -1
		for i := range parts {
			if parts[i] < weights[i] && (next < 0 || weights[i] > weights[next]) {
				next = i
			}
		}
		if next < 0 {
			return nil, ErrRange
		}
		n := min(over, weights[next]-parts[next])
		parts[next] += n
		over -= n
	}
	return parts, nil
}

// Yuan writes the amount in yuan with two decimals, as statements do.
func (f Fen) Yuan() string {
	sign := ""
	if f < 0 {
		sign = "-"
	}
	u := abs(int64(f))
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// ParseYuan reads what Yuan writes, without passing through a float.
func ParseYuan(s string) (Fen, error) {
	digits, neg := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(digits, ".")
	if whole == "" || dot && len(frac) != 2 {
		return 0, fmt.Errorf("money: %q is not an amount in yuan with two decimals", s)
	}
	n, err := strconv.ParseUint(whole+(frac + "00")[:2], 10, 63)
	if err != nil || Fen(n) > Limit {
		return 0, fmt.Errorf("money: %q is not an amount in yuan with two decimals", s)
	}
	if neg {
		return -Fen(n), nil
	}
	return Fen(n), nil
}
