-- +goose Up
-- A bank's book: business dates up to closed_through take no more entries.
CREATE TABLE book (
  bank_id        VARCHAR(40) NOT NULL PRIMARY KEY,
  closed_through VARCHAR(10) NOT NULL
);

CREATE TABLE ledger_entry (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  event         VARCHAR(40)  NOT NULL, -- order.paid, order.refunded, settlement.paid ...
  ref           VARCHAR(80)  NOT NULL, -- the event's object
  order_id      VARCHAR(40),
  business_date VARCHAR(10)  NOT NULL,
  total_fen     BIGINT       NOT NULL, -- sum of debits, and of credits
  posted_at     DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX ledger_entry_event ON ledger_entry (bank_id, event, ref);
CREATE INDEX ledger_entry_date ON ledger_entry (bank_id, business_date, event);

CREATE TABLE ledger_posting (
  entry_id      VARCHAR(40) NOT NULL,
  line_no       INT         NOT NULL,
  bank_id       VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  account       VARCHAR(80) NOT NULL,
  debit_fen     BIGINT      NOT NULL,
  credit_fen    BIGINT      NOT NULL,
  PRIMARY KEY (entry_id, line_no),
  CHECK (debit_fen >= 0 AND credit_fen >= 0),
  CHECK (debit_fen = 0 OR credit_fen = 0)
);
CREATE INDEX ledger_posting_date ON ledger_posting (bank_id, business_date, account);

CREATE TABLE settlement (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  merchant_id    VARCHAR(40)  NOT NULL,
  merchant_name  VARCHAR(100) NOT NULL,
  business_date  VARCHAR(10)  NOT NULL,
  status         VARCHAR(10)  NOT NULL,
  sales_fen      BIGINT       NOT NULL,
  refunds_fen    BIGINT       NOT NULL,
  commission_fen BIGINT       NOT NULL,
  discounts_fen  BIGINT       NOT NULL, -- funded by the bank, given back to the merchant
  payable_fen    BIGINT       NOT NULL,
  line_count     INT          NOT NULL,
  submitted_by   VARCHAR(40),
  submitted_at   DATETIME(6),
  decided_by     VARCHAR(40),
  decided_at     DATETIME(6),
  reject_reason  VARCHAR(300),
  paid_at        DATETIME(6),
  created_at     DATETIME(6)  NOT NULL,
  CHECK (status IN ('draft','submitted','approved','paid','rejected')),
  CHECK (payable_fen = sales_fen - refunds_fen - commission_fen + discounts_fen),
  CHECK (decided_by IS NULL OR submitted_by IS NULL OR decided_by <> submitted_by)
);
CREATE UNIQUE INDEX settlement_day ON settlement (bank_id, business_date, merchant_id);

-- A closed business date whose statements are made, all of them or none.
CREATE TABLE settled_day (
  bank_id        VARCHAR(40) NOT NULL,
  business_date  VARCHAR(10) NOT NULL,
  settled_at     DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, business_date)
);

CREATE TABLE settlement_line (
  settlement_id  VARCHAR(40)  NOT NULL,
  line_no        INT          NOT NULL,
  bank_id        VARCHAR(40)  NOT NULL,
  kind           VARCHAR(10)  NOT NULL, -- sale, refund
  order_id       VARCHAR(40)  NOT NULL,
  ref            VARCHAR(80)  NOT NULL, -- order line or refund
  title          VARCHAR(200) NOT NULL,
  amount_fen     BIGINT       NOT NULL, -- signed: a refund is negative
  commission_fen BIGINT       NOT NULL, -- signed likewise
  net_fen        BIGINT       NOT NULL,
  PRIMARY KEY (settlement_id, line_no),
  CHECK (net_fen = amount_fen - commission_fen)
);

CREATE TABLE reconciliation (
  id            VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  channel       VARCHAR(20) NOT NULL,
  status        VARCHAR(20) NOT NULL, -- matched, waiting, exceptions
  ours_count    INT         NOT NULL,
  ours_fen      BIGINT      NOT NULL,
  theirs_count  INT         NOT NULL,
  theirs_fen    BIGINT      NOT NULL,
  matched_count INT         NOT NULL,
  ran_at        DATETIME(6) NOT NULL
);
CREATE UNIQUE INDEX reconciliation_day ON reconciliation (bank_id, business_date, channel);

CREATE TABLE money_exception (
  id                VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id           VARCHAR(40)  NOT NULL,
  reconciliation_id VARCHAR(40),
  business_date     VARCHAR(10)  NOT NULL DEFAULT '', -- of the reconciliation that found it
  kind              VARCHAR(20)  NOT NULL, -- surplus, shortage, amount, status, callback_amount
  ref               VARCHAR(80)  NOT NULL, -- payment or refund number
  ours_fen          BIGINT       NOT NULL,
  theirs_fen        BIGINT       NOT NULL,
  status            VARCHAR(10)  NOT NULL, -- waiting for the next day's file, open, resolved
  resolution        VARCHAR(20),
  comment           VARCHAR(500),
  resolved_by       VARCHAR(40),
  resolved_at       DATETIME(6),
  created_at        DATETIME(6)  NOT NULL,
  CHECK (status IN ('waiting','open','resolved'))
);
CREATE UNIQUE INDEX money_exception_ref ON money_exception (bank_id, kind, ref, business_date);
CREATE INDEX money_exception_reconciliation ON money_exception (bank_id, reconciliation_id);

-- +goose Down
DROP TABLE money_exception;
DROP TABLE reconciliation;
DROP TABLE settlement_line;
DROP TABLE settled_day;
DROP TABLE settlement;
DROP TABLE ledger_posting;
DROP TABLE ledger_entry;
DROP TABLE book;
