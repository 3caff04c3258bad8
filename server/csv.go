package server

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// csv answers with a file that is written as it is read.
func (s *Server) csv(ctx context.Context, name string, write func(context.Context, io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "text/csv; charset=utf-8")
		out.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
		out.SetHeader("Cache-Control", "no-store")
		if err := write(out.Context(), out.BodyWriter()); err != nil {
			s.log.WarnContext(ctx, "export broken off", "error", err)
			panic(http.ErrAbortHandler) // a file cut short must not look whole
		}
	}}
}

// exported is csv of what was read for it, once the act is in the audit log.
func (s *Server) exported(ctx context.Context, action, object string, picked map[string]any, name string,
	write func(context.Context, io.Writer) error, err error) (*huma.StreamResponse, error) {
	if err == nil {
		err = s.noted(ctx, action, object, picked)
	}
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, name, write), nil
}
