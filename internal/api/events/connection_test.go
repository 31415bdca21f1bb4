package events

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
)

const (
	basicAuth  = `"AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":{"Username":"me","Password":"pass-word"}}`
	apiKeyAuth = `"AuthorizationType":"API_KEY","AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"X-Key","ApiKeyValue":"key-value"},` +
		`"InvocationHttpParameters":{"HeaderParameters":[{"Key":"X-Open","Value":"seen","IsValueSecret":false},{"Key":"X-Shut","Value":"unseen-1","IsValueSecret":true}],` +
		`"QueryStringParameters":[{"Key":"q","Value":"unseen-2","IsValueSecret":true}],"BodyParameters":[{"Key":"b","Value":"seen-too"}]}}`
)

// tokens is an authorization endpoint on this machine, which knows one client.
func tokens(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_secret") != "client-secret" {
			w.WriteHeader(401)
			return
		}
		fmt.Fprint(w, `{"access_token":"token-value","expires_in":3600}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func oauthAuth(url, secret string) string {
	return `"AuthorizationType":"OAUTH_CLIENT_CREDENTIALS","AuthParameters":{"OAuthParameters":{"ClientParameters":{"ClientID":"id","ClientSecret":"` + secret + `"},` +
		`"AuthorizationEndpoint":"` + url + `","HttpMethod":"POST","OAuthHttpParameters":{"BodyParameters":[{"Key":"audience","Value":"a","IsValueSecret":false}]}}}`
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// stored is all that the connections' keys hold.
func (a *api) stored() string {
	a.t.Helper()
	var b strings.Builder
	err := a.shard.View(func(v *store.View) error {
		return v.Scan([]byte{0}, []byte{0xff}, func(k, v []byte) bool {
			b.Write(k)
			b.Write(v)
			return true
		})
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return b.String()
}

// credentials are what a connection calls with.
func (a *api) credentials(name string) destination.Credentials {
	a.t.Helper()
	var by destination.Credentials
	err := a.shard.View(func(v *store.View) error {
		c, err := destination.GetConnection(v, destination.Name{Account: a.call.Account, Region: a.call.Region, Name: name})
		if err == nil {
			by, err = targetdestination.Open(a.calls.Box, &c)
		}
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return by
}

func TestAConnectionIsDescribedWithoutItsSecrets(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	url := tokens(t)
	for name, auth := range map[string]string{"basic": basicAuth, "key": apiKeyAuth, "oauth": oauthAuth(url, "client-secret")} {
		made := a.do("CreateConnection", `{"Name":"`+name+`","Description":"d",`+auth+`}`)
		if made["ConnectionState"] != "AUTHORIZED" || !strings.HasPrefix(made["ConnectionArn"].(string), "arn:aws:events:eu-west-1:111122223333:connection/"+name+"/") {
			t.Errorf("%v", made)
		}
	}
	for name, want := range map[string]string{
		"basic": `{"BasicAuthParameters":{"Username":"me"}}`,
		"key": `{"ApiKeyAuthParameters":{"ApiKeyName":"X-Key"},"InvocationHttpParameters":{"BodyParameters":[{"IsValueSecret":false,"Key":"b","Value":"seen-too"}],` +
			`"HeaderParameters":[{"IsValueSecret":false,"Key":"X-Open","Value":"seen"},{"IsValueSecret":true,"Key":"X-Shut"}],"QueryStringParameters":[{"IsValueSecret":true,"Key":"q"}]}}`,
		"oauth": `{"OAuthParameters":{"AuthorizationEndpoint":"` + url + `","ClientParameters":{"ClientID":"id"},"HttpMethod":"POST",` +
			`"OAuthHttpParameters":{"BodyParameters":[{"IsValueSecret":false,"Key":"audience","Value":"a"}]}}}`,
	} {
		got := a.do("DescribeConnection", `{"Name":"`+name+`"}`)
		if text(got["AuthParameters"]) != want || got["Description"] != "d" || got["LastAuthorizedTime"] == nil ||
			!strings.HasPrefix(got["SecretArn"].(string), "arn:aws:secretsmanager:eu-west-1:111122223333:secret:events!connection/"+name+"/") {
			t.Errorf("%s\nwant %s", text(got), want)
		}
	}
	all := a.stored() + text(a.do("ListConnections", `{}`))
	for _, secret := range []string{"pass-word", "key-value", "unseen-1", "unseen-2", "client-secret", "token-value"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s can be read in the store or a list", secret)
		}
	}
}

func TestConnectionsThatMakeNoSenseAreRefused(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)
	for body, want := range map[string]string{
		`"Name":"c",` + basicAuth:                                                                                                   "ResourceAlreadyExistsException: Connection c already exists.",
		`"Name":"n","AuthorizationType":"BASIC","AuthParameters":{}`:                                                                "ValidationException: Parameter(s) AuthParameters.BasicAuthParameters.Username, AuthParameters.BasicAuthParameters.Password must be specified.",
		`"Name":"n","AuthorizationType":"API_KEY",` + strings.SplitN(basicAuth, ",", 2)[1]:                                          "ValidationException: Parameter AuthParameters.BasicAuthParameters is not valid. Reason: It is for an AuthorizationType of BASIC, and that of the connection is API_KEY.",
		`"Name":"n","AuthorizationType":"API_KEY","AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"a b","ApiKeyValue":"v"}}`: "ValidationException: Parameter AuthParameters.ApiKeyAuthParameters.ApiKeyName is not valid. Reason: It must be the name of an HTTP header.",
		`"Name":"n",` + oauthAuth("https://169.254.169.254/", "s"):                                                                  "ValidationException: Parameter AuthParameters.OAuthParameters.AuthorizationEndpoint is not valid. Reason: address may not be called: 169.254.169.254 is a link-local, metadata, multicast or reserved address, and never called.",
		`"Name":"n","KmsKeyIdentifier":"alias/k",` + basicAuth:                                                                      "ValidationException: Parameter KmsKeyIdentifier is not valid. Reason: Carillon does not support KmsKeyIdentifier yet.",
		`"Name":"n","InvocationConnectivityParameters":{"ResourceParameters":{"ResourceConfigurationArn":"arn:aws:vpc-lattice:eu-west-1:111122223333:resourceconfiguration/rcfg-0123456789abcdef0"}},` + basicAuth:                          "ValidationException: Parameter InvocationConnectivityParameters is not valid. Reason: Carillon does not support InvocationConnectivityParameters yet.",
		`"Name":"n","AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":{"Username":"u","Password":"p"},"InvocationHttpParameters":{"BodyParameters":[{"Value":"v"}]}}`:                                                     "ValidationException: Parameter(s) AuthParameters.InvocationHttpParameters.BodyParameters.Key must be specified.",
		`"Name":"n","AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":{"Username":"u","Password":"p"},"InvocationHttpParameters":{"BodyParameters":[{"Key":"k","Value":"` + strings.Repeat("v", maxCredentials) + `"}]}}`: "ValidationException: Parameter AuthParameters is not valid. Reason: They have more than 65536 bytes.",
	} {
		code, message, _ := strings.Cut(want, ": ")
		a.refused("CreateConnection", `{`+body+`}`, code, message)
	}
	for _, operation := range []string{"DescribeConnection", "UpdateConnection", "DeleteConnection", "DeauthorizeConnection"} {
		a.refused(operation, `{"Name":"nobody"}`, "ResourceNotFoundException", "Connection nobody does not exist.")
	}
	a.do("CreateConnection", `{"Name":"d",`+basicAuth+`}`)
	a.do("CreateConnection", `{"Name":"e",`+basicAuth+`}`)
	a.refused("CreateConnection", `{"Name":"f",`+basicAuth+`}`, "LimitExceededException", overLimit)
}

