/** The API's objects as the apps read them. Ids are TypeIDs, money is fen, times are RFC 3339 UTC. */

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface Viewer {
  id: string
  nickname: string
  phone_masked: string
}

export type Role =
  | 'admin'
  | 'host'
  | 'operator'
  | 'reviewer'
  | 'supervisor'
  | 'finance'
  | 'finance_checker'
  | 'risk'
  | 'auditor'
  /** A merchant's own account. */
  | 'merchant'

export interface Staff {
  id: string
  name: string
  /** None while something is due. */
  roles: Role[]
  /** Bounds what is seen; null for the whole bank. */
  branch_id?: string | null
  /** What must be seen to before anything else. */
  due?: '' | 'password' | 'totp'
}

export type RoomStatus = 'scheduled' | 'live' | 'ended'

/** How a room's talk is held: the least seconds between one's lines, all reviewed first, nobody speaks. */
export interface ChatMode {
  slow_s: number
  review: boolean
  closed: boolean
}

export interface Room {
  id: string
  title: string
  cover_url: string | null
  status: RoomStatus
  host: { id: string; name: string }
  starts_at: string
  started_at?: string | null
  /** Set while a live room takes a break. */
  paused_at?: string | null
  ended_at?: string | null
  /** `audio_url` is the sound alone, empty where there is none. */
  playback: { kind: 'hls'; url: string; audio_url?: string } | null
  /** Since when an ended room may be watched again; null when it may not. */
  replay_at?: string | null
  viewers: number
  likes: number
  /** Who asked to be told of the start. */
  reservations?: number
  chat?: ChatMode
}

export type StockState = 'in_stock' | 'low' | 'sold_out'

export interface Merchant {
  id: string
  name: string
}

export type ProductKind = 'physical' | 'voucher' | 'card_offer'

export interface ProductBrief {
  id: string
  title: string
  kind: ProductKind
  images: string[]
  merchant: Merchant
}

export interface Sku {
  id: string
  spec: string
  price_fen: number
  list_price_fen?: number
  /** How many one person's orders may hold; 0 for any number. */
  per_person_limit?: number
  stock_state: StockState
}

export interface Product extends ProductBrief {
  skus: Sku[]
  /** What the pictures show, in words, by their addresses. */
  image_alts?: Record<string, string>
}

export type FlashStatus = 'scheduled' | 'on_sale' | 'sold_out' | 'ended' | 'cancelled'

export interface FlashSale {
  id: string
  status: FlashStatus
  sku_id: string
  title?: string
  price_fen: number
  total: number
  left: number
  per_user_limit: number
  starts_at: string
  ends_at: string
  server_time?: string
}

export interface ShelfItem {
  product: ProductBrief
  sku_id: string
  spec?: string
  price_fen: number
  list_price_fen: number
  stock_state: StockState
  pinned: boolean
  /** Viewers see it; false only where the host looks. */
  on?: boolean
  flash: FlashSale | null
}

export interface ChatLine {
  id: string
  at: string
  viewer: { id: string; nickname: string }
  text: string
}

/** How a room lets its viewers talk. */
export interface ChatMode {
  /** Seconds between a viewer's messages; 0 for the least there is. */
  slow_s: number
  /** Messages are held until somebody has looked. */
  review: boolean
  /** Nobody may speak. */
  closed: boolean
}

export interface Board {
  viewers: number
  peak_viewers: number
  unique_viewers: number
  /** Who came first after the show had ended; viewers, stay and sources leave them out. */
  later_viewers: number
  likes: number
  chats: number
  orders: number
  paid_orders: number
  gmv_fen: number
  applications: number
  bindings: number
  /** Who follows the room's host, and who began to while it was live. */
  followers: number
  new_followers: number
  /** Viewers who paid with a coupon, and how many of them by a bound card, in basis points. */
  coupon_payers: number
  bind_rate_bps: number
  flash: { id: string; total: number; sold: number; left: number }[]
  /** What all watched together, by the unique viewers. */
  average_stay_ms: number
  items: ItemFigure[]
  last_5_minutes: Pace
  before_5_minutes: Pace
  /** Unique viewers by where they came from; empty for unknown. */
  sources: Record<string, number>
  /** The figures that nodes report every few seconds; the others are counted, at `counted_at`. */
  live: string[]
  counted_at: string
}

/** What a product did in a room. */
export interface ItemFigure {
  sku_id: string
  title: string
  orders: number
  sold: number
  gmv_fen: number
  left: number
}

/** What happened in five minutes; `viewers` is the most at one time. */
export interface Pace {
  viewers: number
  likes: number
  chats: number
  orders: number
  paid_orders: number
  gmv_fen: number
  applications: number
}

export interface Address {
  name: string
  phone: string
  province: string
  city: string
  district: string
  street: string
}

export type OrderStatus =
  | 'pending_payment'
  | 'paid'
  | 'fulfilling'
  | 'completed'
  | 'cancelled'
  | 'refunding'
  | 'refunded'

export interface OrderItem {
  sku_id: string
  product_id: string
  title: string
  spec: string
  quantity: number
  price_fen: number
  amount_fen: number
}

export interface Discount {
  kind: string
  amount_fen: number
  funded_by: 'bank' | 'merchant' | 'platform'
  coupon_id?: string
}

