package server

import (
	"context"
	"net/http"
	"strconv"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/fault"
)

type auditIn struct {
	Page
	Actor  string `query:"actor" maxLength:"60" doc:"Who acted"`
	Action string `query:"action" maxLength:"60" doc:"Such as lead.revealed"`
	Object string `query:"object" maxLength:"80" doc:"What was acted on"`
	From   string `query:"from" maxLength:"40" doc:"From this day (YYYY-MM-DD in the bank's zone) or time on"`
	To     string `query:"to" maxLength:"40" doc:"To the end of this day, or before this time"`
}

// auditEntry is an entry of the chain as the API shows it.
type auditEntry struct {
	ID        string         `json:"id"`
	Seq       int64          `json:"seq" doc:"Counts one by one in a bank"`
	ActorKind string         `json:"actor_kind" enum:"staff,viewer,system"`
	Actor     string         `json:"actor"`
	Action    string         `json:"action"`
	Object    string         `json:"object"`
	Detail    map[string]any `json:"detail"`
	RequestID string         `json:"request_id"`
	At        clock.Stamp    `json:"at"`
	PrevHash  string         `json:"prev_hash"`
	Hash      string         `json:"hash"`
}

func (s *Server) auditRoutes() {
	route(s, http.MethodGet, "/audit", staff(auth.Auditor), "Who did what, the newest first", s.auditList)
}

func (s *Server) auditList(ctx context.Context, in *auditIn) (*body[list[auditEntry]], error) {
	bank := auth.From(ctx).Bank
	f := audit.Filter{Actor: in.Actor, Action: in.Action, Object: in.Object, Limit: in.Limit + 1}
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" {
		if f.Before, err = strconv.ParseInt(after, 10, 64); err != nil || f.Before < 1 {
			return nil, fault.InvalidField("cursor", "field.cursor")
		}
	}
	if f.From, err = moment("from", in.From, bank.Zone, 0); err != nil {
		return nil, err
	}
	if f.To, err = moment("to", in.To, bank.Zone, 1); err != nil {
		return nil, err
	}
	entries, err := audit.List(ctx, s.DB, bank.ID, f)
	if err != nil {
		return nil, err
	}
	items := make([]auditEntry, len(entries))
	for i, e := range entries {
		items[i] = auditEntry{ID: e.ID, Seq: e.Seq, ActorKind: e.ActorKind, Actor: e.Actor, Action: e.Action, Object: e.Object,
			Detail: e.Detail, RequestID: e.RequestID, At: clock.At(e.At), PrevHash: e.PrevHash, Hash: e.Hash}
	}
	return paged(items, in.Limit, func(e auditEntry) string { return strconv.FormatInt(e.Seq, 10) }), nil
}
