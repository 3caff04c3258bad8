package wechatpay

import (
	"context"
	"crypto/sha1" // what WeChat Pay hashes its bills by
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/url"
	"strings"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"

	"yinbo/internal/gateway"
)

// Statement streams the trade bill of a date (YYYY-MM-DD, Beijing); the caller
// closes it. A bill that is not what WeChat Pay signed ends with
// gateway.ErrHash in place of io.EOF. *gateway.Refusal NO_STATEMENT_EXIST for a
// day without trade, or one whose bill is not made yet.
func (c *Client) Statement(ctx context.Context, date string) (io.ReadCloser, error) {
	query := url.Values{"bill_date": {date}, "bill_type": {"ALL"}}
	answer, err := c.core.Get(ctx, consts.WechatPayAPIServer+"/v3/bill/tradebill?"+query.Encode())
	if err != nil {
		return nil, explain("bill", err)
	}
	defer answer.Response.Body.Close()
	var bill struct {
		HashType    string `json:"hash_type"`
		HashValue   string `json:"hash_value"`
		DownloadURL string `json:"download_url"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Response.Body, 1<<20)).Decode(&bill); err != nil {
		return nil, fmt.Errorf("%w: wechatpay: bill: %w", gateway.ErrUnknown, err)
	}
	if bill.HashType != "SHA1" || !strings.HasPrefix(bill.DownloadURL, consts.WechatPayAPIServer+"/") {
		return nil, fmt.Errorf("%w: wechatpay: bill: hashed by %q, at another address than the API's", gateway.ErrUnknown, bill.HashType)
	}
	// The file itself is not signed: what was signed is its hash.
	file, err := core.NewClientWithValidator(c.filesCore, &validators.NullValidator{}).Get(ctx, bill.DownloadURL)
	if err != nil {
		return nil, explain("bill's file", err)
	}
	return &hashed{body: file.Response.Body, sum: sha1.New(), want: strings.ToLower(bill.HashValue)}, nil
}

// hashed reads a file and proves its hash at the end.
type hashed struct {
	body io.ReadCloser
	sum  hash.Hash
	want string
}

// Read gives gateway.ErrHash for io.EOF where the hash is another.
func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	h.sum.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(h.sum.Sum(nil)) != h.want {
		err = fmt.Errorf("wechatpay: bill: %w", gateway.ErrHash)
	}
	return n, err
}

// Close ends the reading.
func (h *hashed) Close() error { return h.body.Close() }
