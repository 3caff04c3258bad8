-- +goose Up
-- What an account is: known here, not only to the program that posts.
CREATE TABLE ledger_account (
  bank_id  VARCHAR(40) NOT NULL,
  account  VARCHAR(80) NOT NULL,
  kind     VARCHAR(10) NOT NULL,
  party    VARCHAR(10) NOT NULL, -- whose it is
  party_id VARCHAR(40) NOT NULL, -- the merchant, funder or channel; '' for the bank
  PRIMARY KEY (bank_id, account),
  CHECK (kind IN ('asset','liability','income','expense')),
  CHECK (party IN ('bank','merchant','funder','channel')),
  CHECK ((party = 'bank') = (party_id = ''))
);
INSERT INTO ledger_account (bank_id, account, kind, party, party_id)
SELECT bank_id, account,
  CASE WHEN account LIKE 'gateway:%' OR account LIKE 'discount:%' THEN 'asset' WHEN account = 'commission' THEN 'income' ELSE 'liability' END,
  CASE WHEN account LIKE 'gateway:%' THEN 'channel' WHEN account LIKE 'discount:%' THEN 'funder'
    WHEN account LIKE 'merchant:%' OR account LIKE 'payout_due:%' THEN 'merchant' ELSE 'bank' END,
  CASE WHEN account LIKE 'gateway:%' THEN SUBSTR(account, 9) WHEN account LIKE 'discount:%' THEN SUBSTR(account, 10)
    WHEN account LIKE 'merchant:%' THEN SUBSTR(account, 10) WHEN account LIKE 'payout_due:%' THEN SUBSTR(account, 12) ELSE '' END
FROM (SELECT DISTINCT bank_id, account FROM ledger_posting) a;

-- An entry holds its two sums, and the database lets none in that differ.
CREATE TABLE ledger_entry_new (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  event         VARCHAR(40)  NOT NULL, -- order.paid, order.refunded, settlement.approved ...
  ref           VARCHAR(80)  NOT NULL, -- the event's object
  order_id      VARCHAR(40),
  business_date VARCHAR(10)  NOT NULL,
  total_fen     BIGINT       NOT NULL, -- sum of debits, and of credits
  debit_fen     BIGINT       NOT NULL,
  credit_fen    BIGINT       NOT NULL,
  posted_at     DATETIME(6)  NOT NULL,
  CHECK (total_fen > 0),
  CHECK (debit_fen = credit_fen),
  CHECK (debit_fen = total_fen)
);
INSERT INTO ledger_entry_new (id, bank_id, event, ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at)
SELECT id, bank_id, event, ref, order_id, business_date, total_fen, total_fen, total_fen, posted_at FROM ledger_entry;
DROP TABLE ledger_entry;
ALTER TABLE ledger_entry_new RENAME TO ledger_entry;
CREATE UNIQUE INDEX ledger_entry_event ON ledger_entry (bank_id, event, ref);
CREATE INDEX ledger_entry_date ON ledger_entry (bank_id, business_date, event);
CREATE INDEX ledger_entry_order ON ledger_entry (bank_id, order_id);
CREATE INDEX ledger_entry_bank ON ledger_entry (bank_id, id);
CREATE INDEX ledger_posting_account ON ledger_posting (bank_id, account, entry_id);

-- What each account moved on a date that is closed: sums of its postings, which
-- can no longer change. rolled_through says up to where they are made.
CREATE TABLE ledger_day (
  bank_id       VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  account       VARCHAR(80) NOT NULL,
  debit_fen     BIGINT      NOT NULL,
  credit_fen    BIGINT      NOT NULL,
  PRIMARY KEY (bank_id, business_date, account),
  CHECK (debit_fen >= 0 AND credit_fen >= 0)
);
ALTER TABLE book ADD COLUMN rolled_through VARCHAR(10) NOT NULL DEFAULT '';

-- What was resolved before resolutions posted to the ledger stays as it is.
ALTER TABLE money_exception ADD COLUMN before_ledger INT NOT NULL DEFAULT 0;
UPDATE money_exception SET before_ledger = 1 WHERE status = 'resolved' AND resolution <> 'matched';

-- An entry by hand, or a reversal, that one person proposed and another decides.
CREATE TABLE ledger_proposal (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  kind          VARCHAR(10)  NOT NULL,
  entry_id      VARCHAR(40),           -- the one to be reversed
  open_key      VARCHAR(40),           -- the same while nobody decided: one at a time
  postings      TEXT         NOT NULL, -- JSON list
  total_fen     BIGINT       NOT NULL,
  reason        VARCHAR(300) NOT NULL,
  status        VARCHAR(10)  NOT NULL,
  proposed_by   VARCHAR(40)  NOT NULL,
  proposed_at   DATETIME(6)  NOT NULL,
  decided_by    VARCHAR(40),
  decided_at    DATETIME(6),
  reject_reason VARCHAR(300),
  CHECK (kind IN ('reversal','adjustment')),
  CHECK ((kind = 'reversal') = (entry_id IS NOT NULL)),
  CHECK (status IN ('proposed','approved','rejected')),
  CHECK ((status = 'proposed') = (decided_by IS NULL)),
  CHECK (decided_by IS NULL OR decided_by <> proposed_by),
  CHECK (total_fen > 0)
);
CREATE UNIQUE INDEX ledger_proposal_open ON ledger_proposal (bank_id, open_key);
CREATE INDEX ledger_proposal_status ON ledger_proposal (bank_id, status, id);

-- +goose Down
-- Tables are made anew as they were: to drop an index or a check is not the same
-- statement on both engines.
DROP TABLE ledger_proposal;
ALTER TABLE money_exception DROP COLUMN before_ledger;
ALTER TABLE book DROP COLUMN rolled_through;
DROP TABLE ledger_day;
DROP TABLE ledger_account;
CREATE TABLE ledger_entry_old (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  event         VARCHAR(40)  NOT NULL,
  ref           VARCHAR(80)  NOT NULL,
  order_id      VARCHAR(40),
  business_date VARCHAR(10)  NOT NULL,
  total_fen     BIGINT       NOT NULL,
  posted_at     DATETIME(6)  NOT NULL
);
INSERT INTO ledger_entry_old SELECT id, bank_id, event, ref, order_id, business_date, total_fen, posted_at FROM ledger_entry;
DROP TABLE ledger_entry;
ALTER TABLE ledger_entry_old RENAME TO ledger_entry;
CREATE UNIQUE INDEX ledger_entry_event ON ledger_entry (bank_id, event, ref);
CREATE INDEX ledger_entry_date ON ledger_entry (bank_id, business_date, event);
CREATE TABLE ledger_posting_old (
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
INSERT INTO ledger_posting_old SELECT entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen FROM ledger_posting;
DROP TABLE ledger_posting;
ALTER TABLE ledger_posting_old RENAME TO ledger_posting;
CREATE INDEX ledger_posting_date ON ledger_posting (bank_id, business_date, account);
