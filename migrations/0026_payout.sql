-- +goose Up
-- Money on its way to a merchant: what its approved settlements come to, once. Its
-- id is the number that the bank knows it by.
CREATE TABLE payout (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  merchant_id   VARCHAR(40)  NOT NULL,
  merchant_name VARCHAR(100) NOT NULL,
  amount_fen    BIGINT       NOT NULL,
  status        VARCHAR(10)  NOT NULL,
  open_key      VARCHAR(40),           -- the merchant while it is under way: one at a time
  payout_no     VARCHAR(64),           -- the bank's number
  reason        VARCHAR(300),          -- why it failed or came back
  asked_count   INT          NOT NULL DEFAULT 0,
  created_at    DATETIME(6)  NOT NULL,
  ended_at      DATETIME(6),
  returned_at   DATETIME(6),
  retried_by    VARCHAR(40),
  CHECK (amount_fen > 0),
  CHECK (status IN ('paying','paid','failed','returned')),
  CHECK ((status = 'paying') = (open_key IS NOT NULL)),
  CHECK ((status = 'paying') = (ended_at IS NULL)),
  CHECK ((status = 'returned') = (returned_at IS NOT NULL))
);
CREATE UNIQUE INDEX payout_open ON payout (bank_id, open_key);
CREATE INDEX payout_merchant ON payout (bank_id, merchant_id, id);
CREATE INDEX payout_status ON payout (bank_id, status, id);

-- The settlements of a payout. active is the settlement while the payout is under
-- way or paid: one settlement is in one such only.
CREATE TABLE payout_settlement (
  settlement_id VARCHAR(40) NOT NULL,
  payout_id     VARCHAR(40) NOT NULL,
  bank_id       VARCHAR(40) NOT NULL,
  active        VARCHAR(40),
  PRIMARY KEY (settlement_id, payout_id),
  CHECK (active IS NULL OR active = settlement_id)
);
CREATE UNIQUE INDEX payout_settlement_active ON payout_settlement (active);
CREATE INDEX payout_settlement_payout ON payout_settlement (payout_id);

-- +goose Down
DROP TABLE payout_settlement;
DROP TABLE payout;
