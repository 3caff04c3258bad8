import { ref } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { api } from './api'

declare module 'vue-router' {
  interface RouteMeta {
    /** Only for people who are signed in. */
    personal?: boolean
  }
}

const personal = { personal: true }

export const router = createRouter({
  history: createWebHistory('/'),
  scrollBehavior: (to, from, saved) => (to.path === from.path ? undefined : (saved ?? { top: 0 })),
  routes: [
    { path: '/', component: () => import('./pages/RoomsPage.vue') },
    { path: '/rooms/:id', component: () => import('./pages/RoomPage.vue'), props: true },
    { path: '/sign-in', component: () => import('./pages/SignInPage.vue') },
    { path: '/shop', component: () => import('./pages/ShopPage.vue') },
    { path: '/products/:id', component: () => import('./pages/ProductPage.vue'), props: true },
    { path: '/addresses', component: () => import('./pages/AddressesPage.vue'), meta: personal },
    { path: '/coupons', component: () => import('./pages/CouponsPage.vue'), meta: personal },
    { path: '/vouchers', component: () => import('./pages/VouchersPage.vue'), meta: personal },
    { path: '/branch', component: () => import('./pages/BranchPage.vue'), meta: personal },
    { path: '/orders', component: () => import('./pages/OrdersPage.vue'), meta: personal },
    { path: '/orders/:id', component: () => import('./pages/OrderPage.vue'), props: true, meta: personal },
    { path: '/cards', component: () => import('./pages/CardsPage.vue'), meta: personal },
    { path: '/apply', component: () => import('./pages/ApplyPage.vue'), meta: personal },
    { path: '/applications', component: () => import('./pages/ApplicationsPage.vue'), meta: personal },
    { path: '/applications/:id', component: () => import('./pages/ApplicationPage.vue'), props: true, meta: personal },
    { path: '/following', component: () => import('./pages/FollowingPage.vue'), meta: personal },
    { path: '/messages', component: () => import('./pages/MessagesPage.vue'), meta: personal },
    { path: '/me', component: () => import('./pages/MePage.vue') },
    { path: '/privacy', component: () => import('./pages/PrivacyPage.vue') },
    { path: '/:any(.*)*', component: () => import('./pages/NotFoundPage.vue') },
  ],
})

router.beforeEach((to) => {
  if (to.meta.personal && !api.session.read()) return { path: '/sign-in', query: { next: to.fullPath }, replace: true }
  return true
})

/** The first page could not be loaded: there is none to stay on. */
export const lost = ref(false)
router.onError((_error, _to, from) => (lost.value = from.matched.length === 0))
router.afterEach(() => void (lost.value = false))

// A session that dies on a personal page leads to signing in, and back.
api.session.onChange((session) => {
  const here = router.currentRoute.value
  if (!session && here.meta.personal) void router.replace({ path: '/sign-in', query: { next: here.fullPath } })
})
