// Package play is what a room plays: lotteries and polls. (Red packets are money
// and stand in order/promo.)
//
// A lottery is fair in a way that anybody can verify. When it opens, the SHA-256
// of a secret seed is told (lottery.opened); whoever joins gets a ticket, one a
// viewer, that follows from the lottery's and the viewer's ids; at the draw the
// seed is told, and the winners follow from seed and tickets alone (draw.go says
// exactly how). GET /lotteries/{id}/proof has all that Proof.Verify needs. The
// seed is sealed in the database until then; who could open it could know the
// winners beforehand, but not choose them: neither seed nor tickets can be
// chosen after the opening.
//
// Invariants: a lottery is drawn once, by one conditional change of its state,
// by its timer or by hand; winners are never more than prizes; a viewer enters
// once and votes once, by the primary keys; who enters or votes holds the row in
// share mode, so that nobody comes in after the end. A winner's coupon is granted
// by a task, once, in the transaction that writes it down; why a batch gave none
// is written down too.
//
// Live counts are state: counted from the rows at most twice a second and node,
// and told after the last vote.
//
// It imports internal packages and live; coupons and orders it knows by its
// interfaces.
package play
