/** The room's facts that its games and its rundown make. */
export const playFacts = [
  'coupon.drop_ended', 'lottery.opened', 'lottery.drawn', 'lottery.cancelled', 'red_packet.opened', 'red_packet.closed',
  'poll.opened', 'poll.closed', 'card.prompted',
] as const
