-- +goose Up

-- That somebody began stands among the touches; once is enough.
DROP TABLE application_start;

-- The funnel by outlet. Touches from before this are of none.
ALTER TABLE funnel_touch ADD COLUMN outlet_id VARCHAR(40) NOT NULL DEFAULT '';
ALTER TABLE funnel_guest ADD COLUMN outlet_id VARCHAR(40) NOT NULL DEFAULT '';

-- Costs by outlet: a check is changed with its table.
CREATE TABLE funnel_cost_next (
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
  CHECK (dimension IN ('room','host','branch','outlet','manager','campaign','share_code','product')),
  CHECK (kind IN ('advertising','benefits','staff','other')),
  CHECK (amount_fen > 0),
  CHECK (from_day <= to_day),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
INSERT INTO funnel_cost_next (id, bank_id, dimension, value, kind, from_day, to_day, amount_fen, note, entered_by, entered_at, changed_at, withdrawn_by, withdrawn_at)
  SELECT id, bank_id, dimension, value, kind, from_day, to_day, amount_fen, note, entered_by, entered_at, changed_at, withdrawn_by, withdrawn_at FROM funnel_cost;
DROP TABLE funnel_cost;
ALTER TABLE funnel_cost_next RENAME TO funnel_cost;
CREATE INDEX funnel_cost_days ON funnel_cost (bank_id, dimension, to_day);

-- +goose Down
-- The wider check of funnel_cost stays.
ALTER TABLE funnel_guest DROP COLUMN outlet_id;
ALTER TABLE funnel_touch DROP COLUMN outlet_id;
CREATE TABLE application_start (
  id              VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40) NOT NULL,
  viewer_id       VARCHAR(40) NOT NULL,
  card_product_id VARCHAR(40) NOT NULL,
  day             VARCHAR(10) NOT NULL,
  room_id         VARCHAR(40),
  share_code      VARCHAR(64),
  campaign        VARCHAR(60),
  created_at      DATETIME(6) NOT NULL
);
CREATE UNIQUE INDEX application_start_day ON application_start (bank_id, viewer_id, card_product_id, day);
CREATE INDEX application_start_made ON application_start (bank_id, created_at);
CREATE INDEX application_start_room ON application_start (bank_id, room_id, created_at);
