-- +goose Up

-- A pause, a replay and a stop are marks on the life that the contract has.
ALTER TABLE room ADD COLUMN paused_at DATETIME(6);
ALTER TABLE room ADD COLUMN replay_at DATETIME(6);
ALTER TABLE room ADD COLUMN reservations BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN chat_slow_s INT NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN chat_review BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE room ADD COLUMN chat_closed BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE room_staff ADD COLUMN role VARCHAR(10) NOT NULL DEFAULT 'host' CHECK (role IN ('host','assistant'));
ALTER TABLE room_staff ADD COLUMN added_by VARCHAR(40) NOT NULL DEFAULT '';
ALTER TABLE room_staff ADD COLUMN added_at DATETIME(6);
CREATE INDEX room_staff_who ON room_staff (bank_id, staff_id);

-- Who asked to be told when a room starts.
CREATE TABLE room_reservation (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  status      VARCHAR(10)  NOT NULL, -- waiting, due, sending, sent, cancelled, skipped, failed
  reason      VARCHAR(60)  NOT NULL,
  reserved_at DATETIME(6)  NOT NULL,
  ended_at    DATETIME(6),
  CHECK (status IN ('waiting','due','sending','sent','cancelled','skipped','failed'))
);
CREATE UNIQUE INDEX room_reservation_viewer ON room_reservation (bank_id, room_id, viewer_id);
CREATE INDEX room_reservation_waiting ON room_reservation (room_id, status, id);

-- When promotions reached a person, over all channels.
CREATE TABLE reached (
  bank_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  message_id  VARCHAR(40)  NOT NULL,
  at          DATETIME(6)  NOT NULL,
  PRIMARY KEY (bank_id, viewer_id, message_id)
);
INSERT INTO reached (bank_id, viewer_id, message_id, at)
  SELECT bank_id, viewer_id, id, claimed_at FROM follow_up WHERE claimed_at IS NOT NULL;

CREATE TABLE bank_ban (
  bank_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  until_at    DATETIME(6),           -- NULL for good
  reason      VARCHAR(200) NOT NULL,
  banned_by   VARCHAR(40)  NOT NULL,
  banned_at   DATETIME(6)  NOT NULL,
  PRIMARY KEY (bank_id, viewer_id)
);

-- Words of a bank or of a room; a list's version changes with it.
CREATE TABLE word_list (
  owner_id    VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  version     VARCHAR(40)  NOT NULL,
  words       INT          NOT NULL
);
CREATE TABLE listed_word (
  owner_id    VARCHAR(40)  NOT NULL,
  word        VARCHAR(60)  NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  severity    VARCHAR(10)  NOT NULL,
  PRIMARY KEY (owner_id, word),
  CHECK (severity IN ('warn','hold','block'))
);
INSERT INTO word_list (owner_id, bank_id, version, words)
  SELECT room_id, bank_id, room_id, COUNT(*) FROM room_word GROUP BY room_id, bank_id;
INSERT INTO listed_word (owner_id, word, bank_id, severity)
  SELECT room_id, word, bank_id, 'hold' FROM room_word;
DROP TABLE room_word;

-- Who let a held message pass, or refused it.
ALTER TABLE chat_message ADD COLUMN decided_by VARCHAR(40);
ALTER TABLE chat_message ADD COLUMN decided_at DATETIME(6);
CREATE INDEX chat_message_status ON chat_message (room_id, status, id);

CREATE TABLE chat_report (
  event_id    VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  reason      VARCHAR(20)  NOT NULL,
  at          DATETIME(6)  NOT NULL,
  PRIMARY KEY (event_id, viewer_id)
);
CREATE INDEX chat_report_room ON chat_report (room_id, event_id);

-- What staff did in a room: with facts and chat, the room's log. Append-only.
CREATE TABLE room_act (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  staff_id    VARCHAR(40)  NOT NULL,
  staff_name  VARCHAR(60)  NOT NULL,
  action      VARCHAR(40)  NOT NULL,
  object_id   VARCHAR(40)  NOT NULL,
  detail      TEXT         NOT NULL,
  at          DATETIME(6)  NOT NULL
);
CREATE INDEX room_act_room ON room_act (room_id, id);
CREATE INDEX room_event_id ON room_event (room_id, id);

-- +goose Down
DROP TABLE room_act;
DROP TABLE chat_report;
ALTER TABLE chat_message DROP COLUMN decided_at;
ALTER TABLE chat_message DROP COLUMN decided_by;
CREATE TABLE room_word (
  room_id     VARCHAR(40)  NOT NULL,
  word        VARCHAR(60)  NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  PRIMARY KEY (room_id, word)
);
INSERT INTO room_word (room_id, word, bank_id)
  SELECT owner_id, word, bank_id FROM listed_word WHERE severity = 'hold' AND owner_id <> bank_id;
DROP TABLE listed_word;
DROP TABLE word_list;
DROP TABLE bank_ban;
DROP TABLE reached;
DROP TABLE room_reservation;
ALTER TABLE room_staff DROP COLUMN added_at;
ALTER TABLE room_staff DROP COLUMN added_by;
ALTER TABLE room_staff DROP COLUMN role;
ALTER TABLE room DROP COLUMN chat_closed;
ALTER TABLE room DROP COLUMN chat_review;
ALTER TABLE room DROP COLUMN chat_slow_s;
ALTER TABLE room DROP COLUMN reservations;
ALTER TABLE room DROP COLUMN replay_at;
ALTER TABLE room DROP COLUMN paused_at;
