// Package follow makes happen what must happen later unless something else
// happens first: journeys, by which a bank follows up card events. The built-in
// ones ask the holder of an issued card to bind it, at the bank's waits (RULES:
// 1 h, 24 h, 72 h), and then remind of the first purchase.
//
// A bank writes its own journeys, version by version: one person submits a
// version, another approves it (checks of journey_version hold that), and it is
// in use for what begins from then on. A follow-up carries its step as it stood
// when it was planned: who is under way finishes with the version they began with.
//
// Invariants: a follow-up is a row first, one per application, journey and step
// (unique key), with an outbox task that is due with it; losing the queue loses
// nothing. Everything is judged again at the moment of sending: what has stopped
// the journey, the step's condition, consent, the opt-out, the hours for
// promotions and the person's caps (RULES §6). A row is claimed (waiting →
// sending) before the message leaves, and the message bears the row's id, so that
// a crash or a time-out in between repeats the same message to the bank and nobody
// gets two. Rows end as sent, cancelled, skipped or failed, each once.
//
// Lifecycle: no goroutines. Tasks: TaskSend, handled by Sender.Send.
//
// It imports yinbo/card and internal packages.
package follow
