package review

const (
	// TaskHandoff hands an approved application to the card core. Ref is the
	// application, which is also the core's number for it.
	TaskHandoff = "card.handoff"
	// TaskPromise is due when a stage's time is over. Ref is the application.
	TaskPromise = "lead.promise"
	// TaskSpread places what came in and spreads it, again and again. Ref is the
	// bank.
	TaskSpread = "lead.spread"
	// TaskCompare compares yesterday's hand-offs with the card core's list, each
	// night. Ref is the bank.
	TaskCompare = "card.compare"
)
