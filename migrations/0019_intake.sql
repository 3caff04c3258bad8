-- +goose Up

-- What a bank's form asks for, version by version; the last one is in use. A bank
-- without any has the built-in one, version 0.
CREATE TABLE application_form (
  bank_id    VARCHAR(40)  NOT NULL,
  version    INT          NOT NULL,
  body       TEXT         NOT NULL, -- JSON, see card.FormPlan
  made_by    VARCHAR(40),           -- NULL for what came with the bank
  made_at    DATETIME(6)  NOT NULL,
  PRIMARY KEY (bank_id, version),
  CHECK (version > 0)
);

-- A form that is being filled in: all of it one sealed value, one a viewer and
-- card product. The revision counts its writes.
CREATE TABLE application_draft (
  id              VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40) NOT NULL,
  viewer_id       VARCHAR(40) NOT NULL,
  card_product_id VARCHAR(40) NOT NULL,
  revision        INT         NOT NULL,
  step            VARCHAR(20) NOT NULL,
  sealed          TEXT        NOT NULL,
  room_id         VARCHAR(40),
  share_code      VARCHAR(64),
  created_at      DATETIME(6) NOT NULL,
  updated_at      DATETIME(6) NOT NULL,
  CHECK (revision > 0)
);
CREATE UNIQUE INDEX application_draft_one ON application_draft (bank_id, viewer_id, card_product_id);
CREATE INDEX application_draft_old ON application_draft (bank_id, updated_at);

-- That somebody began, once a day and card product: it outlives the draft.
CREATE TABLE application_start (
  id              VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40) NOT NULL,
  viewer_id       VARCHAR(40) NOT NULL,
  card_product_id VARCHAR(40) NOT NULL,
  day             VARCHAR(10) NOT NULL, -- business date
  room_id         VARCHAR(40),
  share_code      VARCHAR(64),
  campaign        VARCHAR(60),
  created_at      DATETIME(6) NOT NULL
);
CREATE UNIQUE INDEX application_start_day ON application_start (bank_id, viewer_id, card_product_id, day);
CREATE INDEX application_start_made ON application_start (bank_id, created_at);
CREATE INDEX application_start_room ON application_start (bank_id, room_id, created_at);

-- What a link that is passed on says about who and what brought a person here.
CREATE TABLE share_code (
  id              VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40)  NOT NULL,
  code            VARCHAR(64)  NOT NULL,
  kind            VARCHAR(10)  NOT NULL,
  room_id         VARCHAR(40),
  card_product_id VARCHAR(40),
  manager_id      VARCHAR(40),           -- a member of staff
  outlet_id       VARCHAR(40),           -- a branch or outlet
  community       VARCHAR(60),
  campaign        VARCHAR(60),
  created_by      VARCHAR(40)  NOT NULL,
  created_at      DATETIME(6)  NOT NULL,
  expires_at      DATETIME(6),
  retired_by      VARCHAR(40),
  retired_at      DATETIME(6),
  CHECK (kind IN ('room','product','campaign')),
  CHECK (kind <> 'room' OR room_id IS NOT NULL),
  CHECK (kind <> 'product' OR card_product_id IS NOT NULL),
  CHECK (kind <> 'campaign' OR campaign IS NOT NULL),
  CHECK ((retired_by IS NULL) = (retired_at IS NULL))
);
CREATE INDEX application_share ON application (bank_id, share_code, created_at);
CREATE UNIQUE INDEX share_code_code ON share_code (bank_id, code);
CREATE INDEX share_code_maker ON share_code (bank_id, created_by, id);

-- Attribution is fixed when an application is sent in.
ALTER TABLE application ADD COLUMN outlet_id VARCHAR(40);
ALTER TABLE application ADD COLUMN manager_id VARCHAR(40);
ALTER TABLE application ADD COLUMN community VARCHAR(60);
ALTER TABLE application ADD COLUMN campaign VARCHAR(60);
ALTER TABLE application ADD COLUMN form_version INT NOT NULL DEFAULT 0;

-- screening_decision is the last word; what was decided before a supplement
-- stays here as it was.
ALTER TABLE screening_decision ADD COLUMN round INT NOT NULL DEFAULT 1;
CREATE TABLE screening_earlier (
  bank_id        VARCHAR(40) NOT NULL,
  application_id VARCHAR(40) NOT NULL,
  round          INT         NOT NULL,
  set_id         VARCHAR(40) NOT NULL,
  input          TEXT        NOT NULL,
  results        TEXT        NOT NULL,
  verdict        VARCHAR(10) NOT NULL,
  at             DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, application_id, round)
);

-- +goose Down
-- The columns of application and screening_decision stay, as those of earlier
-- migrations do.
DROP TABLE screening_earlier;
DROP TABLE share_code;
DROP TABLE application_start;
DROP TABLE application_draft;
DROP TABLE application_form;
