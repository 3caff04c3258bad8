package live

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/live/words"
)

// Words gives a room's words that hold a message back, in lower case.
func (s *Rooms) Words(ctx context.Context, room string) ([]string, error) {
	return db.All(ctx, s.DB, func(r db.Row) (w string, err error) { return w, r.Scan(&w) },
		"SELECT word FROM listed_word WHERE owner_id = ? AND severity = 'hold' ORDER BY word", room)
}

// SetWords replaces the room's words that hold a message back; those that warn or
// block stay. Case does not matter. 422 names the place of one that is too long.
func (s *Rooms) SetWords(ctx context.Context, bank, room string, by Staff, texts []string) ([]string, error) {
	all := make([]words.Word, len(texts))
	for i, t := range texts {
		all[i] = words.Word{Text: t, Severity: words.Hold}
	}
	all, err := clean("words", "", all)
	if err != nil {
		return nil, err
	}
	err = s.changeWords(ctx, bank, room, by, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM listed_word WHERE owner_id = ? AND severity = 'hold'", room); err != nil {
			return err
		}
		return putWords(ctx, tx, bank, room, all)
	})
	return named(all), err
}

// WordList gives words of a room's list, or with room "" of the bank's, after one.
func (s *Rooms) WordList(ctx context.Context, bank, room string, by Staff, severity words.Severity, after string, limit int) ([]words.Word, error) {
	owner := bank
	if room != "" {
		if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
			return nil, err
		}
		owner = room
	}
	where, args := " WHERE owner_id = ? AND word > ?", []any{owner, after}
	if severity != "" {
		where, args = where+" AND severity = ?", append(args, string(severity))
	}
	return db.All(ctx, s.DB, scanWord, "SELECT word, severity FROM listed_word"+where+" ORDER BY word LIMIT ?", append(args, limit+1)...)
}

// SetWordList replaces a room's list, or with room "" the bank's. It gives how
// many words there are.
func (s *Rooms) SetWordList(ctx context.Context, bank, room string, by Staff, all []words.Word) (int, error) {
	all, err := clean("items", ".word", all)
	if err != nil {
		return 0, err
	}
	owner := bank
	if room != "" {
		owner = room
	}
	return len(all), s.changeWords(ctx, bank, room, by, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM listed_word WHERE owner_id = ?", owner); err != nil {
			return err
		}
		return putWords(ctx, tx, bank, owner, all)
	})
}

// AddWords adds words to a room's list, or with room "" to the bank's; a word
// that is there already gets the severity given here.
func (s *Rooms) AddWords(ctx context.Context, bank, room string, by Staff, all []words.Word) error {
	owner := bank
	if room != "" {
		owner = room
	}
	return s.changeWords(ctx, bank, room, by, func(tx *db.Tx) error { return putWords(ctx, tx, bank, owner, all) })
}

func putWords(ctx context.Context, tx *db.Tx, bank, owner string, all []words.Word) error {
	rows := make([][]any, len(all))
	for i, w := range all {
		rows[i] = []any{owner, w.Text, bank, string(w.Severity)}
	}
	return tx.Insert(ctx, "listed_word (owner_id, word, bank_id, severity)", rows, tx.Dialect().OnDuplicate("owner_id, word", "severity = NEW(severity)"))
}

// changeWords changes a list in one transaction, gives it a new version and tells
// the nodes.
func (s *Rooms) changeWords(ctx context.Context, bank, room string, by Staff, change func(tx *db.Tx) error) error {
	if room == "" {
		err := s.DB.InTx(ctx, func(tx *db.Tx) error {
			n, err := s.renew(ctx, tx, bank, bank, change)
			if err != nil {
				return err
			}
			e := by.entry(bank, "bank.words", bank)
			e.Detail = map[string]any{"words": n}
			return audit.Write(ctx, tx, e)
		})
		if err == nil {
			err = s.tellBank(ctx, bank)
		}
		return err
	}
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		n, err := s.renew(ctx, tx, bank, room, change)
		if err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "room.words", room, map[string]any{"words": n}})
	})
	if err == nil {
		s.tellNodes(room, ControlRules)
	}
	return err
}

// renew holds the list's row, changes the list and counts it; 422 when it grew too
// long.
func (s *Rooms) renew(ctx context.Context, tx *db.Tx, bank, owner string, change func(tx *db.Tx) error) (int64, error) {
	err := tx.Insert(ctx, "word_list (owner_id, bank_id, version, words)", [][]any{{owner, bank, id.New(id.Event), 0}},
		tx.Dialect().OnDuplicate("owner_id", "version = NEW(version)"))
	if err == nil {
		err = change(tx)
	}
	if err != nil {
		return 0, err
	}
	n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM listed_word WHERE owner_id = ?", owner)
	if err == nil && n > MaxWords {
		err = fault.InvalidField("items", "field.too_long")
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, "UPDATE word_list SET words = ? WHERE owner_id = ?", n, owner)
	return n, err
}
