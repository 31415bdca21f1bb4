package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Signed is what a request says about its own signature. Nothing in it is to
// be believed before Verify.
type Signed struct {
	AccessKey string
	Region    string
	Service   string
	Token     string // of temporary credentials; not looked up yet

	date      string // of the scope: YYYYMMDD
	headers   string // "host;x-amz-date"
	signature string
	at        time.Time
	expires   time.Duration // of a presigned URL
	presigned bool
}

// maxExpires is AWS's limit for presigned URLs.
const maxExpires = 7 * 24 * time.Hour

// Parse reads the signature of r, from its Authorization header or its query
// string. Its error is an *Error.
func Parse(r *http.Request) (Signed, error) {
	header := r.Header["Authorization"]
	inQuery := strings.Contains(r.URL.RawQuery, "X-Amz-")
	if inQuery {
		inQuery = hasQueryAuth(r.URL.RawQuery)
	}
	switch {
	case len(header) > 0 && inQuery:
		return Signed{}, incomplete("Only one auth mechanism allowed: the Authorization header, or the X-Amz-Algorithm query parameter.")
	case len(header) > 1:
		return Signed{}, incomplete("The request has more than one Authorization header.")
	case len(header) == 1:
		return parseHeader(r, header[0])
	case inQuery:
		return parseQuery(r.URL.RawQuery)
	}
	return Signed{}, missing()
}

// asymmetric is the algorithm of SigV4a, by which SDKs sign what goes through a
// global endpoint. Nobody verifies it here yet: strict mode refuses it.
const asymmetric = "AWS4-ECDSA-P256-SHA256"

// Scope reads the access key and the region that a request claims, and checks
// nothing else: what dev mode needs. Empty where there is nothing to read.
func Scope(r *http.Request) (accessKey, region string) {
	var credential string
	if header := r.Header["Authorization"]; len(header) > 0 {
		_, rest, ok := strings.Cut(header[0], "Credential=")
		if !ok {
			return "", ""
		}
		credential, _, _ = strings.Cut(rest, ",")
		credential = strings.TrimSpace(credential)
	} else if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		credential = queryValue(r.URL.RawQuery, "X-Amz-Credential")
	}
	accessKey, rest, _ := strings.Cut(credential, "/")
	_, rest, _ = strings.Cut(rest, "/") // the date
	if header := r.Header["Authorization"]; len(header) > 0 && strings.HasPrefix(header[0], asymmetric) {
		return accessKey, "" // it is for a set of regions; the service stands here
	}
	region, _, _ = strings.Cut(rest, "/")
	return accessKey, region
}

// Token is the session token that a request claims to have, as Scope reads.
func Token(r *http.Request) string {
	if token := r.Header["X-Amz-Security-Token"]; len(token) > 0 {
		return token[0]
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Security-Token=") {
		return queryValue(r.URL.RawQuery, "X-Amz-Security-Token")
	}
	return ""
}

// parseHeader reads
//
//	AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX
func parseHeader(r *http.Request, header string) (Signed, error) {
	var s Signed
	name, rest, _ := strings.Cut(header, " ")
	if name != algorithm {
		return s, incomplete("Unsupported Authorization type: want '" + algorithm + "'.")
	}
	var credential string
	for rest != "" {
		var field string
		field, rest, _ = strings.Cut(rest, ",")
		field = strings.TrimSpace(field)
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return s, incomplete("Invalid key=value pair (missing equal-sign) in Authorization header.")
		}
		switch key {
		case "Credential":
			credential = value
		case "SignedHeaders":
			s.headers = value
		case "Signature":
			s.signature = value
		}
	}
	stamp := r.Header.Get("X-Amz-Date")
	if stamp == "" {
		stamp = r.Header.Get("Date")
	}
	if m := absent("Authorization header", "parameter", credential, s.headers, s.signature); m != "" {
		return s, incomplete(m)
	}
	if stamp == "" {
		return s, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	s.Token = r.Header.Get("X-Amz-Security-Token")
	if err := s.setTime(stamp); err != nil {
		return s, err
	}
	return s, s.setCredential(credential)
}

