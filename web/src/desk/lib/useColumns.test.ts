// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest'
import { useColumns } from './useColumns'

beforeEach(() => localStorage.clear())

const orders = () => useColumns('orders', ['id'], ['status', 'paid', 'room'], ['room'])

test('columns are the usual ones until others are chosen, and stay in the table’s order', () => {
  const c = orders()
  expect(c.shown.value).toEqual(['id', 'status', 'paid'])
  c.choose(['room', 'status', 'unknown'])
  expect(c.shown.value).toEqual(['id', 'status', 'room'])
  expect(orders().shown.value).toEqual(['id', 'status', 'room'])
})

test('no column is the usual ones, and what is kept badly is passed by', () => {
  const c = orders()
  c.choose([])
  expect(c.shown.value).toEqual(['id', 'status', 'paid'])
  localStorage.setItem('desk.columns.orders', '{')
  expect(orders().shown.value).toEqual(['id', 'status', 'paid'])
})
