-- +goose Up
CREATE TABLE room (
  id            VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40)  NOT NULL,
  title         VARCHAR(100) NOT NULL,
  cover_url     VARCHAR(500) NOT NULL,
  status        VARCHAR(10)  NOT NULL,
  host_id       VARCHAR(40)  NOT NULL,
  host_name     VARCHAR(60)  NOT NULL,
  branch_id     VARCHAR(40),
  playback_url  VARCHAR(500) NOT NULL,
  starts_at     DATETIME(6)  NOT NULL,
  started_at    DATETIME(6),
  ended_at      DATETIME(6),
  epoch         VARCHAR(40)  NOT NULL,
  last_seq      BIGINT       NOT NULL DEFAULT 0,
  pinned_sku_id VARCHAR(40),
  likes         BIGINT       NOT NULL DEFAULT 0,
  chats         BIGINT       NOT NULL DEFAULT 0,
  peak_viewers  BIGINT       NOT NULL DEFAULT 0,
  created_at    DATETIME(6)  NOT NULL,
  CHECK (status IN ('scheduled','live','ended'))
);
CREATE INDEX room_status ON room (bank_id, status, id);

-- Staff besides the host with whom the room is shared.
CREATE TABLE room_staff (
  room_id     VARCHAR(40) NOT NULL,
  staff_id    VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  PRIMARY KEY (room_id, staff_id)
);

CREATE TABLE shelf_item (
  room_id     VARCHAR(40) NOT NULL,
  sku_id      VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  position    INT         NOT NULL,
  price_fen   BIGINT,               -- the room's own price
  PRIMARY KEY (room_id, sku_id),
  CHECK (price_fen IS NULL OR price_fen > 0)
);

-- The room's log of facts: seq counts one by one.
CREATE TABLE room_event (
  room_id     VARCHAR(40) NOT NULL,
  seq         BIGINT      NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  id          VARCHAR(40) NOT NULL,
  kind        VARCHAR(40) NOT NULL,
  payload     TEXT        NOT NULL,
  at          DATETIME(6) NOT NULL,
  PRIMARY KEY (room_id, seq)
);

CREATE TABLE chat_message (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  room_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  nickname    VARCHAR(60)  NOT NULL,
  text        VARCHAR(400) NOT NULL,
  at          DATETIME(6)  NOT NULL,
  removed_at  DATETIME(6),
  removed_by  VARCHAR(40)
);
CREATE INDEX chat_message_room ON chat_message (room_id, id);

CREATE TABLE room_mute (
  room_id     VARCHAR(40) NOT NULL,
  viewer_id   VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  until_at    DATETIME(6) NOT NULL,
  muted_by    VARCHAR(40) NOT NULL,
  PRIMARY KEY (room_id, viewer_id)
);

CREATE TABLE room_word (
  room_id     VARCHAR(40)  NOT NULL,
  word        VARCHAR(60)  NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  PRIMARY KEY (room_id, word)
);

CREATE TABLE room_visitor (
  room_id     VARCHAR(40) NOT NULL,
  visitor_id  VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  first_at    DATETIME(6) NOT NULL,
  PRIMARY KEY (room_id, visitor_id)
);

-- How many sockets each node holds; a node that is not heard of drops out.
CREATE TABLE room_presence (
  room_id     VARCHAR(40) NOT NULL,
  node        VARCHAR(40) NOT NULL,
  viewers     BIGINT      NOT NULL,
  at          DATETIME(6) NOT NULL,
  PRIMARY KEY (room_id, node)
);

-- +goose Down
DROP TABLE room_presence;
DROP TABLE room_visitor;
DROP TABLE room_word;
DROP TABLE room_mute;
DROP TABLE chat_message;
DROP TABLE room_event;
DROP TABLE shelf_item;
DROP TABLE room_staff;
DROP TABLE room;
