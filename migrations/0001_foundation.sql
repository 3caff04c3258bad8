-- +goose Up
CREATE TABLE bank (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  slug        VARCHAR(40)  NOT NULL,
  name        VARCHAR(100) NOT NULL,
  time_zone   VARCHAR(40)  NOT NULL,
  hosts       TEXT         NOT NULL, -- host names that mean this bank, by comma
  settings    TEXT         NOT NULL, -- JSON, see internal/tenant
  created_at  DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX bank_slug ON bank (slug);

-- Keys of the installation and of each bank, wrapped by the key-encryption key.
CREATE TABLE wrapped_key (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL, -- '' for the installation
  purpose     VARCHAR(20)  NOT NULL, -- seal, lookup, token
  suite       VARCHAR(20)  NOT NULL, -- aes-256-gcm, sm4-gcm
  wrapped     TEXT         NOT NULL,
  active_key  VARCHAR(100),          -- bank/purpose while it is the one in use
  created_at  DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX wrapped_key_active ON wrapped_key (active_key);

CREATE TABLE meta (
  name        VARCHAR(40)  NOT NULL PRIMARY KEY,
  value       TEXT         NOT NULL
);

CREATE TABLE branch (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  parent_id   VARCHAR(40),
  name        VARCHAR(100) NOT NULL,
  created_at  DATETIME(6)  NOT NULL
);
CREATE INDEX branch_bank ON branch (bank_id, parent_id);

CREATE TABLE staff (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  username      VARCHAR(60)  NOT NULL,
  name          VARCHAR(60)  NOT NULL,
  password_hash VARCHAR(200) NOT NULL,
  totp_sealed   TEXT,
  branch_id     VARCHAR(40),
  failed_logins INT          NOT NULL DEFAULT 0,
  locked_until  DATETIME(6),
  disabled_at   DATETIME(6),
  created_at    DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX staff_username ON staff (bank_id, username);

CREATE TABLE staff_role (
  bank_id     VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  role        VARCHAR(20) NOT NULL,
  PRIMARY KEY (bank_id, staff_id, role)
);

CREATE TABLE viewer (
  id           VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id      VARCHAR(40) NOT NULL,
  phone_hash   VARCHAR(64) NOT NULL,
  phone_sealed TEXT        NOT NULL,
  phone_masked VARCHAR(20) NOT NULL,
  nickname     VARCHAR(40) NOT NULL,
  created_at   DATETIME(6) NOT NULL
);
CREATE UNIQUE INDEX viewer_phone ON viewer (bank_id, phone_hash);

-- A session is a family of refresh tokens, each spent once.
CREATE TABLE session (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  kind        VARCHAR(10) NOT NULL, -- viewer, staff
  person_id   VARCHAR(40) NOT NULL,
  device_id   VARCHAR(100),
  created_at  DATETIME(6) NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  revoked_at  DATETIME(6)
);
CREATE INDEX session_person ON session (bank_id, person_id);

CREATE TABLE refresh_token (
  token_hash  VARCHAR(64) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  session_id  VARCHAR(40) NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  spent_at    DATETIME(6)
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE otp (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  phone_hash  VARCHAR(64) NOT NULL,
  code_hash   VARCHAR(64) NOT NULL,
  tries       INT         NOT NULL DEFAULT 0,
  created_at  DATETIME(6) NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  used_at     DATETIME(6),
  CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX otp_phone ON otp (bank_id, phone_hash, created_at);

CREATE TABLE handoff (
  bank_id     VARCHAR(40)  NOT NULL,
  jti_hash    VARCHAR(64)  NOT NULL,
  expires_at  DATETIME(6)  NOT NULL,
  PRIMARY KEY (bank_id, jti_hash)
);

CREATE TABLE idempotency (
  bank_id     VARCHAR(40) NOT NULL,
  person_id   VARCHAR(40) NOT NULL,
  route       VARCHAR(80) NOT NULL,
  key_hash    VARCHAR(64) NOT NULL,
  body_hash   VARCHAR(64) NOT NULL,
  response    TEXT        NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, person_id, route, key_hash)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- What must happen: the row is the truth, a queue only wakes its worker.
CREATE TABLE outbox (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  kind        VARCHAR(40)  NOT NULL,
  ref         VARCHAR(80)  NOT NULL, -- the object it is about
  payload     TEXT         NOT NULL, -- JSON without personal data
  state       VARCHAR(10)  NOT NULL, -- pending, done, cancelled, dead
  due_at      DATETIME(6)  NOT NULL,
  next_at     DATETIME(6)  NOT NULL, -- when it is to be woken (again)
  attempts    INT          NOT NULL DEFAULT 0,
  lease       VARCHAR(40),
  lease_until DATETIME(6),
  last_error  VARCHAR(500),
  created_at  DATETIME(6)  NOT NULL,
  ended_at    DATETIME(6),
  CHECK (state IN ('pending','done','cancelled','dead'))
);
CREATE INDEX outbox_next ON outbox (state, next_at);
CREATE INDEX outbox_ref ON outbox (bank_id, ref, kind);

CREATE TABLE audit_head (
  bank_id     VARCHAR(40) NOT NULL PRIMARY KEY,
  seq         BIGINT      NOT NULL,
  hash        VARCHAR(64) NOT NULL
);

CREATE TABLE audit (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  seq         BIGINT       NOT NULL,
  actor_kind  VARCHAR(10)  NOT NULL, -- staff, viewer, system
  actor_id    VARCHAR(40)  NOT NULL,
  action      VARCHAR(60)  NOT NULL,
  object_id   VARCHAR(80)  NOT NULL,
  detail      TEXT         NOT NULL, -- JSON without personal data
  request_id  VARCHAR(100) NOT NULL,
  at          DATETIME(6)  NOT NULL,
  prev_hash   VARCHAR(64)  NOT NULL,
  hash        VARCHAR(64)  NOT NULL
);
CREATE UNIQUE INDEX audit_seq ON audit (bank_id, seq);
CREATE INDEX audit_object ON audit (bank_id, object_id);
CREATE INDEX audit_actor ON audit (bank_id, actor_id);

-- +goose Down
DROP TABLE audit;
DROP TABLE audit_head;
DROP TABLE outbox;
DROP TABLE idempotency;
DROP TABLE handoff;
DROP TABLE otp;
DROP TABLE refresh_token;
DROP TABLE session;
DROP TABLE viewer;
DROP TABLE staff_role;
DROP TABLE staff;
DROP TABLE branch;
DROP TABLE meta;
DROP TABLE wrapped_key;
DROP TABLE bank;
