package server_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// strictOn starts a strict node on a directory, without a file of keys.
func strictOn(t *testing.T, dir string) *server.Running {
	t.Helper()
	c := quick()
	c.Data, c.Durability, c.Auth = dir, store.Fsync, server.AuthStrict
	return start(t, c)
}

func keyed(r *server.Running, id, secret string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(r.URL), Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""), RetryMaxAttempts: 1}
}

func TestAnInitialisedDirectoryStartsStrictWithoutAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	made, err := server.Init(t.Context(), server.Config{Data: dir}, server.FirstKey{Account: "123456789012"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Init(t.Context(), server.Config{Data: dir}, server.FirstKey{}); !errors.Is(err, server.ErrHasKeys) {
		t.Errorf("made a second first key: %v", err)
	}
	r := strictOn(t, dir)
	root := keyed(r, made.AccessKeyID, made.SecretAccessKey)
	who, err := sts.NewFromConfig(root).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != "arn:aws:iam::123456789012:root" {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := sts.NewFromConfig(keyed(r, made.AccessKeyID, "not the secret")).GetCallerIdentity(t.Context(), nil); err == nil {
		t.Error("a wrong secret is let in")
	}
	ids := iam.NewFromConfig(root)
	if _, err := ids.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("orders")}); err != nil {
		t.Fatal(err)
	}
	key, err := ids.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ids.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String("orders"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}); err != nil {
		t.Fatal(err)
	}
	user := keyed(r, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)
	if _, err := sqs.NewFromConfig(user).ListQueues(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	used, err := ids.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKey.AccessKeyId})
	if err != nil || used.AccessKeyLastUsed.LastUsedDate == nil || *used.AccessKeyLastUsed.ServiceName != "sqs" || *used.UserName != "orders" {
		t.Errorf("%+v, %v", used, err)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r = strictOn(t, dir) // the last use was kept when the node stopped
	used, err = iam.NewFromConfig(keyed(r, made.AccessKeyID, made.SecretAccessKey)).GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKey.AccessKeyId})
	if err != nil || used.AccessKeyLastUsed.LastUsedDate == nil {
		t.Errorf("after a restart: %+v, %v", used, err)
	}
}

func TestALostKeyIsReplacedWhileTheNodeIsStopped(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lost, err := server.Init(t.Context(), server.Config{Data: dir}, server.FirstKey{User: "admin"})
	if err != nil || lost.Principal != "arn:aws:iam::000000000000:user/admin" {
		t.Fatal(lost, err)
	}
	made, err := server.Init(t.Context(), server.Config{Data: dir}, server.FirstKey{User: "admin", Rotate: true})
	if err != nil {
		t.Fatal(err)
	}
	r := strictOn(t, dir)
	if _, err := sts.NewFromConfig(keyed(r, lost.AccessKeyID, lost.SecretAccessKey)).GetCallerIdentity(t.Context(), nil); err == nil {
		t.Error("the lost key still opens")
	}
	who, err := sts.NewFromConfig(keyed(r, made.AccessKeyID, made.SecretAccessKey)).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != made.Principal {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestStrictModeWithoutAnyKeySaysHowToMakeOne(t *testing.T) {
	c := quick()
	c.Auth = server.AuthStrict
	if r, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "carillon init") {
		if err == nil {
			_ = r.Stop()
		}
		t.Errorf("got %v", err)
	}
	for _, first := range []server.FirstKey{{Account: "12"}, {User: "a b"}, {User: strings.Repeat("x", 65)}} {
		if _, err := server.Init(t.Context(), server.Config{Data: t.TempDir()}, first); err == nil {
			t.Errorf("%+v is taken", first)
		}
	}
}
