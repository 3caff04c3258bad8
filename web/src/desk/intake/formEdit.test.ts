import { describe, expect, it } from 'vitest'
import type { FormPlan } from '@client/index'
import { differences, drop, moveField, moveStep, offer, place, require, unasked } from './formEdit'

const plan: FormPlan = {
  version: 3,
  income_period: 'year',
  deliveries: ['home', 'work', 'branch'],
  steps: [
    { key: 'person', fields: [{ name: 'name', required: true }, { name: 'id_no', required: true }, { name: 'phone', required: true }] },
    { key: 'home', fields: [{ name: 'city_code', required: true }, { name: 'address', required: false }] },
  ],
}
const shape = (p: FormPlan) => p.steps.map((s) => `${s.key}:${s.fields.map((f) => f.name + (f.required ? '*' : '')).join(',')}`)

describe('the form of a bank', () => {
  it('puts a field on its own page, and makes the page where there is none', () => {
    expect(shape(place(plan, 'employer'))).toEqual(['person:name*,id_no*,phone*', 'home:city_code*,address', 'work:employer'])
    expect(unasked(place(plan, 'employer'))).not.toContain('employer')
  })
  it('moves a field to another page as it is', () => {
    expect(shape(place(require(plan, 'address', true), 'address', 'person'))[0]).toBe('person:name*,id_no*,phone*,address*')
  })
  it('offers ways in which the card comes, one at least, and tells which are new', () => {
    const sent = offer(plan, 'branch', false)
    expect(sent.deliveries).toEqual(['home', 'work'])
    expect(differences(plan, sent)).toEqual([{ kind: 'noWay', way: 'branch' }])
    expect(differences(sent, offer(sent, 'branch', true))).toEqual([{ kind: 'way', way: 'branch' }])
    expect(offer(offer(sent, 'work', false), 'home', false).deliveries).toEqual(['home'])
  })
  it('keeps the minimum asked for and required', () => {
    expect(shape(require(drop(plan, 'name'), 'name', false))).toEqual(shape(plan))
  })
  it('drops a page with its last field', () => {
    expect(shape(drop(place(plan, 'employer'), 'employer'))).toEqual(shape(plan))
  })
  it('moves fields and pages, not over the edge', () => {
    expect(shape(moveField(plan, 'home', 1, -1))[1]).toBe('home:address,city_code*')
    expect(shape(moveField(plan, 'home', 1, 1))).toEqual(shape(plan))
    expect(shape(moveStep(plan, 1, -1))[0]).toContain('home')
  })
  it('asks for a first contact along with a second', () => {
    const both = place(plan, 'contact2')
    expect(shape(both)[2]).toBe('contacts:contact1,contact2')
    expect(shape(drop(both, 'contact1'))).toEqual(shape(plan))
  })
  it('says what a change is of', () => {
    const said = (to: FormPlan) => differences(plan, to).map((d) => [d.kind, d.name ?? d.step].filter(Boolean).join(' '))
    expect(said(plan)).toEqual([])
    expect(said(place(plan, 'employer'))).toEqual(['added employer'])
    expect(said(require(place(plan, 'employer'), 'employer', true))).toEqual(['added employer', 'required employer'])
    expect(said(drop(plan, 'address'))).toEqual(['dropped address'])
    expect(said(require(plan, 'address', true))).toEqual(['required address'])
    expect(said(place(plan, 'address', 'person'))).toEqual(['moved address'])
    expect(said(moveField(plan, 'person', 2, -1))).toEqual(['order person'])
    expect(said(moveStep(plan, 1, -1))).toEqual(['pages'])
    expect(said({ ...plan, income_period: 'month' })).toEqual(['perMonth'])
  })
  it('leaves the plan that it was given as it is', () => {
    const before = JSON.stringify(plan)
    place(moveField(drop(plan, 'address'), 'person', 0, 1), 'title')
    expect(JSON.stringify(plan)).toBe(before)
  })
})
