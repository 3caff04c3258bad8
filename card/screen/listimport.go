package screen

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// MaxImport is how many lines a file may have.
const MaxImport = 5000

// importChunk is how many lines are one transaction.
const importChunk = 500

var importColumns = []string{"list", "kind", "value", "reason", "expires_at"}

// LineResult is what became of a line of a file.
type LineResult struct {
	Line    int    `json:"line" doc:"In the file, from 1"`
	Result  string `json:"result" enum:"added,unchanged,failed"`
	Field   string `json:"field" doc:"The column concerned, if one is"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Report is what became of a file. Its values are in no line of it.
type Report struct {
	Added     int          `json:"added"`
	Unchanged int          `json:"unchanged" doc:"In force already"`
	Failed    int          `json:"failed"`
	Lines     []LineResult `json:"lines" doc:"Those that were not added"`
}

// hashed is a line whose value is gone.
type hashed struct {
	no   int
	line Line
	hash string
	err  error
}

// Import puts a file's lines on the lists: CSV in UTF-8, its first line naming the
// columns list, kind, value, reason and, if wished, expires_at (a day, to its end
// in the bank's zone, or a time). A line that can't be taken stops no other; the
// same file again changes nothing. 422 on field body.
func (s *Screens) Import(ctx context.Context, bank tenant.Bank, by Person, raw []byte, lang fault.Lang) (Report, error) {
	lines, err := s.readImport(ctx, bank, raw)
	if err != nil {
		return Report{}, err
	}
	report := Report{Lines: []LineResult{}}
	for chunk := range slices.Chunk(lines, importChunk) {
		part, err := s.importChunk(ctx, bank.ID, by, chunk, lang)
		if err != nil {
			return report, err
		}
		report.Added, report.Unchanged, report.Failed = report.Added+part.Added, report.Unchanged+part.Unchanged, report.Failed+part.Failed
		report.Lines = append(report.Lines, part.Lines...)
	}
	return report, nil
}

// readImport hashes each value as soon as it is read.
func (s *Screens) readImport(ctx context.Context, bank tenant.Bank, raw []byte) ([]hashed, error) {
	var header []string
	var lines []hashed
	for no, cells := range csvfile.Read(raw) {
		if header == nil {
			if header = cells; !isHeader(cells) {
				return nil, fault.InvalidField("body", "screening.csv_header")
			}
			continue
		}
		if len(lines) == MaxImport {
			return nil, fault.InvalidField("body", "screening.csv_long", MaxImport)
		}
		h := hashed{no: no}
		if cells == nil || len(cells) > len(header) {
			h.err = fault.InvalidField("", "csv.format", no)
			lines = append(lines, h)
			continue
		}
		row := map[string]string{}
		for i, c := range cells {
			row[header[i]] = strings.TrimSpace(c)
		}
		h.line, h.hash, h.err = s.readLine(ctx, bank, row)
		if h.err != nil && fault.From(h.err).Kind != fault.Invalid {
			return nil, h.err
		}
		lines = append(lines, h)
	}
	if header == nil {
		return nil, fault.InvalidField("body", "screening.csv_header")
	}
	return lines, nil
}

// isHeader wants known columns, and all that must be there.
func isHeader(cells []string) bool {
	return csvfile.Columns(cells, importColumns) && !slices.ContainsFunc(importColumns[:4], func(must string) bool { return !slices.Contains(cells, must) })
}

func (s *Screens) readLine(ctx context.Context, bank tenant.Bank, row map[string]string) (Line, string, error) {
	l := Line{List: ListName(row["list"]), Kind: Kind(row["kind"]), Reason: row["reason"]}
	if l.List != Black && l.List != White {
		return l, "", fault.InvalidField("list", "field.not_allowed")
	}
	if !slices.Contains([]Kind{PersonKind, Phone, Device, IP, EmployerPhone}, l.Kind) {
		return l, "", fault.InvalidField("kind", "field.not_allowed")
	}
	if len([]rune(l.Reason)) > 200 {
		return l, "", fault.InvalidField("reason", "field.too_long")
	}
	if v := row["expires_at"]; v != "" {
		day, err := time.ParseInLocation(time.DateOnly, v, bank.Zone)
		l.Expires = day.AddDate(0, 0, 1)
		if err != nil {
			if l.Expires, err = time.Parse(time.RFC3339Nano, v); err != nil {
				return l, "", fault.InvalidField("expires_at", "field.format")
			}
		}
	}
	if err := s.checkLine(&l); err != nil {
		return l, "", err
	}
	hash, err := s.hash(ctx, bank.ID, l.Kind, pii.Clear(row["value"]))
	return l, hash, err
}

// importChunk is the transaction of some lines.
func (s *Screens) importChunk(ctx context.Context, bank string, by Person, lines []hashed, lang fault.Lang) (Report, error) {
	var report Report
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		report = Report{}
		for _, h := range lines {
			var added string
			var err error
			if h.err == nil {
				if added, err = addEntry(ctx, tx, bank, by, h.line, h.hash); err != nil {
					return err
				}
			}
			report.note(h, added, lang)
		}
		return by.audit(ctx, tx, bank, "imported", bank, map[string]any{"added": report.Added, "unchanged": report.Unchanged, "failed": report.Failed})
	})
	return report, err
}

func (r *Report) note(h hashed, added string, lang fault.Lang) {
	switch {
	case h.err != nil:
		f := fault.From(h.err).Fields[0]
		r.Failed++
		r.Lines = append(r.Lines, LineResult{Line: h.no, Result: "failed", Field: f.Name, Code: f.Code, Message: fault.Text(lang, f.Code, f.Args...)})
	case added == "":
		r.Unchanged++
		r.Lines = append(r.Lines, LineResult{Line: h.no, Result: "unchanged", Code: "screening.listed", Message: fault.Text(lang, "screening.listed")})
	default:
		r.Added++
	}
}
