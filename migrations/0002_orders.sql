-- +goose Up
CREATE TABLE merchant (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  name           VARCHAR(100) NOT NULL,
  commission_bps INT          NOT NULL,
  created_at     DATETIME(6)  NOT NULL,
  CHECK (commission_bps BETWEEN 0 AND 10000)
);
CREATE UNIQUE INDEX merchant_name ON merchant (bank_id, name);

CREATE TABLE product (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  merchant_id VARCHAR(40)  NOT NULL,
  kind        VARCHAR(20)  NOT NULL,
  title       VARCHAR(200) NOT NULL,
  category    VARCHAR(60)  NOT NULL,
  branch_id   VARCHAR(40),           -- only for viewers of this branch
  images      TEXT         NOT NULL, -- JSON list of URLs
  search_text VARCHAR(600) NOT NULL, -- title, lower case, and its pinyin initials
  hidden_at   DATETIME(6),
  created_at  DATETIME(6)  NOT NULL,
  CHECK (kind IN ('physical','voucher','card_offer'))
);
CREATE INDEX product_category ON product (bank_id, category, id);

CREATE TABLE sku (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  product_id     VARCHAR(40)  NOT NULL,
  spec           VARCHAR(100) NOT NULL,
  price_fen      BIGINT       NOT NULL,
  list_price_fen BIGINT       NOT NULL,
  stock          BIGINT       NOT NULL,
  created_at     DATETIME(6)  NOT NULL,
  CHECK (stock >= 0),
  CHECK (price_fen >= 0 AND list_price_fen >= 0)
);
CREATE UNIQUE INDEX sku_spec ON sku (bank_id, product_id, spec);

-- sold counts units in orders that are not cancelled; left = total - sold.
CREATE TABLE flash_sale (
  id             VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40) NOT NULL,
  room_id        VARCHAR(40) NOT NULL,
  sku_id         VARCHAR(40) NOT NULL,
  price_fen      BIGINT      NOT NULL,
  total          BIGINT      NOT NULL,
  sold           BIGINT      NOT NULL DEFAULT 0,
  per_user_limit INT         NOT NULL,
  starts_at      DATETIME(6) NOT NULL,
  ends_at        DATETIME(6) NOT NULL,
  state          VARCHAR(10) NOT NULL, -- open, ended, cancelled
  announced_at   DATETIME(6),          -- flash.started was told
  created_by     VARCHAR(40) NOT NULL,
  created_at     DATETIME(6) NOT NULL,
  CHECK (sold >= 0 AND sold <= total),
  CHECK (total > 0 AND per_user_limit > 0 AND price_fen > 0),
  CHECK (state IN ('open','ended','cancelled'))
);
CREATE INDEX flash_sale_room ON flash_sale (bank_id, room_id, starts_at);
CREATE INDEX flash_sale_sku ON flash_sale (bank_id, sku_id, state);
CREATE INDEX flash_sale_state ON flash_sale (state, ends_at);

CREATE TABLE flash_claim (
  flash_id       VARCHAR(40) NOT NULL,
  viewer_id      VARCHAR(40) NOT NULL,
  bank_id        VARCHAR(40) NOT NULL,
  quantity       INT         NOT NULL,
  per_user_limit INT         NOT NULL,
  PRIMARY KEY (flash_id, viewer_id),
  CHECK (quantity >= 0 AND quantity <= per_user_limit)
);

