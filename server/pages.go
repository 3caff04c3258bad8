package server

import (
	"encoding/base64"
	"strings"

	"yinbo/internal/fault"
)

// Page is embedded in the inputs of lists.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
	Cursor string `query:"cursor" doc:"next_cursor of the page before"`
}

// list is a page of items.
type list[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

const cursorMark = "v1:"

// decodeCursor gives the place after which the page begins; "" is the start.
// 422 on field cursor when it is not one of ours.
func decodeCursor(c string) (string, error) {
	if c == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(c)
	after, ours := strings.CutPrefix(string(raw), cursorMark)
	if err != nil || !ours || after == "" {
		return "", fault.InvalidField("cursor", "field.cursor")
	}
	return after, nil
}

// encodeCursor names the place; nil for "".
func encodeCursor(after string) *string {
	if after == "" {
		return nil
	}
	c := base64.RawURLEncoding.EncodeToString([]byte(cursorMark + after))
	return &c
}

// paged cuts items, of which one more than limit was asked for, into a page.
func paged[T any](items []T, limit int, key func(T) string) *body[list[T]] {
	l := list[T]{Items: items}
	if len(items) > limit {
		l.Items = items[:limit]
		l.NextCursor = encodeCursor(key(items[limit-1]))
	}
	if l.Items == nil {
		l.Items = []T{}
	}
	return ok(l)
}
