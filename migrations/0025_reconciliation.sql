-- +goose Up
-- What became of the gateway's file, the last time it was asked for. The figures
-- beside it are of the last file that was whole, file_sha256.
ALTER TABLE reconciliation ADD COLUMN file_state VARCHAR(20) NOT NULL DEFAULT 'whole';
ALTER TABLE reconciliation ADD COLUMN file_reason VARCHAR(300) NOT NULL DEFAULT '';
ALTER TABLE reconciliation ADD COLUMN file_source VARCHAR(10) NOT NULL DEFAULT 'gateway'; -- gateway, upload
ALTER TABLE reconciliation ADD COLUMN file_encoding VARCHAR(10) NOT NULL DEFAULT '';
ALTER TABLE reconciliation ADD COLUMN file_sha256 VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE reconciliation ADD COLUMN file_repeat VARCHAR(10) NOT NULL DEFAULT 'first'; -- first, same, changed
ALTER TABLE reconciliation ADD COLUMN file_rows INT NOT NULL DEFAULT 0;
ALTER TABLE reconciliation ADD COLUMN file_tries INT NOT NULL DEFAULT 1;
ALTER TABLE reconciliation ADD COLUMN file_at DATETIME(6);

-- A statement that a person brings when the gateway's cannot be had.
CREATE TABLE statement_file (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  business_date VARCHAR(10)  NOT NULL,
  channel       VARCHAR(20)  NOT NULL,
  name          VARCHAR(200) NOT NULL,
  state         VARCHAR(10)  NOT NULL, -- uploading, whole, refused
  reason        VARCHAR(300) NOT NULL DEFAULT '',
  sha256        VARCHAR(64)  NOT NULL DEFAULT '',
  line_count    INT          NOT NULL DEFAULT 0,
  uploaded_by   VARCHAR(40)  NOT NULL,
  created_at    DATETIME(6)  NOT NULL,
  ended_at      DATETIME(6),
  CHECK (state IN ('uploading','whole','refused')),
  CHECK ((state = 'uploading') = (ended_at IS NULL))
);
CREATE INDEX statement_file_day ON statement_file (bank_id, business_date, channel, state);
CREATE TABLE statement_part (
  file_id VARCHAR(40) NOT NULL,
  part_no INT         NOT NULL,
  bank_id VARCHAR(40) NOT NULL,
  content MEDIUMBLOB  NOT NULL,
  PRIMARY KEY (file_id, part_no)
);

-- Who works on a difference, what one person proposes and another confirms, and
-- what a rule did with it.
ALTER TABLE money_exception ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'bankbox';
ALTER TABLE money_exception ADD COLUMN owner VARCHAR(40);
ALTER TABLE money_exception ADD COLUMN owned_at DATETIME(6);
ALTER TABLE money_exception ADD COLUMN proposed_as VARCHAR(20);
ALTER TABLE money_exception ADD COLUMN proposed_by VARCHAR(40);
ALTER TABLE money_exception ADD COLUMN proposed_at DATETIME(6);
ALTER TABLE money_exception ADD COLUMN confirmed_by VARCHAR(40);
ALTER TABLE money_exception ADD COLUMN declined_for VARCHAR(300);
ALTER TABLE money_exception ADD COLUMN acted_by_rule VARCHAR(20);  -- repair, refund, write_off
ALTER TABLE money_exception ADD COLUMN note VARCHAR(300);          -- what the rule found
ALTER TABLE money_exception ADD COLUMN refunded_at DATETIME(6);    -- by the rule, at the gateway
-- What suspense holds for it, and how many entries made it so.
ALTER TABLE money_exception ADD COLUMN held_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE money_exception ADD COLUMN held_count INT NOT NULL DEFAULT 0;
UPDATE money_exception SET before_ledger = 1;
CREATE INDEX money_exception_work ON money_exception (bank_id, status, id);
CREATE INDEX money_exception_refunded ON money_exception (bank_id, refunded_at);

-- +goose Down
-- The table is made anew as it was: to drop an index is not the same statement on
-- both engines.
CREATE TABLE money_exception_old (
  id                VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id           VARCHAR(40)  NOT NULL,
  reconciliation_id VARCHAR(40),
  business_date     VARCHAR(10)  NOT NULL DEFAULT '',
  kind              VARCHAR(20)  NOT NULL,
  ref               VARCHAR(80)  NOT NULL,
  ours_fen          BIGINT       NOT NULL,
  theirs_fen        BIGINT       NOT NULL,
  status            VARCHAR(10)  NOT NULL,
  resolution        VARCHAR(20),
  comment           VARCHAR(500),
  resolved_by       VARCHAR(40),
  resolved_at       DATETIME(6),
  created_at        DATETIME(6)  NOT NULL,
  before_ledger     INT          NOT NULL DEFAULT 0,
  CHECK (status IN ('waiting','open','resolved'))
);
INSERT INTO money_exception_old SELECT id, bank_id, reconciliation_id, business_date, kind, ref, ours_fen, theirs_fen, status,
  resolution, comment, resolved_by, resolved_at, created_at, before_ledger FROM money_exception;
DROP TABLE money_exception;
ALTER TABLE money_exception_old RENAME TO money_exception;
CREATE UNIQUE INDEX money_exception_ref ON money_exception (bank_id, kind, ref, business_date);
CREATE INDEX money_exception_reconciliation ON money_exception (bank_id, reconciliation_id);
DROP TABLE statement_part;
DROP TABLE statement_file;
ALTER TABLE reconciliation DROP COLUMN file_at;
ALTER TABLE reconciliation DROP COLUMN file_tries;
ALTER TABLE reconciliation DROP COLUMN file_rows;
ALTER TABLE reconciliation DROP COLUMN file_repeat;
ALTER TABLE reconciliation DROP COLUMN file_sha256;
ALTER TABLE reconciliation DROP COLUMN file_encoding;
ALTER TABLE reconciliation DROP COLUMN file_source;
ALTER TABLE reconciliation DROP COLUMN file_reason;
ALTER TABLE reconciliation DROP COLUMN file_state;