func TestAnUpdateKeepsWhatItDoesNotGive(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateConnection", `{"Name":"c",`+apiKeyAuth+`}`)
	a.do("UpdateConnection", `{"Name":"c","AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"X-New"}}}`)
	by := a.credentials("c")
	if by.Name != "X-New" || string(by.Secret) != "key-value" || len(by.Invocation.Headers) != 2 {
		t.Errorf("%s", by.Text())
	}
	a.do("UpdateConnection", `{"Name":"c","Description":"new"}`)
	a.refused("UpdateConnection", `{"Name":"c","AuthorizationType":"BASIC"}`, "ValidationException",
		"Parameter(s) AuthParameters.BasicAuthParameters.Username, AuthParameters.BasicAuthParameters.Password must be specified.")
	a.do("UpdateConnection", `{"Name":"c",`+basicAuth+`}`)
	by = a.credentials("c")
	if by.Name != "me" || string(by.Secret) != "pass-word" || by.Invocation == nil {
		t.Errorf("%s", by.Text())
	}
	if got := a.do("DescribeConnection", `{"Name":"c"}`); got["AuthorizationType"] != "BASIC" || got["Description"] != "new" {
		t.Errorf("%v", got)
	}
}

func TestAConnectionWithoutATokenIsDeauthorizedAndSaysWhy(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	url := tokens(t)
	if made := a.do("CreateConnection", `{"Name":"c",`+oauthAuth(url, "wrong")+`}`); made["ConnectionState"] != "DEAUTHORIZED" {
		t.Errorf("%v", made)
	}
	got := a.do("DescribeConnection", `{"Name":"c"}`)
	if got["StateReason"] != "No OAuth token could be had: the authorization endpoint answered HTTP 401." || got["LastAuthorizedTime"] != nil {
		t.Errorf("%v", got)
	}
	now := a.do("UpdateConnection", `{"Name":"c","AuthParameters":{"OAuthParameters":{"ClientParameters":{"ClientSecret":"client-secret"}}}}`)
	if now["ConnectionState"] != "AUTHORIZED" || now["LastAuthorizedTime"] == nil {
		t.Errorf("%v", now)
	}
}

