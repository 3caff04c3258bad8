package server

import (
	"context"
	"fmt"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/report"
)

type financeDayIn struct {
	Date string `query:"date" required:"true" format:"date" doc:"Business date, YYYY-MM-DD; not one to come"`
}

type sumsIn struct {
	By   string `query:"by" required:"true" enum:"room,merchant,funder,channel"`
	From string `query:"from" required:"true" format:"date" doc:"First business date, YYYY-MM-DD"`
	To   string `query:"to" required:"true" format:"date" doc:"Last business date, YYYY-MM-DD; at most 366 days on"`
}

type billIn struct {
	Funder string `query:"funder" required:"true" enum:"bank,platform"`
	From   string `query:"from" required:"true" format:"date" doc:"First business date, YYYY-MM-DD"`
	To     string `query:"to" required:"true" format:"date" doc:"Last business date, YYYY-MM-DD; at most 366 days on"`
}

type sumsOut struct {
	Items []report.Sum `json:"items"`
}

type reportFileOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// reportRoutes show finance its days and sums.
func (s *Server) reportRoutes() {
	route(s, http.MethodGet, "/finance/day", financeReaders, "Whether a business date closes, and what is missing",
		func(ctx context.Context, in *financeDayIn) (*body[report.Day], error) {
			return answered(s.Reports.Day(ctx, auth.From(ctx).Bank, in.Date))
		})
	route(s, http.MethodGet, "/finance/report", financeReaders, "Sums of a period by room, merchant, funder or channel",
		func(ctx context.Context, in *sumsIn) (*body[sumsOut], error) {
			items, err := s.Reports.Sums(ctx, auth.From(ctx).Bank.ID, report.By(in.By), report.Period{From: in.From, To: in.To})
			return answered(sumsOut{Items: items}, err)
		})
	route(s, http.MethodGet, "/finance/report/file", financeReaders, "The same as CSV; audited",
		func(ctx context.Context, in *sumsIn) (*reportFileOut, error) {
			p := auth.From(ctx)
			name, content, err := s.Reports.File(ctx, p.Bank.ID, report.By(in.By), report.Period{From: in.From, To: in.To},
				report.Actor{ID: p.ID, RequestID: requestID(ctx)})
			if err != nil {
				return nil, err
			}
			return &reportFileOut{ContentType: report.CSVType, Disposition: fmt.Sprintf("attachment; filename=%q", name), Body: content}, nil
		})
	route(s, http.MethodGet, "/finance/bill/file", financeReaders, "A funder's bill line by line as CSV; audited",
		func(ctx context.Context, in *billIn) (*reportFileOut, error) {
			p := auth.From(ctx)
			name, content, err := s.Reports.Bill(ctx, p.Bank.ID, in.Funder, report.Period{From: in.From, To: in.To}, report.Actor{ID: p.ID, RequestID: requestID(ctx)})
			if err != nil {
				return nil, err
			}
			return &reportFileOut{ContentType: report.CSVType, Disposition: fmt.Sprintf("attachment; filename=%q", name), Body: content}, nil
		})
	route(s, http.MethodGet, "/finance/promised", financeReaders, "Coupons and vouchers given out and not used up",
		func(ctx context.Context, _ *struct{}) (*body[report.Promised], error) {
			return answered(s.Reports.Promised(ctx, auth.From(ctx).Bank.ID))
		})
}
