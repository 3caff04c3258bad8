package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
	"yinbo/live"
	"yinbo/live/words"
)

type wordsIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body wordsBody
}

type wordsBody struct {
	Words []string `json:"words" maxItems:"50000" doc:"At most 60 characters each"`
}

type wordListIn struct {
	Page
	ID       string         `path:"id" maxLength:"60"`
	Severity words.Severity `query:"severity" enum:"warn,hold,block" doc:"All when left out"`
}

type bankWordsIn struct {
	Page
	Severity words.Severity `query:"severity" enum:"warn,hold,block" doc:"All when left out"`
}

type wordListBody struct {
	Items []words.Word `json:"items" maxItems:"50000"`
}

type setWordListIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body wordListBody
}

type setBankWordsIn struct{ Body wordListBody }

type importWordsIn struct {
	ID      string `path:"id" maxLength:"60"`
	RawBody []byte `contentType:"text/plain"`
}

type importBankWordsIn struct {
	RawBody []byte `contentType:"text/plain"`
}

type counted struct {
	Words int `json:"words"`
}

// wordRoutes keep the lists of words: each room's, and the bank's for all rooms.
func (s *Server) wordRoutes() {
	route(s, http.MethodGet, "/host/rooms/{id}/words", roomHands, "The words that hold a message back", func(ctx context.Context, in *idIn) (*body[wordsBody], error) {
		bank, by := runner(ctx)
		if err := s.Rooms.AssistantMay(ctx, bank, in.ID, by.ID, by.Operator); err != nil {
			return nil, err
		}
		words, err := s.Rooms.Words(ctx, in.ID)
		return answered(wordsBody{words}, err)
	})
	route(s, http.MethodPut, "/host/rooms/{id}/words", roomHands, "Replace those words", func(ctx context.Context, in *wordsIn) (*body[wordsBody], error) {
		bank, by := runner(ctx)
		words, err := s.Rooms.SetWords(ctx, bank, in.ID, by, in.Body.Words)
		return answered(wordsBody{words}, err)
	})
	route(s, http.MethodGet, "/host/rooms/{id}/word-list", roomHands, "The room's words with what they do", func(ctx context.Context, in *wordListIn) (*body[list[words.Word]], error) {
		return s.wordList(ctx, in.ID, in.Severity, in.Page)
	})
	route(s, http.MethodPut, "/host/rooms/{id}/word-list", roomHands, "Replace the room's words", func(ctx context.Context, in *setWordListIn) (*body[counted], error) {
		bank, by := runner(ctx)
		n, err := s.Rooms.SetWordList(ctx, bank, in.ID, by, in.Body.Items)
		return answered(counted{n}, err)
	})
	importing := rawBody("text/plain")
	route(s, http.MethodPost, "/host/rooms/{id}/word-list/import", roomHands, "Add words, one a line, a severity behind a comma", func(ctx context.Context, in *importWordsIn) (*body[live.Imported], error) {
		return s.importWords(ctx, in.ID, in.RawBody)
	}, importing)

	operators := staff(auth.Operator)
	route(s, http.MethodGet, "/host/word-list", operators, "The bank's words for all rooms", func(ctx context.Context, in *bankWordsIn) (*body[list[words.Word]], error) {
		return s.wordList(ctx, "", in.Severity, in.Page)
	})
	route(s, http.MethodPut, "/host/word-list", operators, "Replace the bank's words", func(ctx context.Context, in *setBankWordsIn) (*body[counted], error) {
		bank, by := runner(ctx)
		n, err := s.Rooms.SetWordList(ctx, bank, "", by, in.Body.Items)
		return answered(counted{n}, err)
	})
	route(s, http.MethodPost, "/host/word-list/import", operators, "Add words to the bank's, one a line, a severity behind a comma", func(ctx context.Context, in *importBankWordsIn) (*body[live.Imported], error) {
		return s.importWords(ctx, "", in.RawBody)
	}, importing)
}

// wordList reads a room's list, or with room "" the bank's.
func (s *Server) wordList(ctx context.Context, room string, severity words.Severity, in Page) (*body[list[words.Word]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	bank, by := runner(ctx)
	all, err := s.Rooms.WordList(ctx, bank, room, by, severity, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(all, in.Limit, func(w words.Word) string { return w.Text }), nil
}

func (s *Server) importWords(ctx context.Context, room string, raw []byte) (*body[live.Imported], error) {
	bank, by := runner(ctx)
	return answered(s.Rooms.ImportWords(ctx, bank, room, by, string(raw), fault.Language(obs.RequestOf(ctx).Lang)))
}
