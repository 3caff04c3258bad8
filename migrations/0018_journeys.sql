-- +goose Up

-- A bank's journeys, version by version; one of each is active, one may be in
-- the making. Where a bank has none of a key, the built-in one holds.
CREATE TABLE journey_version (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  journey       VARCHAR(40)  NOT NULL, -- its key
  version       INT          NOT NULL,
  status        VARCHAR(10)  NOT NULL, -- draft, submitted, rejected, active, retired
  body          TEXT         NOT NULL, -- JSON, see card/follow
  open_key      VARCHAR(40),           -- the key while it is in the making
  active_key    VARCHAR(40),           -- the key while it is the one in use
  made_by       VARCHAR(40)  NOT NULL,
  submitted_by  VARCHAR(40),
  submitted_at  DATETIME(6),
  decided_by    VARCHAR(40),
  decided_at    DATETIME(6),
  reject_reason VARCHAR(300),
  created_at    DATETIME(6)  NOT NULL,
  updated_at    DATETIME(6)  NOT NULL,
  CHECK (version > 0),
  CHECK (status IN ('draft','submitted','rejected','active','retired')),
  CHECK ((status IN ('draft','submitted','rejected')) = (open_key IS NOT NULL)),
  CHECK ((status = 'active') = (active_key IS NOT NULL)),
  CHECK (status IN ('draft','rejected') OR (submitted_by IS NOT NULL AND submitted_at IS NOT NULL)),
  CHECK (status NOT IN ('active','retired') OR (decided_by IS NOT NULL AND decided_by <> submitted_by AND decided_by <> made_by))
);
CREATE UNIQUE INDEX journey_version_number ON journey_version (bank_id, journey, version);
CREATE UNIQUE INDEX journey_version_open ON journey_version (bank_id, open_key);
CREATE UNIQUE INDEX journey_version_active ON journey_version (bank_id, active_key);

-- A follow-up carries its step as it stood when it was planned, so that who is
-- under way finishes with the version they began with.
ALTER TABLE follow_up ADD COLUMN version INT NOT NULL DEFAULT 0; -- 0 is the built-in
ALTER TABLE follow_up ADD COLUMN rule TEXT;                      -- JSON; NULL for rows of earlier makes
ALTER TABLE follow_up ADD COLUMN next_at DATETIME(6);            -- when a postponed one is tried again
ALTER TABLE follow_up ADD COLUMN delivered_at DATETIME(6);       -- when the gateway says that it arrived
CREATE INDEX follow_up_journey ON follow_up (bank_id, journey, version, step, status);

-- People who want no promotions, by the keyed hash of their phone: it need not
-- be a viewer's.
CREATE TABLE opt_out (
  bank_id     VARCHAR(40)  NOT NULL,
  phone_hash  VARCHAR(64)  NOT NULL,
  channel     VARCHAR(10)  NOT NULL, -- by which they said so: sms, app
  at          DATETIME(6)  NOT NULL,
  back_at     DATETIME(6),           -- when they wanted them again
  PRIMARY KEY (bank_id, phone_hash)
);

-- Messages within the app.
CREATE TABLE app_message (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY, -- of what it was written for: once each
  bank_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  text        VARCHAR(500) NOT NULL,
  at          DATETIME(6)  NOT NULL,
  read_at     DATETIME(6)
);
CREATE INDEX app_message_viewer ON app_message (bank_id, viewer_id, at, id);

-- The card of a viewer that is taken when no other is named: one, while they
-- have any.
CREATE TABLE default_card (
  bank_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  binding_id  VARCHAR(40)  NOT NULL,
  PRIMARY KEY (bank_id, viewer_id)
);
INSERT INTO default_card (bank_id, viewer_id, binding_id)
  SELECT bank_id, viewer_id, MAX(id) FROM binding WHERE status = 'bound' GROUP BY bank_id, viewer_id;

-- +goose Down
DROP TABLE default_card;
DROP TABLE app_message;
DROP TABLE opt_out;
-- Written anew, since the two engines drop indexes by different words.
CREATE TABLE follow_up_before (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  application_id VARCHAR(40)  NOT NULL,
  viewer_id      VARCHAR(40)  NOT NULL,
  journey        VARCHAR(40)  NOT NULL,
  step           INT          NOT NULL,
  text           VARCHAR(500) NOT NULL,
  due_at         DATETIME(6)  NOT NULL,
  status         VARCHAR(20)  NOT NULL,
  reason         VARCHAR(60)  NOT NULL,
  claimed_at     DATETIME(6),
  created_at     DATETIME(6)  NOT NULL,
  ended_at       DATETIME(6),
  CHECK (status IN ('waiting','sending','sent','cancelled','skipped','failed'))
);
INSERT INTO follow_up_before (id, bank_id, application_id, viewer_id, journey, step, text, due_at, status, reason, claimed_at, created_at, ended_at)
  SELECT id, bank_id, application_id, viewer_id, journey, step, text, due_at, status, reason, claimed_at, created_at, ended_at FROM follow_up;
DROP TABLE follow_up;
ALTER TABLE follow_up_before RENAME TO follow_up;
CREATE UNIQUE INDEX follow_up_step ON follow_up (bank_id, application_id, journey, step);
CREATE INDEX follow_up_viewer ON follow_up (bank_id, viewer_id, status, claimed_at);
DROP TABLE journey_version;
