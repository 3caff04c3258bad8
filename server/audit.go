package server

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/csvfile"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// AuditFilter is embedded in the inputs of what shows the audit log.
type AuditFilter struct {
	Actor  string `query:"actor" maxLength:"60" doc:"Who acted"`
	Action string `query:"action" maxLength:"60" doc:"Such as lead.revealed; lead.* for all of a kind"`
	Object string `query:"object" maxLength:"80" doc:"What was acted on"`
	From   string `query:"from" maxLength:"40" doc:"From this day (YYYY-MM-DD in the bank's zone) or time on"`
	To     string `query:"to" maxLength:"40" doc:"To the end of this day, or before this time"`
}

type auditIn struct {
	Page
	AuditFilter
}

type auditFileIn struct{ AuditFilter }

// auditEntry is an entry of the chain as the API shows it.
type auditEntry struct {
	ID        string         `json:"id"`
	Seq       int64          `json:"seq" doc:"Counts one by one in a bank"`
	ActorKind string         `json:"actor_kind" enum:"staff,viewer,system"`
	Actor     string         `json:"actor"`
	ActorName string         `json:"actor_name" doc:"Of staff, as it is now"`
	Action    string         `json:"action"`
	Title     string         `json:"title" doc:"The action in the language of Accept-Language"`
	Object    string         `json:"object"`
	ObjectIs  string         `json:"object_name" doc:"Of a member of staff, as it is now"`
	Detail    map[string]any `json:"detail"`
	RequestID string         `json:"request_id"`
	At        clock.Stamp    `json:"at"`
	PrevHash  string         `json:"prev_hash"`
	Hash      string         `json:"hash"`
}

type auditNeighbours struct {
	Entry  auditEntry  `json:"entry"`
	Before *auditEntry `json:"before" doc:"The entry whose hash this one bears"`
	After  *auditEntry `json:"after"`
}

type seqIn struct {
	Seq int64 `path:"seq" minimum:"1"`
}

type proofIn struct {
	From int64 `query:"from_seq" minimum:"1" default:"1"`
	To   int64 `query:"to_seq" minimum:"0" default:"0" doc:"0 is the head; one answer goes as far as 5,000 entries"`
}

// chainProof is what was found of a piece of the chain.
type chainProof struct {
	Bank      string       `json:"bank"`
	FromSeq   int64        `json:"from_seq"`
	ToSeq     int64        `json:"to_seq" doc:"The last entry of this piece"`
	Count     int64        `json:"count" doc:"Entries that hold"`
	FirstAt   *clock.Stamp `json:"first_at"`
	LastAt    *clock.Stamp `json:"last_at"`
	PrevHash  string       `json:"prev_hash" doc:"Of the entry before the piece; empty at the beginning"`
	LastHash  string       `json:"last_hash"`
	HeadSeq   int64        `json:"head_seq" doc:"Where the chain ended when this was begun"`
	HeadHash  string       `json:"head_hash"`
	Verdict   string       `json:"verdict" enum:"holds,broken"`
	BrokenAt  *int64       `json:"broken_at"`
	Found     string       `json:"found"`
	NextSeq   *int64       `json:"next_seq" doc:"Where the next piece begins; null at the end"`
	CheckedAt clock.Stamp  `json:"checked_at"`
}

type actionText struct {
	Action string `json:"action"`
	Title  string `json:"title"`
}

var auditors = staff(auth.Auditor)

func (s *Server) auditRoutes() {
	route(s, http.MethodGet, "/audit", auditors, "Who did what, the newest first", s.auditList)
	route(s, http.MethodGet, "/audit/actions", auditors, "What the log knows of, by name", func(ctx context.Context, in *listIn) (*body[list[actionText]], error) {
		lang := langOf(ctx)
		var items []actionText
		for _, a := range audit.Actions() {
			items = append(items, actionText{a, audit.Title(lang, a)})
		}
		return short(items, nil, in.Page, func(a actionText) string { return a.Action })
	})
	route(s, http.MethodGet, "/audit/entries/{seq}", auditors, "An entry with its neighbours in the chain", s.auditEntry)
	route(s, http.MethodGet, "/audit/proof", auditors, "Hash a piece of the chain anew", s.auditProof)
	route(s, http.MethodGet, "/audit/export", auditors, "The log as CSV with all hashes, audited", s.auditExport)
}

func langOf(ctx context.Context) fault.Lang { return fault.Language(obs.RequestOf(ctx).Lang) }

func (s *Server) auditFilter(ctx context.Context, in AuditFilter) (f audit.Filter, err error) {
	zone := auth.From(ctx).Bank.Zone
	f = audit.Filter{Actor: in.Actor, Action: in.Action, Object: in.Object}
	if f.From, err = moment("from", in.From, zone, 0); err != nil {
		return f, err
	}
	f.To, err = moment("to", in.To, zone, 1)
	return f, err
}

func (s *Server) auditList(ctx context.Context, in *auditIn) (*body[list[auditEntry]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	f, err := s.auditFilter(ctx, in.AuditFilter)
	if err != nil {
		return nil, err
	}
	f.Limit = in.Limit + 1
	if after != "" {
		if f.Before, err = strconv.ParseInt(after, 10, 64); err != nil || f.Before < 1 {
			return nil, fault.InvalidField("cursor", "field.cursor")
		}
	}
	entries, err := audit.List(ctx, s.DB, auth.From(ctx).Bank.ID, f)
	if err != nil {
		return nil, err
	}
	items, err := s.auditEntries(ctx, entries)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(e auditEntry) string { return strconv.FormatInt(e.Seq, 10) }), nil
}

