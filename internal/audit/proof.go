package audit

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
)

// MaxProof is how many entries one proof covers.
const MaxProof = 5_000

// Proof says what was found of a piece of a bank's chain.
type Proof struct {
	From, To        int64 // the first and last entry that were to be looked at
	Count           int64 // how many hold
	PrevHash, Hash  string
	FirstAt, LastAt time.Time
	HeadSeq         int64 // the chain's end as it was before
	HeadHash        string
	BrokenAt        int64 // 0 for none
	Found           string
	Checked         time.Time
}

// Holds tells whether every entry fits the one before it.
func (p Proof) Holds() bool { return p.BrokenAt == 0 }

// Prove walks a bank's chain from one entry to another, MaxProof at most; to is 0
// for as far as that goes. It hashes every entry anew. A whole chain is proved by
// pieces, each from where the last one ended: what a piece begins with is the hash
// that the entry before it has, which the piece before has proved.
func Prove(ctx context.Context, q db.Querier, bank string, from, to int64) (Proof, error) {
	p := Proof{From: max(1, from)}
	h, err := head(ctx, q, bank)
	if err != nil {
		return p, err
	}
	p.HeadSeq, p.HeadHash = h.Seq, h.Hash
	p.To = min(h.Seq, p.From+MaxProof-1)
	if to > 0 {
		p.To = min(to, p.To)
	}
	if p.From > 1 {
		before, found, err := One(ctx, q, bank, p.From-1)
		if err != nil {
			return p, err
		}
		if !found && p.From <= h.Seq {
			p.BrokenAt, p.Found = p.From-1, "there is no such entry"
			return p, nil
		}
		p.PrevHash = before.Hash
	}
	err = p.walk(ctx, q, bank)
	if err == nil && p.Holds() && p.From+p.Count-1 < p.To {
		p.BrokenAt, p.Found = p.From+p.Count, "there is no such entry"
	}
	if err == nil && p.Holds() && p.Count > 0 && p.To == h.Seq && p.Hash != h.Hash {
		p.BrokenAt, p.Found = p.To, "the head has another hash"
	}
	return p, err
}

// walk looks at the entries one after the other.
func (p *Proof) walk(ctx context.Context, q db.Querier, bank string) error {
	prev := p.PrevHash
	for next := p.From; next <= p.To; {
		entries, details, err := read(ctx, q, columns+" WHERE bank_id = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT 1000", bank, next, p.To)
		if err != nil || len(entries) == 0 {
			return err
		}
		for i, e := range entries {
			var b *Break
			if err := e.follows(bank, next, prev, details[i]); errors.As(err, &b) {
				p.BrokenAt, p.Found = b.Seq, b.Found
				return nil
			}
			if p.Count == 0 {
				p.FirstAt = e.At
			}
			p.Count, p.LastAt, p.Hash = p.Count+1, e.At, e.Hash
			next, prev = e.Seq+1, e.Hash
		}
	}
	return nil
}

// follows is a *Break unless e is the next entry after one with a hash.
func (e Entry) follows(bank string, seq int64, prev, detail string) error {
	if e.Seq != seq || e.PrevHash != prev || e.chain([]byte(detail)) != e.Hash {
		return &Break{bank, e.Seq, "entry " + e.ID + " does not fit the one before it"}
	}
	return nil
}
