package server

import (
	"bytes"
	"encoding/json"
	"sync"

	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// rendered keeps the JSON of refusals that name no field, around the request's
// id: thousands of "sold out" a second differ in nothing else.
type rendered struct{ known sync.Map } // rendering → [2][]byte

type rendering struct {
	code string
	lang fault.Lang
}

// idMark stands for the request's id while a problem is rendered.
const idMark = "\u0001"

func (r *rendered) render(req obs.Request, f *fault.Error) []byte {
	key := rendering{f.Code, fault.Language(req.Lang)}
	parts, ok := r.known.Load(key)
	if !ok {
		before, after, _ := bytes.Cut(mustJSON(problemOf(obs.Request{ID: idMark, Lang: req.Lang}, f)), mustJSON(idMark))
		parts, _ = r.known.LoadOrStore(key, [2][]byte{before, after})
	}
	around := parts.([2][]byte)
	id := mustJSON(req.ID)
	out := make([]byte, 0, len(around[0])+len(id)+len(around[1]))
	return append(append(append(out, around[0]...), id...), around[1]...)
}

// mustJSON is for values that always have a form.
func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
