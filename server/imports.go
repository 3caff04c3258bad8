package server

import (
	"context"
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

type importFileIn struct {
	ID      string      `path:"id" maxLength:"60"`
	Verdict bulk.Result `query:"verdict" enum:"created,updated,failed"`
}

// importer is who imports, and the imports that there are for them.
func (s *Server) importer(ctx context.Context) (imports *bulk.Imports, bank string, by bulk.Actor, lang fault.Lang) {
	p, r := auth.From(ctx), obs.RequestOf(ctx)
	imports = s.Imports
	if p.Has(auth.Merchant) {
		imports = imports.Of(p.Of)
	}
	return imports, p.Bank.ID, bulk.Actor{Kind: string(p.Kind), ID: p.ID, RequestID: r.ID}, fault.Language(r.Lang)
}

// importRoutes take in files of lines: begin, upload parts, start, look on, read
// the report. Files are the whole bank's, and a merchant's own account has its own.
func (s *Server) importRoutes() {
	s.importsAt("/shop", staff(auth.Operator, auth.Auditor), shopKeepers)
	s.importsAt("/my", merchantItself, merchantItself)
}

func (s *Server) importsAt(at string, readers, takers access) {
	route(s, http.MethodGet, at+"/import-kinds", readers, "What can be imported, with the columns of its files", func(ctx context.Context, in *listIn) (*body[list[bulk.Shape]], error) {
		imports, _, _, _ := s.importer(ctx)
		return short(imports.Shapes(), nil, in.Page, func(v bulk.Shape) string { return v.Kind })
	})
	route(s, http.MethodGet, at+"/imports", readers, "List imports, the newest first", s.listImports)
	route(s, http.MethodPost, at+"/imports", takers, "Begin an import; its file comes in parts", s.createImport, status(http.StatusCreated))
	route(s, http.MethodGet, at+"/imports/{id}", readers, "How an import goes", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		imports, bank, _, lang := s.importer(ctx)
		return answered(imports.Get(ctx, bank, in.ID, lang))
	})
	route(s, http.MethodPut, at+"/imports/{id}/parts/{no}", takers, "Upload a part of the file, at most 1 MiB", func(ctx context.Context, in *partIn) (*struct{}, error) {
		imports, bank, _, _ := s.importer(ctx)
		return nil, imports.PutPart(ctx, bank, in.ID, in.No, in.RawBody)
	}, status(http.StatusNoContent), rawBody("text/csv"))
	route(s, http.MethodPost, at+"/imports/{id}/start", takers, "Take the file in", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		imports, bank, by, lang := s.importer(ctx)
		return answered(imports.Start(ctx, bank, by, in.ID, lang))
	})
	route(s, http.MethodPost, at+"/imports/{id}/cancel", takers, "Stop an import; lines that were taken in stay", func(ctx context.Context, in *idIn) (*body[bulk.Job], error) {
		imports, bank, by, lang := s.importer(ctx)
		return answered(imports.Cancel(ctx, bank, by, in.ID, lang))
	})
	route(s, http.MethodGet, at+"/imports/{id}/lines", readers, "What became of each line", s.importLines)
	route(s, http.MethodGet, at+"/imports/{id}/report", readers, "What became of each line, as CSV", s.importReport)
}

func (s *Server) listImports(ctx context.Context, in *importsIn) (*body[list[bulk.Job]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	imports, bank, _, lang := s.importer(ctx)
	items, err := imports.List(ctx, bank, in.Kind, in.State, after, in.Limit, lang)
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
	imports, bank, by, _ := s.importer(ctx)
	v, replayed, err := imports.Create(ctx, req, bank, by, in.Body.Kind, in.Body.Name)
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
	imports, bank, _, lang := s.importer(ctx)
	items, err := imports.Lines(ctx, bank, in.ID, in.Verdict, after, in.Limit, lang)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(l bulk.LineReport) string { return strconv.FormatInt(l.Line, 10) }), nil
}

func (s *Server) importReport(ctx context.Context, in *importFileIn) (*huma.StreamResponse, error) {
	imports, bank, _, lang := s.importer(ctx)
	write, err := imports.Report(ctx, bank, in.ID, in.Verdict, lang)
	return s.exported(ctx, "import.exported", in.ID, map[string]any{"verdict": in.Verdict}, in.ID+".csv", write, err)
}
