// Package rundown runs a room by its rundown (活动脚本): cues planned before, each
// at a time of its own or so long after the room's start, run by the clock or by
// hand, with what happened kept beside what was planned.
//
// States of a cue: planned → fired | failed | skipped | missed; failed and missed
// may be fired or skipped by hand; fired → undone, where it can be.
//
// Invariants: a cue is fired once. What it does, its note in the cue's row and
// its facts are one transaction that holds the room and the cue: of clock and
// hand, or two nodes, the second finds it fired; a crash before the commit leaves
// it planned. The clock is one outbox task a room, due with the next cue; it acts
// for the member of staff who set it, whose right to the room is asked anew for
// each cue. It runs while the room is live; what it comes to later than
// lateness is missed and left to a person. A fact room.* sets the task anew, so
// that starts, pauses and ends need no care elsewhere.
//
// A dry run does for real what the cues would do, each at its time, in one
// transaction that is rolled back: rights, stock, budgets and windows are judged
// by the rules that will judge them in earnest.
//
// It imports internal packages, live and live/play; what is sold and granted it
// knows by its interface Trade.
package rundown
