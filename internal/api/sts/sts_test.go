package sts_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/api/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

func call(t *testing.T, principal, operation string, form url.Values) (string, error) {
	t.Helper()
	svc := sts.New(func(key string) (string, bool) { return "123456789012", key == "AKIAORDERS1234567890" })
	c := &wire.Call{RequestID: "r", Service: "sts", Operation: operation, Account: "123456789012", Principal: principal}
	out, err := svc.Operations[operation].Query(t.Context(), c, form, nil)
	return string(out), err
}

func TestEveryCallerLearnsWhoItIs(t *testing.T) {
	for principal, id := range map[string]string{
		"arn:aws:iam::123456789012:root":        "<UserId>123456789012</UserId>",
		"arn:aws:iam::123456789012:user/orders": "<UserId>AIDA",
	} {
		out, err := call(t, principal, "GetCallerIdentity", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{id, "<Arn>" + principal + "</Arn>", "<Account>123456789012</Account>", "<GetCallerIdentityResult>"} {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %s in %s", principal, part, out)
			}
		}
	}
}

func TestAnAccessKeyLeadsToItsAccount(t *testing.T) {
	out, err := call(t, "", "GetAccessKeyInfo", url.Values{"AccessKeyId": {"AKIAORDERS1234567890"}})
	if err != nil || !strings.Contains(out, "<Account>123456789012</Account>") {
		t.Errorf("%s, %v", out, err)
	}
	_, err = call(t, "", "GetAccessKeyInfo", url.Values{"AccessKeyId": {"AKIANOBODY1234567890"}})
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != "ValidationError" {
		t.Errorf("unknown key: %v", err)
	}
}

func TestWhatNeedsRolesIsRefusedByName(t *testing.T) {
	_, err := call(t, "", "GetSessionToken", nil)
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != "NotImplemented" || !strings.Contains(e.Message, "sts:GetSessionToken") {
		t.Errorf("got %v", err)
	}
}
