package wechattest

import (
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
)

// PutBill sets the trade bill of a date.
func (s *Server) PutBill(date, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bills[date] = text
}

func (s *Server) billOf(date string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.bills[date]
	return text, ok
}

// bill tells where a bill is and what it hashes to; that is signed, the file is
// not.
func (s *Server) bill(w http.ResponseWriter, r *http.Request, _ []byte) {
	date := r.URL.Query().Get("bill_date")
	text, ok := s.billOf(date)
	if !ok || r.URL.Query().Get("bill_type") != "ALL" {
		s.refuse(w, http.StatusBadRequest, "NO_STATEMENT_EXIST")
		return
	}
	sum := sha1.Sum([]byte(text))
	s.answer(w, http.StatusOK, map[string]string{"hash_type": "SHA1", "hash_value": hex.EncodeToString(sum[:]),
		"download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=" + date})
}

func (s *Server) billFile(w http.ResponseWriter, r *http.Request, _ []byte) {
	text, _ := s.billOf(r.URL.Query().Get("token"))
	if s.TamperBill.Load() {
		text += " "
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, text) // whom it does not reach is the test's matter
}
