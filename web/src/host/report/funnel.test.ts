import { expect, test } from 'vitest'
import type { RoomFunnel } from '../play/calls'
import { funnelSteps, widthOf } from './funnel'

test('each step has its share of the one before, and a bar that is seen', () => {
  const all = funnelSteps({ shown: 1000, clicked: 50, started: 0, submitted: 0, approved: 0, issued: 0, activated: 0, bound: 0, first_spend: 0 } as RoomFunnel)
  expect(all.slice(0, 4).map((s) => s.share)).toEqual([null, 5, 0, null])
  expect([widthOf(all[0]!, all), widthOf(all[1]!, all), widthOf(all[2]!, all)]).toEqual(['max(3px, 100%)', 'max(3px, 5%)', '0'])
})