CREATE TABLE orders (
  id             VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40) NOT NULL,
  viewer_id      VARCHAR(40) NOT NULL,
  room_id        VARCHAR(40),
  flash_id       VARCHAR(40),
  share_code     VARCHAR(64),
  status         VARCHAR(20) NOT NULL,
  goods_fen      BIGINT      NOT NULL,
  discount_fen   BIGINT      NOT NULL DEFAULT 0,
  payable_fen    BIGINT      NOT NULL,
  paid_fen       BIGINT      NOT NULL DEFAULT 0,
  refunded_fen   BIGINT      NOT NULL DEFAULT 0,
  address_sealed TEXT,
  expires_at     DATETIME(6) NOT NULL,
  created_at     DATETIME(6) NOT NULL,
  paid_at        DATETIME(6),
  paid_by        VARCHAR(40),           -- the payment that paid it
  closed_at      DATETIME(6),
  close_reason   VARCHAR(20),
  CHECK (status IN ('pending_payment','paid','fulfilling','completed','cancelled','refunding','refunded')),
  CHECK (payable_fen >= 0 AND payable_fen = goods_fen - discount_fen),
  CHECK (paid_fen = 0 OR paid_fen = payable_fen),
  CHECK (refunded_fen >= 0 AND refunded_fen <= paid_fen)
);
CREATE INDEX orders_viewer ON orders (bank_id, viewer_id, id);
CREATE INDEX orders_room ON orders (bank_id, room_id, status);
CREATE INDEX orders_flash ON orders (flash_id, status);

CREATE TABLE order_line (
  order_id       VARCHAR(40)  NOT NULL,
  line_no        INT          NOT NULL,
  bank_id        VARCHAR(40)  NOT NULL,
  sku_id         VARCHAR(40)  NOT NULL,
  product_id     VARCHAR(40)  NOT NULL,
  merchant_id    VARCHAR(40)  NOT NULL,
  kind           VARCHAR(20)  NOT NULL,
  title          VARCHAR(200) NOT NULL,
  spec           VARCHAR(100) NOT NULL,
  quantity       INT          NOT NULL,
  price_fen      BIGINT       NOT NULL,
  amount_fen     BIGINT       NOT NULL,
  commission_bps INT          NOT NULL,
  PRIMARY KEY (order_id, line_no),
  CHECK (quantity > 0),
  CHECK (amount_fen = price_fen * quantity)
);
CREATE INDEX order_line_sku ON order_line (bank_id, sku_id);

CREATE TABLE payment (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  order_id    VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  method      VARCHAR(20)  NOT NULL,
  card_id     VARCHAR(40),
  amount_fen  BIGINT       NOT NULL,
  status      VARCHAR(20)  NOT NULL, -- created, pending, succeeded, failed
  open_key    VARCHAR(100),          -- order/method/card while created or pending
  payment_no  VARCHAR(80),
  cashier_url VARCHAR(500),
  created_at  DATETIME(6)  NOT NULL,
  paid_at     DATETIME(6),           -- by the gateway's clock
  CHECK (method IN ('cashier','bound_card')),
  CHECK (status IN ('created','pending','succeeded','failed')),
  CHECK (amount_fen > 0)
);
CREATE UNIQUE INDEX payment_open ON payment (bank_id, open_key);
CREATE INDEX payment_order ON payment (bank_id, order_id);
CREATE INDEX payment_paid ON payment (bank_id, paid_at);

CREATE TABLE refund (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  order_id    VARCHAR(40)  NOT NULL,
  payment_id  VARCHAR(40)  NOT NULL,
  amount_fen  BIGINT       NOT NULL,
  reason      VARCHAR(200) NOT NULL,
  cause       VARCHAR(20)  NOT NULL, -- viewer, late_payment, duplicate_payment
  status      VARCHAR(20)  NOT NULL, -- pending, succeeded, failed
  refund_no   VARCHAR(80),
  created_at  DATETIME(6)  NOT NULL,
  done_at     DATETIME(6),
  CHECK (amount_fen > 0),
  CHECK (status IN ('pending','succeeded','failed'))
);
CREATE INDEX refund_order ON refund (bank_id, order_id);
CREATE INDEX refund_payment ON refund (bank_id, payment_id);
CREATE INDEX refund_done ON refund (bank_id, done_at);

-- +goose Down
DROP TABLE refund;
DROP TABLE payment;
DROP TABLE order_line;
DROP TABLE orders;
DROP TABLE flash_claim;
DROP TABLE flash_sale;
DROP TABLE sku;
DROP TABLE product;
DROP TABLE merchant;
