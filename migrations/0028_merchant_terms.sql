-- +goose Up
-- A merchant's contract: how often its terms and its account were changed, which
-- is what a proposal is checked against when it is approved.
ALTER TABLE merchant ADD COLUMN terms_version INT NOT NULL DEFAULT 0;
ALTER TABLE merchant ADD COLUMN account_version INT NOT NULL DEFAULT 0;

-- What one person proposes and another decides on.
CREATE TABLE merchant_change (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  merchant_id   VARCHAR(40)  NOT NULL, -- of an opening: the one that it will be
  kind          VARCHAR(10)  NOT NULL,
  name          VARCHAR(100) NOT NULL,
  asked_terms   TEXT,                  -- JSON
  account_id    VARCHAR(40),
  base_version  INT          NOT NULL,
  reason        VARCHAR(300) NOT NULL,
  status        VARCHAR(10)  NOT NULL,
  proposed_by   VARCHAR(40)  NOT NULL,
  proposed_at   DATETIME(6)  NOT NULL,
  decided_by    VARCHAR(40),
  decided_at    DATETIME(6),
  reject_reason VARCHAR(300),
  CHECK (kind IN ('open','terms','account')),
  CHECK (status IN ('proposed','approved','rejected')),
  CHECK (decided_by IS NULL OR decided_by <> proposed_by),
  CHECK ((status = 'proposed') = (decided_by IS NULL)),
  CHECK ((status = 'proposed') = (decided_at IS NULL)),
  CHECK ((status = 'rejected') = (reject_reason IS NOT NULL)),
  CHECK ((kind = 'account') = (asked_terms IS NULL)),
  CHECK ((kind = 'terms') = (account_id IS NULL))
);
CREATE INDEX merchant_change_status ON merchant_change (bank_id, status, id);
CREATE INDEX merchant_change_merchant ON merchant_change (bank_id, merchant_id, id);

-- Terms that were agreed on. Of a date those hold that have the highest version
-- of all that are valid from it or before.
CREATE TABLE merchant_terms (
  id             VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40) NOT NULL,
  merchant_id    VARCHAR(40) NOT NULL,
  change_id      VARCHAR(40) NOT NULL,
  version        INT         NOT NULL,
  agreed_on      VARCHAR(10) NOT NULL, -- business date
  valid_from     VARCHAR(10) NOT NULL, -- business date
  starts_at      DATETIME(6) NOT NULL, -- when that begins at the bank
  commission_bps INT         NOT NULL, -- of categories without a rate
  cycle          VARCHAR(10) NOT NULL,
  reserve_bps    INT         NOT NULL,
  reserve_days   INT         NOT NULL,
  created_at     DATETIME(6) NOT NULL,
  CHECK (valid_from >= agreed_on),
  CHECK (commission_bps BETWEEN 0 AND 10000),
  CHECK (cycle IN ('t1','t7','monthly')),
  CHECK (reserve_bps BETWEEN 0 AND 5000),
  CHECK (reserve_days BETWEEN 0 AND 366),
  CHECK ((reserve_bps = 0) = (reserve_days = 0))
);
CREATE UNIQUE INDEX merchant_terms_change ON merchant_terms (change_id);
CREATE UNIQUE INDEX merchant_terms_version ON merchant_terms (merchant_id, version);

CREATE TABLE merchant_rate (
  terms_id      VARCHAR(40) NOT NULL,
  category_id   VARCHAR(40) NOT NULL,
  bank_id       VARCHAR(40) NOT NULL,
  category_name VARCHAR(60) NOT NULL, -- as it was called
  bps           INT         NOT NULL,
  PRIMARY KEY (terms_id, category_id),
  CHECK (bps BETWEEN 0 AND 10000)
);

