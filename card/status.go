package card

import "slices"

// Status is where an application stands; the names are the contract's (§5).
type Status string

// The statuses.
const (
	Screening     Status = "screening"
	Queued        Status = "queued"
	InReview      Status = "in_review"
	InfoRequested Status = "info_requested"
	Approved      Status = "approved"
	Rejected      Status = "rejected"
	Withdrawn     Status = "withdrawn"
	HandedOff     Status = "handed_off"
	Issued        Status = "issued"
	Activated     Status = "activated"
	Bound         Status = "bound"
)

// moves is the table of allowed transitions. The card core may answer before we
// have noted that it took the application, and may report the activation before
// the issue: so approved reaches issued and activated as well. Who was rejected
// here may be looked at again, if two people say so.
var moves = map[Status][]Status{
	Screening:     {Queued, Rejected, Withdrawn},
	Queued:        {InReview, Withdrawn},
	InReview:      {Queued, InfoRequested, Approved, Rejected, Withdrawn},
	InfoRequested: {InReview, Queued, Approved, Rejected, Withdrawn},
	Approved:      {HandedOff, Issued, Activated, Rejected},
	HandedOff:     {Issued, Activated, Rejected},
	Rejected:      {Queued},
	Issued:        {Activated, Bound},
	Activated:     {Bound},
}

// sources are the statuses from which to may be reached.
func sources(to Status) []Status {
	var from []Status
	for s, next := range moves {
		if slices.Contains(next, to) {
			from = append(from, s)
		}
	}
	slices.Sort(from)
	return from
}

// Reviewable are the statuses in which a lead waits for the card department.
func Reviewable() []Status { return []Status{Queued, InReview, InfoRequested} }

// open tells that the application still counts as the person's open one.
func (s Status) open() bool {
	switch s {
	case Screening, Queued, InReview, InfoRequested, Approved, HandedOff:
		return true
	}
	return false
}

// Known tells whether s is one of the contract's statuses.
func (s Status) Known() bool {
	_, moving := moves[s]
	return moving || s == Withdrawn || s == Bound
}
