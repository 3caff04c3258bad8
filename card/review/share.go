package review

// seat is a person's room for more leads.
type seat struct {
	staff  string
	free   int
	credit int64 // millionths of a lead that rounding owes, or has given ahead
	count  int   // what the round gives
}

const whole = 1_000_000

// share gives n leads, or as many as there is room for, in proportion to what is
// free: nobody is a whole lead away from their part, and what rounding owes is
// carried to the next round. Nobody gets more than is free.
func share(n int, seats []seat) {
	room := 0
	for i := range seats {
		seats[i].count = 0
		room += seats[i].free
	}
	if n >= room {
		for i := range seats {
			seats[i].count, seats[i].credit = seats[i].free, 0
		}
		return
	}
	owed := make([]int64, len(seats))
	for i, s := range seats {
		owed[i] = int64(n)*whole*int64(s.free)/int64(room) + s.credit
	}
	for range n {
		best := -1
		for i, s := range seats {
			if s.count < s.free && (best < 0 || owed[i] > owed[best]) {
				best = i
			}
		}
		seats[best].count++
		owed[best] -= whole
	}
	for i := range seats {
		if seats[i].free > 0 { // who has no room now keeps what they are owed
			seats[i].credit = max(-whole, min(whole, owed[i]))
		}
	}
}

// deal says who gets each lead, from the oldest on, so that everybody's are of
// all ages: a smooth weighted round robin over the counts.
func deal(seats []seat) []int {
	total := 0
	for _, s := range seats {
		total += s.count
	}
	turn, order := make([]int, len(seats)), make([]int, 0, total)
	for range total {
		best := 0
		for i, s := range seats {
			turn[i] += s.count
			if turn[i] > turn[best] {
				best = i
			}
		}
		turn[best] -= total
		order = append(order, best)
	}
	return order
}
