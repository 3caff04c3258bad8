package server

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"yinbo/internal/fault"
)

// Page is embedded in the inputs of lists.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
	Cursor string `query:"cursor" doc:"next_cursor of the page before"`
}

// listIn is the input of a list without filters.
type listIn struct{ Page }

// list is a page of items.
type list[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// checksum tells cursors of ours from others; it keeps no secret.
func checksum(after string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(after))) }

// decodeCursor gives the place after which the page begins; "" is the start.
// 422 on field cursor when it is not one of ours.
func decodeCursor(c string) (string, error) {
	if c == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(c)
	sum, after, ours := strings.Cut(string(raw), ":")
	if err != nil || !ours || after == "" || sum != checksum(after) {
		return "", fault.InvalidField("cursor", "field.cursor")
	}
	return after, nil
}

// encodeCursor names the place; nil for "".
func encodeCursor(after string) *string {
	if after == "" {
		return nil
	}
	c := base64.RawURLEncoding.EncodeToString([]byte(checksum(after) + ":" + after))
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

// short pages a list that is read whole because it is never long.
func short[T any](items []T, err error, in Page, key func(T) string) (*body[list[T]], error) {
	if err != nil {
		return nil, err
	}
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(items, func(v T) bool { return key(v) == after }); after != "" {
		items = items[i+1:]
	}
	return paged(items, in.Limit, key), nil
}
