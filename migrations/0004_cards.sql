-- +goose Up
CREATE TABLE card_product (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  name        VARCHAR(100) NOT NULL,
  description VARCHAR(500) NOT NULL,
  image_url   VARCHAR(500) NOT NULL,
  position    INT          NOT NULL,
  hidden_at   DATETIME(6),
  created_at  DATETIME(6)  NOT NULL
);
CREATE INDEX card_product_bank ON card_product (bank_id, position);

-- Texts that people consent to; a version never changes.
CREATE TABLE document (
  bank_id     VARCHAR(40)  NOT NULL,
  document    VARCHAR(60)  NOT NULL,
  version     VARCHAR(20)  NOT NULL,
  title       VARCHAR(200) NOT NULL,
  body        TEXT         NOT NULL,
  text_hash   VARCHAR(64)  NOT NULL,
  purpose     VARCHAR(200) NOT NULL,
  recipient   VARCHAR(200) NOT NULL,
  created_at  DATETIME(6)  NOT NULL,
  PRIMARY KEY (bank_id, document, version)
);

CREATE TABLE card_product_document (
  card_product_id VARCHAR(40) NOT NULL,
  document        VARCHAR(60) NOT NULL,
  version         VARCHAR(20) NOT NULL,
  bank_id         VARCHAR(40) NOT NULL,
  position        INT         NOT NULL,
  PRIMARY KEY (card_product_id, document)
);

CREATE TABLE consent (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  viewer_id      VARCHAR(40)  NOT NULL,
  application_id VARCHAR(40)  NOT NULL,
  document       VARCHAR(60)  NOT NULL,
  version        VARCHAR(20)  NOT NULL,
  text_hash      VARCHAR(64)  NOT NULL,
  purpose        VARCHAR(200) NOT NULL,
  recipient      VARCHAR(200) NOT NULL,
  channel        VARCHAR(20)  NOT NULL,
  evidence       VARCHAR(200) NOT NULL, -- request id
  given_at       DATETIME(6)  NOT NULL,
  withdrawn_at   DATETIME(6)
);
CREATE UNIQUE INDEX consent_application ON consent (bank_id, application_id, document);
CREATE INDEX consent_viewer ON consent (bank_id, viewer_id);

CREATE TABLE application (
  id              VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40)  NOT NULL,
  viewer_id       VARCHAR(40)  NOT NULL,
  card_product_id VARCHAR(40)  NOT NULL,
  status          VARCHAR(20)  NOT NULL,
  receipt_no      VARCHAR(20)  NOT NULL,
  screening       VARCHAR(10)  NOT NULL, -- the worst verdict: pass, refer, decline
  id_no_hash      VARCHAR(64)  NOT NULL,
  phone_hash      VARCHAR(64)  NOT NULL,
  open_key        VARCHAR(120),          -- card product / id number hash while open
  name_masked     VARCHAR(60)  NOT NULL,
  id_no_masked    VARCHAR(20)  NOT NULL,
  phone_masked    VARCHAR(20)  NOT NULL,
  city_code       VARCHAR(6)   NOT NULL,
  income_band     VARCHAR(20),
  room_id         VARCHAR(40),
  host_id         VARCHAR(40),
  branch_id       VARCHAR(40),
  share_code      VARCHAR(64),
  device_id       VARCHAR(100),
  ip_hash         VARCHAR(64)  NOT NULL,
  info_fields     VARCHAR(500),          -- what was asked for, JSON list
  info_message_sealed TEXT,
  claimed_by      VARCHAR(40),
  claimed_until   DATETIME(6),
  decision        VARCHAR(10),
  reason_code     VARCHAR(30),
  decided_by      VARCHAR(40),
  decided_at      DATETIME(6),
  card_last4      VARCHAR(4),
  issued_at       DATETIME(6),
  bound_at        DATETIME(6),
  created_at      DATETIME(6)  NOT NULL,
  updated_at      DATETIME(6)  NOT NULL,
  CHECK (status IN ('screening','queued','in_review','info_requested','approved','rejected','withdrawn','handed_off','issued','activated','bound'))
);
CREATE UNIQUE INDEX application_open ON application (bank_id, open_key);
CREATE UNIQUE INDEX application_receipt ON application (bank_id, receipt_no);
CREATE INDEX application_status ON application (bank_id, status, id);
CREATE INDEX application_claimed ON application (bank_id, claimed_by, status);
CREATE INDEX application_viewer ON application (bank_id, viewer_id, id);
CREATE INDEX application_person ON application (bank_id, id_no_hash);
CREATE INDEX application_phone ON application (bank_id, phone_hash);
CREATE INDEX application_room ON application (bank_id, room_id);
CREATE INDEX application_ip ON application (bank_id, ip_hash, created_at);
CREATE INDEX application_device ON application (bank_id, device_id, created_at);

