package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/throttle"
)

// settings are those of a command line, an environment and a file.
func settings(t *testing.T, yaml string, environ []string, args ...string) (*serveSettings, error) {
	t.Helper()
	s := newServeSettings()
	s.environ = environ
	for _, g := range s.groups {
		s.all.AddFlagSet(g.flags)
	}
	if yaml != "" {
		path := filepath.Join(t.TempDir(), "carillon.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := s.all.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s, s.merge()
}

func TestAFlagBeatsTheEnvironmentWhichBeatsTheFileWhichBeatsTheDefault(t *testing.T) {
	const yaml = "region: from-file\ndata: from-file\ndrain-timeout: 1s\n"
	environ := []string{"CARILLON_REGION=from-env", "CARILLON_DATA=from-env", "OTHER_DATA=x"}
	s, err := settings(t, yaml, environ, "--region", "from-flag")
	if err != nil {
		t.Fatal(err)
	}
	c := s.config()
	if c.Region != "from-flag" || c.Data != "from-env" || c.DrainFor != time.Second || c.Listen != server.DefaultListen {
		t.Errorf("%+v", c)
	}
}

// values are one that is not the default for every setting.
var values = map[string]string{
	"listen": "127.0.0.1:9", "external-url": "http://x", "cors-origin": "http://a,http://b", "http-targets-allow": "private,10.1.2.0/24", "data": "d",
	"durability": "interval", "sync-interval": "7s", "auth": "strict", "credentials": "k", "insecure": "true", "no-access-record": "true", "oidc-issuer": "https://i=a",
	"region": "r", "max-body": "3MiB", "max-in-flight": "7", "max-in-flight-fifo": "8",
	"max-buses": "9", "max-rules-per-bus": "10", "max-targets-per-rule": "11", "max-pattern-complexity": "12", "max-pattern-combinations": "13", "drain-timeout": "9s", "pprof": "true", "trail-for": "3h", "trail-max-bytes": "5MiB", "audit-for": "4h", "audit-max-bytes": "6MiB", "heap-room": "17MiB", "log-format": "json", "log-level": "debug",
	"metrics-series": "14", "otlp-endpoint": "http://c:4318", "trace-ratio": "0.5", "log-group-bytes": "15MiB", "log-group-files": "16",
	"smtp-url": "smtp://h", "smtp-password-file": "f", "smtp-from": "c@h", "sms-gateway": "http://s", "sns-sign": "all", "push-gateway": "http://p",
	"max-topics": "14", "max-fifo-topics": "15", "max-subscriptions-per-topic": "16", "max-subscriptions-per-fifo-topic": "17",
	"max-bodies": "19MiB", "max-connections": "20", "max-connections-per-address": "21", "throttle-principal": "22:23", "throttle": "sqs:SendMessage=1:2,events:*=3",
	"tls": "self", "tls-cert": "c", "tls-key": "k", "tls-client-ca": "ca", "tls-client-auth": "request", "acme-domain": "a.example.com", "acme-email": "a@b",
	"acme-directory": "https://d", "acme-ca": "ca", "acme-http": ":80", "trusted-proxies": "10.0.0.0/8", "outbound-ca": "ca",
	"encrypt": "true", "encryption-key-file": "m", "encryption-key-env": "M", "encryption-key-command": "cat m",
	"max-pending-subscriptions": "18", "max-filter-policies-per-topic": "19", "max-filter-policies": "20", "max-message-replays": "21",
}

func TestEverySettingIsAFlagAVariableAndAKeyAndReachesTheServer(t *testing.T) {
	plain, err := settings(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	plain.all.VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" {
			return
		}
		value, ok := values[f.Name]
		if !ok {
			t.Errorf("the test has no value for %s", f.Name)
			return
		}
		var all []*serveSettings
		for _, from := range []func() (*serveSettings, error){
			func() (*serveSettings, error) { return settings(t, "", nil, "--"+f.Name+"="+value) },
			func() (*serveSettings, error) { return settings(t, "", []string{variableOf(f.Name) + "=" + value}) },
			func() (*serveSettings, error) { return settings(t, f.Name+": "+value, nil) },
		} {
			s, err := from()
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				return
			}
			all = append(all, s)
		}
		same := func(a, b *serveSettings) bool {
			return reflect.DeepEqual(a.config(), b.config()) && a.logFormat.value == b.logFormat.value && a.logLevel.value == b.logLevel.value
		}
		if !same(all[0], all[1]) || !same(all[0], all[2]) {
			t.Errorf("%s differs by where it comes from: %+v %+v %+v", f.Name, all[0].config(), all[1].config(), all[2].config())
		}
		if reflect.DeepEqual(all[0].config(), plain.config()) && all[0].logFormat.value == plain.logFormat.value && all[0].logLevel.value == plain.logLevel.value {
			t.Errorf("%s=%s changes nothing", f.Name, value)
		}
	})
}

func TestOriginsMayBeAYAMLList(t *testing.T) {
	s, err := settings(t, "cors-origin:\n  - http://a\n  - http://b\n", nil)
	if err != nil || !reflect.DeepEqual(s.config().Origins, []string{"http://a", "http://b"}) {
		t.Errorf("%v, %v", s.config().Origins, err)
	}
}

