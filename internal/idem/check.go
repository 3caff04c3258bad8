package idem

import (
	"fmt"
	"time"

	"yinbo/internal/invariant"
)

// answerID is the id in a kept answer, NULL where it has none. Both engines have
// JSON_EXTRACT; one of them leaves the quotes, and groups long text on disk.
const answerID = `CAST(REPLACE(JSON_EXTRACT(i.response, '$.id'), '"', '') AS CHAR(64))`

// Answered says that every kept answer which names an object of table, whose ids
// begin with prefix, names one that is there and is its person's: what was told
// is in the database. person is the table's column of whom it belongs to.
func Answered(name, prefix, table, person string) invariant.Rule {
	return invariant.Rule{
		Name:  name,
		Means: "every answer kept under an idempotency key names an object that is there, its person's own",
		Of:    "idempotency",
		Broken: fmt.Sprintf(`SELECT i.bank_id, i.person_id, CONCAT_WS('', 'was told of ', i.object_id, ', whose it is: ', COALESCE(t.%[3]s, 'not there'))
			FROM (SELECT i.bank_id, i.person_id, %[4]s AS object_id FROM idempotency i) i
			LEFT JOIN %[2]s t ON t.id = i.object_id AND t.bank_id = i.bank_id
			WHERE i.object_id LIKE '%[1]s|_%%' ESCAPE '|' AND (t.id IS NULL OR t.%[3]s <> i.person_id)`, prefix, table, person, answerID),
	}
}

// named counts the keys of an object's person that name it: by index, without
// grouping the whole table.
const named = `(SELECT COUNT(*) FROM idempotency i WHERE i.bank_id = t.bank_id AND i.person_id = t.%s AND ` + answerID + ` = t.id)`

// AnsweredOnce says that no object of table was told under two keys; person as
// of Answered.
func AnsweredOnce(name, table, person string) invariant.Rule {
	count := fmt.Sprintf(named, person)
	return invariant.Rule{
		Name:   name,
		Means:  "two idempotency keys never name one and the same object",
		Of:     table,
		Broken: fmt.Sprintf("SELECT t.bank_id, t.id, CONCAT_WS('', %[2]s, ' keys') FROM %[1]s t WHERE %[2]s > 1", table, count),
	}
}

// Keyed says that every object of table placed within the last half of Keep was
// placed under a key, which its own column has or a kept answer: one that has none
// was placed behind its person's back, or twice.
func Keyed(name, table, person, key string) invariant.Rule {
	return invariant.Rule{
		Name:   name,
		Means:  "whatever was placed in the last 24 hours was placed under an idempotency key, which names it",
		Of:     table,
		Broken: fmt.Sprintf("SELECT t.bank_id, t.id, 'no key names it' FROM %s t WHERE t.created_at > ? AND t.%s IS NULL AND %s = 0", table, key, fmt.Sprintf(named, person)),
		Args:   func(now time.Time) []any { return []any{now.Add(-Keep / 2)} },
	}
}
