// Package wechattest is WeChat Pay's side of API v3 for tests: a local server
// that speaks the real scheme and shares no code with the SDK. It proves each
// request's Authorization with the merchant's key, signs its answers and notices
// with a platform key, and seals notices under the APIv3 key. All keys are made
// anew for each server.
package wechattest