func TestThrottlesMayBeAYAMLListOrMap(t *testing.T) {
	want := throttle.Rates{"sqs:SendMessage": {PerSecond: 1000, Burst: 2000}, "events:*": {PerSecond: 0.5, Burst: 1}}
	for _, c := range []struct {
		yaml string
		args []string
	}{
		{"throttle:\n  sqs:SendMessage: 1000:2000\n  events:*: 0.5\n", nil},
		{"throttle:\n  - sqs:SendMessage=1000:2000\n  - events:*=0.5\n", nil},
		{"throttle: sqs:SendMessage=1000:2000, events:*=0.5\n", nil},
		{"", []string{"--throttle", "sqs:SendMessage=1000:2000", "--throttle", "events:*=0.5"}},
	} {
		s, err := settings(t, c.yaml, nil, c.args...)
		if err != nil || !reflect.DeepEqual(s.config().Limits.Throttles.Operations, want) {
			t.Errorf("%q %v: %v, %v", c.yaml, c.args, s.config().Limits.Throttles.Operations, err)
		}
	}
}

func TestABadSettingIsRefusedAndNamed(t *testing.T) {
	for _, c := range []struct {
		yaml    string
		environ []string
		want    []string
	}{
		{"throttle:\n  sqs:SendMessage: fast", nil, []string{"throttle", "sqs:SendMessage", "fast"}},
		{"throttle: SendMessage=1", nil, []string{"throttle", "SERVICE:OPERATION"}},
		{"throttle-principal: 0", nil, []string{"throttle-principal", "requests a second"}},
		{"lisen: x", nil, []string{"carillon.yaml", `"lisen"`, "listen"}},
		{"network:\n  listen: x", nil, []string{`"network"`}},
		{"listen:\n  port: 1", nil, []string{"listen", "needs a value"}},
		{"listen:", nil, []string{"listen", "needs a value"}},
		{"a.b: 1", nil, []string{`"a.b"`}},
		{"config: other.yaml", nil, []string{`"config"`}},
		{"durability: maybe", nil, []string{"carillon.yaml: durability", "maybe", "fsync, interval, memory"}},
		{"sync-interval: 100", nil, []string{"sync-interval", "missing unit"}},
		{"pprof: perhaps", nil, []string{"pprof", "perhaps"}},
		{"max-body: [1, 2]", nil, []string{"max-body", "not a list"}},
		{"{", nil, []string{"carillon.yaml"}},
		{"", []string{"CARILLON_AUTH=none"}, []string{"CARILLON_AUTH", "none", "dev, strict"}},
		{"", []string{"CARILLON_MAX_BODY=-1"}, []string{"CARILLON_MAX_BODY", "-1"}},
		{"", []string{"CARILLON_CONFIG=/does/not/exist.yaml"}, []string{"/does/not/exist.yaml"}},
	} {
		_, err := settings(t, c.yaml, c.environ)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q %v: %v; want %q", c.yaml, c.environ, err, want)
			}
		}
	}
}

func TestAVariableThatIsNoSettingIsNoticed(t *testing.T) {
	s, err := settings(t, "", []string{"CARILLON_LISTNE=x", "CARILLON_LISTEN=127.0.0.1:1"})
	if err != nil || !reflect.DeepEqual(s.strays, []string{"CARILLON_LISTNE"}) {
		t.Errorf("%v, %v", s.strays, err)
	}
}

func TestSizesReadAndPrint(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "1024": 1 << 10, "64KiB": 64 << 10, "10MiB": 10 << 20, "1 GiB": 1 << 30} {
		var b byteSize
		if err := b.Set(text); err != nil || int64(b) != want {
			t.Errorf("%q is %d, %v", text, b, err)
		}
		var again byteSize
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%q prints as %q", text, b.String())
		}
	}
	for _, text := range []string{"", "x", "0", "-1", "1.5MiB", "10MB", "9999999999999GiB", "MiB"} {
		var b byteSize
		if err := b.Set(text); err == nil {
			t.Errorf("%q is %d", text, b)
		}
	}
}

func TestASettingThatIsSaidToBeNothingIsRefused(t *testing.T) {
	for flag, want := range map[string]string{
		"--data=":            "data is empty",
		"--listen=":          "listen is empty",
		"--region=":          "region is empty",
		"--sync-interval=0s": "sync-interval 0s",
		"--drain-timeout=0":  "drain-timeout 0s",
	} {
		s, err := settings(t, "", nil, flag)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.checkSaid(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", flag, err)
		}
	}
}

func TestAnEmptyVariableIsNoSetting(t *testing.T) {
	s, err := settings(t, "", []string{"CARILLON_DATA=", "CARILLON_PPROF=", "CARILLON_MAX_BODY="})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.checkSaid(); err != nil || s.data != server.DefaultData || len(s.strays) > 0 {
		t.Errorf("got %v, data %q, strays %v", err, s.data, s.strays)
	}
}

func TestASwitchIsTrueOrFalse(t *testing.T) {
	_, err := settings(t, "pprof: maybe\n", nil)
	if err == nil || !strings.Contains(err.Error(), `"maybe" is neither true nor false`) {
		t.Errorf("got %v", err)
	}
}

func TestTheLogHasDurationsWithAUnit(t *testing.T) {
	s, err := settings(t, "log-format: json\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s.logger(&out).Info("x", "took", 10*time.Second)
	if !strings.Contains(out.String(), `"took":"10s"`) {
		t.Error(out.String())
	}
}
