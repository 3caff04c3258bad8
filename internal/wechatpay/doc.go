// Package wechatpay speaks to WeChat Pay (API v3) through its official SDK: it
// opens Native payments, asks for and closes them, gives money back, and reads
// notices.
//
// Like package gateway, whose types it gives: an answer is definite (a result, or
// *gateway.Refusal) or unknown (gateway.ErrUnknown), and every call is idempotent
// by our number. Amounts are in fen on both sides.
//
// Trust: requests are signed with the merchant's private key; answers and notices
// are believed only when they are signed with WeChat Pay's public key within the
// last five minutes (by the SDK, on the system's clock), and a notice's content
// must open with the APIv3 key and name our merchant number.
//
// It imports internal/fault, gateway and money, and the SDK.
package wechatpay
