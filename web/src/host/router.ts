import { createRouter, createWebHistory } from 'vue-router'
import { whereTo } from '@shared/staff/door'
import { staff } from './api'

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
