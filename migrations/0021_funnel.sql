-- +goose Up

-- Who opened a card product's form, and who began to fill it in: once each for a
-- viewer, product, room and day. '' is none.
CREATE TABLE funnel_touch (
  bank_id         VARCHAR(40)  NOT NULL,
  day             VARCHAR(10)  NOT NULL, -- business date
  kind            VARCHAR(10)  NOT NULL,
  card_product_id VARCHAR(40)  NOT NULL,
  room_id         VARCHAR(40)  NOT NULL,
  viewer_id       VARCHAR(40)  NOT NULL,
  host_id         VARCHAR(40)  NOT NULL,
  branch_id       VARCHAR(40)  NOT NULL,
  manager_id      VARCHAR(40)  NOT NULL,
  campaign        VARCHAR(64)  NOT NULL,
  share_code      VARCHAR(64)  NOT NULL,
  PRIMARY KEY (bank_id, day, kind, card_product_id, room_id, viewer_id),
  CHECK (kind IN ('clicked','started'))
);
CREATE INDEX funnel_touch_viewer ON funnel_touch (bank_id, viewer_id, day);

-- How often people who had not signed in opened one: a number, nobody's.
CREATE TABLE funnel_guest (
  bank_id         VARCHAR(40)  NOT NULL,
  day             VARCHAR(10)  NOT NULL,
  card_product_id VARCHAR(40)  NOT NULL,
  room_id         VARCHAR(40)  NOT NULL,
  campaign        VARCHAR(64)  NOT NULL,
  share_code      VARCHAR(64)  NOT NULL,
  host_id         VARCHAR(40)  NOT NULL,
  branch_id       VARCHAR(40)  NOT NULL,
  manager_id      VARCHAR(40)  NOT NULL,
  opened          BIGINT       NOT NULL,
  PRIMARY KEY (bank_id, day, card_product_id, room_id, campaign, share_code),
  CHECK (opened > 0)
);

-- What was spent on getting cards applied for, for a time, both days included.
CREATE TABLE funnel_cost (
  id           VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id      VARCHAR(40)  NOT NULL,
  dimension    VARCHAR(20)  NOT NULL,
  value        VARCHAR(64)  NOT NULL, -- of the dimension: an id, a campaign, a share code
  kind         VARCHAR(20)  NOT NULL,
  from_day     VARCHAR(10)  NOT NULL,
  to_day       VARCHAR(10)  NOT NULL,
  amount_fen   BIGINT       NOT NULL,
  note         VARCHAR(200) NOT NULL,
  entered_by   VARCHAR(40)  NOT NULL,
  entered_at   DATETIME(6)  NOT NULL,
  changed_at   DATETIME(6)  NOT NULL,
  withdrawn_by VARCHAR(40),
  withdrawn_at DATETIME(6),
  CHECK (dimension IN ('room','host','branch','manager','campaign','share_code','product')),
  CHECK (kind IN ('advertising','benefits','staff','other')),
  CHECK (amount_fen > 0),
  CHECK (from_day <= to_day),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX funnel_cost_days ON funnel_cost (bank_id, dimension, to_day);

-- A vote is found by whose it is, to make it nobody's.
CREATE INDEX poll_vote_viewer ON poll_vote (bank_id, viewer_id);

-- +goose Down
-- The index goes with its table: to drop one is not the same statement on both
-- engines.
DROP TABLE funnel_cost;
DROP TABLE funnel_guest;
DROP TABLE funnel_touch;