-- Where a merchant is paid. current_key is the merchant while it is: one at a time.
CREATE TABLE merchant_account (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  merchant_id   VARCHAR(40)  NOT NULL,
  holder        VARCHAR(100) NOT NULL,
  bank_name     VARCHAR(100) NOT NULL,
  last4         VARCHAR(4)   NOT NULL,
  number_sealed TEXT         NOT NULL,
  status        VARCHAR(10)  NOT NULL,
  current_key   VARCHAR(40),
  created_at    DATETIME(6)  NOT NULL,
  CHECK (status IN ('proposed','current','former','refused')),
  CHECK ((status = 'current') = (current_key IS NOT NULL)),
  CHECK (current_key IS NULL OR current_key = merchant_id)
);
CREATE UNIQUE INDEX merchant_account_current ON merchant_account (current_key);
CREATE INDEX merchant_account_merchant ON merchant_account (bank_id, merchant_id, id);

-- When a settlement may be paid out; none for those approved before there were terms.
ALTER TABLE settlement ADD COLUMN due_date VARCHAR(10);
-- Where a payout goes; none for a merchant that has no account here.
ALTER TABLE payout ADD COLUMN account_id VARCHAR(40);

-- What is kept back of an approved settlement, through until_date.
CREATE TABLE merchant_reserve (
  settlement_id VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40) NOT NULL,
  merchant_id   VARCHAR(40) NOT NULL,
  amount_fen    BIGINT      NOT NULL,
  until_date    VARCHAR(10) NOT NULL,
  released_at   DATETIME(6),
  CHECK (amount_fen > 0)
);
CREATE INDEX merchant_reserve_merchant ON merchant_reserve (bank_id, merchant_id, released_at);

-- The reserves of a payout, as payout_settlement has its settlements.
CREATE TABLE payout_reserve (
  settlement_id VARCHAR(40) NOT NULL,
  payout_id     VARCHAR(40) NOT NULL,
  bank_id       VARCHAR(40) NOT NULL,
  active        VARCHAR(40),
  PRIMARY KEY (settlement_id, payout_id),
  CHECK (active IS NULL OR active = settlement_id)
);
CREATE UNIQUE INDEX payout_reserve_active ON payout_reserve (active);
CREATE INDEX payout_reserve_payout ON payout_reserve (payout_id);

-- Invoices of settlements: asked for, come in, found right.
CREATE TABLE merchant_invoice (
  id            VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40) NOT NULL,
  merchant_id   VARCHAR(40) NOT NULL,
  settlement_id VARCHAR(40) NOT NULL,
  kind          VARCHAR(10) NOT NULL,
  expected_fen  BIGINT      NOT NULL,
  status        VARCHAR(10) NOT NULL,
  number        VARCHAR(40),
  amount_fen    BIGINT,
  issued_on     VARCHAR(10),
  requested_by  VARCHAR(40) NOT NULL,
  requested_at  DATETIME(6) NOT NULL,
  received_by   VARCHAR(40),
  received_at   DATETIME(6),
  matched_by    VARCHAR(40),
  matched_at    DATETIME(6),
  CHECK (kind IN ('sales','commission')),
  CHECK (expected_fen > 0),
  CHECK (status IN ('requested','received','matched')),
  CHECK ((status = 'requested') = (number IS NULL)),
  CHECK ((status = 'requested') = (amount_fen IS NULL)),
  CHECK ((status = 'requested') = (issued_on IS NULL)),
  CHECK ((status = 'matched') = (matched_at IS NOT NULL)),
  CHECK (status <> 'matched' OR amount_fen = expected_fen)
);
CREATE UNIQUE INDEX merchant_invoice_of ON merchant_invoice (settlement_id, kind);
CREATE UNIQUE INDEX merchant_invoice_number ON merchant_invoice (bank_id, number);
CREATE INDEX merchant_invoice_merchant ON merchant_invoice (bank_id, merchant_id, id);
CREATE INDEX merchant_invoice_status ON merchant_invoice (bank_id, status, id);

-- +goose Down
DROP TABLE merchant_invoice;
DROP TABLE payout_reserve;
DROP TABLE merchant_reserve;
ALTER TABLE payout DROP COLUMN account_id;
ALTER TABLE settlement DROP COLUMN due_date;
DROP TABLE merchant_account;
DROP TABLE merchant_rate;
DROP TABLE merchant_terms;
DROP TABLE merchant_change;
ALTER TABLE merchant DROP COLUMN account_version;
ALTER TABLE merchant DROP COLUMN terms_version;
