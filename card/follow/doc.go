// Package follow makes happen what must happen later unless something else
// happens first: after a card is issued, its holder is asked to bind it, at the
// bank's waits (RULES: 1 h, 24 h, 72 h), until the binding ends the asking.
//
// Invariants: a follow-up is a row first, one per application, journey and step
// (unique key), with an outbox task that is due with it; losing the queue loses
// nothing. Everything is judged again at the moment of sending: the binding, the
// application's status, the hours for promotions and the person's caps (RULES
// §6). A row is claimed (waiting → sending) before the message leaves, and the
// message bears the row's id, so that a crash in between repeats the same message
// to the bank and nobody gets two. Rows end as sent, cancelled, skipped or
// failed, each once.
//
// Lifecycle: no goroutines. Tasks: TaskSend, handled by Sender.Send.
//
// It imports yinbo/card and internal packages.
package follow
