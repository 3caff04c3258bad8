-- +goose Up

-- A place that is off keeps its place.
ALTER TABLE shelf_item ADD COLUMN off_at DATETIME(6);

-- When the room was told that a drop is over. Those of before are.
ALTER TABLE coupon_drop ADD COLUMN ended_at DATETIME(6);
UPDATE coupon_drop SET ended_at = ends_at;

-- Red packets: money of a coupon batch, split into shares that are coupons of
-- their own amounts. total_fen is committed by the batch when the packet opens;
-- what nobody took goes back when it closes. The shares are drawn beforehand.
CREATE TABLE red_packet (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  batch_id    VARCHAR(40)  NOT NULL,
  title       VARCHAR(100) NOT NULL,
  total_fen   BIGINT       NOT NULL,
  shares      INT          NOT NULL,
  taken       INT          NOT NULL DEFAULT 0,
  taken_fen   BIGINT       NOT NULL DEFAULT 0,
  state       VARCHAR(10)  NOT NULL,
  ends_at     DATETIME(6)  NOT NULL,
  closed_at   DATETIME(6),
  created_by  VARCHAR(40)  NOT NULL,
  created_at  DATETIME(6)  NOT NULL,
  CHECK (state IN ('open','closed')),
  CHECK (shares > 0 AND total_fen >= shares),
  CHECK (taken >= 0 AND taken <= shares),
  CHECK (taken_fen >= 0 AND taken_fen <= total_fen)
);
CREATE INDEX red_packet_room ON red_packet (bank_id, room_id, id);
CREATE INDEX red_packet_batch ON red_packet (bank_id, batch_id, state);

CREATE TABLE red_packet_share (
  packet_id   VARCHAR(40) NOT NULL,
  share_no    INT         NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  amount_fen  BIGINT      NOT NULL,
  viewer_id   VARCHAR(40),           -- whose it is, once taken
  coupon_id   VARCHAR(40),
  taken_at    DATETIME(6),
  PRIMARY KEY (packet_id, share_no),
  CHECK (amount_fen > 0),
  CHECK ((viewer_id IS NULL) = (coupon_id IS NULL))
);
CREATE UNIQUE INDEX red_packet_share_viewer ON red_packet_share (packet_id, viewer_id);

-- Lotteries. The seed is sealed until the draw; its hash is told when it opens.
CREATE TABLE lottery (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  title       VARCHAR(100) NOT NULL,
  entry_rule  VARCHAR(10)  NOT NULL,
  commitment  VARCHAR(64)  NOT NULL,
  seed_sealed TEXT         NOT NULL,
  seed        VARCHAR(64),           -- in clear once it is drawn
  entrants    INT          NOT NULL DEFAULT 0, -- at the draw
  digest      VARCHAR(64),           -- of the entrants' tickets, at the draw
  state       VARCHAR(10)  NOT NULL,
  ends_at     DATETIME(6)  NOT NULL,
  closed_at   DATETIME(6),
  created_by  VARCHAR(40)  NOT NULL,
  created_at  DATETIME(6)  NOT NULL,
  CHECK (entry_rule IN ('none','chatted','ordered')),
  CHECK (state IN ('open','drawn','cancelled')),
  CHECK ((seed IS NOT NULL) = (state = 'drawn'))
);
CREATE INDEX lottery_room ON lottery (bank_id, room_id, id);

CREATE TABLE lottery_prize (
  lottery_id  VARCHAR(40)  NOT NULL,
  prize_no    INT          NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  title       VARCHAR(100) NOT NULL,
  quantity    INT          NOT NULL,
  batch_id    VARCHAR(40),           -- of coupons; NULL for goods, which the title names
  PRIMARY KEY (lottery_id, prize_no),
  CHECK (quantity > 0)
);

