-- +goose Up
-- Coupons are granted out of batches. committed_fen is the face value of those
-- that are granted, reserved or used: a grant adds to it, the end of an unused
-- coupon takes it back. So what is spent can never exceed the budget.
CREATE TABLE coupon_batch (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  kind          VARCHAR(10)  NOT NULL,
  title         VARCHAR(100) NOT NULL,
  funded_by     VARCHAR(10)  NOT NULL,
  merchant_id   VARCHAR(40),           -- who funds it, or whose goods alone it is for
  sku_ids       TEXT         NOT NULL, -- JSON list; empty for all goods
  bins          TEXT         NOT NULL, -- JSON list; the cards of an instant discount
  stacking      VARCHAR(10)  NOT NULL,
  amount_fen    BIGINT       NOT NULL,
  threshold_fen BIGINT       NOT NULL,
  budget_fen    BIGINT       NOT NULL,
  committed_fen BIGINT       NOT NULL DEFAULT 0,
  daily_cap     INT          NOT NULL, -- coupons a business date; 0 for no cap
  per_person    INT          NOT NULL, -- coupons that one viewer is ever granted
  granted_by    VARCHAR(20)  NOT NULL,
  spend_fen     BIGINT       NOT NULL, -- for granted_by spend
  room_id       VARCHAR(40),           -- where alone it is claimed
  grant_from    DATETIME(6)  NOT NULL,
  grant_to      DATETIME(6)  NOT NULL,
  use_from      DATETIME(6)  NOT NULL,
  use_to        DATETIME(6)  NOT NULL,
  state         VARCHAR(10)  NOT NULL,
  created_by    VARCHAR(40)  NOT NULL,
  created_at    DATETIME(6)  NOT NULL,
  CHECK (kind IN ('instant','coupon')),
  CHECK (funded_by IN ('bank','merchant','platform')),
  CHECK (funded_by <> 'merchant' OR merchant_id IS NOT NULL),
  CHECK (stacking IN ('exclusive','stackable')),
  CHECK (granted_by IN ('claim','drop','staff','card_bound','application_approved','spend')),
  CHECK (state IN ('draft','open','paused','closed')),
  CHECK (amount_fen > 0 AND threshold_fen >= 0),
  CHECK (committed_fen >= 0 AND committed_fen <= budget_fen)
);
CREATE INDEX coupon_batch_grant ON coupon_batch (bank_id, granted_by, state);

CREATE TABLE coupon_batch_day (
  bank_id       VARCHAR(40) NOT NULL,
  batch_id      VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  granted       INT         NOT NULL,
  daily_cap     INT         NOT NULL,
  PRIMARY KEY (bank_id, batch_id, business_date),
  CHECK (granted >= 0 AND granted <= daily_cap)
);

-- A batch thrown into a room: the first who claim get it.
CREATE TABLE coupon_drop (
  id         VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id    VARCHAR(40) NOT NULL,
  batch_id   VARCHAR(40) NOT NULL,
  room_id    VARCHAR(40) NOT NULL,
  quantity   INT         NOT NULL,
  claimed    INT         NOT NULL DEFAULT 0,
  ends_at    DATETIME(6) NOT NULL,
  created_by VARCHAR(40) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  CHECK (claimed >= 0 AND claimed <= quantity)
);
CREATE INDEX coupon_drop_room ON coupon_drop (bank_id, room_id, ends_at);

-- nth numbers a viewer's coupons of a batch from 1: the unique key and the check
-- hold the cap per person. source_ref is what it was granted for, once.
CREATE TABLE coupon (
  id         VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id    VARCHAR(40) NOT NULL,
  batch_id   VARCHAR(40) NOT NULL,
  viewer_id  VARCHAR(40) NOT NULL,
  nth        INT         NOT NULL,
  per_person INT         NOT NULL,
  source     VARCHAR(10) NOT NULL,
  source_ref VARCHAR(40) NOT NULL,
  state      VARCHAR(10) NOT NULL,
  amount_fen BIGINT      NOT NULL,
  use_to     DATETIME(6) NOT NULL,
  order_id   VARCHAR(40),           -- while reserved or used
  granted_at DATETIME(6) NOT NULL,
  used_at    DATETIME(6),
  CHECK (nth > 0 AND nth <= per_person),
  CHECK (source IN ('drop','claim','rule','staff')),
  CHECK (state IN ('granted','reserved','used','expired')),
  CHECK ((order_id IS NULL) = (state IN ('granted','expired')))
);
CREATE UNIQUE INDEX coupon_nth ON coupon (bank_id, batch_id, viewer_id, nth);
CREATE UNIQUE INDEX coupon_source ON coupon (bank_id, batch_id, viewer_id, source, source_ref);
CREATE INDEX coupon_viewer ON coupon (bank_id, viewer_id, id);
CREATE INDEX coupon_order ON coupon (bank_id, order_id);
CREATE INDEX coupon_batch_state ON coupon (bank_id, batch_id, state);
CREATE INDEX coupon_due ON coupon (state, use_to);

-- What a coupon takes off one line of an order. The rows stay when the order is
-- cancelled: a payment that comes late needs them.
CREATE TABLE order_discount (
  order_id     VARCHAR(40) NOT NULL,
  discount_no  INT         NOT NULL, -- instant discounts first, then coupons
  line_no      INT         NOT NULL,
  bank_id      VARCHAR(40) NOT NULL,
  coupon_id    VARCHAR(40) NOT NULL,
  batch_id     VARCHAR(40) NOT NULL,
  kind         VARCHAR(10) NOT NULL,
  funded_by    VARCHAR(10) NOT NULL, -- the line's merchant, where it is merchant
  amount_fen   BIGINT      NOT NULL,
  returned_fen BIGINT      NOT NULL DEFAULT 0, -- given back to the funder by refunds
  PRIMARY KEY (order_id, discount_no, line_no),
  CHECK (amount_fen > 0),
  CHECK (returned_fen >= 0 AND returned_fen <= amount_fen)
);
CREATE INDEX order_discount_batch ON order_discount (bank_id, batch_id);

-- The bound card that a payment was begun with: its BIN, and whether it is the
-- bank's own.
ALTER TABLE payment ADD COLUMN card_bin VARCHAR(10);
ALTER TABLE payment ADD COLUMN own_card BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE payment DROP COLUMN own_card;
ALTER TABLE payment DROP COLUMN card_bin;
DROP TABLE order_discount;
DROP TABLE coupon;
DROP TABLE coupon_drop;
DROP TABLE coupon_batch_day;
DROP TABLE coupon_batch;