func TestADeauthorizedConnectionHasNoParametersLeft(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	arn := a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)["ConnectionArn"].(string)
	made := a.do("CreateApiDestination", `{"Name":"d","ConnectionArn":"`+arn+`","InvocationEndpoint":"https://example.com/","HttpMethod":"POST"}`)
	if made["ApiDestinationState"] != "ACTIVE" {
		t.Errorf("%v", made)
	}
	if now := a.do("DeauthorizeConnection", `{"Name":"c"}`); now["ConnectionState"] != "DEAUTHORIZED" {
		t.Errorf("%v", now)
	}
	if got := a.do("DescribeConnection", `{"Name":"c"}`); got["AuthParameters"] != nil || got["SecretArn"] != nil || got["AuthorizationType"] != "BASIC" {
		t.Errorf("%v", got)
	}
	if got := a.do("DescribeApiDestination", `{"Name":"d"}`); got["ApiDestinationState"] != "INACTIVE" {
		t.Errorf("%v", got)
	}
	if got := a.do("ListConnections", `{"ConnectionState":"AUTHORIZED"}`); len(got["Connections"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	a.do("UpdateConnection", `{"Name":"c",`+basicAuth+`}`)
	if got := a.do("DescribeApiDestination", `{"Name":"d"}`); got["ApiDestinationState"] != "ACTIVE" {
		t.Errorf("%v", got)
	}
	if gone := a.do("DeleteConnection", `{"Name":"c"}`); gone["ConnectionState"] != "DELETING" || gone["ConnectionArn"] != arn {
		t.Errorf("%v", gone)
	}
	if got := a.do("DescribeApiDestination", `{"Name":"d"}`); got["ApiDestinationState"] != "INACTIVE" {
		t.Errorf("%v", got)
	}
}
