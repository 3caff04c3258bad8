-- +goose Up

-- A decision that needs two people: the first stands as proposed until another
-- confirms it or turns it down. It lapses when its application no longer names it.
CREATE TABLE second_opinion (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  application_id VARCHAR(40)  NOT NULL,
  decision       VARCHAR(10)  NOT NULL,
  reason_code    VARCHAR(30)  NOT NULL,
  why            VARCHAR(80)  NOT NULL, -- limit, product, screening, opinion, reopened: by comma
  proposed_by    VARCHAR(40)  NOT NULL,
  proposed_at    DATETIME(6)  NOT NULL,
  outcome        VARCHAR(12),           -- confirmed, turned_down
  decided_by     VARCHAR(40),
  decided_at     DATETIME(6),
  CHECK (decision IN ('approve','reject','reopen')),
  CHECK (outcome IN ('confirmed','turned_down')),
  CHECK (decided_by <> proposed_by),
  CHECK ((outcome IS NULL) = (decided_by IS NULL))
);
CREATE INDEX second_opinion_application ON second_opinion (bank_id, application_id, id);

-- A queue takes the leads of a branch, with what is below it, and of a card
-- product; NULL is any. The first that fits, by position, takes a lead.
CREATE TABLE review_queue (
  id              VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id         VARCHAR(40)  NOT NULL,
  name            VARCHAR(60)  NOT NULL,
  branch_id       VARCHAR(40),
  card_product_id VARCHAR(40),
  position        INT          NOT NULL,
  created_at      DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX review_queue_name ON review_queue (bank_id, name);

-- How many open leads a person may have at once, and what rounding owes them.
CREATE TABLE reviewer (
  bank_id     VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  capacity    INT         NOT NULL,
  on_duty     BOOLEAN     NOT NULL,
  credit      BIGINT      NOT NULL DEFAULT 0, -- millionths of a lead
  PRIMARY KEY (bank_id, staff_id),
  CHECK (capacity BETWEEN 0 AND 1000)
);

CREATE TABLE review_member (
  queue_id    VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  PRIMARY KEY (queue_id, staff_id)
);
CREATE INDEX review_member_staff ON review_member (bank_id, staff_id);

-- A promise that was not kept, once each.
CREATE TABLE sla_breach (
  application_id VARCHAR(40) NOT NULL,
  stage          VARCHAR(12) NOT NULL, -- look, decision, supplement
  since          DATETIME(6) NOT NULL, -- when its time began
  bank_id        VARCHAR(40) NOT NULL,
  at             DATETIME(6) NOT NULL,
  PRIMARY KEY (application_id, stage, since),
  CHECK (stage IN ('look','decision','supplement'))
);

CREATE TABLE saved_filter (
  bank_id     VARCHAR(40)   NOT NULL,
  staff_id    VARCHAR(40)   NOT NULL,
  name        VARCHAR(40)   NOT NULL,
  query       VARCHAR(1000) NOT NULL, -- JSON, no personal data
  created_at  DATETIME(6)   NOT NULL,
  PRIMARY KEY (bank_id, staff_id, name)
);

-- Searches by a whole id or phone number: who, when, how many were found.
CREATE TABLE lead_search (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  field       VARCHAR(10) NOT NULL,
  found       INT         NOT NULL,
  at          DATETIME(6) NOT NULL
);
CREATE INDEX lead_search_staff ON lead_search (bank_id, staff_id, at);

-- The leads of a person who leaves go to others, when a supervisor who did not
-- ask for it agrees.
CREATE TABLE lead_handover (
  id          VARCHAR(40)   NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)   NOT NULL,
  from_staff  VARCHAR(40)   NOT NULL,
  to_staff    VARCHAR(2000) NOT NULL, -- JSON list of staff ids
  reason      VARCHAR(200)  NOT NULL,
  state       VARCHAR(10)   NOT NULL, -- asked, approved, rejected
  asked_by    VARCHAR(40)   NOT NULL,
  asked_at    DATETIME(6)   NOT NULL,
  decided_by  VARCHAR(40),
  decided_at  DATETIME(6),
  CHECK (state IN ('asked','approved','rejected')),
  CHECK (decided_by <> asked_by),
  CHECK ((state = 'asked') = (decided_by IS NULL))
);
CREATE INDEX lead_handover_bank ON lead_handover (bank_id, state, id);

