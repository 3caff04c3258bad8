-- +goose Up

-- A person's second factor, password and the number of changes to who they are.
ALTER TABLE staff DROP COLUMN failed_logins;
ALTER TABLE staff DROP COLUMN locked_until;
ALTER TABLE staff ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0; -- of the last code that was taken
ALTER TABLE staff ADD COLUMN totp_pending_sealed TEXT;            -- shown, not confirmed yet
ALTER TABLE staff ADD COLUMN password_set_at DATETIME(6);
ALTER TABLE staff ADD COLUMN password_once BOOLEAN NOT NULL DEFAULT FALSE; -- given by others, to be changed at once
ALTER TABLE staff ADD COLUMN revision INT NOT NULL DEFAULT 1;     -- counts changes of roles, branch and state
CREATE INDEX staff_branch ON staff (bank_id, branch_id);

-- Codes for who lost the second factor, by keyed hash, each good once.
CREATE TABLE staff_recovery (
  bank_id    VARCHAR(40) NOT NULL,
  staff_id   VARCHAR(40) NOT NULL,
  code_hash  VARCHAR(64) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  used_at    DATETIME(6),
  PRIMARY KEY (bank_id, staff_id, code_hash)
);

-- Passwords that a person had before.
CREATE TABLE staff_password (
  bank_id       VARCHAR(40)  NOT NULL,
  staff_id      VARCHAR(40)  NOT NULL,
  until_at      DATETIME(6)  NOT NULL,
  password_hash VARCHAR(200) NOT NULL,
  PRIMARY KEY (bank_id, staff_id, until_at)
);

-- Failed sign-ins: of a name, of an address, of a name at an address that is its
-- person's. '' stands for any. Names need not exist.
CREATE TABLE login_failure (
  bank_id      VARCHAR(40) NOT NULL,
  name_hash    VARCHAR(64) NOT NULL,
  address_hash VARCHAR(64) NOT NULL,
  failures     INT         NOT NULL,
  last_at      DATETIME(6) NOT NULL,
  wait_until   DATETIME(6),
  PRIMARY KEY (bank_id, name_hash, address_hash),
  CHECK (name_hash <> '' OR address_hash <> ''),
  CHECK (failures >= 0)
);
CREATE INDEX login_failure_last ON login_failure (last_at);

-- What a session is used from; of staff only.
ALTER TABLE session ADD COLUMN agent VARCHAR(200);
ALTER TABLE session ADD COLUMN address_hash VARCHAR(64);
ALTER TABLE session ADD COLUMN used_at DATETIME(6);

-- Changes of who may do what: one person asks, another decides.
CREATE TABLE staff_request (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  kind          VARCHAR(20)  NOT NULL,
  staff_id      VARCHAR(40)  NOT NULL, -- of whom; '' for the bank's rules
  wish          TEXT         NOT NULL, -- JSON, see internal/auth
  base_revision INT          NOT NULL, -- the person's when it was asked for; of rules 0
  base          TEXT         NOT NULL, -- JSON: what stood there then
  reason        VARCHAR(300) NOT NULL,
  state         VARCHAR(10)  NOT NULL,
  open_key      VARCHAR(60),           -- of whom and what, while it waits
  asked_by      VARCHAR(40)  NOT NULL,
  asked_at      DATETIME(6)  NOT NULL,
  decided_by    VARCHAR(40),
  decided_at    DATETIME(6),
  CHECK (kind IN ('create','roles','branch','totp_reset','password','rules')),
  CHECK (state IN ('asked','applied','rejected','withdrawn')),
  CHECK ((state = 'asked') = (open_key IS NOT NULL)),
  CHECK ((state = 'asked') = (decided_at IS NULL)),
  CHECK ((state IN ('applied','rejected')) = (decided_by IS NOT NULL)),
  CHECK (decided_by <> asked_by),
  CHECK (staff_id <> asked_by),
  CHECK (decided_by <> staff_id)
);
CREATE UNIQUE INDEX staff_request_open ON staff_request (bank_id, open_key);
CREATE INDEX staff_request_state ON staff_request (bank_id, state, id);

-- A person of a branch sees its leads and those below it.
CREATE INDEX application_branch_made ON application (bank_id, branch_id, created_at, id);
CREATE INDEX application_branch_status ON application (bank_id, branch_id, status, created_at, id);

-- Who looked values up in the black and white lists: what is counted in an hour.
CREATE TABLE screening_lookup (
  id       VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id  VARCHAR(40) NOT NULL,
  staff_id VARCHAR(40) NOT NULL,
  kind     VARCHAR(20) NOT NULL,
  at       DATETIME(6) NOT NULL
);
CREATE INDEX screening_lookup_staff ON screening_lookup (bank_id, staff_id, at);

CREATE INDEX audit_action ON audit (bank_id, action, seq);

-- +goose Down
-- The indexes stay: the engines drop them by different words.
DROP TABLE screening_lookup;
DROP TABLE staff_request;
ALTER TABLE session DROP COLUMN used_at;
ALTER TABLE session DROP COLUMN address_hash;
ALTER TABLE session DROP COLUMN agent;
DROP TABLE login_failure;
DROP TABLE staff_password;
DROP TABLE staff_recovery;
ALTER TABLE staff DROP COLUMN revision;
ALTER TABLE staff DROP COLUMN password_once;
ALTER TABLE staff DROP COLUMN password_set_at;
ALTER TABLE staff DROP COLUMN totp_pending_sealed;
ALTER TABLE staff DROP COLUMN totp_step;
ALTER TABLE staff ADD COLUMN locked_until DATETIME(6);
ALTER TABLE staff ADD COLUMN failed_logins INT NOT NULL DEFAULT 0;
