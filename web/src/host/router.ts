import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router'
import { staff } from './api'

/** The sign-in page that comes back to `path`; `over` says that a session has just ended. */
export const whereTo = (path: string, over = false): RouteLocationRaw => ({
  name: 'sign-in',
  query: { ...(path && path !== '/' ? { to: path } : {}), ...(over ? { over: '1' } : {}) },
})

export const router = createRouter({
  history: createWebHistory('/host/'),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./SignInPage.vue'), meta: { open: true } },
    { path: '/', redirect: '/rooms' },
    { path: '/rooms', name: 'rooms', component: () => import('./rooms/RoomsPage.vue') },
    { path: '/rooms/:id', name: 'desk', component: () => import('./desk/DeskPage.vue'), props: true },
    { path: '/rooms/:id/report', name: 'report', component: () => import('./report/ReportPage.vue'), props: true },
    { path: '/:any(.*)*', redirect: '/rooms' },
  ],
})

router.beforeEach((to) => {
  if (!to.meta.open && !staff.person.value) return whereTo(to.fullPath)
  return true
})
