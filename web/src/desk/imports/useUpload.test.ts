import { beforeEach, expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import { ApiError } from '@client/index'
import type { ImportJob } from '../calls/imports'
import { chooseFor, partSize, resumeFrom, useUpload } from './useUpload'

const calls = vi.hoisted(() => ({ putPart: vi.fn(), startImport: vi.fn() }))
vi.mock('../calls/imports', () => calls)

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v) })
const fileOf = (size: number, name = 'goods.csv') => new File([new Uint8Array(size)], name, { lastModified: 1 })
const job = { id: 'imp_1', name: 'goods.csv', parts: 1 } as ImportJob

beforeEach(() => {
  kept.clear()
  calls.putPart.mockReset().mockResolvedValue(undefined)
  calls.startImport.mockReset().mockResolvedValue(undefined)
})

test('goes on after the parts that are there, and starts the import', async () => {
  const upload = effectScope().run(useUpload)!
  expect(await upload.send(job, fileOf(2 * partSize + 1), 1)).toBe(true)
  expect(calls.putPart.mock.calls.map(([, no, part]) => [no, (part as Blob).size])).toEqual([[2, partSize], [3, 1]])
  expect(calls.startImport).toHaveBeenCalledOnce()
})

test('tries a part again when the line broke, and tells what the server refused', async () => {
  const upload = effectScope().run(useUpload)!
  calls.putPart.mockRejectedValueOnce(new ApiError({ code: 'client.offline', title: '', status: 0 }))
  expect(await upload.send(job, fileOf(10), 0)).toBe(true)
  calls.putPart.mockRejectedValueOnce(new ApiError({ code: 'import.not_uploading', title: '', status: 409 }))
  expect(await upload.send(job, fileOf(10), 0)).toBe(false)
  expect(upload.error.value).toBeInstanceOf(ApiError)
})

test('after a reload the same file goes on, another one is refused, one from elsewhere begins anew', () => {
  chooseFor('imp_1', fileOf(10))
  expect(resumeFrom(job, fileOf(10))).toBe(1)
  expect(resumeFrom(job, fileOf(11))).toBeNull()
  kept.clear()
  expect(resumeFrom(job, fileOf(10))).toBe(0)
  expect(resumeFrom(job, fileOf(10, 'other.csv'))).toBeNull()
})
