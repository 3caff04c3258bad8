package stampede

import "slices"

// Tally is what went wrong with facts (CONTRACT §7: never lost or reordered while
// connected or recovered), over all viewers.
type Tally struct {
	Lost      int64 // passed over, and not come since
	Doubled   int64
	Reordered int64 // come after a later one
}

// Wrong tells that something did.
func (t Tally) Wrong() bool { return t != Tally{} }

// sequence follows the facts of one viewer, over all of their connections.
type sequence struct {
	epoch   string
	last    int64   // number of the last fact that the viewer knows of
	missing []int64 // passed over; empty with a server that keeps its word
}

// maxMissing bounds what is remembered of one gap: beyond that a late fact counts
// as doubled.
const maxMissing = 1000

// enter takes in the answer to a join. A whole picture makes good what happened
// before it, but cannot take back what the viewer knew.
func (s *sequence) enter(m *meaning, t *Tally) {
	switch {
	case m.Epoch != s.epoch:
		s.epoch, s.last, s.missing = m.Epoch, m.Seq, nil
	case m.Recovered:
		s.follow(m, t)
	default:
		s.last = max(s.last, m.Seq)
	}
}

// follow takes in a frame of events; its own number is its last fact's.
func (s *sequence) follow(m *meaning, t *Tally) {
	for _, e := range m.Events {
		if e.Seq > 0 {
			s.fact(e.Seq, t)
		}
	}
	if m.Seq < s.last {
		t.Reordered++ // who came back with this number would be told again
	}
	s.reach(m.Seq, t)
}

func (s *sequence) fact(seq int64, t *Tally) {
	if seq > s.last {
		s.reach(seq-1, t)
		s.last = seq
		return
	}
	if at := slices.Index(s.missing, seq); at >= 0 {
		s.missing = slices.Delete(s.missing, at, at+1)
		t.Lost--
		t.Reordered++
		return
	}
	t.Doubled++
}

// reach notes that the viewer should know of seq, and which facts they were not
// told of up to there.
func (s *sequence) reach(seq int64, t *Tally) {
	t.Lost += max(seq-s.last, 0)
	for passed := max(s.last, seq-maxMissing) + 1; passed <= seq; passed++ {
		s.missing = append(s.missing, passed)
	}
	s.last = max(s.last, seq)
}