-- One entry a viewer. place is a winner's, from 1.
CREATE TABLE lottery_entry (
  lottery_id  VARCHAR(40) NOT NULL,
  viewer_id   VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  ticket      VARCHAR(64) NOT NULL,
  nickname    VARCHAR(60) NOT NULL,
  entered_at  DATETIME(6) NOT NULL,
  place       INT,
  prize_no    INT,
  coupon_id   VARCHAR(40),
  grant_error VARCHAR(60),           -- why the batch gave no coupon
  PRIMARY KEY (lottery_id, viewer_id),
  CHECK ((place IS NULL) = (prize_no IS NULL))
);
CREATE UNIQUE INDEX lottery_entry_place ON lottery_entry (lottery_id, place);

CREATE TABLE poll (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  question    VARCHAR(200) NOT NULL,
  options     TEXT         NOT NULL, -- JSON list
  counts      TEXT,                  -- JSON list, once it is closed
  state       VARCHAR(10)  NOT NULL,
  ends_at     DATETIME(6)  NOT NULL,
  closed_at   DATETIME(6),
  created_by  VARCHAR(40)  NOT NULL,
  created_at  DATETIME(6)  NOT NULL,
  CHECK (state IN ('open','closed')),
  CHECK ((counts IS NOT NULL) = (state = 'closed'))
);
CREATE INDEX poll_room ON poll (bank_id, room_id, id);

CREATE TABLE poll_vote (
  poll_id     VARCHAR(40) NOT NULL,
  viewer_id   VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  option_no   INT         NOT NULL,
  at          DATETIME(6) NOT NULL,
  PRIMARY KEY (poll_id, viewer_id)
);
CREATE INDEX poll_vote_option ON poll_vote (poll_id, option_no);

-- How a room is run by its rundown: by the clock for whom, or by hand.
CREATE TABLE rundown (
  room_id     VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  mode        VARCHAR(10) NOT NULL,
  acts_for    VARCHAR(40) NOT NULL, -- the member of staff who set the mode
  acts_name   VARCHAR(60) NOT NULL,
  operator    BOOLEAN     NOT NULL,
  changed_at  DATETIME(6) NOT NULL,
  CHECK (mode IN ('auto','manual'))
);

-- What was planned, and beside it what happened.
CREATE TABLE rundown_cue (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  kind        VARCHAR(20)  NOT NULL,
  note        VARCHAR(200) NOT NULL,
  after_ms    BIGINT,                -- from the room's start; else at
  at          DATETIME(6),
  position    INT          NOT NULL, -- among those of one time
  plan        TEXT         NOT NULL, -- JSON, by kind
  state       VARCHAR(10)  NOT NULL,
  planned_at  DATETIME(6),           -- when it was due, once it happened
  fired_at    DATETIME(6),
  fired_by    VARCHAR(40),           -- a member of staff, or clock
  ended_at    DATETIME(6),           -- skipped, missed or undone
  ended_by    VARCHAR(40),
  result      TEXT,                  -- JSON: what it made
  error       VARCHAR(60),           -- the code of why it failed
  CHECK ((after_ms IS NULL) <> (at IS NULL)),
  CHECK (state IN ('planned','fired','failed','skipped','missed','undone')),
  CHECK ((fired_at IS NOT NULL) = (state IN ('fired','failed','undone')))
);
CREATE INDEX rundown_cue_room ON rundown_cue (bank_id, room_id, state);

-- What only passes, kept by tens of seconds: sockets and likes.
CREATE TABLE room_sample (
  room_id     VARCHAR(40) NOT NULL,
  at          DATETIME(6) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  viewers     BIGINT      NOT NULL, -- the most
  likes       BIGINT      NOT NULL,
  PRIMARY KEY (room_id, at)
);

-- +goose Down
DROP TABLE room_sample;
DROP TABLE rundown_cue;
DROP TABLE rundown;
DROP TABLE poll_vote;
DROP TABLE poll;
DROP TABLE lottery_entry;
DROP TABLE lottery_prize;
DROP TABLE lottery;
DROP TABLE red_packet_share;
DROP TABLE red_packet;
ALTER TABLE coupon_drop DROP COLUMN ended_at;
ALTER TABLE shelf_item DROP COLUMN off_at;
