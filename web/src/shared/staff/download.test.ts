import { expect, test } from 'vitest'
import { download, fileName } from './download'

test.each([
  [null, ''],
  ['attachment', ''],
  ['attachment; filename="leads.csv"', 'leads.csv'],
  ['attachment; filename=leads.csv', 'leads.csv'],
  ["attachment; filename=\"x.csv\"; filename*=UTF-8''%E7%BB%93%E7%AE%97.csv", '结算.csv'],
  ["attachment; filename=\"x.csv\"; filename*=UTF-8''%E7%", 'x.csv'],
])('the name in %s', (header, name) => {
  expect(fileName(header)).toBe(name)
})

test('a refusal is thrown as what it is, not saved as a file', async () => {
  const response = new Response(null, { status: 403 })
  const error = { code: 'auth.forbidden', title: 'No', status: 403 }
  await expect(download(Promise.resolve({ error, response }), 'x.csv')).rejects.toMatchObject({ code: 'auth.forbidden' })
})
