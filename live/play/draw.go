package play

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// The draw, exactly. All hashes are written in lower-case hexadecimal.
//
//	commitment = SHA-256(seed)               seed: 32 random bytes
//	ticket     = SHA-256(lottery "/" viewer) of the two ids
//	digest     = SHA-256(ticket "\n" …)      over all tickets, sorted
//	score      = HMAC-SHA256(seed, ticket)   of the ticket as it is written
//
// The tickets are ranked by their scores, the lowest first, compared byte by
// byte. The first of them get the first prize, as many as there are of it, the
// next the second prize, and so on, until prizes or tickets are used up.

const seedBytes = 32

// Commitment is what is told of a seed before the draw.
func Commitment(seed []byte) string { return hexOf(sha256.Sum256(seed)) }

// Ticket is a viewer's in a lottery.
func Ticket(lottery, viewer string) string {
	return hexOf(sha256.Sum256([]byte(lottery + "/" + viewer)))
}

// Digest is of all tickets; it sorts them.
func Digest(tickets []string) string {
	slices.Sort(tickets)
	sum := sha256.New()
	for _, t := range tickets {
		sum.Write([]byte(t + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func hexOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// rank gives the first n tickets by their scores.
func rank(seed []byte, tickets []string, n int) []string {
	type scored struct {
		ticket string
		score  []byte
	}
	all := make([]scored, len(tickets))
	for i, t := range tickets {
		mac := hmac.New(sha256.New, seed)
		mac.Write([]byte(t))
		all[i] = scored{t, mac.Sum(nil)}
	}
	slices.SortFunc(all, func(a, b scored) int { return bytes.Compare(a.score, b.score) })
	first := make([]string, min(n, len(all)))
	for i := range first {
		first[i] = all[i].ticket
	}
	return first
}

// Proof is all that is needed to verify a draw. Seed, tickets, digest and
// winners are there once it is drawn.
type Proof struct {
	LotteryID  string   `json:"lottery_id"`
	State      State    `json:"state" enum:"open,drawn,cancelled"`
	Commitment string   `json:"commitment" doc:"SHA-256 of the seed, told when the lottery opened"`
	Seed       string   `json:"seed" doc:"32 bytes in hexadecimal; empty until the draw"`
	Prizes     []Prize  `json:"prizes"`
	Tickets    []string `json:"tickets" doc:"SHA-256 of lottery id, a slash and viewer id; sorted"`
	Digest     string   `json:"digest" doc:"SHA-256 over the sorted tickets, a line feed after each"`
	Winners    []Place  `json:"winners" doc:"By HMAC-SHA256 under the seed of each ticket, the lowest first"`
}

// Place is a winner in a proof.
type Place struct {
	Place   int    `json:"place" doc:"From 1"`
	PrizeNo int    `json:"prize_no" doc:"From 1"`
	Ticket  string `json:"ticket"`
}

// Verify draws again from what the proof says and tells what does not agree.
func (p Proof) Verify() error {
	if p.State != Drawn {
		return fmt.Errorf("lottery %s is not drawn", p.LotteryID)
	}
	seed, err := hex.DecodeString(p.Seed)
	if err != nil || len(seed) != seedBytes {
		return errors.New("the seed is not 32 bytes in hexadecimal")
	}
	if Commitment(seed) != p.Commitment {
		return errors.New("the seed is not the one that was committed to")
	}
	tickets := slices.Clone(p.Tickets)
	if Digest(tickets) != p.Digest {
		return errors.New("the tickets are not those that were drawn from")
	}
	if len(slices.Compact(tickets)) != len(p.Tickets) {
		return errors.New("a ticket is there twice")
	}
	if !slices.Equal(Winners(seed, tickets, p.Prizes), p.Winners) {
		return errors.New("the winners do not follow from the seed and the tickets")
	}
	return nil
}

// Winners hands the prizes out by rank.
func Winners(seed []byte, tickets []string, prizes []Prize) []Place {
	n := 0
	for _, p := range prizes {
		n += p.Quantity
	}
	first := rank(seed, tickets, n)
	places := []Place{}
	for no, p := range prizes {
		for range p.Quantity {
			if len(places) == len(first) {
				return places
			}
			places = append(places, Place{Place: len(places) + 1, PrizeNo: no + 1, Ticket: first[len(places)]})
		}
	}
	return places
}
