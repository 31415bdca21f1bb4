package server_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// theSecrets are what the traffic of these tests has, and no file may have.
var theSecrets = []string{"hidden-queue-name", "hidden-body", "hidden-password", "hidden-event"}

// keyFile makes a master key.
func keyFile(t *testing.T) keyring.Source {
	t.Helper()
	text, err := keyring.NewMaster()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return keyring.Source{File: path}
}

func unlocked(t *testing.T, data string, s keyring.Source) *store.Encryption {
	t.Helper()
	e, err := server.Unlock(t.Context(), data, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// onDisk is a Carillon with a data directory.
func onDisk(t *testing.T) server.Config {
	c := quick()
	c.Durability, c.Data = store.Fsync, filepath.Join(t.TempDir(), "data")
	return c
}

func queues(t *testing.T, r *server.Running) *sqs.Client {
	return sqs.NewFromConfig(configured(t, r, "test", "x"))
}

func events(t *testing.T, r *server.Running) *eventbridge.Client {
	return eventbridge.NewFromConfig(configured(t, r, "test", "x"))
}

// hide gives a server something to keep secret.
func hide(t *testing.T, r *server.Running) {
	t.Helper()
	ctx := t.Context()
	q := queues(t, r)
	made, err := q.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("hidden-queue-name"), Attributes: map[string]string{"VisibilityTimeout": "0"}})
	if err == nil {
		_, err = q.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String("hidden-body")})
	}
	if err != nil {
		t.Fatal(err)
	}
	e := events(t, r)
	_, err = e.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeBasic,
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{BasicAuthParameters: &ebtypes.CreateConnectionBasicAuthRequestParameters{
			Username: aws.String("u"), Password: aws.String("hidden-password"),
		}},
	})
	if err == nil {
		_, err = e.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["s"]}`)})
	}
	if err == nil {
		_, err = e.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{
			{Id: aws.String("1"), Arn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:/g/one")}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	say(t, r, "hidden-event-1")
}

// say puts an event, and waits until the log group has it.
func say(t *testing.T, r *server.Running, text string) {
	t.Helper()
	_, err := events(t, r).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: aws.String("s"), DetailType: aws.String(text), Detail: aws.String("{}")}}})
	if err != nil {
		t.Fatal(err)
	}
}

// found is which of theSecrets stand in files below dir.
func found(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range theSecrets {
			if bytes.Contains(b, []byte(s)) || strings.Contains(path, s) {
				all = append(all, s+" in "+path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// logged waits until the log group's file has so many lines.
func logged(t *testing.T, data string, lines int) {
	t.Helper()
	path := filepath.Join(server.LogGroups(data), "000000000000", "eu-west-1", "+g+one.jsonl")
	for end := time.Now().Add(10 * time.Second); ; {
		b, err := os.ReadFile(path)
		if bytes.Count(b, []byte("\n")) >= lines {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d lines, want %d: %v", bytes.Count(b, []byte("\n")), lines, err)
		}
	}
}

// wantHidden receives what hide has sent, which stays.
func wantHidden(t *testing.T, r *server.Running) {
	t.Helper()
	got, err := queues(t, r).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(r.URL + "/000000000000/hidden-queue-name"),
	})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "hidden-body" {
		t.Fatal(got, err)
	}
	c, err := events(t, r).DescribeConnection(t.Context(), &eventbridge.DescribeConnectionInput{Name: aws.String("c")})
	if err != nil || *c.AuthParameters.BasicAuthParameters.Username != "u" {
		t.Fatal(c, err)
	}
}

func stopped(t *testing.T, r *server.Running) {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
}

func noProgress(int64, int64) {}

func TestNothingThatClientsSendStandsInAFileOfAnEncryptedDirectory(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		c := onDisk(t)
		if encrypted {
			c.Encryption = server.Encryption{Files: true, Key: keyFile(t)}
		}
		r := start(t, c)
		hide(t, r)
		logged(t, c.Data, 1)
		stopped(t, r)
		if got := found(t, c.Data); encrypted != (len(got) == 0) {
			t.Errorf("encrypted=%v: %q", encrypted, got)
		}
	}
}

func TestADirectoryIsEncryptedAndDecryptedAndLosesNothing(t *testing.T) {
	c := onDisk(t)
	key := keyFile(t)
	r := start(t, c)
	hide(t, r)
	logged(t, c.Data, 1)
	stopped(t, r)

	for range 2 { // the second time there is nothing to do
		if err := server.Encrypt(t.Context(), c.Data, unlocked(t, c.Data, key), noProgress); err != nil {
			t.Fatal(err)
		}
	}
	if got := found(t, c.Data); len(got) > 0 {
		t.Errorf("%q", got)
	}
	locked := c
	locked.Encryption = server.Encryption{Files: true, Key: key}
	r = start(t, locked)
	wantHidden(t, r)
	say(t, r, "hidden-event-2")
	logged(t, c.Data, 2)
	resp, err := http.Post(r.URL+server.RotatePath, "", nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
	stopped(t, r)
	if got := found(t, c.Data); len(got) > 0 {
		t.Errorf("%q", got)
	}

	if err := server.Decrypt(t.Context(), c.Data, unlocked(t, c.Data, key), noProgress); err != nil {
		t.Fatal(err)
	}
	if server.Locked(c.Data) {
		t.Error("the keys are still there")
	}
	r = start(t, c)
	wantHidden(t, r)
	say(t, r, "hidden-event-3")
	logged(t, c.Data, 3)
	stopped(t, r)
	b, err := os.ReadFile(filepath.Join(server.LogGroups(c.Data), "000000000000", "eu-west-1", "+g+one.jsonl"))
	if err != nil || bytes.Count(b, []byte("hidden-event-")) != 3 {
		t.Errorf("%v\n%s", err, b)
	}
}

func TestWithAKeyAloneTheSecretsAreSealedWithItAndTheDataIsPlain(t *testing.T) {
	c := onDisk(t)
	key := keyFile(t)
	r := start(t, c)
	hide(t, r)
	kept := sealingKeyOf(t, r)
	if len(kept) != 32 {
		t.Fatalf("%x", kept)
	}
	stopped(t, r)

	withKey := c
	withKey.Encryption.Key = key
	for range 2 {
		r = start(t, withKey)
		wantHidden(t, r)
		if bytes.Equal(sealingKeyOf(t, r), kept) {
			t.Error("the key that secrets are sealed with is still in the store")
		}
		stopped(t, r)
	}
	if _, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "its secrets are sealed with a master key") {
		t.Error("without the key:", err)
	}
	withKey.Encryption.Key = keyFile(t)
	if _, err := server.Start(t.Context(), withKey); !errors.Is(err, keyring.ErrOtherMaster) {
		t.Error("with another key:", err)
	}
	if err := server.Decrypt(t.Context(), c.Data, unlocked(t, c.Data, key), noProgress); err != nil {
		t.Fatal(err)
	}
	r = start(t, c)
	wantHidden(t, r)
	if !bytes.Equal(sealingKeyOf(t, r), kept) {
		t.Error("another key is in the store now")
	}
	stopped(t, r)
}

// sealingKeyOf is what the store has in that place.
func sealingKeyOf(t *testing.T, r *server.Running) (key []byte) {
	t.Helper()
	err := r.Shard().View(func(v *store.View) error {
		got, _, err := v.Get(append([]byte{store.SpaceMeta}, "secrets"...))
		key = bytes.Clone(got)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSettingsOfEncryptionThatCannotWorkAreRefused(t *testing.T) {
	for want, e := range map[string]server.Encryption{
		"encrypt needs a master key":                  {Files: true},
		"the master key has more than one place":      {Key: keyring.Source{File: "a", Env: "B"}},
		"lies in the data directory":                  {Key: keyring.Source{File: "DATA/key"}},
		"no such file or directory":                   {Key: keyring.Source{File: "/nowhere/key"}},
		"the variable NOBODY_SET_THIS: it is not set": {Key: keyring.Source{Env: "NOBODY_SET_THIS"}},
	} {
		c := onDisk(t)
		c.Encryption = e
		c.Encryption.Key.File = strings.Replace(e.Key.File, "DATA", c.Data, 1)
		r, err := server.Start(context.Background(), c)
		if err == nil {
			stopped(t, r)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	c := onDisk(t)
	c.Durability, c.Encryption = store.Memory, server.Encryption{Files: true, Key: keyFile(t)}
	if _, err := server.Start(context.Background(), c); err == nil || !strings.Contains(err.Error(), "nothing to encrypt") {
		t.Error(err)
	}
}

func TestRotatingWhatIsNotEncryptedIsRefused(t *testing.T) {
	for _, key := range []keyring.Source{{}, keyFile(t)} {
		c := onDisk(t)
		c.Encryption.Key = key
		r := start(t, c)
		resp, err := http.Post(r.URL+server.RotatePath, "", nil)
		if err != nil || resp.StatusCode != http.StatusConflict {
			t.Error(resp, err)
		}
		_ = resp.Body.Close()
		stopped(t, r)
	}
}

func TestTheKeyOfACertificateOfOurOwnIsSealedWithTheDirectory(t *testing.T) {
	c := onDisk(t)
	c.TLS.Mode = server.TLSSelf
	key := keyFile(t)
	locked := c
	locked.Encryption = server.Encryption{Files: true, Key: key}
	file := func(name string) string {
		b, err := os.ReadFile(filepath.Join(c.Data, "tls", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	stopped(t, start(t, c))
	cert, plain := file("self.pem"), file("self.key")
	if !strings.Contains(plain, "PRIVATE KEY") {
		t.Fatal("not even without a key")
	}
	if err := server.Encrypt(t.Context(), c.Data, unlocked(t, c.Data, key), noProgress); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if strings.Contains(file("self.key"), "PRIVATE KEY") || file("self.pem") != cert {
			t.Error(file("self.key"), file("self.pem"))
		}
		stopped(t, start(t, locked))
	}
	// One that was started so before keys were sealed.
	if err := os.WriteFile(filepath.Join(c.Data, "tls", "self.key"), []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	stopped(t, start(t, locked))
	if strings.Contains(file("self.key"), "PRIVATE KEY") {
		t.Error("the key of before is not sealed")
	}
	if err := server.Decrypt(t.Context(), c.Data, unlocked(t, c.Data, key), noProgress); err != nil {
		t.Fatal(err)
	}
	stopped(t, start(t, c))
	if file("self.key") != plain || file("self.pem") != cert {
		t.Error("it is another after decryption")
	}
}

func TestAMasterKeyThatLiesBesideItsDataBehindALinkIsRefused(t *testing.T) {
	c := onDisk(t)
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	key, link := keyFile(t), filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.Rename(key.File, filepath.Join(c.Data, "master")), os.Symlink(c.Data, link)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(c.Data, "master"), filepath.Join(link, "master")} {
		if _, err := server.Unlock(t.Context(), c.Data, keyring.Source{File: file}); err == nil || !strings.Contains(err.Error(), "lies in the data directory") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