// parseQuery reads the same from X-Amz-… query parameters.
func parseQuery(raw string) (Signed, error) {
	var s Signed
	if queryValue(raw, "X-Amz-Algorithm") != algorithm {
		return s, incomplete("Unsupported X-Amz-Algorithm: want '" + algorithm + "'.")
	}
	credential := queryValue(raw, "X-Amz-Credential")
	s.headers = queryValue(raw, "X-Amz-SignedHeaders")
	s.signature = queryValue(raw, "X-Amz-Signature")
	s.Token = queryValue(raw, "X-Amz-Security-Token")
	s.presigned = true
	for _, p := range []struct{ name, value string }{
		{"X-Amz-Credential", credential}, {"X-Amz-SignedHeaders", s.headers}, {"X-Amz-Signature", s.signature},
	} {
		if p.value == "" {
			return s, incomplete("AWS query-string parameters must include '" + p.name + "'.")
		}
	}
	if text := queryValue(raw, "X-Amz-Expires"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if s.expires = time.Duration(seconds) * time.Second; err != nil || seconds == 0 || s.expires > maxExpires {
			return s, incomplete("X-Amz-Expires must be a number of seconds between 1 and 604800.")
		}
	}
	stamp := queryValue(raw, "X-Amz-Date")
	if stamp == "" {
		return s, incomplete("AWS query-string parameters must include 'X-Amz-Date'.")
	}
	if err := s.setTime(stamp); err != nil {
		return s, err
	}
	return s, s.setCredential(credential)
}

// absent lists every part that is not there, as AWS does.
func absent(where, what, credential, headers, signature string) string {
	var m []string
	for _, p := range []struct{ name, value string }{
		{"Credential", credential}, {"Signature", signature}, {"SignedHeaders", headers},
	} {
		if p.value == "" {
			m = append(m, where+" requires '"+p.name+"' "+what+".")
		}
	}
	return strings.Join(m, " ")
}

func (s *Signed) setTime(stamp string) error {
	at, err := time.Parse(stampFormat, stamp)
	if err != nil {
		at, err = http.ParseTime(stamp)
	}
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '" + clip(stamp) + "'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	s.at = at.UTC()
	return nil
}

// setCredential takes KEY/DATE/REGION/SERVICE/aws4_request apart; setTime went before.
func (s *Signed) setCredential(credential string) error {
	if strings.Count(credential, "/") != 4 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + clip(credential) + "'")
	}
	var term, rest string
	s.AccessKey, rest, _ = strings.Cut(credential, "/")
	s.date, rest, _ = strings.Cut(rest, "/")
	s.Region, rest, _ = strings.Cut(rest, "/")
	s.Service, term, _ = strings.Cut(rest, "/")
	if term != terminator {
		return &Error{Mismatch, "Credential should be scoped with a valid terminator: '" + terminator + "', not '" + clip(term) + "'."}
	}
	if s.AccessKey == "" || s.Region == "" || s.Service == "" {
		return incomplete("Credential must not have an empty element, got '" + clip(credential) + "'")
	}
	var day [len(dateFormat)]byte
	if string(s.at.AppendFormat(day[:0], dateFormat)) != s.date {
		return &Error{Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			clip(s.date) + "' != '" + s.at.Format(dateFormat) + "', from '" + s.at.Format(stampFormat) + "'."}
	}
	return nil
}

// checkCoverage wants the host signed, and what decides which operation runs.
func (s *Signed) checkCoverage(r *http.Request) error {
	if !listed(s.headers, "host") {
		return &Error{Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	if len(r.Header["X-Amz-Target"]) > 0 && !listed(s.headers, "x-amz-target") {
		return &Error{Mismatch, "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."}
	}
	return nil
}

func listed(headers, name string) bool {
	for headers != "" {
		var h string
		if h, headers, _ = strings.Cut(headers, ";"); h == name {
			return true
		}
	}
	return false
}

func hasQueryAuth(raw string) bool {
	return queryValue(raw, "X-Amz-Algorithm") != "" || queryValue(raw, "X-Amz-Signature") != ""
}

// queryValue is the first value of a parameter whose name needs no escaping.
func queryValue(raw, name string) string {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(pair, "=")
		if key != name {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			return ""
		}
		return value
	}
	return ""
}

// clip keeps a hostile header out of an error message.
func clip(s string) string {
	if len(s) > 128 {
		return s[:128] + "..."
	}
	return s
}