-- The leads that are meant; none means all of the person's.
CREATE TABLE lead_handover_item (
  handover_id    VARCHAR(40) NOT NULL,
  application_id VARCHAR(40) NOT NULL,
  bank_id        VARCHAR(40) NOT NULL,
  PRIMARY KEY (handover_id, application_id)
);

-- Where the card core and we differ about an application.
CREATE TABLE core_difference (
  id             VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id        VARCHAR(40)  NOT NULL,
  day            VARCHAR(10)  NOT NULL, -- business date that was compared
  application_id VARCHAR(128) NOT NULL, -- the core's number; ours where we know it
  kind           VARCHAR(20)  NOT NULL, -- missing_there, unknown_here, status
  ours           VARCHAR(20)  NOT NULL,
  theirs         VARCHAR(20)  NOT NULL,
  state          VARCHAR(10)  NOT NULL, -- open, resolved
  found_at       DATETIME(6)  NOT NULL,
  reason         VARCHAR(200),
  resolved_by    VARCHAR(40),
  resolved_at    DATETIME(6),
  CHECK (kind IN ('missing_there','unknown_here','status')),
  CHECK (state IN ('open','resolved')),
  CHECK ((state = 'open') = (resolved_at IS NULL))
);
CREATE UNIQUE INDEX core_difference_one ON core_difference (bank_id, application_id, kind);
CREATE INDEX core_difference_state ON core_difference (bank_id, state, id);

ALTER TABLE card_product ADD COLUMN limit_fen BIGINT; -- the highest line it is given with

ALTER TABLE application ADD COLUMN limit_wished_fen BIGINT;
ALTER TABLE application ADD COLUMN proposal_id VARCHAR(40); -- the decision that waits for a second person
ALTER TABLE application ADD COLUMN reopened INT NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN queue_id VARCHAR(40);
ALTER TABLE application ADD COLUMN placed INT NOT NULL DEFAULT 0; -- 1 when the bank's queues were looked through
ALTER TABLE application ADD COLUMN info_asked_at DATETIME(6);
ALTER TABLE application ADD COLUMN first_look_at DATETIME(6);
ALTER TABLE application ADD COLUMN look_ms BIGINT;   -- from sending in to the first look
ALTER TABLE application ADD COLUMN decide_ms BIGINT; -- from sending in to the decision
ALTER TABLE application ADD COLUMN escalated_at DATETIME(6); -- while in review
ALTER TABLE application ADD COLUMN escalated_for VARCHAR(12);
ALTER TABLE application ADD COLUMN phone_tail VARCHAR(4) GENERATED ALWAYS AS (SUBSTR(phone_masked, -4)) VIRTUAL;

-- What people filter by, each in the order of the list.
CREATE INDEX application_made ON application (bank_id, created_at, id);
CREATE INDEX application_status_made ON application (bank_id, status, created_at, id, claimed_until);
CREATE INDEX application_queue_made ON application (bank_id, queue_id, created_at, id);
CREATE INDEX application_queue_status ON application (bank_id, queue_id, status, created_at, id);
CREATE INDEX application_room_made ON application (bank_id, room_id, created_at, id);
CREATE INDEX application_product_made ON application (bank_id, card_product_id, created_at, id);
CREATE INDEX application_screening_made ON application (bank_id, screening, created_at, id);
CREATE INDEX application_screening_status ON application (bank_id, screening, status, created_at, id);
CREATE INDEX application_city_made ON application (bank_id, city_code, created_at, id);
CREATE INDEX application_band_made ON application (bank_id, income_band, created_at, id);
CREATE INDEX application_tail_made ON application (bank_id, phone_tail, created_at, id);
CREATE INDEX application_name_made ON application (bank_id, name_masked, created_at, id);
CREATE INDEX application_escalated ON application (bank_id, escalated_at);
CREATE INDEX application_proposal ON application (bank_id, proposal_id);
CREATE INDEX application_lease ON application (bank_id, claimed_until);
CREATE INDEX application_unplaced ON application (bank_id, status, placed, created_at);
CREATE INDEX application_decided ON application (bank_id, decided_at);

-- +goose Down
-- The columns and their indexes stay: the engines drop indexes by different words.
DROP TABLE core_difference;
DROP TABLE lead_handover_item;
DROP TABLE lead_handover;
DROP TABLE lead_search;
DROP TABLE saved_filter;
DROP TABLE sla_breach;
DROP TABLE review_member;
DROP TABLE reviewer;
DROP TABLE review_queue;
DROP TABLE second_opinion;