export interface Order {
  id: string
  status: OrderStatus
  items: OrderItem[]
  goods_fen: number
  discounts: Discount[]
  payable_fen: number
  paid_fen: number
  refunded_fen: number
  expires_at: string | null
  created_at: string
  room_id: string | null
  flash_id?: string | null
  address?: Address | null
}

export interface Payment {
  id: string
  status: 'pending' | 'succeeded' | 'failed' | string
  cashier_url?: string | null
}

export interface Card {
  id: string
  bank_name: string
  kind: 'debit' | 'credit'
  last4: string
  bound_at: string
}

export interface ConsentRef {
  document: string
  version: string
}

export interface ConsentDocument extends ConsentRef {
  title: string
  url: string
}

export interface ConsentText extends ConsentRef {
  title: string
  text: string
  hash: string
}

export interface CardProduct {
  id: string
  name: string
  description: string
  image_url: string
  consents: ConsentDocument[]
}

export type ApplicationStatus =
  | 'screening'
  | 'queued'
  | 'in_review'
  | 'info_requested'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'handed_off'
  | 'issued'
  | 'activated'
  | 'bound'

/** What applying answers. */
export interface ApplicationReceipt {
  id: string
  status: ApplicationStatus
  receipt_no: string
  /** This is the application that was open already. */
  repeat?: boolean
}

export interface Application extends ApplicationReceipt {
  card_product: { id: string; name: string }
  created_at: string
  updated_at: string
  /** What the reviewer asks for, while the status is `info_requested`. */
  info_request: { fields: string[]; message: string } | null
  card_last4: string | null
  /** Of a rejected one: the day from which the person may apply again. */
  again_on?: string | null
  /** How the card is to come; only where one application is read, and the form asked. */
  delivery?: Delivery | null
  /** What happened so far, oldest first; only where one application is read. */
  timeline?: { status: ApplicationStatus; at: string }[]
}

/** A branch at which people collect their card. */
export interface Outlet {
  id: string
  name: string
  /** The bank's own. */
  number: string
  city_code: string
  address: string
  /** Cards are handed out here now. */
  collects: boolean
}

/** A city with outlets where cards are handed out. */
export interface OutletCity {
  city_code: string
  outlets: number
}

export const deliveryWays = ['home', 'work', 'branch'] as const
export type DeliveryWay = (typeof deliveryWays)[number]

/** How a card is to come; the outlet of one that is collected. */
export interface Delivery {
  to: DeliveryWay
  outlet: Outlet | null
}

export interface Applicant {
  name: string
  id_no: string
  phone: string
  email?: string
  employer?: string
  income_band?: string
  city_code: string
  address?: string
  pinyin?: string
  id_expires_on?: string
  marital_status?: string
  education?: string
  residence_years?: number
  industry?: string
  title?: string
  employer_phone?: string
  employer_address?: string
  contacts?: { relation: string; name: string; phone: string }[]
  delivery_to?: string
  delivery_outlet_id?: string
  /** Fen. */
  limit_wished_fen?: number
  auto_repay?: boolean
}

/** The names of what a form may ask for. */
export const formFields = [
  'name', 'pinyin', 'id_no', 'id_expires_on', 'phone', 'email', 'marital_status', 'education', 'city_code', 'address', 'residence_years',
  'employer', 'industry', 'title', 'employer_phone', 'employer_address', 'income_band', 'contact1', 'contact2', 'delivery_to', 'limit_wished_fen', 'auto_repay',
] as const
export type FormFieldName = (typeof formFields)[number]

export const formSteps = ['person', 'home', 'work', 'contacts', 'wishes'] as const
export type FormStepKey = (typeof formSteps)[number]

/** Every form asks for these and requires them. */
export const formMinimum: readonly FormFieldName[] = ['name', 'id_no', 'phone', 'city_code']

export interface AskedField {
  name: FormFieldName
  required: boolean
}

/** What a bank's form asks for, page by page. */
export interface FormPlan {
  version: number
  income_period: 'year' | 'month'
  /** The ways in which a card may come. */
  deliveries: DeliveryWay[]
  steps: { key: FormStepKey; fields: AskedField[] }[]
}

/** The values of closed lists; a contact's relation stands under `relation`. */
export const formOptions: Record<string, readonly string[]> = {
  marital_status: ['single', 'married', 'divorced', 'widowed'],
  education: ['doctor', 'master', 'bachelor', 'junior_college', 'high_school', 'below'],
  industry: [
    'government', 'finance', 'it', 'education', 'health', 'manufacturing', 'construction', 'trade', 'transport', 'hospitality',
    'energy', 'agriculture', 'culture', 'services', 'other',
  ],
  title: ['owner', 'executive', 'manager', 'professional', 'staff', 'worker', 'freelancer', 'retired', 'student', 'other'],
  relation: ['spouse', 'parent', 'child', 'sibling', 'relative', 'friend', 'colleague'],
  delivery_to: ['home', 'work', 'branch'],
  auto_repay: ['yes', 'no'],
}
export const incomeBands = {
  year: ['lt_50k', '50k_100k', '100k_200k', '200k_500k', 'gt_500k'],
  month: ['m_lt_5k', 'm_5k_10k', 'm_10k_20k', 'm_20k_50k', 'm_gt_50k'],
} as const

/** An application as far as it is filled in. */
export interface ApplicationDraft {
  card_product_id: string
  revision: number
  step: string
  fields: Record<string, string>
  updated_at: string
  expires_at: string
}
