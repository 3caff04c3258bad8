package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live/words"
)

// MaxWords is how many words a list has at most.
const MaxWords = 50_000

// lists are word lists made ready. Making one of 50,000 words takes a second, so
// that they are kept while they do not change; what is kept is bounded.
type lists struct {
	making sync.Mutex // one is made at a time

	mu   sync.Mutex
	kept map[string]readyList // by owner
}

type readyList struct {
	version string
	size    int
	list    *words.List
}

// maxKept is how many words all kept lists have together at most: some 200 MB.
const maxKept = 250_000

func (l *lists) get(owner, version string) (*words.List, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, kept := l.kept[owner]
	return r.list, kept && r.version == version
}

// put keeps a list; others are let go until all fit.
func (l *lists) put(owner string, r readyList) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil {
		l.kept = map[string]readyList{}
	}
	delete(l.kept, owner)
	total := r.size
	for _, other := range l.kept {
		total += other.size
	}
	for other, let := range l.kept {
		if total <= maxKept {
			break
		}
		delete(l.kept, other)
		total -= let.size
	}
	l.kept[owner] = r
}

// wordLists gives the lists of a bank and of a room of its; room is "" for none.
func (s *Rooms) wordLists(ctx context.Context, bank, room string) ([]*words.List, error) {
	var all []*words.List
	for _, owner := range []string{bank, room} {
		version, some, err := db.Value[string](ctx, s.DB, "SELECT version FROM word_list WHERE owner_id = ?", owner)
		if err != nil {
			return nil, err
		}
		if !some {
			continue
		}
		l, err := s.ready(ctx, owner, version)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func (s *Rooms) ready(ctx context.Context, owner, version string) (*words.List, error) {
	if l, kept := s.lists.get(owner, version); kept {
		return l, nil
	}
	s.lists.making.Lock()
	defer s.lists.making.Unlock()
	if l, kept := s.lists.get(owner, version); kept { // made while this one waited
		return l, nil
	}
	all, err := db.All(ctx, s.DB, scanWord, "SELECT word, severity FROM listed_word WHERE owner_id = ? ORDER BY word", owner)
	if err != nil {
		return nil, err
	}
	l := words.New(all)
	s.lists.put(owner, readyList{version, len(all), l})
	return l, nil
}

func scanWord(r db.Row) (w words.Word, err error) { return w, r.Scan(&w.Text, &w.Severity) }

// found gives what a text has of several lists.
func found(lists []*words.List, text string) (all []words.Word) {
	for _, l := range lists {
		all = append(all, l.Find(text)...)
	}
	return all
}

func named(all []words.Word) []string {
	texts := []string{}
	for _, w := range all {
		if !slices.Contains(texts, w.Text) {
			texts = append(texts, w.Text)
		}
	}
	return texts
}

// MayTell judges what staff are about to tell a room, or call it: 422
// words.blocked for words that may not be said; 409 words.warned for others of
// the lists, and for what RULES §4 wants thought over, unless it was.
func (s *Rooms) MayTell(ctx context.Context, bank, room, field, text string, confirmed bool) error {
	lists, err := s.wordLists(ctx, bank, room)
	if err != nil {
		return err
	}
	var blocked, warned []string
	for _, w := range found(lists, text) {
		if w.Severity == words.Block {
			blocked = append(blocked, w.Text)
		} else {
			warned = append(warned, w.Text)
		}
	}
	if len(blocked) > 0 {
		return naming(fault.New(fault.Invalid, "words.blocked"), field, blocked)
	}
	if warned = append(warned, words.Promises(text)...); len(warned) > 0 && !confirmed {
		return naming(fault.New(fault.Conflict, "words.warned"), field, warned)
	}
	return nil
}

func naming(e *fault.Error, field string, texts []string) *fault.Error {
	for _, w := range slices.Compact(texts) {
		e = e.With(field, "words.word", w)
	}
	return e
}

// clean brings words into the form in which they are kept: trimmed, in lower
// case, the last of doubles. 422 names the place of one that is too long or
// empty; field is that of the list.
func clean(field, part string, all []words.Word) ([]words.Word, error) {
	at := map[string]int{}
	out := []words.Word{}
	for i, w := range all {
		if utf8.RuneCountInString(w.Text) > words.MaxLen {
			return nil, fault.InvalidField(fmt.Sprintf("%s[%d]%s", field, i, part), "field.too_long")
		}
		if w.Text = strings.ToLower(strings.TrimSpace(w.Text)); w.Text == "" {
			continue
		}
		if j, double := at[w.Text]; double {
			out[j] = w
			continue
		}
		at[w.Text] = len(out)
		out = append(out, w)
	}
	return out, nil
}
