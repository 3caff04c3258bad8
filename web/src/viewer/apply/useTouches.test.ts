import { beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { touch } from '../calls/touches'
import { codeOf, useTouches } from './useTouches'

vi.mock('../calls/touches', () => ({ touch: vi.fn() }))
beforeEach(() => vi.mocked(touch).mockClear())

const sent = () => vi.mocked(touch).mock.calls.map(([t]) => `${t.kind} ${t.product} ${t.room ?? ''}`)

describe('touches of a form', () => {
  test('opening and beginning are told once for each product', async () => {
    const product = ref('')
    const name = ref('')
    const scope = effectScope()
    scope.run(() => useTouches(() => product.value, () => name.value, () => ({ room: 'room_1' })))
    expect(sent()).toEqual([])
    product.value = 'crd_a'
    await nextTick()
    name.value = '张'
    await nextTick()
    name.value = '张三'
    await nextTick()
    expect(sent()).toEqual(['clicked crd_a room_1', 'started crd_a room_1'])
    product.value = 'crd_b'
    await nextTick()
    product.value = 'crd_a'
    await nextTick()
    expect(sent()).toEqual(['clicked crd_a room_1', 'started crd_a room_1', 'clicked crd_b room_1', 'started crd_b room_1'])
    scope.stop()
    product.value = 'crd_c'
    await nextTick()
    expect(sent()).toHaveLength(4)
  })

  test('a code of the address is taken only where it is one', () => {
    expect([codeOf('a-1_B'), codeOf('x'.repeat(65)), codeOf('<b>'), codeOf(['a']), codeOf(undefined)]).toEqual(['a-1_B', undefined, undefined, undefined, undefined])
  })
})