-- One sealed value a field; additional data binds bank, table, column and row.
CREATE TABLE applicant_field (
  application_id VARCHAR(40) NOT NULL,
  field          VARCHAR(40) NOT NULL,
  bank_id        VARCHAR(40) NOT NULL,
  sealed         TEXT        NOT NULL,
  PRIMARY KEY (application_id, field)
);

CREATE TABLE screening (
  application_id VARCHAR(40)  NOT NULL,
  rule           VARCHAR(40)  NOT NULL,
  version        VARCHAR(20)  NOT NULL,
  bank_id        VARCHAR(40)  NOT NULL,
  input          TEXT         NOT NULL, -- JSON without personal data
  verdict        VARCHAR(10)  NOT NULL, -- pass, refer, decline
  at             DATETIME(6)  NOT NULL,
  PRIMARY KEY (application_id, rule)
);

CREATE TABLE lead_event (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  application_id VARCHAR(40)  NOT NULL,
  kind           VARCHAR(40)  NOT NULL, -- submitted, screened, claimed, noted, decided ...
  actor_id       VARCHAR(40)  NOT NULL, -- '' for the system
  detail         TEXT         NOT NULL, -- JSON without personal data
  sealed_text    TEXT,                  -- notes, comments, messages
  at             DATETIME(6)  NOT NULL
);
CREATE INDEX lead_event_application ON lead_event (bank_id, application_id, id);
CREATE INDEX lead_event_actor ON lead_event (bank_id, actor_id, kind, at);

CREATE TABLE binding (
  id                VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id           VARCHAR(40)  NOT NULL,
  viewer_id         VARCHAR(40)  NOT NULL,
  status            VARCHAR(20)  NOT NULL, -- started, otp_sent, bound, failed, unbound
  verification_ref  VARCHAR(80),
  card_token_sealed TEXT,
  bin               VARCHAR(10),
  last4             VARCHAR(4),
  bank_name         VARCHAR(60),
  kind              VARCHAR(10),
  own_bank          BOOLEAN      NOT NULL DEFAULT FALSE,
  created_at        DATETIME(6)  NOT NULL,
  bound_at          DATETIME(6),
  unbound_at        DATETIME(6),
  CHECK (status IN ('started','otp_sent','bound','failed','unbound'))
);
CREATE INDEX binding_viewer ON binding (bank_id, viewer_id, status);

-- Calls to the four-factor check of a card on a business date, by the card's
-- keyed hash: pending ones count as possible mismatches until they are answered.
CREATE TABLE bind_check (
  bank_id     VARCHAR(40) NOT NULL,
  card_hash   VARCHAR(64) NOT NULL,
  day         VARCHAR(10) NOT NULL,
  calls       INT         NOT NULL,
  mismatches  INT         NOT NULL, -- in a row
  pending     INT         NOT NULL,
  PRIMARY KEY (bank_id, card_hash, day)
);

CREATE TABLE follow_up (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  application_id VARCHAR(40)  NOT NULL,
  viewer_id      VARCHAR(40)  NOT NULL,
  journey        VARCHAR(40)  NOT NULL,
  step           INT          NOT NULL,
  text           VARCHAR(500) NOT NULL,
  due_at         DATETIME(6)  NOT NULL,
  status         VARCHAR(20)  NOT NULL, -- waiting, sending, sent, cancelled, skipped, failed
  reason         VARCHAR(60)  NOT NULL,
  claimed_at     DATETIME(6),            -- when its one sending began
  created_at     DATETIME(6)  NOT NULL,
  ended_at       DATETIME(6),
  CHECK (status IN ('waiting','sending','sent','cancelled','skipped','failed'))
);
CREATE UNIQUE INDEX follow_up_step ON follow_up (bank_id, application_id, journey, step);
CREATE INDEX follow_up_viewer ON follow_up (bank_id, viewer_id, status, claimed_at);

-- +goose Down
DROP TABLE follow_up;
DROP TABLE bind_check;
DROP TABLE binding;
DROP TABLE lead_event;
DROP TABLE screening;
DROP TABLE applicant_field;
DROP TABLE application;
DROP TABLE consent;
DROP TABLE card_product_document;
DROP TABLE document;
DROP TABLE card_product;
