import { createRouter, createWebHistory } from 'vue-router'
import { whereTo } from '@shared/staff/door'
import { firstArea, hasOverview, mayEnter, staff, type AreaName } from './api'

declare module 'vue-router' {
  interface RouteMeta {
    /** Entered without signing in. */
    open?: boolean
    /** The area whose roles may enter. */
    area?: AreaName
  }
}

export const router = createRouter({
  history: createWebHistory('/desk/'),
  // A drawer over a list leaves it where it is; a lead stands in the list's place on a phone.
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path || (to.name === from.name && to.name !== 'leads') ? undefined : { top: 0 }),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./SignInPage.vue'), meta: { open: true } },
    { path: '/settlements/:id/print', name: 'settlement-sheet', component: () => import('./finance/SheetPage.vue'), props: true, meta: { area: 'settlements' } },
    {
      path: '/',
      component: () => import('./Shell.vue'),
      children: [
        { path: '', name: 'home', component: () => import('./HomePage.vue') },
        { path: 'leads/:id?', name: 'leads', component: () => import('./leads/LeadsPage.vue'), props: true, meta: { area: 'leads' } },
        { path: 'orders/:id?', name: 'orders', component: () => import('./orders/OrdersPage.vue'), props: true, meta: { area: 'orders' } },
        { path: 'settings', name: 'settings', component: () => import('./settings/SettingsPage.vue'), meta: { area: 'settings' } },
        { path: 'share-codes', name: 'share-codes', component: () => import('./intake/SharePage.vue'), meta: { area: 'share-codes' } },
        { path: 'application-form', name: 'application-form', component: () => import('./intake/FormPage.vue'), meta: { area: 'application-form' } },
        { path: 'outlets', name: 'outlets', component: () => import('./outlets/OutletsPage.vue'), meta: { area: 'outlets' } },
        { path: 'screening/:id?', name: 'screening', component: () => import('./screening/VersionsPage.vue'), props: true, meta: { area: 'screening' } },
        { path: 'lists', name: 'lists', component: () => import('./screening/ListsPage.vue'), meta: { area: 'lists' } },
        { path: 'journeys', name: 'journeys', component: () => import('./journeys/JourneysPage.vue'), meta: { area: 'journeys' } },
        { path: 'review/queues', name: 'review-queues', component: () => import('./review/QueuesPage.vue'), meta: { area: 'review-queues' } },
        { path: 'review/figures', name: 'review-figures', component: () => import('./review/FiguresPage.vue'), meta: { area: 'review-figures' } },
        { path: 'review/handoffs', name: 'handoffs', component: () => import('./review/HandoffsPage.vue'), meta: { area: 'handoffs' } },
        { path: 'review/handovers', name: 'handovers', component: () => import('./review/HandoversPage.vue'), meta: { area: 'handovers' } },
        { path: 'funnel', name: 'funnel', component: () => import('./funnel/FunnelPage.vue'), meta: { area: 'funnel' } },
        { path: 'products/:id?', name: 'products', component: () => import('./catalog/ProductsPage.vue'), props: true, meta: { area: 'products' } },
        { path: 'imports/:id?', name: 'imports', component: () => import('./imports/ImportsPage.vue'), props: true, meta: { area: 'imports' } },
        { path: 'coupons/:id?', name: 'coupons', component: () => import('./coupons/CouponsPage.vue'), props: true, meta: { area: 'coupons' } },
        { path: 'redeem', name: 'redeem', component: () => import('./redeem/RedeemPage.vue'), meta: { area: 'redeem' } },
        { path: 'finance', name: 'finance-day', component: () => import('./finance/DayPage.vue'), meta: { area: 'finance-day' } },
        { path: 'settlements/:id?', name: 'settlements', component: () => import('./finance/SettlementsPage.vue'), props: true, meta: { area: 'settlements' } },
        { path: 'merchants/:id?', name: 'merchants', component: () => import('./merchants/MerchantsPage.vue'), props: true, meta: { area: 'merchants' } },
        { path: 'reconciliations/:id?', name: 'reconciliations', component: () => import('./finance/ReconciliationsPage.vue'), props: true, meta: { area: 'reconciliations' } },
        { path: 'exceptions', name: 'exceptions', component: () => import('./finance/WorkPage.vue'), meta: { area: 'reconciliations' } },
        { path: 'ledger/proposals', name: 'ledger-proposals', component: () => import('./finance/ProposalsPage.vue'), meta: { area: 'ledger' } },
        { path: 'ledger/:id?', name: 'ledger', component: () => import('./finance/LedgerPage.vue'), props: true, meta: { area: 'ledger' } },
        { path: 'finance/reports', name: 'finance-reports', component: () => import('./finance/ReportsPage.vue'), meta: { area: 'finance-reports' } },
        { path: 'trial-balance', name: 'trial-balance', component: () => import('./finance/TrialBalancePage.vue'), meta: { area: 'trial-balance' } },
        { path: 'my-orders/:id?', name: 'my-orders', component: () => import('./own/OrdersPage.vue'), props: true, meta: { area: 'my-orders' } },
        { path: 'my-statements/:id?', name: 'my-statements', component: () => import('./own/StatementsPage.vue'), props: true, meta: { area: 'my-statements' } },
        { path: 'audit', name: 'audit', component: () => import('./audit/AuditPage.vue'), meta: { area: 'audit' } },
        { path: 'compliance', name: 'compliance', component: () => import('./compliance/CompliancePage.vue'), meta: { area: 'compliance' } },
        { path: 'keeping', name: 'keeping', component: () => import('./keeping/KeepingPage.vue'), meta: { area: 'keeping' } },
        { path: 'staff/:id?', name: 'staff', component: () => import('./staff/StaffPage.vue'), props: true, meta: { area: 'staff' } },
        { path: 'account', name: 'account', component: () => import('./account/AccountPage.vue') },
        { path: 'forbidden', name: 'forbidden', component: () => import('./ForbiddenPage.vue') },
      ],
    },
    { path: '/:any(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (to.meta.open) return true
  if (!staff.person.value) return whereTo(to.fullPath)
  // What is due comes before anything else; the server lets nothing else through.
  if (staff.person.value.due && to.name !== 'account') return { name: 'account' }
  if (to.meta.area && !mayEnter(to.meta.area)) return { name: 'forbidden' }
  const first = firstArea()
  if (to.name === 'home' && first && !hasOverview()) return { name: first }
  return true
})