// auditEntries puts names in.
func (s *Server) auditEntries(ctx context.Context, entries []audit.Entry) ([]auditEntry, error) {
	known := map[string]bool{}
	var ids []string
	for _, e := range entries {
		for _, v := range []string{e.Actor, e.Object} {
			if strings.HasPrefix(v, "stf_") && !known[v] {
				known[v] = true
				ids = append(ids, v)
			}
		}
	}
	names, err := s.Auth.Names(ctx, auth.From(ctx).Bank.ID, ids)
	items, lang := make([]auditEntry, len(entries)), langOf(ctx)
	for i, e := range entries {
		items[i] = auditEntry{ID: e.ID, Seq: e.Seq, ActorKind: e.ActorKind, Actor: e.Actor, ActorName: names[e.Actor], Action: e.Action, Title: audit.Title(lang, e.Action),
			Object: e.Object, ObjectIs: names[e.Object], Detail: e.Detail, RequestID: e.RequestID, At: clock.At(e.At), PrevHash: e.PrevHash, Hash: e.Hash}
	}
	return items, err
}

func (s *Server) auditEntry(ctx context.Context, in *seqIn) (*body[auditNeighbours], error) {
	var found []audit.Entry
	for _, seq := range []int64{in.Seq, in.Seq - 1, in.Seq + 1} {
		e, is, err := audit.One(ctx, s.DB, auth.From(ctx).Bank.ID, seq)
		if err != nil {
			return nil, err
		}
		if seq == in.Seq && !is {
			return nil, fault.New(fault.NotFound, "not_found")
		}
		if is {
			found = append(found, e)
		}
	}
	items, err := s.auditEntries(ctx, found)
	if err != nil {
		return nil, err
	}
	out := auditNeighbours{Entry: items[0]}
	for _, e := range items[1:] {
		if e.Seq < in.Seq {
			out.Before = &e
		} else {
			out.After = &e
		}
	}
	return ok(out), nil
}

func (s *Server) auditProof(ctx context.Context, in *proofIn) (*body[chainProof], error) {
	if in.To > 0 && in.To < in.From {
		return nil, fault.InvalidField("to_seq", "field.too_small")
	}
	bank := auth.From(ctx).Bank
	p, err := audit.Prove(ctx, s.DB, bank.ID, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := chainProof{Bank: bank.ID, FromSeq: p.From, ToSeq: p.To, Count: p.Count, FirstAt: clock.AtPtr(p.FirstAt), LastAt: clock.AtPtr(p.LastAt), PrevHash: p.PrevHash,
		LastHash: p.Hash, HeadSeq: p.HeadSeq, HeadHash: p.HeadHash, Verdict: "holds", Found: p.Found, CheckedAt: clock.At(s.DB.Clock().Now())}
	if !p.Holds() {
		out.Verdict, out.BrokenAt = "broken", &p.BrokenAt
	}
	if next := p.To + 1; p.Holds() && next <= p.HeadSeq && (in.To == 0 || next <= in.To) {
		out.NextSeq = &next
	}
	return ok(out), nil
}

// exportPage is how many entries are read at once.
const exportPage = 1000

var auditHeader = []string{"seq", "id", "at", "actor_kind", "actor", "actor_name", "action", "title", "object", "detail", "request_id", "prev_hash", "hash"}

func (s *Server) auditExport(ctx context.Context, in *auditFileIn) (*huma.StreamResponse, error) {
	f, err := s.auditFilter(ctx, in.AuditFilter)
	if err != nil {
		return nil, err
	}
	// The entry about the export is its first line, where the filter lets it in.
	err = s.noted(ctx, "audit.exported", auth.From(ctx).Bank.ID, map[string]any{"actor": f.Actor, "action": f.Action, "object": f.Object, "from": in.From, "to": in.To})
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, "audit.csv", func(_ context.Context, w io.Writer) error { return s.writeAudit(ctx, w, f) }), nil
}

func (s *Server) writeAudit(ctx context.Context, w io.Writer, f audit.Filter) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(auditHeader); err != nil {
		return err
	}
	for f.Limit = exportPage; ; {
		entries, err := audit.List(ctx, s.DB, auth.From(ctx).Bank.ID, f)
		if err != nil {
			return err
		}
		items, err := s.auditEntries(ctx, entries)
		if err != nil {
			return err
		}
		for _, e := range items {
			detail, _ := json.Marshal(e.Detail) // it came from JSON
			at, _ := e.At.MarshalText()
			cells := []string{strconv.FormatInt(e.Seq, 10), e.ID, string(at), e.ActorKind, e.Actor, e.ActorName, e.Action, e.Title, e.Object, string(detail), e.RequestID, e.PrevHash, e.Hash}
			for i := range cells {
				cells[i] = csvfile.Inert(cells[i])
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || len(entries) < exportPage {
			return err
		}
		f.Before = entries[len(entries)-1].Seq
	}
}

// noted writes an act of the caller's that has no transaction of its own.
func (s *Server) noted(ctx context.Context, action, object string, detail map[string]any) error {
	return s.Auth.Note(ctx, auth.From(ctx), action, object, detail)
}
