-- The bank's own book. Times are Unix milliseconds (UTC), amounts are fen.

CREATE TABLE IF NOT EXISTS payments (
  out_trade_no TEXT PRIMARY KEY,
  payment_no   TEXT NOT NULL UNIQUE,
  amount_fen   INTEGER NOT NULL CHECK (amount_fen > 0),
  refunded_fen INTEGER NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
  status       TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  method       TEXT NOT NULL CHECK (method IN ('cashier', 'bound_card')),
  card_token   TEXT NOT NULL DEFAULT '',
  subject      TEXT NOT NULL DEFAULT '',
  notify_url   TEXT NOT NULL DEFAULT '',
  return_url   TEXT NOT NULL DEFAULT '',
  created_at   INTEGER NOT NULL,
  paid_at      INTEGER,
  failed_at    INTEGER,
  instalments  INTEGER NOT NULL DEFAULT 0 -- terms of a credit card's charge, 0 for none
) STRICT;
CREATE INDEX IF NOT EXISTS payments_paid_at ON payments (paid_at) WHERE paid_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS refunds (
  out_refund_no TEXT PRIMARY KEY,
  refund_no     TEXT NOT NULL UNIQUE,
  out_trade_no  TEXT NOT NULL REFERENCES payments (out_trade_no),
  amount_fen    INTEGER NOT NULL CHECK (amount_fen > 0),
  refunded_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_refunded_at ON refunds (refunded_at);

-- What has to be told to others. `copies` and `held` are the faults that were on
-- when the event happened.
CREATE TABLE IF NOT EXISTS callbacks (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  url         TEXT NOT NULL,
  body        BLOB NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dropped', 'abandoned')),
  copies      INTEGER NOT NULL DEFAULT 1,
  held        INTEGER NOT NULL DEFAULT 0,
  attempts    INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  next_try_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (next_try_at, id) WHERE state = 'pending';

-- How often a card was asked about on `day` (Asia/Shanghai).
CREATE TABLE IF NOT EXISTS card_checks (
  pan_digest TEXT PRIMARY KEY,
  day        TEXT NOT NULL,
  calls      INTEGER NOT NULL,
  mismatches INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS verifications (
  id          TEXT PRIMARY KEY,
  bin         TEXT NOT NULL,
  last4       TEXT NOT NULL,
  broke       INTEGER NOT NULL,
  code_digest TEXT NOT NULL,
  tries       INTEGER NOT NULL DEFAULT 0,
  expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS card_tokens (
  card_token      TEXT PRIMARY KEY,
  verification_id TEXT NOT NULL UNIQUE REFERENCES verifications (id),
  created_at      INTEGER NOT NULL,
  unbound_at      INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS sms (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  out_id TEXT UNIQUE,
  phone  TEXT NOT NULL,
  text   TEXT NOT NULL,
  at     INTEGER NOT NULL,
  notify_url TEXT NOT NULL DEFAULT '' -- told of its delivery and of answers
) STRICT;
CREATE INDEX IF NOT EXISTS sms_phone ON sms (phone, id);

CREATE TABLE IF NOT EXISTS applications (
  application_id TEXT PRIMARY KEY,
  card_product   TEXT NOT NULL,
  notify_url     TEXT NOT NULL,
  verdict        TEXT NOT NULL CHECK (verdict IN ('issued', 'declined')),
  status         TEXT NOT NULL CHECK (status IN ('accepted', 'issued', 'declined')),
  card_last4     TEXT NOT NULL DEFAULT '',
  accepted_at    INTEGER NOT NULL,
  due_at         INTEGER NOT NULL,
  decided_at     INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS applications_due ON applications (due_at) WHERE status = 'accepted';
CREATE INDEX IF NOT EXISTS applications_accepted_at ON applications (accepted_at);

-- What was paid out to payees. A payout that is under way ends when it is asked
-- about and the fault that holds it is off.
CREATE TABLE IF NOT EXISTS payouts (
  out_payout_no TEXT PRIMARY KEY,
  payout_no     TEXT NOT NULL UNIQUE,
  payee_no      TEXT NOT NULL,
  payee_name    TEXT NOT NULL,
  amount_fen    INTEGER NOT NULL CHECK (amount_fen > 0),
  status        TEXT NOT NULL CHECK (status IN ('processing', 'succeeded', 'failed', 'returned')),
  reason        TEXT NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL
) STRICT;
