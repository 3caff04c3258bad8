import type { RouteLocationRaw } from 'vue-router'
import type { Page, Role } from '@client/index'
import { serverNow } from '@shared/serverClock'
import { staff } from './api'
import { listLeads, type LeadFilter } from './calls/leads'
import { getDay } from './calls/ledger'
import { listOrders, type OrderFilter } from './calls/orders'
import { listSettings } from './calls/settings'
import { listRequests } from './calls/staff'
import { businessDate } from './lib/businessDate'

/** What a card says: a number, or a message; `tone` says whether somebody is waited for. */
export type Fact = ({ count: string } | { text: string }) & { tone?: 'good' | 'warn' | 'bad' }

export interface Card {
  name: 'toShip' | 'ordersToday' | 'refunding' | 'leadsQueued' | 'leadsLate' | 'dayBefore' | 'staffRequests' | 'settingChanges'
  roles: readonly Role[]
  to: RouteLocationRaw
  read: () => Promise<Fact>
}

/** The number of rows on a first page; a plus says that there are more. */
export function countOf(page: Page<unknown>, tone?: Fact['tone']): Fact {
  const n = page.items.length
  return { count: page.next_cursor ? `${n}+` : String(n), ...(n && tone ? { tone } : {}) }
}

const orders = (part: Partial<OrderFilter>, tone?: Fact['tone']) => async () =>
  countOf(await listOrders({ status: '', q: '', merchant: '', room: '', from: '', to: '', ...part }, undefined, 100), tone)

const noLeads: LeadFilter = { status: '', assignee: '', q: '', from: '', to: '', queue: '', product: '', room: '', branch: '', city: '', income_band: '', screening: '', escalated: '', proposed: '', sort: '' }
const leads = (part: Partial<LeadFilter>, tone?: Fact['tone']) => async () => countOf(await listLeads({ ...noLeads, ...part }), tone)

const shop = ['operator'] as const
const review = ['supervisor'] as const
const admin = ['admin'] as const

/** The overview's cards for who is signed in; each asks a list that is there already for one page. */
export function myCards(): Card[] {
  const today = businessDate(serverNow())
  const yesterday = businessDate(serverNow(), -1)
  const all: Card[] = [
    { name: 'toShip', roles: shop, to: { name: 'orders', query: { status: 'paid' } }, read: orders({ status: 'paid' }, 'warn') },
    { name: 'ordersToday', roles: shop, to: { name: 'orders', query: { from: today, to: today } }, read: orders({ from: today, to: today }) },
    { name: 'refunding', roles: shop, to: { name: 'orders', query: { status: 'refunding' } }, read: orders({ status: 'refunding' }, 'warn') },
    { name: 'leadsQueued', roles: review, to: { name: 'leads', query: { status: 'queued' } }, read: leads({ status: 'queued' }) },
    { name: 'leadsLate', roles: review, to: { name: 'leads', query: { escalated: 'true' } }, read: leads({ escalated: 'true' }, 'bad') },
    {
      name: 'dayBefore',
      roles: ['finance', 'finance_checker'],
      to: { name: 'finance-day', query: { date: yesterday } },
      read: async () => ((await getDay(yesterday)).closes ? { text: 'desk.day.closes', tone: 'good' } : { text: 'desk.homeCard.notClosed', tone: 'bad' }),
    },
    { name: 'staffRequests', roles: admin, to: { name: 'staff' }, read: async () => countOf(await listRequests('asked'), 'warn') },
    {
      name: 'settingChanges',
      roles: admin,
      to: { name: 'settings' },
      read: async () => countOf({ items: (await listSettings()).items.filter((s) => s.waiting), next_cursor: null } as Page<unknown>, 'warn'),
    },
  ]
  return all.filter((c) => staff.has(...c.roles))
}
