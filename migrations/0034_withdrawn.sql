-- +goose Up
-- What somebody proposed, they may take back until another has decided on it. The
-- tables are made anew: to change a check is not the same statement on both engines.
CREATE TABLE ledger_proposal_new (
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
  withdrawn_at  DATETIME(6),
  CHECK (kind IN ('reversal','adjustment')),
  CHECK ((kind = 'reversal') = (entry_id IS NOT NULL)),
  CHECK (status IN ('proposed','approved','rejected','withdrawn')),
  CHECK ((status IN ('approved','rejected')) = (decided_by IS NOT NULL)),
  CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL)),
  CHECK (decided_by IS NULL OR decided_by <> proposed_by),
  CHECK (total_fen > 0)
);
INSERT INTO ledger_proposal_new (id, bank_id, kind, entry_id, open_key, postings, total_fen, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason)
SELECT id, bank_id, kind, entry_id, open_key, postings, total_fen, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason FROM ledger_proposal;
DROP TABLE ledger_proposal;
ALTER TABLE ledger_proposal_new RENAME TO ledger_proposal;
CREATE UNIQUE INDEX ledger_proposal_open ON ledger_proposal (bank_id, open_key);
CREATE INDEX ledger_proposal_status ON ledger_proposal (bank_id, status, id);

CREATE TABLE merchant_change_new (
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
  withdrawn_at  DATETIME(6),
  CHECK (kind IN ('open','terms','account')),
  CHECK (status IN ('proposed','approved','rejected','withdrawn')),
  CHECK (decided_by IS NULL OR decided_by <> proposed_by),
  CHECK ((status IN ('approved','rejected')) = (decided_by IS NOT NULL)),
  CHECK ((status IN ('approved','rejected')) = (decided_at IS NOT NULL)),
  CHECK ((status = 'rejected') = (reject_reason IS NOT NULL)),
  CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL)),
  CHECK ((kind = 'account') = (asked_terms IS NULL)),
  CHECK ((kind = 'terms') = (account_id IS NULL))
);
INSERT INTO merchant_change_new (id, bank_id, merchant_id, kind, name, asked_terms, account_id, base_version, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason)
SELECT id, bank_id, merchant_id, kind, name, asked_terms, account_id, base_version, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason FROM merchant_change;
DROP TABLE merchant_change;
ALTER TABLE merchant_change_new RENAME TO merchant_change;
CREATE INDEX merchant_change_status ON merchant_change (bank_id, status, id);
CREATE INDEX merchant_change_merchant ON merchant_change (bank_id, merchant_id, id);

-- +goose Down
-- What was withdrawn is forgotten.
CREATE TABLE ledger_proposal_old (
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
INSERT INTO ledger_proposal_old (id, bank_id, kind, entry_id, open_key, postings, total_fen, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason)
SELECT id, bank_id, kind, entry_id, open_key, postings, total_fen, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason FROM ledger_proposal WHERE status <> 'withdrawn';
DROP TABLE ledger_proposal;
ALTER TABLE ledger_proposal_old RENAME TO ledger_proposal;
CREATE UNIQUE INDEX ledger_proposal_open ON ledger_proposal (bank_id, open_key);
CREATE INDEX ledger_proposal_status ON ledger_proposal (bank_id, status, id);
CREATE TABLE merchant_change_old (
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
INSERT INTO merchant_change_old (id, bank_id, merchant_id, kind, name, asked_terms, account_id, base_version, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason)
SELECT id, bank_id, merchant_id, kind, name, asked_terms, account_id, base_version, reason, status, proposed_by, proposed_at, decided_by, decided_at, reject_reason FROM merchant_change WHERE status <> 'withdrawn';
DROP TABLE merchant_change;
ALTER TABLE merchant_change_old RENAME TO merchant_change;
CREATE INDEX merchant_change_status ON merchant_change (bank_id, status, id);
CREATE INDEX merchant_change_merchant ON merchant_change (bank_id, merchant_id, id);
