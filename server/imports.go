package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
	"yinbo/order/bulk"
)

type importsIn struct {
	Page
	Kind  string     `query:"kind" maxLength:"40" doc:"Such as products"`
	State bulk.State `query:"state" enum:"uploading,queued,running,done,failed,cancelled"`
}

type newImportIn struct {
	Keyed
	Body struct {
		Kind string `json:"kind" minLength:"1" maxLength:"40" doc:"Such as products"`
		Name string `json:"name" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" doc:"What the file is called"`
	}
}

type partIn struct {
	ID      string `path:"id" maxLength:"60"`
	No      int    `path:"no" minimum:"1" maximum:"256" doc:"Parts are numbered from 1 and are one file in this order"`
	RawBody []byte `contentType:"text/csv"`
}

type importLinesIn struct {
	Page
	ID      string      `path:"id" maxLength:"60"`
	Verdict bulk.Result `query:"verdict" enum:"created,updated,failed"`
}

func importer(ctx context.Context) (bank string, by bulk.Actor, lang fault.Lang) {
	p, r := auth.From(ctx), obs.RequestOf(ctx)
	return p.Bank.ID, bulk.Actor{Kind: string(p.Kind), ID: p.ID, RequestID: r.ID}, fault.Language(r.Lang)
}

// importRoutes take in files of lines: begin, upload parts, start, look on, read
// the report.
func (s *Server) importRoutes() {
	importReaders := staff(auth.Operator, auth.Auditor) // files are the whole bank's
	route(s, http.MethodGet, "/shop/import-kinds", importReaders, "What can be imported, with the columns of its files", func(ctx context.Context, in *listIn) (*body[list[bulk.Shape]], error) {
		return short(s.Imports.Shapes(), nil, in.Page, func(v bulk.Shape) string { return v.Kind })
	})
	route(s, http.MethodGet, "/shop/imports", importReaders, "List imports, the newest first", s.listImports)
	route(s, http.MethodPost, "/shop/imports", shopKeepers, "Begin an import; its file comes in parts", s.createImport, status(http.StatusCreated))
	route(s, http.MethodGet, "/shop/imports/{id}", importReaders, "How an import goes", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		bank, _, lang := importer(ctx)
		return answered(s.Imports.Get(ctx, bank, in.ID, lang))
	})
	route(s, http.MethodPut, "/shop/imports/{id}/parts/{no}", shopKeepers, "Upload a part of the file, at most 1 MiB", func(ctx context.Context, in *partIn) (*struct{}, error) {
		bank, _, _ := importer(ctx)
		return nil, s.Imports.PutPart(ctx, bank, in.ID, in.No, in.RawBody)
	}, status(http.StatusNoContent), rawBody("text/csv"))
	route(s, http.MethodPost, "/shop/imports/{id}/start", shopKeepers, "Take the file in", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		bank, by, lang := importer(ctx)
		return answered(s.Imports.Start(ctx, bank, by, in.ID, lang))
	})
	route(s, http.MethodPost, "/shop/imports/{id}/cancel", shopKeepers, "Stop an import; lines that were taken in stay", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		bank, by, lang := importer(ctx)
		return answered(s.Imports.Cancel(ctx, bank, by, in.ID, lang))
	})
	route(s, http.MethodGet, "/shop/imports/{id}/lines", importReaders, "What became of each line", s.importLines)
	route(s, http.MethodGet, "/shop/imports/{id}/report", importReaders, "What became of each line, as CSV", s.importReport)
}

func (s *Server) listImports(ctx context.Context, in *importsIn) (*body[list[bulk.Job]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	bank, _, lang := importer(ctx)
	items, err := s.Imports.List(ctx, bank, in.Kind, in.State, after, in.Limit, lang)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(j bulk.Job) string { return j.ID }), nil
}

func (s *Server) createImport(ctx context.Context, in *newImportIn) (*answer[bulk.Job], error) {
	req, err := s.idem(ctx, "POST /shop/imports", in.Keyed)
	if err != nil {
		return nil, err
	}
	bank, by, _ := importer(ctx)
	v, replayed, err := s.Imports.Create(ctx, req, bank, by, in.Body.Kind, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) importLines(ctx context.Context, in *importLinesIn) (*body[list[bulk.LineReport]], error) {
	cursor, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	var after int64
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return nil, fault.InvalidField("cursor", "field.cursor")
		}
	}
	bank, _, lang := importer(ctx)
	items, err := s.Imports.Lines(ctx, bank, in.ID, in.Verdict, after, in.Limit, lang)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(l bulk.LineReport) string { return strconv.FormatInt(l.Line, 10) }), nil
}

func (s *Server) importReport(ctx context.Context, in *idIn) (*huma.StreamResponse, error) {
	bank, _, lang := importer(ctx)
	write, err := s.Imports.Report(ctx, bank, in.ID, lang)
	if err != nil {
		return nil, err
	}
	if err := s.noted(ctx, "import.exported", in.ID, nil); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "text/csv; charset=utf-8")
		out.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", in.ID+".csv"))
		if err := write(out.Context(), out.BodyWriter()); err != nil {
			s.log.WarnContext(ctx, "report broken off", "error", err)
			panic(http.ErrAbortHandler) // a file cut short must not look whole
		}
	}}, nil
}
