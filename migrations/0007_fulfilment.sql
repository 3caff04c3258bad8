-- +goose Up
-- Where a paid order stands apart from refunds: both NULL is paid, the first
-- alone fulfilling, the second completed.
ALTER TABLE orders ADD COLUMN fulfilling_at DATETIME(6);
ALTER TABLE orders ADD COLUMN completed_at DATETIME(6);
ALTER TABLE orders ADD COLUMN completed_by VARCHAR(40); -- the viewer or member of staff, NULL for the system
CREATE INDEX orders_status ON orders (bank_id, status, id);
CREATE INDEX order_line_merchant ON order_line (bank_id, merchant_id, order_id);

ALTER TABLE refund ADD COLUMN asked_by VARCHAR(40); -- the member of staff who asked for it, NULL for the viewer
ALTER TABLE product ADD COLUMN voucher_days INT;    -- how long its codes can be used, NULL for the default

CREATE TABLE shipment (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  order_id    VARCHAR(40) NOT NULL,
  carrier     VARCHAR(40) NOT NULL,
  tracking_no VARCHAR(40) NOT NULL,
  shipped_at  DATETIME(6) NOT NULL,
  shipped_by  VARCHAR(40) NOT NULL
);
CREATE UNIQUE INDEX shipment_order ON shipment (bank_id, order_id);
CREATE INDEX shipment_tracking ON shipment (bank_id, tracking_no);

-- Who looked at an order's address in clear, for the limit; the audit chain
-- holds the reason.
CREATE TABLE order_reveal (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  order_id    VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  at          DATETIME(6) NOT NULL
);
CREATE INDEX order_reveal_staff ON order_reveal (bank_id, staff_id, at);

CREATE TABLE address (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  viewer_id   VARCHAR(40) NOT NULL,
  sealed      TEXT        NOT NULL,
  default_of  VARCHAR(40),          -- the viewer, while it is the viewer's default
  created_at  DATETIME(6) NOT NULL,
  updated_at  DATETIME(6) NOT NULL,
  CHECK (default_of IS NULL OR default_of = viewer_id)
);
CREATE INDEX address_viewer ON address (bank_id, viewer_id, id);
CREATE UNIQUE INDEX address_default ON address (bank_id, default_of);

-- A code for each unit of a voucher line that was paid.
CREATE TABLE voucher (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  order_id    VARCHAR(40)  NOT NULL,
  line_no     INT          NOT NULL,
  unit_no     INT          NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  merchant_id VARCHAR(40)  NOT NULL,
  title       VARCHAR(200) NOT NULL,
  spec        VARCHAR(100) NOT NULL,
  value_fen   BIGINT       NOT NULL, -- its part of what was paid for the order
  code_hash   VARCHAR(64)  NOT NULL,
  code_sealed TEXT         NOT NULL,
  state       VARCHAR(10)  NOT NULL, -- issued, redeemed, void
  issued_at   DATETIME(6)  NOT NULL,
  valid_until DATETIME(6)  NOT NULL,
  redeemed_at DATETIME(6),
  redeemed_by VARCHAR(40),
  voided_for  VARCHAR(40),           -- the refund that took it back
  CHECK (state IN ('issued','redeemed','void')),
  CHECK (state <> 'redeemed' OR redeemed_at IS NOT NULL),
  CHECK (state <> 'void' OR voided_for IS NOT NULL),
  CHECK (value_fen >= 0)
);
CREATE UNIQUE INDEX voucher_code ON voucher (bank_id, code_hash);
CREATE UNIQUE INDEX voucher_unit ON voucher (bank_id, order_id, line_no, unit_no);
CREATE INDEX voucher_viewer ON voucher (bank_id, viewer_id, id);
CREATE INDEX voucher_refund ON voucher (bank_id, voided_for);

-- +goose Down
-- The indexes of orders and order_line go with their tables: to drop one is not
-- the same statement on both engines.
DROP TABLE voucher;
DROP TABLE address;
DROP TABLE order_reveal;
DROP TABLE shipment;
ALTER TABLE product DROP COLUMN voucher_days;
ALTER TABLE refund DROP COLUMN asked_by;
ALTER TABLE orders DROP COLUMN completed_by;
ALTER TABLE orders DROP COLUMN completed_at;
ALTER TABLE orders DROP COLUMN fulfilling_at;
