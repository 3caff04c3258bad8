package play_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yinbo/live/play"
)

// drawn makes a proof as the server would, with a seed of the caller's.
func drawn(seed []byte, entrants int, prizes ...play.Prize) play.Proof {
	p := play.Proof{LotteryID: "lot_1", State: play.Drawn, Commitment: play.Commitment(seed), Seed: hex.EncodeToString(seed), Prizes: prizes}
	for i := range entrants {
		p.Tickets = append(p.Tickets, play.Ticket(p.LotteryID, fmt.Sprint("vwr_", i)))
	}
	p.Digest = play.Digest(p.Tickets)
	p.Winners = play.Winners(seed, p.Tickets, prizes)
	return p
}

// The draw is as its description says, to the letter: these values were computed
// by another implementation, in Python.
func TestTheDrawIsWhatItsDescriptionSays(t *testing.T) {
	seed, err := hex.DecodeString(strings.Repeat("00", 31) + "01")
	if err != nil {
		t.Fatal(err)
	}
	if got := play.Commitment(seed); got != "ec4916dd28fc4c10d78e287ca5d9cc51ee1ae73cbfde08c6b37324cbfaac8bc5" {
		t.Errorf("commitment %s", got)
	}
	if got := play.Ticket("lot_1", "vwr_1"); got != "2dc8e38b8ab5616f0336adde54f63fafcabc8b9236906e64515471127bea2bb8" {
		t.Errorf("ticket %s", got)
	}
	p := drawn(seed, 3, play.Prize{Title: "a", Quantity: 3})
	var order []string
	for _, w := range p.Winners {
		order = append(order, w.Ticket[:8])
	}
	if got := strings.Join(order, " "); got != "898acf28 813c7f19 2dc8e38b" {
		t.Errorf("order %s", got)
	}
	if err := p.Verify(); err != nil {
		t.Error(err)
	}
}

func TestAProofOfAnythingElseDoesNotVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
		n := rapid.IntRange(2, 40).Draw(t, "entrants")
		fresh := func() play.Proof {
			return drawn(seed, n, play.Prize{Title: "a", Quantity: 1}, play.Prize{Title: "b", Quantity: rapid.IntRange(1, 50).Draw(t, "quantity")})
		}
		p := fresh()
		if err := p.Verify(); err != nil || len(p.Winners) > n {
			t.Fatalf("%d winners of %d: %v", len(p.Winners), n, err)
		}
		for name, spoil := range map[string]func(p *play.Proof){
			"another seed":   func(p *play.Proof) { p.Seed = strings.Repeat("ab", 32); p.Winners = nil },
			"no seed":        func(p *play.Proof) { p.Seed = "" },
			"a ticket fewer": func(p *play.Proof) { p.Tickets = p.Tickets[1:] },
			"a ticket more":  func(p *play.Proof) { p.Tickets = append(slices.Clone(p.Tickets), play.Ticket("lot_1", "me")) },
			"a ticket twice": func(p *play.Proof) {
				p.Tickets = append(slices.Clone(p.Tickets), p.Tickets[0])
				p.Digest = play.Digest(p.Tickets)
			},
			"other winners": func(p *play.Proof) {
				p.Winners[0].Ticket, p.Winners[1].Ticket = p.Winners[1].Ticket, p.Winners[0].Ticket
			},
			"a better prize":     func(p *play.Proof) { p.Winners[1].PrizeNo = 1 },
			"a winner fewer":     func(p *play.Proof) { p.Winners = p.Winners[1:] },
			"more of a prize":    func(p *play.Proof) { p.Prizes[0].Quantity++ },
			"not drawn at all":   func(p *play.Proof) { p.State = play.Open },
			"another commitment": func(p *play.Proof) { p.Commitment = play.Commitment([]byte("x")) },
		} {
			p := fresh()
			if spoil(&p); p.Verify() == nil {
				t.Errorf("%s verifies", name)
			}
		}
	})
}

// Every ticket has the same chance: of 20 over 4,000 draws, by chi-square. The
// seeds are fixed, so that this is the same test each time.
func TestEveryTicketHasTheSameChance(t *testing.T) {
	const entrants, draws = 20, 4_000
	source := mrand.NewChaCha8([32]byte{1})
	wins := map[string]int{}
	for range draws {
		seed := make([]byte, 32)
		source.Read(seed)
		wins[drawn(seed, entrants, play.Prize{Title: "a", Quantity: 1}).Winners[0].Ticket]++
	}
	expected, chi := float64(draws)/entrants, 0.0
	for _, n := range wins {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	// 19 degrees of freedom: above 43.8 once in a thousand.
	if len(wins) != entrants || chi > 43.8 {
		t.Errorf("chi-square %.1f over %d tickets", chi, len(wins))
	}
}

func BenchmarkDraw100000(b *testing.B) {
	seed := make([]byte, 32)
	rand.Read(seed)
	p := drawn(seed, 100_000, play.Prize{Title: "a", Quantity: 100})
	for b.Loop() {
		if err := p.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}
