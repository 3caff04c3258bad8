-- +goose Up
-- A version of a bank's screening rules. What was ever submitted for good does
-- not change: rules and cases are written in drafts only.
CREATE TABLE screening_set (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  no            INT          NOT NULL, -- 1, 2, 3 … within the bank
  state         VARCHAR(20)  NOT NULL,
  active_key    VARCHAR(40),           -- the bank's id while active
  revision      INT          NOT NULL, -- counts every write of a draft
  name          VARCHAR(100) NOT NULL,
  note          VARCHAR(500) NOT NULL,
  rules         MEDIUMTEXT   NOT NULL, -- JSON list
  cases         MEDIUMTEXT   NOT NULL, -- JSON list
  base_id       VARCHAR(40),           -- the version that was active when this one was submitted
  created_by    VARCHAR(40),           -- NULL for the built-in first version
  created_at    DATETIME(6)  NOT NULL,
  updated_at    DATETIME(6)  NOT NULL,
  submitted_by  VARCHAR(40),
  submitted_at  DATETIME(6),
  approved_by   VARCHAR(40),
  approved_at   DATETIME(6),
  activated_at  DATETIME(6),           -- the first time
  retired_at    DATETIME(6),
  reject_reason VARCHAR(200) NOT NULL,
  CHECK (state IN ('draft','submitted','active','retired')),
  CHECK ((state = 'active') = (active_key IS NOT NULL)),
  CHECK (submitted_by <> approved_by)
);
CREATE UNIQUE INDEX screening_set_no ON screening_set (bank_id, no);
CREATE UNIQUE INDEX screening_set_active ON screening_set (active_key);

-- What was decided on an application, by which version, on what input.
CREATE TABLE screening_decision (
  bank_id        VARCHAR(40) NOT NULL,
  application_id VARCHAR(40) NOT NULL,
  set_id         VARCHAR(40) NOT NULL,
  input          TEXT        NOT NULL, -- JSON without personal data
  results        TEXT        NOT NULL, -- JSON list: each rule's verdict
  verdict        VARCHAR(10) NOT NULL,
  at             DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, application_id)
);
CREATE INDEX screening_decision_set ON screening_decision (set_id);

-- Whose applications are counted: the row is held while one is decided, so that
-- no two count past each other.
CREATE TABLE screening_latch (
  bank_id VARCHAR(40) NOT NULL,
  kind    VARCHAR(20) NOT NULL,
  hash    VARCHAR(64) NOT NULL,
  at      DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, kind, hash)
);
CREATE INDEX screening_latch_at ON screening_latch (at);

-- Black and white lists, by keyed hash only.
CREATE TABLE screening_list (
  id         VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id    VARCHAR(40)  NOT NULL,
  list       VARCHAR(10)  NOT NULL,
  kind       VARCHAR(20)  NOT NULL,
  hash       VARCHAR(64)  NOT NULL,
  live_key   VARCHAR(110),           -- list/kind/hash until removed
  reason     VARCHAR(200) NOT NULL,
  expires_at DATETIME(6),
  added_by   VARCHAR(40)  NOT NULL,
  added_at   DATETIME(6)  NOT NULL,
  removed_by VARCHAR(40),
  removed_at DATETIME(6),
  CHECK (list IN ('black','white')),
  CHECK (kind IN ('person','phone','device','ip','employer_phone')),
  CHECK ((live_key IS NULL) = (removed_at IS NOT NULL))
);
CREATE UNIQUE INDEX screening_list_live ON screening_list (bank_id, live_key);
CREATE INDEX screening_list_bank ON screening_list (bank_id, id);

-- A version tried on past decisions.
CREATE TABLE screening_run (
  id         VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id    VARCHAR(40) NOT NULL,
  run_key    VARCHAR(40),            -- the bank's id until it ends: one at a time
  set_id     VARCHAR(40) NOT NULL,
  revision   INT         NOT NULL,
  state      VARCHAR(20) NOT NULL,
  leads      INT         NOT NULL,   -- how many it is to look at
  done       INT         NOT NULL,
  last_id    VARCHAR(40) NOT NULL,   -- the last application looked at
  counts     TEXT        NOT NULL,   -- JSON: then → now → how many
  created_by VARCHAR(40) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  ended_at   DATETIME(6),
  error_code VARCHAR(60) NOT NULL,
  CHECK (state IN ('queued','running','done','failed')),
  CHECK ((run_key IS NULL) = (ended_at IS NOT NULL)),
  CHECK (done <= leads)
);
CREATE UNIQUE INDEX screening_run_one ON screening_run (run_key);
CREATE INDEX screening_run_bank ON screening_run (bank_id, set_id, id);

CREATE TABLE screening_run_change (
  run_id         VARCHAR(40) NOT NULL,
  application_id VARCHAR(40) NOT NULL,
  bank_id        VARCHAR(40) NOT NULL,
  verdict_then   VARCHAR(10) NOT NULL,
  verdict_now    VARCHAR(10) NOT NULL,
  rules          TEXT        NOT NULL, -- JSON: the rules that say so now
  PRIMARY KEY (run_id, application_id)
);

ALTER TABLE application ADD COLUMN employer_phone_hash VARCHAR(64);
CREATE INDEX application_employer_phone ON application (bank_id, employer_phone_hash, created_at);
CREATE INDEX application_created ON application (bank_id, created_at, ip_hash);

-- +goose Down
-- The column and the indexes stay: the engines drop indexes by different words.
DROP TABLE screening_run_change;
DROP TABLE screening_run;
DROP TABLE screening_list;
DROP TABLE screening_latch;
DROP TABLE screening_decision;
DROP TABLE screening_set;
