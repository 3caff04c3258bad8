import { describe, expect, test } from 'vitest'
import type { FunnelLine } from '../calls/funnel'
import { shareOf, stepsOf } from './steps'

const line = (figures: Partial<FunnelLine>): FunnelLine =>
  ({ shown: null, clicked: 0, started: 0, submitted: 0, approved: 0, issued: 0, activated: 0, bound: 0, first_spend: 0, ...figures }) as FunnelLine

describe('the steps of a funnel', () => {
  test('each has its share of the one before', () => {
    const [shown, clicked, started, submitted] = stepsOf(line({ shown: 200, clicked: 50, started: 20, submitted: 20 }))
    expect([shown!.share, clicked!.share, started!.share, submitted!.share]).toEqual([null, 25, 40, 100])
  })

  test('what is not known is no nought, and nobody is no base', () => {
    const [shown, clicked, started] = stepsOf(line({ clicked: 0 }))
    expect([shown!.people, clicked!.share, started!.share]).toEqual([null, null, null])
  })

  test('a rate without an answer is a dash', () => {
    expect([shareOf(null), shareOf(undefined), shareOf(0), shareOf(7550)]).toEqual(['—', '—', '0.0%', '75.5%'])
  })
})
