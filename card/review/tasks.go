package review

// TaskHandoff hands an approved application to the card core. Ref is the
// application, which is also the core's number for it.
const TaskHandoff = "card.handoff"
